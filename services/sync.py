"""Picture and music brought together: fitted, re-cut, or planned before anything is rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, NoBeatError
from .alignment import Alignment
from .heard_music import HeardMusic, hear
from .mixing import MixOrder, mix_levels, mix_order
from .picture_tempo import PictureTempo
from .under_picture import SyncOptions, mixed_for_aac, own_sound, sound_under

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..music.mix import Mixdown
    from ..music.shots import PictureAnalysis
    from ..music.signal import Signal
    from ..music.sync import CutPlan
    from .licences import LicenceService
    from .mixing import Samples

Progress = Callable[[str, int, int], None]

STAGE_WATCHING, STAGE_HEARING = "watching the picture", "hearing the music"
STAGE_FITTING, STAGE_WRITING = "fitting", "writing"
MODES = ("fit", "recut")
# Shorter shots read as a glitch.
MIN_SHOT_SECONDS = 0.2
# Of a long recording no more is heard than the picture and this much to choose a section from.
CHOICE_SECONDS = 15 * 60.0
VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov"})


class SyncService:
    """Puts music under picture so that cuts land on beats."""

    def __init__(self, licences: LicenceService) -> None:
        self._licences = licences

    def watch(self, video: Path, progress: Callable[[int, int], None]) -> PictureTempo:
        """Find cuts, movement and tempo of a video.

        Raises
        ------
        UnreadableVideoError
            If it cannot be decoded.
        """
        from ..music.shots import find_transitions

        return PictureTempo(find_transitions(video, progress))

    def watch_frames(
        self,
        frames: Iterable[NDArray[np.uint8]],
        fps: Fraction,
        n_frames: int,
        progress: Callable[[int, int], None],
    ) -> PictureTempo:
        """Find the same in pictures that are in memory, one after the other."""
        from ..music.shots import find_transitions_in_frames

        def counted() -> Iterator[NDArray[np.uint8]]:
            for number, frame in enumerate(frames, 1):
                yield frame
                progress(number, n_frames)

        return PictureTempo(find_transitions_in_frames(counted(), fps))

    def mix(self, order: MixOrder) -> Mixdown:
        """Mix music, dialogue and effects for a picture.

        Raises
        ------
        InputError
            If the parts do not fit each other or the picture.
        """
        return mix_order(order)

    def mix_under(
        self, video: Path, order: MixOrder, *, output: Path, progress: Callable[[int, int], None]
    ) -> Mixdown:
        """Mix for a video, exactly as long, and write the video with the mix under it.

        Raises
        ------
        InputError
            If the parts do not fit each other or the picture.
        UnreadableVideoError, StorageError
            If it cannot be decoded, or the result not be written.
        """
        from ..production.clip import frame_times
        from ..production.retime import retime_video

        shown = frame_times(video)
        n, shots = shown.n_steady, [(0, shown.seconds.size)]
        fitting = replace(order, duration_seconds=n / shown.fps)
        mixed = mixed_for_aac(
            # The mix is handed out as sound too, and as loud as its report says: AAC's loss stays.
            lambda _lufs, peak: mix_order(replace(fitting, peak_dbfs=peak)),
            order.target_lufs,
            order.peak_dbfs,
        )
        retime_video(
            video,
            shots,
            [n],
            audio=mixed.samples,
            output=output,
            times=shown.uneven,
            progress=progress,
        )
        return mixed

    def levels(self, mixed: Mixdown) -> dict[str, Any]:
        """Measure a mix: length, loudness and true peak."""
        return mix_levels(mixed)

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
        self, video: Path, music: Samples, *, output: Path, options: SyncOptions, progress: Progress
    ) -> Alignment:
        """Do the same with samples, shape (n_channels, n), and their rate; their rights are the user's."""
        from ..music.signal import Signal

        picture = _watched(video, progress)
        return self._sync(video, picture, Signal(*music), output=output, options=options, progress=progress)

    def plan(
        self,
        shot_seconds: Sequence[float],
        music: Samples,
        *,
        fps: Fraction,
        options: SyncOptions,
        shortest_seconds: Sequence[float] = (),
        scene_starts: Sequence[float] = (),
    ) -> Alignment:
        """Plan the lengths of shots that are not rendered yet, and the sound under them.

        Parameters
        ----------
        shot_seconds : sequence of float
            Wished lengths.
        music : tuple of ndarray and int
            Samples, shape (n_channels, n), and their rate.
        fps : Fraction
            Frames per second.
        shortest_seconds : sequence of float
            What each shot lasts at least: what is spoken in it. Empty for no such limit.
        scene_starts : sequence of float
            Whole numbers of the shots that open a scene, from 1; they begin on a downbeat.

        Raises
        ------
        NoBeatError
            If the music has no steady beat.
        InputError
            If a length or number is none.
        """
        from ..music.signal import Signal
        from ..music.sync import plan_cuts

        signal = Signal(*music)
        heard = _heard(signal, options)
        plan = plan_cuts(
            shot_seconds,
            heard.beats,
            fps,
            min_seconds=[max(s, MIN_SHOT_SECONDS) for s in shortest_seconds] or MIN_SHOT_SECONDS,
            max_change=options.max_change,
            scene_starts=_scenes(scene_starts, len(shot_seconds)),
            track_seconds=signal.duration_seconds,
            loop=heard.loop,
        )
        wished = tuple(max(1, round(seconds * fps)) for seconds in shot_seconds)
        mixed = sound_under(plan, signal, heard.beats, None, options)
        notes = _loop_notes(plan)
        return Alignment(None, heard.beats, plan, wished, mixed.samples, notes, mixed.stems)

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
        heard = _heard(music, options)
        progress(STAGE_HEARING, 1, 1)
        before = _shot_frames(picture)
        progress(STAGE_FITTING, 0, 1)
        plan = _fitted(before, heard, picture, music, options)
        progress(STAGE_FITTING, 1, 1)
        own, notes = own_sound(video, before, plan, options)
        mixed = sound_under(plan, music, heard.beats, own, options)
        retime_video(
            video,
            picture.shot_ranges,
            plan.n_frames,
            audio=mixed.samples,
            output=output,
            times=picture.times,
            progress=lambda done, total: progress(STAGE_WRITING, done, total),
        )
        notes = (*notes, *_loop_notes(plan))
        return Alignment(picture, heard.beats, plan, before, mixed.samples, notes, mixed.stems)


