"""Camera moves over a still: which part of the picture fills the frame, and when."""

from __future__ import annotations

import math
from dataclasses import dataclass

Box = tuple[float, float, float, float]

MOVES = ("hold", "push_in", "pull_out", "pan_left", "pan_right", "tilt_up", "tilt_down", "shake")

# Share of the frame that a move covers when the user names none: readable in a 2-4 s shot without haste.
DEFAULT_ZOOM = 0.12
DEFAULT_TRAVEL = 0.15
DEFAULT_SHAKE = 0.012
# A picture much wider or taller than the frame is travelled by at most one frame, or the move turns hasty.
MAX_DEFAULT_TRAVEL = 1.0
# Figures stand with the head in the upper part; a tall still is framed there.
ANCHOR_X, ANCHOR_Y = 0.5, 0.3
# Two incommensurable rates, in Hz, never repeat within a shot.
SHAKE_RATES = (5.3, 7.9)


@dataclass(frozen=True, slots=True)
class CameraMove:
    """A camera move.

    Parameters
    ----------
    move : str
        One of `MOVES`. The name says where the camera goes: `pan_left` shows more of what is left.
    amount : float or None
        Share of the frame's size that the move covers, in (0, 1]; None takes what suits the picture.
    """

    move: str = "hold"
    amount: float | None = None


@dataclass(frozen=True, slots=True)
class _Path:
    """Window size and the two ends of the way of its upper left corner."""

    start: tuple[float, float, float]  # width, left, top
    end: tuple[float, float, float]


def ease(progress: float) -> float:
    """Start and stop softly: smoothstep ``3p² - 2p³`` of a progress in [0, 1]."""
    progress = min(max(progress, 0.0), 1.0)
    return progress * progress * (3.0 - 2.0 * progress)


def crop_box(
    camera: CameraMove,
    picture_size: tuple[int, int],
    frame_size: tuple[int, int],
    progress: float,
    *,
    seconds: float = 3.0,
) -> Box:
    """Return the part of a picture that fills the frame at one moment of a move.

    The box has the frame's aspect and lies within the picture, whatever the picture's aspect. Its
    edges are fractions of pixels: rounding them would make slow moves jitter.

    Parameters
    ----------
    camera : CameraMove
        The move.
    picture_size, frame_size : tuple of int
        Width and height in pixels.
    progress : float
        Share of the shot that has passed, in [0, 1].
    seconds : float
        Length of the shot; only `shake`, which has a rate, depends on it.

    Returns
    -------
    tuple of float
        Left, top, right, bottom in pixels of the picture.
    """
    width, height = picture_size
    aspect = frame_size[0] / frame_size[1]
    full_width = min(float(width), height * aspect)
    path = _path(camera, (width, height), full_width, aspect)
    share = ease(progress)
    window, left, top = (a + (b - a) * share for a, b in zip(path.start, path.end, strict=True))
    if camera.move == "shake":
        left, top = _shaken(left, top, window, camera.amount or DEFAULT_SHAKE, progress * seconds)
    window_height = window / aspect
    left = max(0.0, min(left, width - window))
    top = max(0.0, min(top, height - window_height))
    return (left, top, min(left + window, float(width)), min(top + window_height, float(height)))


def _path(camera: CameraMove, picture: tuple[int, int], full_width: float, aspect: float) -> _Path:
    move, amount = camera.move, camera.amount
    wide = _placed(full_width, picture, aspect)
    if move in ("push_in", "pull_out"):
        close = _placed(full_width * (1.0 - min(amount or DEFAULT_ZOOM, 0.9)), picture, aspect)
        return _Path(wide, close) if move == "push_in" else _Path(close, wide)
    if move == "shake":
        still = _placed(full_width * (1.0 - 2.0 * min(amount or DEFAULT_SHAKE, 0.25)), picture, aspect)
        return _Path(still, still)
    if move.startswith("pan"):
        return _travel(camera, picture, full_width, aspect, axis=0)
    if move.startswith("tilt"):
        return _travel(camera, picture, full_width, aspect, axis=1)
    return _Path(wide, wide)


def _placed(window: float, picture: tuple[int, int], aspect: float) -> tuple[float, float, float]:
    """Place a window of the given width where the figure is likely to be."""
    room_x, room_y = picture[0] - window, picture[1] - window / aspect
    # Zooming into a picture of the frame's own aspect keeps its middle; the anchor is for spare height.
    spare_y = max(0.0, picture[1] - min(picture[0] / aspect, picture[1]))
    return (window, room_x * ANCHOR_X, spare_y * ANCHOR_Y + (room_y - spare_y) * 0.45)


def _travel(
    camera: CameraMove, picture: tuple[int, int], full_width: float, aspect: float, *, axis: int
) -> _Path:
    """Slide a window along one axis, shrunk as far as the asked way needs."""
    length = picture[axis]
    full = full_width if axis == 0 else full_width / aspect
    room = length - full
    if camera.amount is None:
        travel = max(DEFAULT_TRAVEL * full / (1 + DEFAULT_TRAVEL), min(room, MAX_DEFAULT_TRAVEL * full))
        size = min(full, length - travel)
    else:
        size = min(full, length / (1.0 + camera.amount))
        travel = min(camera.amount * size, length - size)
    window = size if axis == 0 else size * aspect
    anchor = ANCHOR_X if axis == 0 else ANCHOR_Y
    near = (length - size - travel) * anchor
    _, left, top = _placed(window, picture, aspect)
    first, last = (near, near + travel)
    if camera.move in ("pan_left", "tilt_up"):
        first, last = last, first
    if axis == 0:
        return _Path((window, first, top), (window, last, top))
    return _Path((window, left, first), (window, left, last))


def _shaken(left: float, top: float, window: float, amount: float, seconds: float) -> tuple[float, float]:
    reach = min(amount, 0.25) * window
    turn = 2.0 * math.pi * seconds
    x = 0.6 * math.sin(turn * SHAKE_RATES[0]) + 0.4 * math.sin(turn * SHAKE_RATES[1] + 1.0)
    y = 0.6 * math.sin(turn * SHAKE_RATES[1] + 2.0) + 0.4 * math.sin(turn * SHAKE_RATES[0] + 0.5)
    return (left + reach * x, top + reach * y * 0.6)
