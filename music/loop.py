"""Music that goes on past its end: a jump between two downbeats, for beats and samples alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import NoBeatError
from .signal import Signal
from .track import BeatGrid

CROSSFADE_SECONDS = 0.02
# Music that ends this much before the picture has faded out by then: no reason to jump.
SLACK_SECONDS = 0.5
END_SLACK_SECONDS = 0.025


@dataclass(frozen=True, slots=True)
class Loop:
    """Where the music jumps: at `end_seconds` back to `start_seconds`, both of them at downbeats.

    `is_measured` tells places that sound alike from whole phrases that were only counted.
    """

    start_seconds: float
    end_seconds: float
    is_measured: bool = False

    @property
    def length_seconds(self) -> float:
        """What one more repetition adds."""
        return self.end_seconds - self.start_seconds

    def stretched(self, factor: float) -> Loop:
        """Return the loop of the same music made longer by a factor."""
        return replace(self, start_seconds=self.start_seconds * factor, end_seconds=self.end_seconds * factor)

    def repetitions(self, track_seconds: float, needed_seconds: float) -> int:
        """Count the jumps until the music lasts `needed_seconds`; none while the track (almost) does."""
        if needed_seconds <= track_seconds + SLACK_SECONDS:
            return 0
        return int(np.ceil((needed_seconds - self.end_seconds) / self.length_seconds))


def find_loop(beats: BeatGrid, track_seconds: float) -> Loop:
    """Choose the jump that keeps most of the track and whole phrases of four bars.

    Parameters
    ----------
    beats : BeatGrid
        Beats of the track.
    track_seconds : float
        Its length.

    Returns
    -------
    Loop
        Both ends inside the track.

    Raises
    ------
    NoBeatError
        If there are fewer than two beats.
    """
    if not beats.has_beat:
        raise NoBeatError("Music without a steady beat cannot be looped.", hint="Choose a track with a beat.")
    bars = beats.downbeat_times[(beats.downbeat_times >= 0) & (beats.downbeat_times <= track_seconds)]
    if bars.size < 2:
        bars = beats.beat_times[(beats.beat_times >= 0) & (beats.beat_times <= track_seconds)]
    if bars.size < 2:
        bars = beats.beat_times[:2]
    n_bars = bars.size - 1
    n_kept = n_bars - n_bars % 4 if n_bars >= 4 else n_bars
    return Loop(float(bars[-1 - n_kept]), float(bars[-1]))


def looped_beats(beats: BeatGrid, loop: Loop, *, track_seconds: float, needed_seconds: float) -> BeatGrid:
    """Continue a beat grid through as many jumps as are needed.

    Parameters
    ----------
    beats : BeatGrid
        Beats of the track.
    loop : Loop
        Where it jumps.
    track_seconds, needed_seconds : float
        Length of the track, and how long the music has to last.

    Returns
    -------
    BeatGrid
        The track's own grid when it is long enough.
    """
    n_jumps = loop.repetitions(track_seconds, needed_seconds)
    if n_jumps == 0:
        return beats
    return replace(
        beats,
        beat_times=_repeat(beats.beat_times, loop, n_jumps),
        downbeat_times=_repeat(beats.downbeat_times, loop, n_jumps),
    )


def _repeat(times: NDArray[np.float64], loop: Loop, n_jumps: int) -> NDArray[np.float64]:
    # The end of a measured loop lies a few milliseconds beside its downbeat.
    head = times[times < loop.end_seconds - END_SLACK_SECONDS]
    body = head[head >= loop.start_seconds - 1e-6]
    tail = times[times >= loop.end_seconds - END_SLACK_SECONDS]
    shifts = loop.length_seconds * np.arange(1, n_jumps + 1)
    bodies = (body[None, :] + shifts[:, None]).ravel()
    return np.concatenate([head, bodies, tail + shifts[-1]])


def music_segment(
    signal: Signal, *, start_seconds: float, duration_seconds: float, loop: Loop | None = None
) -> Signal:
    """Cut the music that a picture needs, looped where the track is too short.

    Sample n of the segment sounds at ``start_seconds + n / sample_rate`` of the (looped) track, so the
    beats of `looped_beats`, less `start_seconds`, are its beats to within half a sample.

    Parameters
    ----------
    signal : Signal
        The track.
    start_seconds : float
        Where the music begins.
    duration_seconds : float
        How long it has to last.
    loop : Loop, optional
        Where to jump; without it the end of a short track is followed by silence.

    Returns
    -------
    Signal
        ``round(duration_seconds * sample_rate)`` samples.
    """
    rate = signal.sample_rate
    start, n_samples = round(start_seconds * rate), round(duration_seconds * rate)
    samples = signal.samples
    if loop is not None:
        n_jumps = loop.repetitions(signal.duration_seconds, start_seconds + duration_seconds)
        samples = _looped_samples(samples, loop, n_jumps, rate)
    segment = np.zeros((samples.shape[0], n_samples), dtype=np.float32)
    source = samples[:, max(start, 0) : max(start + n_samples, 0)]
    offset = max(-start, 0)
    segment[:, offset : offset + source.shape[1]] = source[:, : n_samples - offset]
    return Signal(segment, rate)


def _looped_samples(samples: NDArray[np.float32], loop: Loop, n_jumps: int, rate: int) -> NDArray[np.float32]:
    """Place repetitions at the rounded multiples of the loop, so that rounding does not add up."""
    if n_jumps == 0:
        return samples
    start, end = round(loop.start_seconds * rate), round(loop.end_seconds * rate)
    shifts = [round(n * loop.length_seconds * rate) for n in range(n_jumps + 1)]
    looped = np.zeros((samples.shape[0], samples.shape[1] + shifts[-1]), dtype=np.float32)
    looped[:, :end] = samples[:, :end]
    # The fade lies before the jump: the upbeat into the loop's start melts into its end.
    n_fade = max(1, min(round(CROSSFADE_SECONDS * rate), start, end - start))
    fade_in = np.sqrt(np.linspace(0, 1, n_fade, dtype=np.float32)) if start else np.ones(1, np.float32)
    n_fade = n_fade if start else 0
    for n, shift in enumerate(shifts[1:], start=1):
        stop = samples.shape[1] if n == n_jumps else end + 1
        seam = start + shift
        if n_fade:
            looped[:, seam - n_fade : seam] = _crossfaded(
                looped[:, seam - n_fade : seam], samples[:, start - n_fade : start], fade_in
            )
        looped[:, seam : stop + shift] = samples[:, start:stop]
    return looped


def _crossfaded(
    old: NDArray[np.float32], new: NDArray[np.float32], fade_in: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Fade from one sound to another at even loudness, whether they are the same wave or unlike."""
    fade_out = np.sqrt(1 - fade_in**2)
    power = float(np.sqrt(np.sum(np.square(old)) * np.sum(np.square(new))))
    agreement = np.float32(np.clip(float(np.sum(old * new)) / max(power, 1e-12), 0.0, 1.0))
    faded = old * fade_out + new * fade_in
    return (faded / np.sqrt(1 + 2 * agreement * fade_in * fade_out)).astype(np.float32)
