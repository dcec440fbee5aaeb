"""Picture and music brought together: fitted, re-cut, or planned before anything is rendered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError, NoBeatError
from .alignment import Alignment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..music.mix import Mixdown
    from ..music.shots import PictureAnalysis
    from ..music.signal import Signal
    from ..music.sync import CutPlan
    from ..music.track import BeatGrid
    from .licences import LicenceService

Progress = Callable[[str, int, int], None]

STAGE_WATCHING, STAGE_HEARING = "watching the picture", "hearing the music"
STAGE_FITTING, STAGE_WRITING = "fitting", "writing"
MODES = ("fit", "recut")
# Shorter shots read as a glitch.
MIN_SHOT_SECONDS = 0.2
# Of a long recording no more is heard than the picture and this much to choose a section from.
CHOICE_SECONDS = 15 * 60.0
# Music ends in a fade that begins on a downbeat, within these lengths.
SHORTEST_FADE, LONGEST_FADE = 0.4, 4.0
PEAK_DBFS, AAC_ROUNDS = -1.0, 3
VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov"})


@dataclass(frozen=True)
class SyncOptions:
    """What may be done to picture and music.

    Parameters
    ----------
    mode : str
        ``fit``: the picture keeps its length, the music is fitted to it. ``recut``: each shot gets the
        length that puts the next cut on a beat.
    max_stretch : float
        Share by which the music may be slowed down or sped up, its pitch kept.
    max_retime : float
        In ``fit``, the share of its length by which a shot may change.
    max_change : float
        In ``recut``, the share by which a shot may easily change.
    bpm_hint : float, optional
        The tempo, when it is known.
    keeps_sound : bool
        Whether the picture's own sound is mixed in, with the music ducked under it.
    target_lufs : float
        Loudness of the result.
    """

    mode: str = "fit"
    max_stretch: float = 0.06
    max_retime: float = 0.08
    max_change: float = 0.35
    bpm_hint: float | None = None
    keeps_sound: bool = False
    target_lufs: float = -14.0


class SyncService:
    """Puts music under picture so that cuts land on beats."""

    def __init__(self, licences: LicenceService) -> None:
        self._licences = licences

    def sync_files(
        self, video: Path, audio: Path, *, output: Path, options: SyncOptions, progress: Progress
    ) -> Alignment:
        """Write a video with the music of a file under it.

        Raises
        ------
        RightsError
            If the music may not be synchronised.
        InputError
            If the output would replace what it is made of, or is no MP4.
        NoBeatError
            If the music has no steady beat and the picture has cuts.
        UnreadableVideoError, UnreadableAudioError
            If a file cannot be decoded.
        StorageError
            If the result cannot be written.
        """
        _check_output(output, (video, audio))
        audio = self._licences.sync_file(audio)
        picture = _watched(video, progress)
        music = _decoded(audio, picture.duration_seconds + CHOICE_SECONDS)
        return self._sync(video, picture, music, output=output, options=options, progress=progress)

    def sync(
        self, video: Path, music: Signal, *, output: Path, options: SyncOptions, progress: Progress
    ) -> Alignment:
        """Do the same as `sync_files` with music that is in memory, whose rights are the user's business."""
        return self._sync(
            video, _watched(video, progress), music, output=output, options=options, progress=progress
        )

    def plan(
        self,
        shot_seconds: Sequence[float],
        music: Signal,
        *,
        fps: Fraction,
        options: SyncOptions,
        min_seconds: float | Sequence[float] = MIN_SHOT_SECONDS,
        scene_starts: Collection[int] = (),
    ) -> Alignment:
        """Plan the lengths of shots that are not rendered yet, and the sound under them.

        Parameters
        ----------
        shot_seconds : sequence of float
            Wished lengths.
        fps : Fraction
            Frames per second.
        min_seconds : float or sequence of float
            No shot becomes shorter: what is spoken in it.
        scene_starts : collection of int
            Shots that open a scene, from 0; they begin on a downbeat.

        Raises
        ------
        NoBeatError, InputError
            As `music.sync.plan_cuts`.
        """
        from ..music.sync import plan_cuts

        beats = _heard(music, options)
        plan = plan_cuts(
            shot_seconds,
            beats,
            fps,
            min_seconds=min_seconds,
            max_change=options.max_change,
            scene_starts=scene_starts,
            track_seconds=music.duration_seconds,
        )
        wished = tuple(max(1, round(seconds * fps)) for seconds in shot_seconds)
        mixed = _mixed(plan, music, beats, None, options)
        return Alignment(None, beats, plan, wished, mixed.samples, (), mixed.stems)

    def _sync(
        self,
        video: Path,
        picture: PictureAnalysis,
        music: Signal,
        *,
        output: Path,
        options: SyncOptions,
        progress: Progress,
    ) -> Alignment:
        from ..production.retime import retime_video

        progress(STAGE_HEARING, 0, 1)
        beats = _heard(music, options)
        progress(STAGE_HEARING, 1, 1)
        before = _shot_frames(picture)
        progress(STAGE_FITTING, 0, 1)
        plan = _fitted(before, beats, picture.fps, music, options)
        progress(STAGE_FITTING, 1, 1)
        own, notes = _own_sound(video, before, plan, options)
        mixed = _mixed(plan, music, beats, own, options)
        retime_video(
            video,
            picture.shot_ranges,
            plan.n_frames,
            audio=mixed.samples,
            output=output,
            times=picture.times,
            progress=lambda done, total: progress(STAGE_WRITING, done, total),
        )
        return Alignment(picture, beats, plan, before, mixed.samples, notes, mixed.stems)


