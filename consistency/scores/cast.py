"""Several characters in one picture: each is judged on a figure of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..verdict import Verdict
from .scoring import NO_NUMBERS, Judge, unknown_verdict

if TYPE_CHECKING:
    from ..encoders.base import IdentityEncoder, Sighting

# Decides between figures of equal score, as those beyond the ends of the scale are.
_TIE_BREAK = 1e-3


def judge_cast(
    encoder: IdentityEncoder, cast: Mapping[str, Judge], sightings: Sequence[Sighting] | None
) -> dict[str, Verdict]:
    """Give each character a figure of its own, and judge it on that one.

    Figures and characters are paired so that the sum of the scores is the largest (linear sum
    assignment), hence one figure never serves two characters, and a character does not lose its
    figure to somebody who has a better one.

    Parameters
    ----------
    encoder : IdentityEncoder
        The encoder of all of them.
    cast : mapping of str to Judge
        The characters on screen, by label.
    sightings : sequence of Sighting
        The figures of one picture; None if it holds no numbers.

    Returns
    -------
    dict of str to Verdict
        By label, in the order of `cast`; unknown for who is left without a figure.

    References
    ----------
    Kuhn (1955), "The Hungarian method for the assignment problem"; here by
    `scipy.optimize.linear_sum_assignment`.
    """
    if not sightings:
        reason = NO_NUMBERS if sightings is None else "No figure was found in the picture."
        return {label: unknown_verdict(encoder, reason) for label in cast}
    verdicts = {label: judge.of_each(sightings) for label, judge in cast.items()}
    pairs = _pairs(list(verdicts.values()))
    figures = f"{len(sightings)} figure{'s were' if len(sightings) > 1 else ' was'}"
    missing = f"Only {figures} found for {len(cast)} characters, and the others match better."
    return {
        label: verdicts[label][pairs[index]] if index in pairs else unknown_verdict(encoder, missing)
        for index, label in enumerate(verdicts)
    }


def _pairs(verdicts: Sequence[Sequence[Verdict]]) -> dict[int, int]:
    """Return the figure of each character that gets one."""
    from scipy.optimize import linear_sum_assignment

    worth = np.array([[_worth(verdict) for verdict in row] for row in verdicts])
    characters, figures = linear_sum_assignment(worth, maximize=True)
    return dict(zip(characters.tolist(), figures.tolist(), strict=True))


def _worth(verdict: Verdict) -> float:
    if verdict.score is None or verdict.similarity is None:
        return -1.0
    return verdict.score + _TIE_BREAK * verdict.similarity
