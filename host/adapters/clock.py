"""When a step is: its noise level as a fraction of sampling, asked once for all layers of a step."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import Any

from torch import Tensor

_N_STEPS = 200
_AFTER_START = 1e-6


class Clock:
    """Tells how far sampling is.

    Parameters
    ----------
    model_sampling : ModelSampling
        The host's relation between noise levels and fractions of sampling.
    """

    def __init__(self, model_sampling: Any) -> None:
        self._to_sigma = model_sampling.percent_to_sigma
        self._table: list[tuple[float, float]] = []
        self._bounds: dict[float, float] = {}
        self._seen: Tensor | None = None
        self._sigma = 0.0
        self._fraction: float | None = None

    def forget(self) -> None:
        """Drop the step that was seen last."""
        self._seen = None

    def sigma(self, options: dict[str, Any]) -> float:
        """Return the noise level of the current step; infinite where the host names none."""
        sigmas: Tensor | None = options.get("sigmas")
        if sigmas is None:
            return float("inf")
        if sigmas is not self._seen:
            # Reading a value waits for the device, so it is read once and not in every layer.
            self._seen, self._sigma, self._fraction = sigmas, float(sigmas.max()), None
        return self._sigma

    def is_within(self, options: dict[str, Any], start: float, end: float) -> bool:
        """Whether the current step lies between two fractions of sampling, both included unless equal."""
        if start >= end:
            return False
        if start <= 0 and end >= 1:
            return True
        return self._bound(end) <= self.sigma(options) <= self._bound(start)

    def fraction(self, options: dict[str, Any]) -> float:
        """Return how far sampling is, from 0 to 1."""
        sigma = self.sigma(options)
        if options.get("sigmas") is None or self._fraction is None:
            self._fraction = self._fraction_of(sigma)
        return self._fraction

    def _fraction_of(self, sigma: float) -> float:
        table = self._levels()
        place = bisect_left([-level for level, _ in table], -sigma)
        if place == 0:
            return 0.0
        if place == len(table):
            return 1.0
        (above, before), (below, after) = table[place - 1], table[place]
        return before + (after - before) * (above - sigma) / (above - below)

    def _bound(self, fraction: float) -> float:
        if fraction not in self._bounds:
            self._bounds[fraction] = float(self._to_sigma(fraction))
        return self._bounds[fraction]

    def _levels(self) -> list[tuple[float, float]]:
        """Return noise levels, falling, each with its fraction of sampling."""
        if not self._table:
            steps = [number / _N_STEPS for number in range(_N_STEPS + 1)]
            # At 0 itself hosts answer with more than the highest level there is.
            levels = [(float(self._to_sigma(max(step, _AFTER_START))), step) for step in steps]
            self._table = [levels[0], *(after for before, after in pairwise(levels) if after[0] < before[0])]
        return self._table
