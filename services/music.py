"""Music and picture tempo: tracks remembered by content, and picture cut to their beats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, TowerError
from ..music.track import Track, TrackAnalysis, TrackSummary
from .beat_backends import TOWER, file_tracker, samples_tracker
from .beat_curves import SHAPES, BeatCurves, beat_curves
from .files import sha256_of
from .track_library import GatheredTracks, LibraryMatch, TrackLibrary, music_files, ranked

if TYPE_CHECKING:
    from fractions import Fraction

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from ..db.tracks import TrackRepository
    from ..music.beats import BeatWishes
    from ..music.shots import PictureAnalysis
    from ..music.signal import Signal

STAGE_HEARING = "hearing the music"
WAVEFORM_COLUMNS = 1200
STAGE_WATCHING = "watching the picture"


@dataclass(frozen=True, slots=True)
class AnalyzedFile:
    """What was heard in a file; `error` says why nothing was."""

    file: Path
    track: Track | None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the row that automation relies on."""
        if self.track is not None:
            return {"file": str(self.file), **self.track.analysis.as_json()}
        nothing = dict.fromkeys(("tempo_bpm", "key", "energy", "loudness_lufs", "duration_seconds"))
        empty = {"tempo_alternatives_bpm": [], "confidence": 0.0, "beat_times": [], "downbeat_times": []}
        return {"file": str(self.file), **nothing, **empty, "error": self.error}


