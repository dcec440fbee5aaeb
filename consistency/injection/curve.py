"""Weights over the steps of sampling."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from dataclasses import dataclass

from ...errors import InputError


@dataclass(frozen=True, slots=True)
class Curve:
    """A factor over sampling, linear between its points and level outside them.

    Parameters
    ----------
    points : tuple of (float, float)
        Fraction of sampling in [0, 1], ascending, and factor.
    """

    points: tuple[tuple[float, float], ...]

    def at(self, fraction: float) -> float:
        """Return the factor at a fraction of sampling."""
        after = bisect_right([place for place, _ in self.points], fraction)
        if after in (0, len(self.points)):
            return self.points[min(after, len(self.points) - 1)][1]
        (start, low), (end, high) = self.points[after - 1 : after + 1]
        return low + (high - low) * (fraction - start) / (end - start)


LEVEL = Curve(((0.0, 1.0),))


def parse_curve(text: str) -> Curve:
    """Read a curve such as ``0: 1, 0.5: 0.3, 1: 0``; an empty text is level at 1.

    Raises
    ------
    InputError
        If a part is not ``fraction: factor``, or fractions leave [0, 1] or repeat.
    """
    if not text.strip():
        return LEVEL
    points = sorted(_point(part) for part in re.split(r"[,;\n]+", text.strip()) if part.strip())
    places = [place for place, _ in points]
    if len(set(places)) != len(places):
        raise InputError(
            f"The curve {text!r} names a fraction twice.",
            field="curve",
            hint="Give each fraction one factor.",
        )
    return Curve(tuple(points))


def _point(part: str) -> tuple[float, float]:
    place, _, factor = part.partition(":")
    try:
        point = float(place), float(factor)
    except ValueError:
        point = (math.nan, math.nan)
    if not (0 <= point[0] <= 1 and math.isfinite(point[1])):
        raise InputError(
            f"{part.strip()!r} is no point of a curve.",
            field="curve",
            hint="Write fraction: factor with fractions from 0 to 1, such as 0: 1, 0.5: 0.3.",
        )
    return point
