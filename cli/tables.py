"""Results as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..consistency.verdict import Status
from ..production.studio_run import StageState

if TYPE_CHECKING:
    from ..consistency.character import Character, CharacterVersion
    from ..consistency.poses.pose import Pose
    from ..consistency.styles.style import Style
    from ..music.shots import PictureAnalysis
    from ..production.project import Project
    from ..production.studio_run import Stage, StudioRun
    from ..services.animatic import AnimaticResult
    from ..services.doctor import Check
    from ..services.identity import ScoredFile
    from ..services.music import AnalyzedFile
    from ..services.overview import Overview

_COLOURS = {Status.PASS: "green", Status.FAIL: "red", Status.UNKNOWN: "yellow"}


_SENTENCES = {"why", "note", "reason", "detail", "file", "prompt"}


def badge(status: Status) -> Text:
    """Return a status in its colour."""
    return Text(status.value, style=f"bold {_COLOURS[status]}")


def score_table(rows: Iterable[ScoredFile]) -> Table:
    """Return pictures with their verdicts."""
    table = _table("picture", "status", "score", "ΔE", "reason")
    for row in rows:
        verdict = row.verdict
        score, delta_e = _number(verdict.score, ".2f"), _number(verdict.palette_delta_e, ".1f")
        table.add_row(Text(row.image.name), badge(verdict.status), score, delta_e, Text(verdict.reason))
    return table


def music_table(rows: Iterable[AnalyzedFile]) -> Table:
    """Return recordings with what was heard in them."""
    table = _table("file", "tempo", "or", "beats", "key", "energy", "loudness", "seconds")
    for row in rows:
        heard = row.track.analysis if row.track else None
        if heard is None:
            table.add_row(Text(row.file.name), *["–"] * 7)
            continue
        table.add_row(
            Text(row.file.name),
            _number(heard.beats.tempo_bpm, ".2f", " BPM"),
            ", ".join(f"{tempo:.0f}" for tempo in heard.beats.tempo_alternatives_bpm[:2]),
            str(heard.beats.beat_times.size),
            heard.key or "–",
            f"{heard.energy:.2f}",
            _number(heard.loudness_lufs, ".1f", " LUFS"),
            f"{heard.duration_seconds:.1f}",
        )
    return table


def cuts_table(analysis: PictureAnalysis) -> RenderableType:
    """Return the transitions of a video."""
    table = _table("time", "frame", "kind")
    for transition in analysis.transitions:
        table.add_row(f"{transition.time:.3f} s", str(transition.frame), transition.kind)
    length = f"{analysis.n_frames} frames, {analysis.duration_seconds:.2f} s at {float(analysis.fps):.3f} fps"
    return Group(Text(f"{length}, {analysis.cuts_per_minute:.1f} cuts per minute"), table)


def character_table(characters: Iterable[Character]) -> Table:
    """Return the characters."""
    table = _table("id", "character", "version", "references", "prompt")
    for character in characters:
        n_references = str(len(character.references))
        version = str(character.version.number)
        table.add_row(str(character.id), Text(character.label), version, n_references, Text(character.prompt))
    return table


def version_table(versions: Iterable[CharacterVersion], current: int, uses: Mapping[int, list[int]]) -> Table:
    """Return the versions of a character, the current one marked."""
    table = _table("version", "age", "emotion", "references", "jobs", "prompt")
    for version in versions:
        number = f"{version.number} *" if version.number == current else str(version.number)
        n_jobs = str(len(uses.get(version.number, ())))
        n_references = str(len(version.references))
        state = (Text(version.age_state), Text(version.emotional_state))
        table.add_row(number, *state, n_references, n_jobs, Text(version.prompt))
    return table


_STAGE_COLOURS = {
    StageState.DONE: "green",
    StageState.FAILED: "red",
    StageState.SKIPPED: "yellow",
    StageState.RUNNING: "cyan",
    StageState.PENDING: "",
}


def studio_table(run: StudioRun) -> Table:
    """Return the stages of a run of the studio."""
    table = _table("stage", "state", "detail")
    for name, stage in run.stages.items():
        table.add_row(
            name, Text(stage.state.value, style=_STAGE_COLOURS[stage.state]), Text(_found(name, stage))
        )
    return table


def _found(name: str, stage: Stage) -> str:
    result = stage.result
    if stage.error or not result:
        return stage.error
    if name == "references":
        warned = sum(bool(check["warnings"]) for check in result["checks"])
        return f"{len(result['checks'])} pictures, {warned} with a warning"
    if name == "bible":
        return ", ".join(result["fields"]) or "nothing is known yet"
    if name == "embeddings":
        return f"{result['n_embeddings']} by {result['encoder']} {result['encoder_version']}"
    if name == "poses":
        return f"{result['n_passed']} of {len(result['poses'])} look like the references"
    worst = _number(result["worst_score"], ".2f")
    return f"{result['n_passed']} of {result['n_references']} recognised by the others, worst score {worst}"


def project_table(projects: Iterable[Project]) -> Table:
    """Return the projects."""
    table = _table("id", "project", "status", "folder", "description")
    for project in projects:
        cells = (project.name, project.status, project.folder, project.description)
        table.add_row(str(project.id), *(Text(cell) for cell in cells))
    return table


def project_page(shown: Overview) -> RenderableType:
    """Return a project with its characters, episodes, jobs and files."""
    jobs = _table("job", "kind", "status", "progress", "worst score")
    for job in shown.jobs:
        score = _number(job.quality_score, ".2f")
        jobs.add_row(str(job.id), job.job_type, job.status.value, f"{job.progress} %", score)
    assets = _table("asset", "kind", "file")
    for asset in shown.assets:
        path = Text(str(asset.file_path), style="red" if asset.is_missing else "")
        assets.add_row(str(asset.id), asset.file_type, path)
    episodes = _table("episode", "title", "shots")
    for episode in shown.episodes:
        episodes.add_row(str(episode.id), Text(episode.title), str(len(episode.shots)))
    parts = [project_table([shown.project]), character_table(shown.characters), episodes, jobs, assets]
    return Group(*parts)


def doctor_table(checks: Iterable[Check]) -> Table:
    """Return the checks of the installation."""
    table = _table("check", "", "detail")
    for check in checks:
        mark = Text("ok", style="green") if check.is_ok else Text("not ok", style="bold red")
        table.add_row(check.name, mark, Text(f"{check.detail} {check.hint}".strip()))
    return table


def animatic_summary(result: AnimaticResult) -> RenderableType:
    """Return what an animatic run found and wrote."""
    shots = _table("still", "character", "status", "score", "why")
    for shot in result.shots:
        for name, verdict in shot.verdicts.items():
            why = "" if verdict.status is Status.PASS else verdict.reason
            score = _number(verdict.score, ".2f")
            shots.add_row(Text(shot.still.name), Text(name), badge(verdict.status), score, Text(why))
    lines = [Text(line) for line in result.sentences()]
    return Group(shots, *lines)


def palette_table(rows: Iterable[dict[str, Any]]) -> Table:
    """Return pictures with the differences of their swatches, before and after."""
    table = _table("picture", "swatch", "wanted", "found", "ΔE", "after", "note")
    for row in rows:
        name = Text(Path(row["image"]).name)
        changes = {change["name"]: change for change in row["changes"]}
        if not row["figure_found"]:
            table.add_row(name, "–", "–", "–", "–", "–", Text("No figure was found."))
        for swatch in row["swatches"]:
            change = changes.get(swatch["name"])
            after = change["delta_e_after"] if change and change["strength"] else None
            colours = (swatch["name"], swatch["wanted"], swatch["found"], _number(swatch["delta_e"], ".1f"))
            table.add_row(name, *colours, _number(after, ".1f"), Text(change["note"] if change else ""))
    return table


def style_table(styles: Iterable[Style]) -> Table:
    """Return the styles."""
    table = _table("id", "style", "pictures", "lines ‰", "contrast", "saturation", "warmth", "prompt")
    for style in styles:
        seen = style.statistics
        width = seen.get("line_weight")
        numbers = [_number(seen.get(key), ".3f") for key in ("contrast", "saturation", "warmth")]
        lines = _number(None if width is None else 1000 * width, ".1f")
        cells = (str(style.id), Text(style.label), str(style.n_images), lines, *numbers)
        table.add_row(*cells, Text(style.prompt))
    return table


def pose_table(poses: Iterable[Pose]) -> Table:
    """Return the poses."""
    table = _table("pose", "joints", "prompt")
    for pose in poses:
        table.add_row(Text(pose.name), str(pose.n_joints), Text(pose.prompt))
    return table


def _table(*columns: str) -> Table:
    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        # Names must stay whole where there is room; sentences may wrap.
        table.add_column(column, overflow="fold", ratio=1 if column in _SENTENCES else None)
    return table


def _number(value: float | None, form: str, unit: str = "") -> str:
    return "–" if value is None else f"{value:{form}}{unit}"
