"""Which of the figures found in a picture is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST = "largest"
# By its place from left to right, by a point ``(x, y)``, or by a box ``(left, top, right, bottom)``.
Choice = str | int | tuple[float, ...]


def check_choice(choice: Choice) -> None:
    """Refuse what names no figure.

    Raises
    ------
    InputError
        If it is neither ``largest``, a number from 0 on, a point nor a box.
    """
    is_number = isinstance(choice, int) and not isinstance(choice, bool) and choice >= 0
    is_place = isinstance(choice, tuple) and len(choice) in (2, 4)
    if not (choice == LARGEST or is_number or is_place):
        raise InputError(
            f"{choice!r} chooses no figure of a picture.",
            field="choose",
            hint="Give 'largest', a number (0 is the leftmost), a point (x, y) or a box (left, top, right, "
            "bottom).",
        )


def chosen(boxes: NDArray[np.floating], choice: Choice = LARGEST) -> int | None:
    """Return which box is meant.

    Of the boxes whose centre lies in a chosen box the largest is meant; where there is none, and for a
    point, the one whose centre is nearest.

    Parameters
    ----------
    boxes : ndarray of float, shape (n, 4)
        Left, top, right, bottom in pixels, `n` at least 1.
    choice : str, int or tuple of float
        ``largest`` by area, a place counted from 0 from left to right, a point or a box.

    Returns
    -------
    int or None
        An index into `boxes`; None where there is no such place.

    Raises
    ------
    InputError
        If `choice` is none of these.
    """
    check_choice(choice)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    if isinstance(choice, str):
        return int(areas.argmax())
    if isinstance(choice, int):
        return int(np.argsort(centres[:, 0], kind="stable")[choice]) if choice < len(boxes) else None
    if len(choice) == 4:
        low, high = np.array(choice[:2]), np.array(choice[2:])
        is_within = ((centres >= low) & (centres <= high)).all(axis=1)
        if is_within.any():
            return int(np.where(is_within, areas, -1.0).argmax())
        return _nearest(centres, (low + high) / 2)
    return _nearest(centres, np.array(choice))


def _nearest(centres: NDArray[np.floating], point: NDArray[np.floating]) -> int:
    return int(((centres - point) ** 2).sum(axis=1).argmin())