def _scenes(numbers: Sequence[float], n_shots: int) -> set[int]:
    """Return the shots that open a scene, counted from 0."""
    for number in numbers:
        if not (float(number).is_integer() and 1 <= number <= n_shots):
            raise InputError(
                f"There is no shot {number:g} among {n_shots}.",
                field="scene_starts",
                hint="Number the shots from 1.",
            )
    return {int(number) - 1 for number in numbers}


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


def _heard(music: Signal, options: SyncOptions) -> HeardMusic:
    if music.n_samples == 0:
        raise InputError("The music is empty.", field="audio", hint="Give a recording with sound in it.")
    return hear(music, options.bpm_hint)


def _loop_notes(plan: CutPlan) -> tuple[str, ...]:
    """Say so where music has to go round although no two places in it sound alike."""
    if plan.loop is None or plan.loop.is_measured:
        return ()
    return (
        "The music is shorter than the picture and no two places in it sound alike, so it goes round by "
        "whole phrases; the seam may be heard.",
    )


def _shot_frames(picture: PictureAnalysis) -> tuple[int, ...]:
    """Return the lengths of the shots in frames of the mean rate, also where the rate varies."""
    if picture.times is None:
        return tuple(end - start for start, end in picture.shot_ranges)
    edges = [0.0, *(transition.time for transition in picture.transitions), picture.duration_seconds]
    return tuple(max(1, n) for n in _steps([round(edge * picture.fps) for edge in edges]))


def _steps(edges: Sequence[int]) -> list[int]:
    return [end - start for start, end in pairwise(edges)]


def _fitted(
    before: Sequence[int],
    heard: HeardMusic,
    picture: PictureAnalysis,
    music: Signal,
    options: SyncOptions,
) -> CutPlan:
    from ..music.fitting import FitLimits, fit_music
    from ..music.sync import plan_cuts

    if options.mode not in MODES:
        raise InputError(f"There is no mode {options.mode[:40]!r}.", field="mode", hint="Use fit or recut.")
    beats, seconds = heard.beats, music.duration_seconds
    if not beats.has_beat and (len(before) > 1 or options.mode == "recut"):
        raise NoBeatError(
            "The music has no steady beat to cut on.", field="audio", hint="Connect music with a steady beat."
        )
    if options.mode == "fit":
        limits = FitLimits(options.max_stretch, options.max_retime)
        return fit_music(before, beats, picture.fps, track_seconds=seconds, limits=limits, loop=heard.loop)
    return plan_cuts(
        [float(n / picture.fps) for n in before],
        beats,
        picture.fps,
        min_seconds=MIN_SHOT_SECONDS,
        max_change=options.max_change,
        # Scenes change by fades and dissolves, shots by cuts.
        scene_starts=[n for n, change in enumerate(picture.transitions, 1) if change.kind != "cut"],
        track_seconds=seconds,
        loop=heard.loop,
    )
