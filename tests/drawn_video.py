"""Drawn moving pictures with known cuts: limited animation, camera moves, flashes, fades, dissolves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIZE = (480, 270)


@dataclass
class Scene:
    """A background and a figure that moves on it; `hold` draws it on ones, twos or threes."""

    seed: int
    motion: str = "walk"  # still walk fight pan whip zoom shake crowd
    hold: int = 2
    palette: int | None = None
    noise: float = 0.0
    _background: Image.Image = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        base = np.random.default_rng(self.palette if self.palette is not None else self.seed)
        w, h = SIZE[0] * 3, SIZE[1] * 2
        top, bottom = base.integers(10, 245, (2, 3))
        ramp = np.linspace(0, 1, h)[:, None, None]
        self._background = Image.fromarray(
            np.broadcast_to(top * (1 - ramp) + bottom * ramp, (h, w, 3)).astype(np.uint8).copy()
        )
        draw = ImageDraw.Draw(self._background)
        colors = base.integers(0, 255, (6, 3))
        for _ in range(70):
            x, y = rng.integers(0, w), rng.integers(0, h)
            a, b = rng.integers(8, 160, 2)
            color = tuple(int(v) for v in colors[rng.integers(0, 6)])
            shape = draw.rectangle if rng.random() < 0.6 else draw.ellipse
            shape((int(x), int(y), int(x + a), int(y + b)), fill=color, outline=(15, 12, 20), width=2)
        self._hair = tuple(int(v) for v in base.integers(0, 255, 3))
        self._coat = tuple(int(v) for v in base.integers(0, 255, 3))
        self._phase = rng.random(4) * 6.28
        self._rng = np.random.default_rng(self.seed + 1)

    def frame(self, index: int, n: int) -> np.ndarray:
        drawn = index // self.hold * self.hold
        picture = self._camera(index, n)
        if self.motion != "whip":
            for k in range(5 if self.motion == "crowd" else 1):
                self._figure(picture, drawn, k)
        pixels = np.asarray(picture)
        if self.noise:
            pixels = np.clip(pixels + self._rng.normal(0, self.noise, pixels.shape), 0, 255).astype(np.uint8)
        return pixels

    def _camera(self, index: int, n: int) -> Image.Image:
        w, h = SIZE
        p = index / max(n - 1, 1)
        x, y, s = w * 0.5, h * 0.3, 1.0
        if self.motion == "pan":
            x = w * (0.2 + 1.2 * p)
        if self.motion == "whip":
            x = w * (0.0 + 2.0 * p)
        if self.motion == "zoom":
            s = 1.6 - 0.7 * p
        if self.motion == "shake":
            x, y = x + 14 * np.sin(index * 2.1), y + 10 * np.cos(index * 2.7)
        box = (x, y, x + w * s, y + h * s)
        return self._background.resize(SIZE, Image.Resampling.BILINEAR, box=box)

    def _figure(self, picture: Image.Image, drawn: int, k: int) -> None:
        w, h = SIZE
        swing = {"still": 0.0, "fight": 0.34, "crowd": 0.12}.get(self.motion, 0.05)
        rate = {"fight": 0.7}.get(self.motion, 0.2)
        x = w * (0.5 + 0.18 * (k - 2) * (k > 0) + swing * np.sin(drawn * rate + self._phase[k % 4]))
        y = h * (0.45 + 0.4 * swing * np.cos(drawn * rate * 1.3 + self._phase[(k + 1) % 4]))
        r = h * 0.17
        draw = ImageDraw.Draw(picture)
        draw.ellipse(
            (x - r * 1.3, y - r * 1.4, x + r * 1.3, y + r * 2), fill=self._hair, outline=(10, 8, 15), width=3
        )
        draw.rectangle((x - r, y + r, x + r, h), fill=self._coat, outline=(10, 8, 15), width=3)
        draw.ellipse((x - r * 0.8, y - r * 0.8, x + r * 0.8, y + r), fill=(250, 224, 205))
        is_open = drawn // 3 % 2 == 0
        draw.ellipse((x - 8, y + r * 0.5, x + 8, y + r * (0.75 if is_open else 0.55)), fill=(120, 30, 40))


@dataclass
class Piece:
    """A shot in a video, and how the one before turns into it."""

    scene: Scene
    n_frames: int
    entry: str = "cut"  # cut fade-black fade-white dissolve
    n_entry: int = 0
    flashes: Sequence[
        tuple[int, int, str]
    ] = ()  # frame within the shot, length, white black red negative dim


@dataclass
class DrawnVideo:
    frames: list[np.ndarray]
    truth: list[tuple[int, str, int]]  # frame, kind, half width in frames


def assemble(pieces: Sequence[Piece]) -> DrawnVideo:
    frames: list[np.ndarray] = []
    truth: list[tuple[int, str, int]] = []
    for number, piece in enumerate(pieces):
        shot = [piece.scene.frame(k, piece.n_frames) for k in range(piece.n_frames)]
        for at, length, color in piece.flashes:
            for k in range(at, min(at + length, piece.n_frames)):
                shot[k] = _flash(shot[k], color, (k - at) / length)
        if number:
            _enter(frames, shot, piece, truth)
        frames.extend(shot)
    return DrawnVideo(frames, truth)


def _enter(frames: list, shot: list, piece: Piece, truth: list) -> None:
    n, start = piece.n_entry, len(frames)
    if piece.entry == "cut":
        truth.append((start, "cut", 0))
    elif piece.entry.startswith("fade"):
        color = 255.0 if piece.entry.endswith("white") else 0.0
        for k in range(n):
            share = (k + 1) / n
            frames[start - n + k] = _blend(frames[start - n + k], color, share)
            shot[k] = _blend(shot[k], color, 1 - k / n)
        truth.append((start, "fade", n))
    else:
        overlap = frames[start - n :]
        del frames[start - n :]
        for k in range(n):
            shot[k] = _blend(overlap[k], shot[k].astype(float), (k + 1) / (n + 1))
        truth.append((start - n + n // 2, "dissolve", n // 2))


def _blend(picture: np.ndarray, other, share: float) -> np.ndarray:
    return np.clip(picture * (1 - share) + np.asarray(other) * share, 0, 255).astype(np.uint8)


def _flash(picture: np.ndarray, color: str, progress: float) -> np.ndarray:
    if color == "negative":
        return 255 - picture
    if color == "dim":
        return _blend(picture, 255.0, 1 - progress)
    fill = {"white": (255, 255, 255), "black": (0, 0, 0), "red": (220, 20, 20)}[color]
    return np.broadcast_to(np.array(fill, np.uint8), picture.shape)


def write(path: Path, frames: Sequence[np.ndarray], fps: Fraction = Fraction(24), crf: int = 23) -> Path:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": str(crf), "preset": "ultrafast"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def random_video(seed: int, n_shots: int = 14) -> DrawnVideo:
    """Draw a video in which everything occurs that is hard to tell from a cut."""
    rng = np.random.default_rng(seed)
    pieces = []
    palette = int(rng.integers(0, 1 << 30))
    for number in range(n_shots):
        motion = str(rng.choice(["still", "walk", "walk", "fight", "pan", "whip", "zoom", "shake", "crowd"]))
        same = rng.random() < 0.3
        scene = Scene(
            int(rng.integers(0, 1 << 30)),
            motion,
            hold=int(rng.choice([1, 2, 3])),
            palette=palette if same else None,
            noise=float(rng.choice([0, 0, 3])),
        )
        n_frames = int(rng.integers(26, 72)) if rng.random() < 0.85 else int(rng.integers(7, 16))
        entry, n_entry = "cut", 0
        if n_frames > 44 and number and pieces[-1].n_frames > 44 and rng.random() < 1.1:
            entry = str(rng.choice(["fade-black", "fade-white", "dissolve", "dissolve"]))
            n_entry = int(rng.integers(8, 24))
        flashes = []
        if n_frames > 40 and rng.random() < 0.4:
            color = str(rng.choice(["white", "black", "red", "negative", "dim"]))
            flashes = [
                (
                    int(rng.integers(26, n_frames - 12)),
                    int(rng.integers(1, 5)) * (2 if color == "dim" else 1),
                    color,
                )
            ]
        pieces.append(Piece(scene, n_frames, entry, n_entry, flashes))
    return assemble(pieces)


def match(truth: Sequence[tuple[int, str, int]], found: Sequence[tuple[int, str]]) -> dict[str, list]:
    """Pair found transitions with true ones: cuts within a frame, soft ones within their span."""
    left = list(found)
    missed, hits = [], []
    for frame, kind, half in truth:
        near = [t for t in left if abs(t[0] - frame) <= (1 if kind == "cut" else half + 2)]
        if near:
            best = min(near, key=lambda t: abs(t[0] - frame))
            left.remove(best)
            hits.append((frame, kind, best))
        else:
            missed.append((frame, kind, half))
    return {"hits": hits, "missed": missed, "false": left}


def iterate(make: Callable[[int], np.ndarray], n: int) -> Iterator[np.ndarray]:
    return (make(index) for index in range(n))