class MusicService:
    """Analyses each recording once and keeps the result under its digest."""

    def __init__(self, tracks: TrackRepository) -> None:
        self._tracks = tracks
        self.library = TrackLibrary(tracks)

    def analyze(
        self,
        path: Path,
        *,
        wishes: BeatWishes | None = None,
        backend: str = TOWER,
        progress: Callable[[float], None] | None = None,
    ) -> Track:
        """Return the track at `path` with its analysis.

        What is found without wishes, by Tower's own tracker, is remembered by the digest of the file.

        Parameters
        ----------
        wishes : BeatWishes, optional
            What is known of the beats.
        backend : str
            Who finds the beats: ``tower``, ``librosa`` or ``beat_this``.
        progress : callable, optional
            Told the seconds that were heard so far.

        Raises
        ------
        UnreadableAudioError
            If the file has no audio that can be decoded.
        MissingPackageError
            If the back end is not installed.
        """
        from ..music.analysis import ANALYZER, analyze
        from ..music.catalog.tags import read_tags

        if not path.is_file():
            raise InputError(f"{path} does not exist.", hint="Correct the path.")
        is_plain = wishes is None and backend == TOWER
        sha256 = sha256_of(path)
        stored = self._tracks.analysis(sha256, ANALYZER) if is_plain else None
        if stored is not None:
            return replace(self._tracks.get(self._tracks.id_of(sha256, ANALYZER) or 0), path=path)
        beats_from = None if backend == TOWER else file_tracker(backend, path, wishes)
        heard = analyze(path, wishes=wishes, progress=progress, beats_from=beats_from)
        tags = read_tags(path)
        track = Track(path, sha256, heard, tags.licence.name, tags.moods, tags.title, tags.artist)
        if is_plain:
            self._tracks.store(track, ANALYZER)
        return track

    def hear(
        self,
        samples: NDArray[np.float32],
        sample_rate: int,
        *,
        wishes: BeatWishes | None = None,
        backend: str = TOWER,
    ) -> TrackAnalysis:
        """Analyse samples, shape (n_channels, n_samples); nothing is stored.

        Raises
        ------
        MissingPackageError
            If the back end is not installed.
        """
        from ..music.analysis import analyze
        from ..music.signal import Signal

        signal = Signal(samples, sample_rate)
        beats_from = None if backend == TOWER else samples_tracker(backend, signal, wishes)
        return analyze(signal, wishes=wishes, beats_from=beats_from)

    def wishes(
        self,
        bpm_hint: float | None = None,
        min_bpm: float | None = None,
        max_bpm: float | None = None,
        beats_per_bar: int | None = None,
    ) -> BeatWishes | None:
        """Return what is known of beats; None when nothing is (0 counts as nothing).

        Raises
        ------
        InputError
            If a value is not possible.
        """
        from ..music.beats import WISH_BPM, BeatWishes

        bounds = (min_bpm or WISH_BPM[0], max_bpm or WISH_BPM[1]) if min_bpm or max_bpm else None
        if not (bpm_hint or bounds or beats_per_bar):
            return None
        return BeatWishes(bpm_hint or None, bounds, beats_per_bar or None)

    def curves(
        self,
        analysis: TrackAnalysis,
        *,
        fps: Fraction,
        n_frames: int = 0,
        start_seconds: float = 0.0,
        shape: str = SHAPES[0],
        pulse_seconds: float = 0.2,
        accent: float = 0.6,
        between: tuple[float, float] = (0.0, 1.0),
    ) -> BeatCurves:
        """Turn music into one number a frame; see `beat_curves`."""
        return beat_curves(
            analysis,
            fps=fps,
            n_frames=n_frames,
            start_seconds=start_seconds,
            shape=shape,
            pulse_seconds=pulse_seconds,
            accent=accent,
            between=between,
        )

    def analyze_files(
        self,
        files: Sequence[Path],
        progress: Callable[[str, int, int], None],
        *,
        wishes: BeatWishes | None = None,
        backend: str = TOWER,
    ) -> list[AnalyzedFile]:
        """Analyse files; one that cannot be decoded says why and stops nothing."""
        rows = []
        for n_done, file in enumerate(files, 1):
            try:
                rows.append(AnalyzedFile(file, self.analyze(file, wishes=wishes, backend=backend)))
            except InputError as error:
                rows.append(AnalyzedFile(file, None, str(error)))
            progress(STAGE_HEARING, n_done, len(files))
        return rows

    def gather(
        self,
        folders: Sequence[Path],
        *,
        tempo: tuple[float, float] | None = None,
        max_new: int = 50,
        progress: Callable[[int, int], None] | None = None,
    ) -> GatheredTracks:
        """Return the tracks of folders; up to `max_new` files that were never heard are analysed first."""
        files = music_files([folder for folder in folders if folder.exists()])
        known = {str(track.path) for track in self.library.all()}
        new = [file for file in files if str(file) not in known]
        failures = []
        for n_done, file in enumerate(new[:max_new], 1):
            try:
                self.analyze(file)
            except InputError as error:
                failures.append(str(error))
            if progress is not None:
                progress(n_done, min(len(new), max_new))
        inside = {str(file) for file in files}
        tracks = [track for track in self.library.all(tempo) if str(track.path) in inside]
        n_heard = min(len(new), max_new)
        return GatheredTracks(tracks, n_heard - len(failures), len(new) - n_heard, tuple(failures))

    def open_track(self, track: TrackSummary) -> tuple[Track, Signal]:
        """Return a track of the library with its analysis, and its samples.

        Raises
        ------
        InputError
            If the file is gone or cannot be decoded.
        """
        from ..music.signal import decode

        return self.analyze(track.path), decode(track.path)

    def match(
        self,
        shot_seconds: Sequence[float],
        *,
        mood: str = "",
        motion: float | None = None,
        previous_key: str = "",
        formula: str = "folded",
        duration_seconds: float | None = None,
        video_bpm: float | None = None,
        limit: int = 25,
        tempo: tuple[float, float] | None = None,
        tracks: Sequence[TrackSummary] | None = None,
    ) -> list[LibraryMatch]:
        """Rank tracks for a picture: those given, or all that were ever analysed.

        The parameters are those of `MatchWish`.

        Raises
        ------
        InputError
            If a wish cannot be meant.
        """
        from ..music.matching import MatchWish
        from ..music.track_table import TrackTable

        shots = tuple(map(float, shot_seconds))
        wish = MatchWish(shots, mood, duration_seconds, previous_key, motion, formula, video_bpm)
        if tracks is None:
            return self.library.rank(wish, limit=limit, tempo=tempo)
        return ranked(TrackTable(tracks), wish, limit=limit, tempo=tempo)

    def waveform(
        self,
        analysis: TrackAnalysis,
        *,
        cut_times: Sequence[float] = (),
        heights: Sequence[float] | None = None,
        width: int = 1200,
        height: int = 240,
    ) -> Image:
        """Draw a recording with its beats, downbeats, sections and, when given, cuts.

        `heights` are peaks of the sound at even distances, 0 to 1; without them its level is drawn.
        """
        from ..production.waveform_png import waveform_picture

        return waveform_picture(
            analysis.energy_curve if heights is None else heights,
            analysis.duration_seconds,
            beat_times=analysis.beats.beat_times,
            downbeat_times=analysis.beats.downbeat_times,
            cut_times=cut_times,
            sections=[(s.start_seconds, s.end_seconds, s.name) for s in analysis.sections],
            width=width,
            height=height,
        )

    def peaks(self, samples: NDArray[np.float32]) -> list[float]:
        """Return what a drawing shows of sound, shape (channels, n): peaks at even distances, 0 to 1."""
        from ..music.signal import to_mono
        from ..production.waveform import peaks

        return peaks(to_mono(samples), WAVEFORM_COLUMNS).tolist()

    def waveform_png(
        self, analysis: TrackAnalysis, sound: Path, *, width: int = 1200, height: int = 240
    ) -> bytes:
        """Return the drawing of a recording as the bytes of a PNG file.

        It shows the peaks of the file `sound`; when that is gone or damaged, the level that was measured.
        """
        from ..production.waveform_png import waveform_png

        try:
            heights = _peaks_of(sound, analysis.duration_seconds, width)
        except TowerError:
            heights = None
        return waveform_png(self.waveform(analysis, heights=heights, width=width, height=height))

    def write_waveform(self, analysis: TrackAnalysis, path: Path, sound: Path) -> None:
        """Write the drawing of a recording as a PNG file, whole or not at all.

        Parameters
        ----------
        sound : Path
            The recording, whose peaks are drawn.
        """
        from ..production.part_file import part_file

        heights = _peaks_of(sound, analysis.duration_seconds, WAVEFORM_COLUMNS)
        with part_file(path) as part:
            self.waveform(analysis, heights=heights).save(part, "PNG")

    def shot_seconds(self, video: Path, progress: Callable[[str, int, int], None]) -> list[float]:
        """Return the lengths of a video's shots."""
        picture = self.cuts(video, progress)
        bounds = [0, *(transition.frame for transition in picture.transitions), picture.n_frames]
        return [float((end - start) / picture.fps) for start, end in pairwise(bounds) if end > start]

    def cuts(self, file: Path, progress: Callable[[str, int, int], None]) -> PictureAnalysis:
        """Find the transitions of a video.

        Raises
        ------
        UnreadableVideoError
            If the file has no picture track that can be decoded.
        """
        from ..music.shots import find_transitions

        return find_transitions(file, progress=lambda done, total: progress(STAGE_WATCHING, done, total))


def _peaks_of(sound: Path, seconds: float, n_columns: int) -> list[float]:
    """Return the largest magnitude in each of many equal parts of a file, to a peak of 1, piece by piece."""
    import numpy as np

    from ..music.signal import decode_blocks, to_mono

    heights, n_before = np.zeros(n_columns), 0
    for block in decode_blocks(sound):
        n_all = max(1, round(seconds * block.sample_rate))
        columns = (n_before + np.arange(block.n_samples)) * n_columns // n_all
        first = np.flatnonzero(np.diff(columns, prepend=-1))
        into = np.minimum(columns[first], n_columns - 1)
        np.maximum.at(heights, into, np.maximum.reduceat(np.abs(to_mono(block.samples)), first))
        n_before += block.n_samples
    return (heights / max(float(heights.max()), 1e-6)).tolist()
