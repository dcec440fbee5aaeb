"""What came back from a generator: measured against its plan, and cut and stretched to the picture."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .analysis import analyze
from .beats import BeatWishes
from .key import camelot, camelot_distance
from .landing import best_offset, nearest, share_within
from .signal import Signal
from .stretch import stretch_to
from .theme import ThemePlan
from .track import TrackAnalysis

PASS, FAIL, UNKNOWN = "pass", "fail", "unknown"
KEY_RULES = ("compatible", "exact", "off")
MAX_STRETCH = 0.25
# A tempo within this share of the plan is the planned one.
TEMPO_TOLERANCE = 0.01
# Stretching by less than this is not worth the seams.
LEAST_STRETCH = 0.001
LENGTH_TOLERANCE_SECONDS = 0.010
# A place that puts more cuts on beats is taken instead of the planned one from this many more on.
BETTER_PLACE = 0.05
CUT_FADE_SECONDS, EDGE_SECONDS = 0.25, 0.005
# Music of this mood may do without a beat.
BEATLESS_MOOD = "ambient"
# Readings of one rhythm that count as the same tempo.
OCTAVES = (1.0, 2.0, 0.5)


@dataclass(frozen=True, slots=True)
class ThemeLimits:
    """What is allowed and asked.

    Parameters
    ----------
    max_stretch : float
        Share by which the music may be made longer or shorter at the same pitch, 0 to 0.25.
    key_rule : str
        ``compatible``: one step or none apart on the Camelot wheel; ``exact``; or ``off``.
    """

    max_stretch: float = 0.08
    key_rule: str = KEY_RULES[0]

    def __post_init__(self) -> None:
        if not 0.0 <= self.max_stretch <= MAX_STRETCH:
            raise InputError(
                f"Stretching by {self.max_stretch:g} is not possible.",
                field="max_stretch",
                hint=f"Give 0 to {MAX_STRETCH:g}.",
            )
        if self.key_rule not in KEY_RULES:
            raise InputError(
                f"There is no rule {self.key_rule!r} for the key.",
                field="key_rule",
                hint=f"Use {', '.join(KEY_RULES)}.",
            )


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was measured."""

    name: str
    status: str
    planned: str
    measured: str
    reason: str


@dataclass(frozen=True)
class CheckedTheme:
    """Music as it goes under the picture, and what was found.

    Parameters
    ----------
    signal : Signal
        The music, exactly as long as the picture.
    checks : tuple of Check
        Sound, length, tempo, key.
    came_seconds, came_bpm : float
        As it came; the tempo is None without a beat.
    stretch : float
        How much longer it was made; 1 leaves it as it is.
    start_seconds : float
        The second of the (stretched) music under the first frame.
    hit_rate : float or None
        Share of the cuts within one frame of a beat; None without a cut or a beat.
    """

    signal: Signal
    checks: tuple[Check, ...]
    came_seconds: float
    came_bpm: float | None
    stretch: float
    start_seconds: float
    hit_rate: float | None

    @property
    def status(self) -> str:
        """``fail`` when a check failed, else ``unknown`` when one could not be measured, else ``pass``."""
        found = {check.status for check in self.checks}
        return FAIL if FAIL in found else UNKNOWN if UNKNOWN in found else PASS

    @property
    def score(self) -> float:
        """0–1 for comparing attempts: the checks that passed, less a little for stretching."""
        points = {PASS: 1.0, UNKNOWN: 0.5, FAIL: 0.0}
        mean = sum(points[check.status] for check in self.checks) / len(self.checks)
        return round(max(0.0, mean - 0.1 * min(1.0, abs(log2(self.stretch)))), 4)

    @property
    def summary(self) -> str:
        """One line for the outcome and one for each check."""
        return "\n".join(
            [f"Music: {self.status}.", *(f"{c.name}: {c.status}. {c.reason}" for c in self.checks)]
        )

    def as_json(self) -> dict[str, Any]:
        """Return what was found for programs."""
        return {
            "status": self.status,
            "score": self.score,
            "checks": [asdict(check) for check in self.checks],
            "came_seconds": self.came_seconds,
            "came_bpm": self.came_bpm,
            "stretch": self.stretch,
            "start_seconds": self.start_seconds,
            "seconds": self.signal.duration_seconds,
            "hit_rate": self.hit_rate,
            "summary": self.summary,
        }


