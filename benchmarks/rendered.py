"""A second kind of moving picture with known cuts: painted fields under a hand-held camera, and joined footage.

Nothing here is shared with the drawings that the detector was made with, so what is measured on it was not tuned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

SIZE = (384, 216)
Picture = NDArray[np.uint8]
MOODS = ("rest", "shake", "dolly", "flicker", "whip", "speedlines", "burst", "subtitles", "drift", "walk")


def painted_field(
    rng: np.random.Generator, base: NDArray[np.float32], size: tuple[int, int]
) -> NDArray[np.float32]:
    """Sum octaves of smooth noise around a colour: clouds, foliage, walls."""
    width, height = size
    field_ = np.zeros((height, width, 3), np.float32)
    for octave, weight in ((3, 1.0), (7, 0.6), (17, 0.35), (41, 0.2)):
        coarse = rng.normal(0, 1, (octave, octave * 2, 3)).astype(np.float32)
        coarse = coarse.mean(axis=2, keepdims=True) * 0.8 + coarse * 0.4
        field_ += weight * _enlarged(coarse, (width, height))
    return base + field_ * rng.uniform(14, 34)


def _enlarged(coarse: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    rows = np.linspace(0, coarse.shape[0] - 1.001, size[1])
    columns = np.linspace(0, coarse.shape[1] - 1.001, size[0])
    r, c = rows.astype(int), columns.astype(int)
    y, x = (rows - r)[:, None, None], (columns - c)[None, :, None]
    top = coarse[r][:, c] * (1 - x) + coarse[r][:, c + 1] * x
    bottom = coarse[r + 1][:, c] * (1 - x) + coarse[r + 1][:, c + 1] * x
    return top * (1 - y) + bottom * y


@dataclass
class Take:
    """One shot: a painted ground, two silhouettes, a camera and what disturbs it."""

    seed: int
    mood: str
    hold: int = 2
    palette_seed: int | None = None
    grain: float = 0.0
    bars: int = 0
    _ground: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        tones = np.random.default_rng(self.seed if self.palette_seed is None else self.palette_seed)
        base = tones.uniform(40, 200, 3).astype(np.float32)
        self._ground = painted_field(rng, base, (SIZE[0] * 2, SIZE[1] * 2))
        horizon = int(rng.uniform(0.4, 0.9) * SIZE[1] * 2)
        self._ground[horizon:] += tones.uniform(-70, 70, 3).astype(np.float32)
        for _ in range(int(rng.integers(2, 7))):
            x, w = int(rng.uniform(0, SIZE[0] * 2)), int(rng.uniform(12, 90))
            y = int(rng.uniform(0, horizon))
            self._ground[y:horizon, x : x + w] += tones.uniform(-60, 60, 3).astype(np.float32)
        self._figures = [
            (rng.uniform(0.25, 0.75), rng.uniform(0.1, 0.24), tones.uniform(0, 255, 3), rng.uniform(0, 6))
            for _ in range(2)
        ]
        self._rng = np.random.default_rng(self.seed + 7)
        self._captions = sorted(rng.integers(0, 120, 3).tolist())
        self._burst = int(rng.integers(6, 30)), int(rng.integers(1, 5)), int(rng.integers(0, 4))

    def frame(self, k: int, n: int) -> Picture:
        drawn = k // self.hold * self.hold
        picture = self._camera(k, n)
        if self.mood != "whip":
            self._silhouettes(picture, drawn)
        if self.mood == "speedlines" and k % 30 > 14:
            self._lines(picture, drawn)
        if self.mood == "flicker":
            picture *= 1 + 0.16 * np.sin(k * 2.9) * np.sin(k * 0.77)
        if self.mood == "burst":
            picture = self._impact(picture, k, n)
        if self.mood == "subtitles" and any(at <= k < at + 26 for at in self._captions):
            x = 40 + 30 * sum(at <= k for at in self._captions)
            picture[-38:-22, x : x + 220 : 9] = 245
            picture[-38:-22, x + 3 : x + 220 : 9] = 245
        if self.grain:
            picture = picture + self._rng.normal(0, self.grain, picture.shape[:2])[..., None]
        if self.bars:
            picture[: self.bars] = picture[-self.bars :] = 0
        return np.clip(picture, 0, 255).astype(np.uint8)

    def _camera(self, k: int, n: int) -> NDArray[np.float32]:
        w, h = SIZE
        p = k / max(n - 1, 1)
        x, y, scale = w * 0.5, h * 0.5, 1.0
        if self.mood == "shake":
            x += 9 * np.sin(k * 1.7 + self.seed) + 5 * np.sin(k * 3.9)
            y += 7 * np.sin(k * 2.3)
        elif self.mood == "dolly":
            scale = 1.7 - 0.9 * p
        elif self.mood == "whip":
            x = w * (0.05 + 0.9 * (0.5 - 0.5 * np.cos(np.pi * np.clip(4 * p - 1.5, 0, 1))))
        elif self.mood == "drift":
            x = w * (0.1 + 0.7 * p)
        columns = np.clip((x + (np.arange(w) - w / 2) * scale * 0.98 + w / 2), 0, 2 * w - 1).astype(int)
        rows = np.clip((y + (np.arange(h) - h / 2) * scale * 0.98 + h / 2), 0, 2 * h - 1).astype(int)
        return self._ground[rows][:, columns].copy()

    def _silhouettes(self, picture: NDArray[np.float32], drawn: int) -> None:
        h, w = picture.shape[:2]
        y, x = np.mgrid[0:h, 0:w].astype(np.float32)
        reach = {"walk": 0.24, "burst": 0.2, "speedlines": 0.3}.get(self.mood, 0.03)
        for cx, size, tone, phase in self._figures:
            mx = w * (cx + reach * np.sin(drawn * 0.13 + phase))
            my = h * (0.62 + 0.25 * reach * np.sin(drawn * 0.31 + phase))
            body = ((x - mx) / (size * w * 0.5)) ** 2 + ((y - my - 0.3 * h) / (0.42 * h)) ** 2 < 1
            head = (x - mx) ** 2 + (y - my + 0.2 * h) ** 2 < (size * h * 0.7) ** 2
            picture[body] = tone
            picture[head] = 0.4 * tone + np.array([140, 118, 104], np.float32)
            picture[head & (y < my - 0.2 * h)] = 255 - tone

    def _lines(self, picture: NDArray[np.float32], drawn: int) -> None:
        h, w = picture.shape[:2]
        y, x = np.mgrid[0:h, 0:w]
        angle = np.arctan2(y - h / 2, x - w / 2) * 40 + drawn * 1.9
        away = np.hypot((y - h / 2) / h, (x - w / 2) / w) > 0.3
        picture[(np.sin(angle) > 0.75) & away] = 250

    def _impact(self, picture: NDArray[np.float32], k: int, n: int) -> NDArray[np.float32]:
        at, length, kind = self._burst
        for start in (at, at + 41):
            if start + 12 < n and start <= k < start + length:
                if kind == 0:
                    return np.full_like(picture, 255.0)
                if kind == 1:
                    return np.where(picture.mean(axis=2, keepdims=True) > 120, 255.0, 0.0) * np.ones(3)
                if kind == 2:
                    return 255.0 - picture
                return picture * 0.2 + np.array([230.0, 90.0, 20.0]) * 0.8
        return picture


@dataclass
class Reel:
    """Frames and their true transitions: frame, kind, half width in frames."""

    frames: list[Picture]
    truth: list[tuple[int, str, int]]


def joined(shots: Sequence[list[Picture]], entries: Sequence[tuple[str, int]]) -> Reel:
    """Join shots by cuts, fades through black or white, and dissolves."""
    frames: list[Picture] = []
    truth: list[tuple[int, str, int]] = []
    for number, (taken, (kind, n)) in enumerate(zip(shots, entries, strict=True)):
        shot = list(taken)
        start = len(frames)
        if number and kind == "cut":
            truth.append((start, "cut", 0))
        elif number and kind in ("black", "white"):
            tone = 0.0 if kind == "black" else 255.0
            for k in range(n):
                frames[start - n + k] = _mixed(frames[start - n + k], tone, (k + 1) / n)
                shot[k] = _mixed(shot[k], tone, 1 - k / n)
            truth.append((start, "fade", n))
        elif number:
            tail = frames[start - n :]
            del frames[start - n :]
            for k in range(n):
                shot[k] = _mixed(tail[k], shot[k].astype(np.float32), (k + 1) / (n + 1))
            truth.append((start - n + n // 2, "dissolve", n // 2))
        frames += shot
    return Reel(frames, truth)


def _mixed(picture: Picture, other: float | NDArray[np.float32], share: float) -> Picture:
    return np.clip(picture * (1 - share) + np.asarray(other) * share, 0, 255).astype(np.uint8)


def _entries(rng: np.random.Generator, lengths: Sequence[int]) -> list[tuple[str, int]]:
    entries = [("cut", 0)]
    for before, length in zip(lengths, lengths[1:], strict=False):
        roomy = min(before, length) > 40
        kind = (
            str(rng.choice(["cut", "cut", "cut", "black", "white", "dissolve", "dissolve"]))
            if roomy
            else "cut"
        )
        entries.append((kind, 0 if kind == "cut" else int(rng.integers(8, 19))))
    return entries


def rendered_reel(seed: int, n_shots: int = 14) -> Reel:
    """Render a film in which each mood, and each way from one shot to the next, may occur."""
    rng = np.random.default_rng(seed)
    bars = int(rng.choice([0, 0, 26]))
    grain = float(rng.choice([0, 0, 4, 9]))
    tones = int(rng.integers(0, 1 << 30))
    shots = []
    for _ in range(n_shots):
        own = None if rng.random() < 0.6 else tones
        take = Take(
            int(rng.integers(0, 1 << 30)),
            str(rng.choice(MOODS)),
            int(rng.choice([1, 2, 3])),
            own,
            grain,
            bars,
        )
        n = int(rng.integers(14, 80))
        shots.append([take.frame(k, n) for k in range(n)])
    return joined(shots, _entries(rng, [len(shot) for shot in shots]))


def footage_reel(files: Sequence[Path], cuts: dict[str, list[int]], seed: int, n_shots: int = 14) -> Reel:
    """Join pieces of real footage that hold no cut themselves; `cuts` names those inside the files."""
    rng = np.random.default_rng(seed)
    shots: list[list[Picture]] = []
    last = None
    flash = rng.random(n_shots) < 0.25
    while len(shots) < n_shots:
        file = files[int(rng.integers(0, len(files)))]
        if file == last:
            continue
        frames = _read(file)
        edges = [0, *cuts.get(file.name, []), len(frames)]
        part = int(rng.integers(0, len(edges) - 1))
        first, end = edges[part] + 1, edges[part + 1] - 1
        n = int(rng.integers(18, 90))
        if end - first < 18:
            continue
        n = min(n, end - first)
        start = first + int(rng.integers(0, end - first - n + 1))
        shot = [frame.copy() for frame in frames[start : start + n]]
        if flash[len(shots)] and n > 40:
            at = int(rng.integers(14, n - 16))
            for k in range(at, at + int(rng.integers(1, 5))):
                shot[k] = _mixed(shot[k], 255.0, 0.9)
        shots.append(shot)
        last = file
    return joined(shots, _entries(rng, [len(shot) for shot in shots]))


_CACHE: dict[Path, list[Picture]] = {}


def _read(path: Path) -> list[Picture]:
    if path not in _CACHE:
        with av.open(str(path)) as container:
            _CACHE[path] = [
                frame.reformat(width=SIZE[0], height=SIZE[1], format="rgb24").to_ndarray()
                for frame in container.decode(video=0)
            ]
    return _CACHE[path]


def encode(path: Path, frames: Sequence[Picture], *, crf: int = 23, fps: Fraction = Fraction(24)) -> Path:
    """Write the frames as H.264."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": str(crf), "preset": "veryfast"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def footage_files(folder: Path) -> Iterator[Path]:
    """Yield the videos of a folder."""
    return (
        path for path in sorted(folder.iterdir()) if path.suffix in {".mp4", ".mkv", ".webm", ".avi", ".mov"}
    )
