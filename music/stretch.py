"""Longer or shorter sound at the same pitch: overlap-add of segments that continue each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .signal import Signal, to_mono

SEGMENT_SECONDS = 0.06
# How far from its due place a segment may be taken: a period of the lowest tones that are heard as pitch.
SEARCH_SECONDS = 0.012
LEAST, MOST = 0.5, 2.0
# Segments are compared at this rate; their place is then refined at the full one.
COARSE_RATE = 8_000


def stretch_to(
    signal: Signal, n_samples: int, *, anchor_seconds: NDArray[np.float64] | None = None
) -> Signal:
    """Bring a recording to another length and keep its pitch.

    WSOLA: segments are laid over each other by halves, each taken, near the place that is due, from where
    it continues the one before it best. Everything stays within 12 ms of its due time, and that error does
    not add up; anchors, such as beats, are taken from their exact place, where their attack hides the seam.
    All channels are cut alike, so that the stereo image stays.

    Parameters
    ----------
    signal : Signal
        The recording.
    n_samples : int
        Wished length per channel, half to twice the old one.
    anchor_seconds : ndarray of float64, optional
        Moments of the recording that have to be exactly where they are due.

    Returns
    -------
    Signal
        Exactly `n_samples` per channel; the same recording when that is its length.

    Raises
    ------
    InputError
        If the change is larger than that.

    References
    ----------
    .. [1] W. Verhelst and M. Roelands, "An overlap-add technique based on waveform similarity (WSOLA) for
       high quality time-scale modification of speech", ICASSP, 1993.
    """
    if n_samples == signal.n_samples:
        return signal
    if not signal.n_samples or not LEAST <= n_samples / signal.n_samples <= MOST:
        raise InputError(
            f"A sound of {signal.n_samples} samples cannot be made {n_samples} long.",
            hint="Give half to twice its length.",
        )
    hop = max(16, round(SEGMENT_SECONDS / 2 * signal.sample_rate))
    anchors = np.rint(np.asarray([] if anchor_seconds is None else anchor_seconds) * signal.sample_rate)
    stretch = _Stretch(signal, n_samples, hop, np.sort(anchors.astype(np.int64)))
    return Signal(stretch.overlap_added(), signal.sample_rate)


class _Stretch:
    """One recording on its way to a new length."""

    def __init__(self, signal: Signal, n_out: int, hop: int, anchors: NDArray[np.int64]) -> None:
        rate = signal.sample_rate
        self.n_in, self.n_out, self.hop = signal.n_samples, n_out, hop
        self.reach, self.step = max(1, round(SEARCH_SECONDS * rate)), max(1, rate // COARSE_RATE)
        self.margin = self.reach + 2 * hop
        self.padded = np.pad(signal.samples, ((0, 0), (self.margin, self.margin + 2 * hop)))
        self.mono = to_mono(self.padded)
        self.anchors = anchors
        self.due_anchors = np.rint(anchors * (n_out / self.n_in)).astype(np.int64)

    def overlap_added(self) -> NDArray[np.float32]:
        """Return the new samples."""
        hop = self.hop
        rise = (0.5 - 0.5 * np.cos(np.pi * (np.arange(hop) + 0.5) / hop)).astype(np.float32)
        window = np.concatenate([rise, rise[::-1]])
        n_segments = -(-self.n_out // hop) + 1
        out = np.zeros((self.padded.shape[0], (n_segments + 1) * hop), dtype=np.float32)
        place = self.margin - hop
        for number in range(n_segments):
            if number:
                place = self._place(number, place)
            out[:, number * hop : (number + 2) * hop] += self.padded[:, place : place + 2 * hop] * window
        return out[:, hop : hop + self.n_out]

    def _place(self, number: int, before: int) -> int:
        """Return where in the padded recording a segment is taken from."""
        start = (number - 1) * self.hop
        first = int(np.searchsorted(self.due_anchors, start))
        if first < self.due_anchors.size and self.due_anchors[first] < start + 2 * self.hop:
            exact = self.margin + int(self.anchors[first]) - (int(self.due_anchors[first]) - start)
            return min(max(exact, 0), self.mono.size - 2 * self.hop)
        due = self.margin + round(start * self.n_in / self.n_out)
        wanted = self.mono[before + self.hop : before + 2 * self.hop]
        coarse = self._most_alike(wanted, due - self.reach, due + self.reach + 1, self.step)
        if self.step == 1:
            return coarse
        return self._most_alike(wanted, coarse - self.step, coarse + self.step + 1, 1)

    def _most_alike(self, wanted: NDArray[np.float32], first: int, end: int, step: int) -> int:
        """Return the place in a range from which the sound is most like the wanted continuation."""
        first = max(first, 0)
        regions = np.lib.stride_tricks.sliding_window_view(
            self.mono[first : end - 1 + wanted.size], wanted.size
        )
        candidates = regions[::step, :: self.step]
        likeness = candidates @ wanted[:: self.step]
        energy = np.sqrt(np.einsum("ij,ij->i", candidates, candidates)) + 1e-6
        return first + step * int(np.argmax(likeness / energy))
