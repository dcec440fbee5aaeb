"""The page that shows what an animatic run found."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..production.report import (
    Report,
    ReportBadge,
    ReportLine,
    ReportMusic,
    ReportShot,
    ReportTrack,
    write_report,
)

if TYPE_CHECKING:
    from ..production.spec import EpisodeSpec
    from .animatic import AnimaticResult, CheckedShot
    from .soundtrack import Soundtrack


def report_run(result: AnimaticResult, spec: EpisodeSpec, audio: NDArray[np.float32], output: Path) -> None:
    """Write the report of a run.

    Parameters
    ----------
    result : AnimaticResult
        What was found.
    spec : EpisodeSpec
        What was asked for.
    audio : ndarray of float32, shape (2, n_samples)
        The sound of the episode.
    output : Path
        The page.

    Raises
    ------
    StorageError
        If the folder or disk refuses.
    """
    plan = result.soundtrack.plan
    starts = [0, *accumulate(plan.n_frames)]
    shots = enumerate(zip(result.shots, starts, plan.n_frames, strict=False), 1)
    encoders = {
        f"{verdict.encoder} {verdict.encoder_version}"
        for shot in result.shots
        for verdict in shot.verdicts.values()
        if verdict.encoder
    }
    write_report(
        Report(
            project=spec.project,
            title=spec.title,
            fps=spec.fps,
            size=spec.size,
            shots=tuple(
                _shot(number, shot, start, n_frames, float(plan.fps))
                for number, (shot, start, n_frames) in shots
            ),
            music=_music(result.soundtrack, audio),
            encoder=", ".join(sorted(encoders)),
            notes=tuple(result.warnings),
            video=result.outputs["video"].name,
        ),
        output,
    )


def _shot(number: int, shot: CheckedShot, start: int, n_frames: int, fps: float) -> ReportShot:
    badges = tuple(
        ReportBadge(name, verdict.status.value, verdict.reason, verdict.score)
        for name, verdict in shot.verdicts.items()
    )
    lines = tuple(ReportLine(start / fps + line.at, line.text, line.speaker) for line in shot.spec.dialogue)
    return ReportShot(
        number=number,
        first_frame=start,
        n_frames=n_frames,
        picture=shot.thumbnail,
        planned_seconds=shot.spec.seconds,
        camera=shot.spec.camera.move,
        scene=shot.spec.scene,
        source=shot.still.name,
        badges=badges,
        lines=lines,
    )


def _music(soundtrack: Soundtrack, audio: NDArray[np.float32]) -> ReportMusic:
    plan = soundtrack.plan
    tracks = tuple(
        ReportTrack(
            name=match.track.path.name,
            tempo_bpm=match.track.analysis.beats.tempo_bpm,
            key=match.track.analysis.key,
            score=match.score,
            reasons=tuple(match.reasons),
            licence=match.track.licence,
        )
        for match in soundtrack.matches
    )
    frame = 1 / float(plan.fps)
    return ReportMusic(
        tracks=tracks,
        samples=audio.mean(axis=0),
        beat_times=plan.grid_times,
        downbeat_times=plan.bar_times,
        cut_times=plan.cut_times,
        on_beat=tuple((np.abs(plan.cut_times - plan.beat_times) <= frame).tolist()),
        hit_rate=plan.hit_rate,
        hit_rate_40ms=plan.hit_rate_40ms,
        chance_hit_rate=plan.chance_hit_rate,
        bias_seconds=plan.bias_seconds,
        music_start_seconds=plan.music_start_seconds,
    )
