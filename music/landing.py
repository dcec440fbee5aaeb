"""How well cuts land on beats: hit rates, bias, what chance would give, and the best single offset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

N_CHANCE_OFFSETS = 500
# Offsets this close to each other are one: a tenth of a millisecond.
SAME_OFFSET = 1e-4
# A bias up to this is none; of equally many hits, those with less are taken. So many equals are compared.
SMALL_BIAS_SECONDS, MAX_EQUALS = 0.004, 256


@dataclass(frozen=True, slots=True)
class Landing:
    """How cuts meet beats.

    Parameters
    ----------
    hit_rate, hit_rate_40ms : float
        Share of cuts within one frame, and within 40 ms, of a beat; 1 without a cut.
    bias_seconds : float
        Mean of cut minus beat over the cuts within one frame; positive is late.
    chance_hit_rate : float
        What `hit_rate` would be on average had the music started anywhere.
    ceiling_hit_rate : float
        What the best single offset of the music would reach with the cuts where they were.
    """

    hit_rate: float
    hit_rate_40ms: float
    bias_seconds: float
    chance_hit_rate: float
    ceiling_hit_rate: float

    def as_json(self) -> dict[str, Any]:
        """Return the fields under the names that automation relies on."""
        return {
            "hit_rate": self.hit_rate,
            "hit_rate_40ms": self.hit_rate_40ms,
            "bias_seconds": self.bias_seconds,
            "chance_hit_rate": self.chance_hit_rate,
            "ceiling_hit_rate": self.ceiling_hit_rate,
        }


def measure_landing(
    cut_times: NDArray[np.float64],
    beat_times: NDArray[np.float64],
    frame_seconds: float,
    *,
    ceiling_hit_rate: float,
) -> Landing:
    """Compare cuts with beats.

    Parameters
    ----------
    cut_times, beat_times : ndarray of float64
        Seconds on one clock, ascending.
    frame_seconds : float
        Length of a frame.
    ceiling_hit_rate : float
        From `best_offset` with the cuts of the picture as it was.
    """
    if not cut_times.size or not beat_times.size:
        rate = 0.0 if cut_times.size else 1.0
        return Landing(rate, rate, 0.0, rate, ceiling_hit_rate)
    offsets = cut_times - nearest(cut_times, beat_times)
    hits = offsets[np.abs(offsets) <= frame_seconds + 1e-9]
    return Landing(
        hit_rate=share_within(offsets, frame_seconds),
        hit_rate_40ms=share_within(offsets, 0.04),
        bias_seconds=float(hits.mean()) if hits.size else 0.0,
        chance_hit_rate=chance_hit_rate(cut_times, beat_times, frame_seconds),
        ceiling_hit_rate=ceiling_hit_rate,
    )


def nearest(times: NDArray[np.float64], beats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the beat nearest to each time; beats ascend."""
    if beats.size == 1:
        return np.full(times.shape, beats[0])
    right = np.clip(np.searchsorted(beats, times), 1, beats.size - 1)
    left_is_nearer = times - beats[right - 1] <= beats[right] - times
    return np.where(left_is_nearer, beats[right - 1], beats[right])


def share_within(offsets: NDArray[np.float64], tolerance: float) -> float:
    """Return the share of offsets that are no larger than a tolerance; 1 of none."""
    return float(np.mean(np.abs(offsets) <= tolerance + 1e-9)) if offsets.size else 1.0


def chance_hit_rate(
    cut_times: NDArray[np.float64], beat_times: NDArray[np.float64], tolerance: float
) -> float:
    """Average the hit rate over offsets spread evenly over two bars' worth of beats."""
    if not cut_times.size:
        return 1.0
    if beat_times.size < 2:
        return 0.0
    span = 8 * float(np.median(np.diff(beat_times)))
    # Multiples of the golden ratio: even, and in step with no tempo.
    offsets = span * (np.arange(N_CHANCE_OFFSETS) * 0.6180339887498949 % 1.0)
    shifted = (cut_times[None, :] + offsets[:, None]).ravel()
    return share_within(shifted - nearest(shifted, beat_times), tolerance)


def best_offset(
    cut_times: NDArray[np.float64],
    beat_times: NDArray[np.float64],
    tolerance: float,
    *,
    lowest: float,
    highest: float,
) -> tuple[float, float]:
    """Find the second of the music that, under the first frame, puts most cuts on beats.

    Exact: each pair of a cut and a beat votes for an interval of offsets, and a sweep over the ends of
    all intervals finds where most of them overlap. Among equals the one in whose middle the cuts are
    nearest to their beats is taken, so that the remaining differences have no bias.

    Parameters
    ----------
    cut_times : ndarray of float64, shape (n_cuts,)
        Seconds from the first frame.
    beat_times : ndarray of float64
        Seconds of the music, ascending; no two closer than twice the tolerance.
    tolerance : float
        Seconds by which a cut may miss its beat.
    lowest, highest : float
        The offsets that are allowed.

    Returns
    -------
    offset, hit_rate : float
        In [lowest, highest]; the share of cuts that it puts on beats.
    """
    if not cut_times.size or not beat_times.size:
        return lowest, 1.0 if not cut_times.size else 0.0
    wanted = (beat_times[None, :] - cut_times[:, None]).ravel()
    wanted = np.sort(wanted[(wanted >= lowest - tolerance) & (wanted <= highest + tolerance)])
    if not wanted.size:
        return lowest, 0.0
    starts = np.clip(wanted - tolerance, lowest, highest)
    counts = np.searchsorted(wanted, starts + tolerance + SAME_OFFSET, side="right")
    counts -= np.searchsorted(wanted, starts - tolerance - SAME_OFFSET)
    best = np.flatnonzero(counts == counts.max())[:MAX_EQUALS]
    scored = [_centred(float(starts[index]), wanted, tolerance, lowest, highest) for index in best]
    offset = max(scored, key=lambda found: (found[1], -max(found[3] - SMALL_BIAS_SECONDS, 0.0), -found[2]))[0]
    in_music = cut_times + offset
    return offset, share_within(in_music - nearest(in_music, beat_times), tolerance)


def _centred(
    start: float, wanted: NDArray[np.float64], tolerance: float, lowest: float, highest: float
) -> tuple[float, int, float, float]:
    """Return the offset amid the votes that overlap at `start`, their number, their spread and their bias."""
    first = np.searchsorted(wanted, start - tolerance - SAME_OFFSET)
    last = np.searchsorted(wanted, start + tolerance + SAME_OFFSET, side="right")
    votes = wanted[first:last]
    low, high = max(float(votes[-1]) - tolerance, lowest), min(float(votes[0]) + tolerance, highest)
    middle = min(max(float(votes.mean()), low), max(high, low))
    bias = abs(float(votes.mean()) - middle)
    return middle, int(votes.size), float(np.abs(votes - middle).mean()), bias
