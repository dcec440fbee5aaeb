"""Music and picture tempo: tracks remembered by content, and picture cut to their beats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..music.track import Track
from .files import sha256_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..db.tracks import TrackRepository
    from ..music.shots import PictureAnalysis
    from .alignment import Alignment

STAGE_HEARING = "hearing the music"
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

    def analyze(self, path: Path) -> Track:
        """Return the track at `path` with its analysis.

        Raises
        ------
        UnreadableAudioError
            If the file has no audio that can be decoded.
        """
        from ..music.analysis import ANALYZER, analyze

        if not path.is_file():
            raise InputError(f"{path} does not exist.", hint="Correct the path.")
        sha256 = sha256_of(path)
        stored = self._tracks.analysis(sha256, ANALYZER)
        track = Track(path, sha256, stored or analyze(path))
        if stored is None:
            self._tracks.store(track, ANALYZER)
        return track

    def analyze_files(
        self, files: Sequence[Path], progress: Callable[[str, int, int], None]
    ) -> list[AnalyzedFile]:
        """Analyse files; one that cannot be decoded says why and stops nothing."""
        rows = []
        for n_done, file in enumerate(files, 1):
            try:
                rows.append(AnalyzedFile(file, self.analyze(file)))
            except InputError as error:
                rows.append(AnalyzedFile(file, None, str(error)))
            progress(STAGE_HEARING, n_done, len(files))
        return rows

    def cuts(self, file: Path, progress: Callable[[str, int, int], None]) -> PictureAnalysis:
        """Find the transitions of a video.

        Raises
        ------
        UnreadableVideoError
            If the file has no picture track that can be decoded.
        """
        from ..music.shots import find_transitions

        return find_transitions(file, progress=lambda done, total: progress(STAGE_WATCHING, done, total))

    def align(
        self,
        video: Path,
        samples: NDArray[np.float32],
        sample_rate: int,
        *,
        max_change: float,
        bpm_hint: float | None,
        output: Path,
        progress: Callable[[int, int], None] | None = None,
    ) -> Alignment:
        """Write `video` to `output` with its cuts on the beats of the music, and the music under it.

        Parameters
        ----------
        samples : ndarray of float32, shape (n_channels, n_samples)
            The music.
        sample_rate : int
            Samples per second.

        Raises
        ------
        NoBeatError
            If the music has no steady beat.
        UnreadableVideoError
            If the picture cannot be decoded.
        """
        from ..music.signal import Signal
        from .alignment import align

        music = Signal(samples, sample_rate)
        return align(video, music, max_change=max_change, bpm_hint=bpm_hint, output=output, progress=progress)
