"""The sound of an episode: which track, where its beats put the cuts, and the mix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError, NoBeatError
from ..production.subtitles import SpokenLine, reading_seconds
from .licences import file_licence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..music.loop import Loop
    from ..music.matching import Match
    from ..music.signal import Signal
    from ..music.sync import CutPlan
    from ..music.track import Track
    from ..production.spec import DialogueSpec, EpisodeSpec
    from .music import MusicService

# A cut right on the last syllable feels clipped.
TAIL_SECONDS = 0.15
MIN_SHOT_SECONDS = 0.5
# What is spoken, and beats, make an episode longer than its shots were wished, hardly by more than this.
LONG_ENOUGH = 1.5


@dataclass(frozen=True)
class Voice:
    """A line of dialogue with its recording, if there is one."""

    line: DialogueSpec
    signal: Signal | None
    seconds: float


@dataclass(frozen=True)
class Soundtrack:
    """The chosen track, the cuts it carries, and what else could have been chosen."""

    track: Track
    matches: list[Match]
    plan: CutPlan
    voices: list[list[Voice]]

    def spoken_lines(self) -> list[SpokenLine]:
        """Return the dialogue on the episode's own timeline."""
        lines = []
        for start, voices in zip(self.shot_starts(), self.voices, strict=True):
            lines += [
                SpokenLine(start + voice.line.at, voice.line.text, voice.line.speaker, voice.seconds)
                for voice in voices
            ]
        return lines

    def shot_starts(self) -> list[float]:
        """Return the second at which each shot begins."""
        return [0.0, *self.plan.cut_times.tolist()]

    def mixed(self) -> NDArray[np.float32]:
        """Return the sound of the whole picture: stereo, 48 kHz, shape (2, n_samples)."""
        from ..music.loop import music_segment
        from ..music.mix import DialogueClip, mix
        from ..music.signal import decode

        music = music_segment(
            decode(self.track.path),
            start_seconds=self.plan.music_start_seconds,
            duration_seconds=float(self.plan.duration_seconds),
            loop=self.plan.loop,
        )
        clips = [
            DialogueClip(start + voice.line.at, voice.signal, voice.line.text)
            for start, voices in zip(self.shot_starts(), self.voices, strict=True)
            for voice in voices
            if voice.signal is not None
        ]
        return mix(music, clips, duration_seconds=self.plan.duration_seconds).samples


def compose(
    spec: EpisodeSpec, music: MusicService, progress: Callable[[int, int], None], warn: Callable[[str], None]
) -> Soundtrack:
    """Choose the track that carries the episode's cuts best, and plan them on its beats.

    Parameters
    ----------
    spec : EpisodeSpec
        The episode.
    music : MusicService
        Analyses the tracks.
    progress : callable
        Told the number of tracks heard and in all.
    warn : callable
        Told, in a sentence, of each track that cannot be used.

    Raises
    ------
    NoBeatError
        If no track has a beat.
    UnreadableAudioError
        If a line's recording, or every track, cannot be decoded.
    """
    from ..music.matching import match_tracks
    from ..music.sync import plan_cuts

    voices = [[_voice(line) for line in shot.dialogue] for shot in spec.shots]
    tracks = _heard(spec.music, music, progress, warn)
    wishes = [shot.seconds for shot in spec.shots]
    matches = match_tracks(tracks, wishes, mood=spec.mood)
    usable = [match for match in matches if match.track.analysis.beats.has_beat]
    for match in matches:
        if match not in usable:
            warn(f"{match.track.path.name} has no steady beat and was left out.")
    if not usable:
        names = ", ".join(path.name for path in spec.music)
        raise NoBeatError(
            f"No track has a steady beat to cut on: {names}.",
            field="music",
            hint="Add music with a steady beat.",
        )
    track = usable[0].track
    plan = plan_cuts(
        wishes,
        track.analysis.beats,
        spec.fps,
        min_seconds=[_shortest(spoken) for spoken in voices],
        scene_starts=_scene_starts([shot.scene for shot in spec.shots]),
        track_seconds=track.analysis.duration_seconds,
        loop=_loop(track, sum(wishes)),
    )
    return Soundtrack(track, matches, plan, voices)


def _loop(track: Track, seconds: float) -> Loop | None:
    """Return the measured loop of a track that may be too short, if its seam cannot be heard."""
    from ..music.seam import checked_loop
    from ..music.signal import decode

    points = track.analysis.loop
    if points is None or track.analysis.duration_seconds > LONG_ENOUGH * seconds:
        return None
    return checked_loop(decode(track.path), track.analysis.beats, points)


def _voice(line: DialogueSpec) -> Voice:
    if line.audio is None:
        return Voice(line, None, line.seconds or reading_seconds(line.text))
    from ..music.signal import decode

    signal = decode(line.audio)
    return Voice(line, signal, signal.duration_seconds)


def _heard(
    paths: Sequence[Path],
    music: MusicService,
    progress: Callable[[int, int], None],
    warn: Callable[[str], None],
) -> list[Track]:
    tracks, failures = [], []
    for n_done, path in enumerate(paths):
        progress(n_done, len(paths))
        try:
            track = music.analyze(path)
            tracks.append(replace(track, licence=file_licence(path, track.licence).name))
        except InputError as error:
            failures.append(error)
            warn(str(error))
    progress(len(paths), len(paths))
    if not tracks:
        raise failures[0]
    return tracks


def _shortest(voices: Sequence[Voice]) -> float:
    spoken = [voice.line.at + voice.seconds + TAIL_SECONDS for voice in voices]
    return max([MIN_SHOT_SECONDS, *spoken])


def _scene_starts(scenes: Sequence[str]) -> set[int]:
    return {n for n in range(1, len(scenes)) if scenes[n] != scenes[n - 1]}
