"""The frames of a shot: a still under a moving camera, or a clip at the episode's rate and size."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from .camera import Box, CameraMove, crop_box
from .clip import clip_shape, iterate_frames, steady_frames, to_frame, to_rgb
from .scaling import Pixels, fit

if TYPE_CHECKING:
    pass

ReadImage = Callable[[Path], Pixels]
RenderFrame = Callable[[], Pixels]

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
# A still that is far larger than the frame is reduced once; twice the size keeps every pixel that a
# zoom to one half could show.
MAX_OVERSIZE = 2.0


@dataclass(frozen=True, slots=True)
class ShotPicture:
    """What a shot shows.

    Parameters
    ----------
    source : Path
        A still (PNG, JPEG, WebP) or a video clip.
    camera : CameraMove
        The move over a still; clips move by themselves.
    """

    source: Path
    camera: CameraMove = field(default_factory=CameraMove)


def is_clip(path: Path) -> bool:
    """Tell whether a shot's source is to be read as video: neither named nor made as a picture."""
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return False
    try:
        with path.open("rb") as stream:
            head = stream.read(12)
    except OSError:
        return True
    is_webp = head[:4] == b"RIFF" and head[8:] == b"WEBP"
    return not (is_webp or head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")))


def representative_frame(path: Path, read_image: ReadImage) -> Pixels:
    """Return one picture that stands for a shot: the still, or the middle of the clip.

    Parameters
    ----------
    path : Path
        Source of the shot.
    read_image : callable
        Decodes a picture file to RGB.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    UnreadableImageError, UnreadableVideoError
        If the source cannot be decoded.
    """
    if not is_clip(path):
        return read_image(path)
    turns = clip_shape(path).quarter_turns
    n_frames = sum(1 for _ in iterate_frames(path))
    _, frame = next(itertools.islice(iterate_frames(path), n_frames // 2, None))
    return to_rgb(frame, turns)


def shot_frames(
    picture: ShotPicture, n_frames: int, fps: Fraction, size: tuple[int, int], read_image: ReadImage
) -> Iterator[RenderFrame]:
    """Yield one function per frame of a shot, each of which renders its frame.

    Rendering is left to the caller, who may do it in threads; opening and decoding happens here,
    in order. Frames that look the same are the same function.

    Parameters
    ----------
    picture : ShotPicture
        Still or clip.
    n_frames : int
        Exact number of frames to yield. A longer clip is cut off, a shorter one holds its last frame.
    fps : Fraction
        Frames per second of the episode.
    size : tuple of int
        Width and height of the episode; the source is scaled to cover it.
    read_image : callable
        Decodes a picture file to RGB.

    Yields
    ------
    callable
        Returns uint8 pixels of shape (height, width, 3).

    Raises
    ------
    UnreadableImageError, UnreadableVideoError
        If the source cannot be decoded.
    """
    if is_clip(picture.source):
        yield from _clip_frames(picture.source, n_frames, fps, size)
    else:
        yield from _still_frames(picture, n_frames, fps, size, read_image)


def _still_frames(
    picture: ShotPicture, n_frames: int, fps: Fraction, size: tuple[int, int], read_image: ReadImage
) -> Iterator[RenderFrame]:
    still = _reduced(Image.fromarray(read_image(picture.source)), size)
    seconds = float(n_frames / fps)
    box: Box | None = None
    render: RenderFrame | None = None
    for index in range(n_frames):
        progress = index / (n_frames - 1) if n_frames > 1 else 0.0
        moved = crop_box(picture.camera, still.size, size, progress, seconds=seconds)
        if render is None or moved != box:
            box, render = moved, partial(fit, still, size, moved)
        yield render


def _clip_frames(path: Path, n_frames: int, fps: Fraction, size: tuple[int, int]) -> Iterator[RenderFrame]:
    shape = clip_shape(path)
    frames = steady_frames(path, fps)
    shown = next(frames)
    render = partial(to_frame, shown, size, shape)
    for _ in range(n_frames):
        yield render
        frame = next(frames, shown)
        if frame is not shown:
            shown, render = frame, partial(to_frame, frame, size, shape)


def _reduced(still: Image.Image, size: tuple[int, int]) -> Image.Image:
    scale = max(size[0] / still.width, size[1] / still.height) * MAX_OVERSIZE
    if scale >= 1.0:
        return still
    smaller = (max(size[0], round(still.width * scale)), max(size[1], round(still.height * scale)))
    return still.resize(smaller, Image.Resampling.LANCZOS, reducing_gap=2.0)