def check_theme(signal: Signal, plan: ThemePlan, limits: ThemeLimits | None = None) -> CheckedTheme:
    """Measure music against its plan, and make it fit the picture.

    A tempo that is off by no more than the stretch allowed is corrected at the same pitch; the music is begun
    where most cuts meet beats, cut to the exact length and faded. What was stretched is measured once more.
    Music that is too short even then fails and is followed by silence, so that sound and picture stay as long
    as each other.

    Parameters
    ----------
    signal : Signal
        As a generator made it.
    plan : ThemePlan
        What it was asked for.
    limits : ThemeLimits, optional
        What is allowed.

    Returns
    -------
    CheckedTheme
        Music of `plan.seconds`, to the sample.
    """
    limits = limits or ThemeLimits()
    heard = _heard(signal, plan)
    stretch = _stretch(heard, plan, signal.duration_seconds, limits.max_stretch)
    fitted = signal
    if abs(stretch - 1.0) > LEAST_STRETCH:
        beats = heard.beats.beat_times
        fitted = stretch_to(signal, round(signal.n_samples * stretch), anchor_seconds=beats)
        final = _heard(fitted, plan)
    else:
        stretch, final = 1.0, heard
    start = _start(final, plan, fitted.duration_seconds)
    missing = plan.seconds - (fitted.duration_seconds - start)
    checks = (
        _sound_check(final),
        _length_check(signal, plan, missing),
        _tempo_check(heard, final, plan, limits),
        *(() if limits.key_rule == "off" else (_key_check(final, plan, limits.key_rule),)),
    )
    return CheckedTheme(
        signal=_cut(fitted, start, plan.seconds),
        checks=checks,
        came_seconds=signal.duration_seconds,
        came_bpm=heard.beats.tempo_bpm,
        stretch=stretch,
        start_seconds=start,
        hit_rate=_hit_rate(final, plan, start),
    )


def _heard(signal: Signal, plan: ThemePlan) -> TrackAnalysis:
    """Analyse music without a hint, which could talk a wrong tempo into the planned one; octaves apart."""
    heard = analyze(signal)
    tempo = heard.beats.tempo_bpm
    if not tempo or _folded(tempo, plan.tempo_bpm) == tempo:
        return heard
    again = analyze(signal, wishes=BeatWishes(bpm_hint=_folded(tempo, plan.tempo_bpm)))
    is_octave = (
        again.beats.tempo_bpm and abs(again.beats.tempo_bpm / _folded(tempo, plan.tempo_bpm) - 1) < 0.04
    )
    return again if is_octave else heard


def _folded(tempo_bpm: float, planned: float) -> float:
    """Return the reading of a tempo, the same or an octave off, that is nearest to the planned one."""
    return min((tempo_bpm * fold for fold in OCTAVES), key=lambda bpm: abs(log2(bpm / planned)))


def _stretch(heard: TrackAnalysis, plan: ThemePlan, seconds: float, most: float) -> float:
    """Return how much longer the music has to be for the planned tempo, and then for the picture."""
    wanted = 1.0
    if heard.beats.has_beat and heard.beats.tempo_bpm:
        ratio = _folded(heard.beats.tempo_bpm, plan.tempo_bpm) / plan.tempo_bpm
        wanted = ratio if abs(ratio - 1.0) <= most else 1.0
    missing = plan.seconds / (seconds * wanted)
    # Only as far as the tempo stays within its tolerance; without a beat, as far as it may.
    room = TEMPO_TOLERANCE if heard.beats.has_beat else most
    if 1.0 < missing <= 1.0 + room and abs(wanted * missing - 1.0) <= most:
        wanted *= missing
    return wanted


def _start(heard: TrackAnalysis, plan: ThemePlan, seconds: float) -> float:
    """Return the second of the music under the first frame: the planned place in a bar, or a better one."""
    spare = seconds - plan.seconds
    if spare <= 0 or not heard.beats.has_beat:
        return 0.0
    bars = heard.beats.downbeat_times if heard.beats.downbeat_times.size else heard.beats.beat_times
    planned = bars + plan.offset_seconds
    planned = planned[(planned >= 0) & (planned <= spare)]
    cuts, beats = np.array(plan.cut_times), heard.beats.beat_times
    frame = float(1 / plan.fps)

    def rate(start: float) -> float:
        return share_within(cuts + start - nearest(cuts + start, beats), frame) if cuts.size else 1.0

    by_plan = float(max(planned, key=rate)) if planned.size else 0.0
    if not cuts.size or (planned.size and rate(by_plan) == 1.0):
        return by_plan
    free, best = best_offset(cuts, beats, frame, lowest=0.0, highest=spare)
    return free if best > rate(by_plan) + BETTER_PLACE else by_plan