def _check_output(output: Path, sources: Sequence[Path]) -> None:
    if output.suffix.lower() not in VIDEO_SUFFIXES:
        raise InputError(f"{output.name} is no name of an MP4.", field="output", hint="End it in .mp4.")
    for source in sources:
        if output.resolve() == source.resolve():
            raise InputError(
                f"The result would replace {source.name}, which it is made of.",
                field="output",
                hint="Give another name.",
            )


def _watched(video: Path, progress: Progress) -> PictureAnalysis:
    from ..music.shots import find_transitions

    return find_transitions(video, progress=lambda done, total: progress(STAGE_WATCHING, done, total))


def _decoded(audio: Path, longest_seconds: float) -> Signal:
    """Decode the first part of a file, as long as could be needed."""
    import numpy as np

    from ..music.signal import Signal, decode_blocks

    blocks, seconds = [], 0.0
    for block in decode_blocks(audio):
        blocks.append(block)
        seconds += block.duration_seconds
        if seconds >= longest_seconds:
            break
    return Signal(np.concatenate([block.samples for block in blocks], axis=1), blocks[0].sample_rate)


def _heard(music: Signal, options: SyncOptions) -> BeatGrid:
    from ..music.beats import track_beats
    from ..music.signal import to_mono

    if music.n_samples == 0:
        raise InputError("The music is empty.", field="audio", hint="Give a recording with sound in it.")
    return track_beats(to_mono(music.samples), music.sample_rate, bpm_hint=options.bpm_hint)


def _shot_frames(picture: PictureAnalysis) -> tuple[int, ...]:
    """Return the lengths of the shots in frames of the mean rate, also where the rate varies."""
    if picture.times is None:
        return tuple(end - start for start, end in picture.shot_ranges)
    edges = [0.0, *(transition.time for transition in picture.transitions), picture.duration_seconds]
    return tuple(max(1, n) for n in _steps([round(edge * picture.fps) for edge in edges]))


def _steps(edges: Sequence[int]) -> list[int]:
    return [end - start for start, end in pairwise(edges)]


def _fitted(
    before: Sequence[int], beats: BeatGrid, fps: Fraction, music: Signal, options: SyncOptions
) -> CutPlan:
    from ..music.fitting import FitLimits, fit_music
    from ..music.sync import plan_cuts

    if options.mode not in MODES:
        raise InputError(f"There is no mode {options.mode[:40]!r}.", field="mode", hint="Use fit or recut.")
    if not beats.has_beat and (len(before) > 1 or options.mode == "recut"):
        raise NoBeatError(
            "The music has no steady beat to cut on.", field="audio", hint="Connect music with a steady beat."
        )
    if options.mode == "fit":
        limits = FitLimits(options.max_stretch, options.max_retime)
        return fit_music(before, beats, fps, track_seconds=music.duration_seconds, limits=limits)
    return plan_cuts(
        [float(n / fps) for n in before],
        beats,
        fps,
        min_seconds=MIN_SHOT_SECONDS,
        max_change=options.max_change,
        track_seconds=music.duration_seconds,
    )


def _own_sound(
    video: Path, before: Sequence[int], plan: CutPlan, options: SyncOptions
) -> tuple[Signal | None, tuple[str, ...]]:
    """Return the picture's own sound in its new lengths, if it is to be kept."""
    from ..music.retimed_sound import retimed_sound
    from ..music.signal import decode
    from ..production.clip import has_sound

    if not has_sound(video):
        return None, ()
    if not options.keeps_sound:
        return None, ("The picture's own sound was left out.",)
    return retimed_sound(decode(video), before, plan.n_frames, plan.fps), ()


def _mixed(
    plan: CutPlan, music: Signal, beats: BeatGrid, own: Signal | None, options: SyncOptions
) -> Mixdown:
    from ..music.loop import music_segment
    from ..music.mix import DialogueClip, MixSettings, mix
    from ..music.stretch import stretch_to

    n_samples = round(music.n_samples * plan.stretch)
    under = music_segment(
        stretch_to(music, n_samples, anchor_seconds=beats.beat_times),
        start_seconds=plan.music_start_seconds,
        duration_seconds=float(plan.duration_seconds),
        loop=plan.loop,
    )
    lines = [] if own is None else [DialogueClip(0.0, own, "of the picture")]
    settings = MixSettings(
        target_lufs=options.target_lufs,
        fade_out_seconds=_fade_seconds(plan.bar_times, float(plan.duration_seconds)),
    )
    return mixed_for_aac(
        lambda peak: mix(
            under,
            lines,
            duration_seconds=plan.duration_seconds,
            settings=replace(settings, peak_dbfs=peak),
        )
    )


def mixed_for_aac(make: Callable[[float], Mixdown]) -> Mixdown:
    """Mix under a ceiling low enough that the true peak stays under -1 dB after AAC as well."""
    from math import log10

    from ..music.peaks import true_peak
    from ..production.sound_file import heard_from_aac

    ceiling = PEAK_DBFS
    mixed = make(ceiling)
    for _ in range(AAC_ROUNDS):
        excess = 20 * log10(max(true_peak(heard_from_aac(mixed.samples)), 1e-9)) - PEAK_DBFS
        if excess <= 0:
            break
        ceiling -= excess + 0.05
        mixed = make(ceiling)
    return mixed


def _fade_seconds(bar_times: NDArray[np.float64], seconds: float) -> float:
    """Return the length of the last fade: from the last downbeat that leaves time for one."""
    left = seconds - bar_times
    usable = left[(left >= SHORTEST_FADE) & (left <= LONGEST_FADE)]
    return float(usable.min()) if usable.size else 2.0
