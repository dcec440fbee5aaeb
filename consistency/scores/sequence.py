"""Scores of a whole sequence: how well, how steadily, and in how many frames a character is itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..verdict import Status, Verdict
from .copies import Copy

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Of the frames with the character so many may fail: blinks, turns, one smeared frame.
_MAY_FAIL = 0.1
# The trend is a mean over this share of the sequence, and never over fewer frames than three.
_TREND_SHARE = 0.1
# Held for longer than half of a sequence of this many frames, a picture stands still.
_MIN_MOVING = 8


@dataclass(frozen=True, slots=True)
class SequenceScore:
    """How well a sequence keeps a character.

    Parameters
    ----------
    status : Status
        Pass if the character was found and at most a tenth of the frames with it fail; unknown if it
        was found in none.
    reason : str
        One sentence for people.
    verdicts : tuple of Verdict
        One a frame.
    n_found : int
        Frames in which the character was measured.
    mean, worst : float or None
        Consistency scores over those frames, in [0, 1]; None where there is none.
    worst_frame : int or None
        Index of the worst.
    drift : tuple of float or None
        Per frame ``1 - similarity``, in [0, 2]; None where the character was not found.
    trend : tuple of float or None
        Drift smoothed by a centred mean over a tenth of the sequence.
    slope : float or None
        How much the drift rises in 100 frames, by a least-squares line; None below two frames.
    longest_hold : int
        Most frames in a row that are the same picture; 1 where each differs from the one before.
    copies : tuple of Copy
        Frames suspected to repeat a reference picture instead of drawing the character anew.
    """

    status: Status
    reason: str
    verdicts: tuple[Verdict, ...]
    n_found: int
    mean: float | None
    worst: float | None
    worst_frame: int | None
    drift: tuple[float | None, ...]
    trend: tuple[float | None, ...]
    slope: float | None
    longest_hold: int = 1
    copies: tuple[Copy, ...] = ()

    @property
    def n_frames(self) -> int:
        """Length of the sequence."""
        return len(self.verdicts)

    @property
    def coverage(self) -> float:
        """Share of the frames in which the character was measured, in [0, 1]."""
        return self.n_found / self.n_frames if self.n_frames else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the fields for programs, without the verdict of each frame."""
        measured = next((verdict for verdict in self.verdicts if verdict.encoder), None)
        return {
            "status": self.status.value,
            "reason": self.reason,
            "n_frames": self.n_frames,
            "n_found": self.n_found,
            "coverage": self.coverage,
            "mean": self.mean,
            "worst": self.worst,
            "worst_frame": self.worst_frame,
            "slope_per_100_frames": self.slope,
            "longest_hold": self.longest_hold,
            "drift": list(self.drift),
            "trend": list(self.trend),
            "copies": [copy.as_json() for copy in self.copies],
            "encoder": measured.encoder if measured else "",
            "encoder_version": measured.encoder_version if measured else "",
            "threshold": _first(verdict.threshold for verdict in self.verdicts),
            "calibration": _first(verdict.calibration or None for verdict in self.verdicts) or "",
            "mapping": _first(verdict.mapping or None for verdict in self.verdicts) or "",
        }


def sequence_score(
    verdicts: Sequence[Verdict], *, copies: Sequence[Copy] = (), longest_hold: int = 1
) -> SequenceScore:
    """Sum up the verdicts on the frames of a sequence.

    Parameters
    ----------
    verdicts : sequence of Verdict
        One a frame, in their order.
    copies : sequence of Copy
        Frames that repeat a reference.
    longest_hold : int
        Most frames in a row that are the same picture.
    """
    similarities = np.array([_number(verdict.similarity) for verdict in verdicts], np.float64)
    scores = np.array([_number(verdict.score) for verdict in verdicts], np.float64)
    found = np.flatnonzero(np.isfinite(scores))
    drift = 1.0 - similarities
    worst = int(found[scores[found].argmin()]) if found.size else None
    status, reason = _decision(verdicts, scores, worst, len(copies), longest_hold)
    return SequenceScore(
        status=status,
        reason=reason,
        verdicts=tuple(verdicts),
        n_found=int(found.size),
        mean=float(scores[found].mean()) if found.size else None,
        worst=None if worst is None else float(scores[worst]),
        worst_frame=worst,
        drift=_optional(drift),
        trend=_optional(smoothed(drift, max(3, round(_TREND_SHARE * len(verdicts))))),
        slope=_slope(drift),
        longest_hold=longest_hold,
        copies=tuple(copies),
    )


def smoothed(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Average each value with its neighbours, leaving out what is NaN.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        NaN where nothing was measured.
    width : int
        How many values at most; an even number counts as the next odd one.

    Returns
    -------
    ndarray of float64, shape (n,)
        NaN only where no neighbour was measured either.
    """
    reach = width // 2
    seen = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(seen, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(seen)])
    first = np.maximum(np.arange(len(values)) - reach, 0)
    last = np.minimum(np.arange(len(values)) + reach + 1, len(values))
    with np.errstate(invalid="ignore"):
        return (sums[last] - sums[first]) / (counts[last] - counts[first])


def _slope(drift: NDArray[np.float64]) -> float | None:
    """Return the least-squares slope of the drift in 100 frames."""
    frames = np.flatnonzero(np.isfinite(drift))
    if frames.size < 2:
        return None
    away = frames - frames.mean()
    return float(100.0 * (away * drift[frames]).sum() / (away**2).sum())


def _decision(
    verdicts: Sequence[Verdict],
    scores: NDArray[np.float64],
    worst: int | None,
    n_copies: int,
    longest_hold: int,
) -> tuple[Status, str]:
    if worst is None:
        why = verdicts[0].reason if verdicts else "There is no frame."
        return Status.UNKNOWN, f"The character was found in none of {len(verdicts)} frames. {why}"
    n_found = int(np.isfinite(scores).sum())
    n_failed = sum(verdict.status is Status.FAIL for verdict in verdicts)
    notes = [
        f"{n_found - n_failed} of {n_found} frames with the character pass; "
        f"found in {n_found} of {len(verdicts)}; the worst is frame {worst} ({scores[worst]:.2f})."
    ]
    if n_copies:
        look = "frame looks" if n_copies == 1 else "frames look"
        notes.append(f"{n_copies} {look} copied from a reference.")
    if len(verdicts) >= _MIN_MOVING and longest_hold > len(verdicts) / 2:
        notes.append(f"The picture stands still for {longest_hold} of {len(verdicts)} frames.")
    status = Status.PASS if n_failed <= _MAY_FAIL * n_found else Status.FAIL
    return status, " ".join(notes)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _optional(values: NDArray[np.float64]) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(value) else float(value) for value in values)


def _first(values: Any) -> Any:
    return next((value for value in values if value is not None), None)