def _hit_rate(heard: TrackAnalysis, plan: ThemePlan, start: float) -> float | None:
    cuts = np.array(plan.cut_times) + start
    if not cuts.size or not heard.beats.has_beat:
        return None
    return share_within(cuts - nearest(cuts, heard.beats.beat_times), float(1 / plan.fps))


def _cut(signal: Signal, start: float, seconds: float) -> Signal:
    """Return the music from a second on, exactly as long as asked; faded where it was cut."""
    rate = signal.sample_rate
    first, n_samples = round(start * rate), round(seconds * rate)
    samples = signal.samples[:, first : first + n_samples].copy()
    if first:
        _fade(samples[:, : round(EDGE_SECONDS * rate)], rising=True)
    if first + n_samples < signal.n_samples:
        n_fade = min(round(CUT_FADE_SECONDS * rate), samples.shape[1] // 4)
        _fade(samples[:, samples.shape[1] - n_fade :], rising=False)
    return Signal(np.pad(samples, ((0, 0), (0, n_samples - samples.shape[1]))), rate)


def _fade(samples: NDArray[np.float32], *, rising: bool) -> None:
    ramp = np.linspace(0.0, 1.0, samples.shape[1], dtype=np.float32)
    samples *= ramp if rising else ramp[::-1]


def _sound_check(heard: TrackAnalysis) -> Check:
    if heard.loudness_lufs is None:
        return Check("sound", FAIL, "audible", "silent", "It is silent.")
    loudness = f"{heard.loudness_lufs:.1f} LUFS"
    return Check("sound", PASS, "audible", loudness, f"It has {loudness}.")


def _length_check(signal: Signal, plan: ThemePlan, missing: float) -> Check:
    planned, came = f"{plan.seconds:.3f} s", f"{signal.duration_seconds:.3f} s"
    if missing > LENGTH_TOLERANCE_SECONDS:
        reason = f"It came with {came} and is {missing:.2f} s too short for the picture."
        return Check("length", FAIL, planned, came, reason)
    return Check("length", PASS, planned, came, f"It came with {came} and was fitted to {planned}.")


def _tempo_check(heard: TrackAnalysis, final: TrackAnalysis, plan: ThemePlan, limits: ThemeLimits) -> Check:
    planned = f"{plan.tempo_bpm:.1f} BPM"
    if not (heard.beats.tempo_bpm and final.beats.tempo_bpm):
        if plan.mood[0] == BEATLESS_MOOD and heard.loudness_lufs is not None:
            reason = "No steady beat was heard, and ambient music needs none."
            return Check("tempo", PASS, planned, "no beat", reason)
        return Check("tempo", UNKNOWN, planned, "", "No steady beat was heard, so no tempo can be told.")
    came = _folded(heard.beats.tempo_bpm, plan.tempo_bpm)
    now = _folded(final.beats.tempo_bpm, plan.tempo_bpm)
    measured = f"{now:.1f} BPM"
    if abs(now / plan.tempo_bpm - 1.0) <= TEMPO_TOLERANCE:
        how = "as it came" if final is heard else f"stretched from {came:.1f} BPM at the same pitch"
        return Check("tempo", PASS, planned, measured, f"It has {measured}, {how}.")
    reason = f"It came with {came:.1f} BPM, beyond what a stretch of {limits.max_stretch:.0%} can mend."
    if final is not heard:
        reason = f"It has {measured} after it was stretched from {came:.1f} BPM."
    return Check("tempo", FAIL, planned, measured, reason)


def _key_check(heard: TrackAnalysis, plan: ThemePlan, rule: str) -> Check:
    if heard.key is None:
        return Check("key", UNKNOWN, plan.key, "", "Nothing tonal was heard, so no key can be told.")
    steps = camelot_distance(camelot(plan.key) or "", camelot(heard.key) or "")
    passed = heard.key == plan.key or (rule == "compatible" and steps <= 1)
    how = "the planned one" if heard.key == plan.key else f"{steps} of 7 steps from {plan.key} on the wheel"
    return Check("key", PASS if passed else FAIL, plan.key, heard.key, f"It is in {heard.key}, {how}.")
