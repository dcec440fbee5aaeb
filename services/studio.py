"""The Character Studio: pictures and traits in; a character, checked, embedded and drawn on a sheet, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..consistency.character import Character
from ..db.studio import StudioRepository, check_stage
from ..errors import ConflictError, InputError, NotFoundError, TowerError
from ..production.character_bible import checked_bible, merged_bible
from ..production.studio_run import STAGES, Stage, StageState, StudioRun
from .studio_pictures import Progress, examine, picture_names, silent
from .studio_report import StudioReport, draw_report
from .trial_poses import Painter, draw_test_poses
from .uploads import UploadFolder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..consistency.references.checking import ReferenceCheck
    from ..db.database import Database
    from .characters import CharacterStudio
    from .identity import IdentityService
    from .palettes import PaletteService
    from .poses import PoseLibrary

NO_MODEL = "No model is wired, so no test poses were drawn."


@dataclass(frozen=True, slots=True)
class StudioOrder:
    """What a character is made of.

    Parameters
    ----------
    name : str
        What it is to be called.
    files : sequence of Path
        1 to 8 pictures.
    names : sequence of str
        What the pictures are called in sentences; their file names when empty.
    bible : dict
        Fields of the character bible.
    project_id : int or None
        The project it is to belong to; shared by all without.
    prompt, negative_prompt : str
        Fragments for the prompts.
    """

    name: str
    files: Sequence[Path]
    names: Sequence[str] = ()
    bible: dict[str, Any] = field(default_factory=dict)
    project_id: int | None = None
    prompt: str = ""
    negative_prompt: str = ""


@dataclass(frozen=True, slots=True)
class Tools:
    """Who is told how far it is, and who draws test poses, if anybody can."""

    progress: Progress = silent
    painter: Painter | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A stage that has nothing to do, and why."""

    reason: str


class Studio:
    """Makes characters in five stages, each of which can be run again.

    Parameters
    ----------
    sheets : Path
        Folder of the reference sheets.
    """

    def __init__(
        self,
        database: Database,
        characters: CharacterStudio,
        identity: IdentityService,
        palettes: PaletteService,
        poses: PoseLibrary,
        *,
        sheets: Path,
    ) -> None:
        self._database = database
        self._characters = characters
        self._identity = identity
        self._palettes = palettes
        self._poses = poses
        self._runs = StudioRepository(database)
        self.sheets = sheets

    def create(
        self, order: StudioOrder, progress: Progress = silent, *, painter: Painter | None = None
    ) -> tuple[Character, StudioRun]:
        """Make a character of pictures and traits.

        The pictures and the bible are checked before anything is stored; character, bible and run are
        then stored together. What fails later is in the run, and can be run again.

        Raises
        ------
        InputError
            If a picture is refused (it names each, with the reason), or the bible or the name is not
            possible; nothing is stored then.
        ConflictError
            If the name is taken; nothing is stored then.
        """
        self._characters.require_free(order.name, order.project_id)
        bible = checked_bible(order.bible)
        names = list(order.names) or [path.name for path in order.files]
        started = _now()
        images, checks = examine(order.files, names, progress)
        stages = {
            "references": _done(started, {"checks": [check.as_json() for check in checks]}),
            "bible": _done(started, {"fields": list(bible)}),
        }
        character, run = self._store(order, bible, names, (images, checks), stages)
        del images
        return self._finish(character.id, run, Tools(progress, painter))

    def update(
        self, order: StudioOrder, progress: Progress = silent, *, painter: Painter | None = None
    ) -> tuple[Character, StudioRun]:
        """Make a character, or bring the one of that name up to date.

        Other pictures than it has are a new version of it, fields of the bible and prompts that are given
        replace its own, and what is left out stays.

        Raises
        ------
        InputError
            As `create` does; nothing is changed then.
        """
        try:
            known = self._characters.find(order.name, order.project_id)
        except NotFoundError:
            return self.create(order, progress, painter=painter)
        bible = merged_bible(known.bible, order.bible)
        names = list(order.names) or [path.name for path in order.files]
        started = _now()
        images, checks = examine(order.files, names, progress)
        references, fresh = self._characters.keep(order.files, images, checks)
        del images
        pictures = {r.sha256: name for r, name in zip(references, names, strict=True)}
        request = {"name": order.name, "bible": order.bible, "pictures": pictures}
        stages = {
            "references": _done(started, {"checks": [check.as_json() for check in checks]}),
            "bible": _done(started, {"fields": list(bible)}),
        }
        prompts = {"prompt": order.prompt, "negative_prompt": order.negative_prompt}
        given = {name: value for name, value in prompts.items() if value}
        try:
            with self._database.session():
                self._characters.update(known.id, bible=bible, **given)
                self._characters.renew_references(known.id, references)
                run = self._runs.create(known.id, request, stages)
        except TowerError:
            self._characters.discard(fresh)
            raise
        return self._finish(known.id, run, Tools(progress, painter))

    def of_pictures(
        self,
        name: str,
        images: Sequence[NDArray[np.uint8]],
        *,
        bible: dict[str, Any],
        prompt: str = "",
        project_id: int | None = None,
        progress: Progress = silent,
        painter: Painter | None = None,
    ) -> tuple[Character, StudioRun]:
        """Make a character of decoded pictures, or bring the one of that name up to date.

        Raises
        ------
        InputError
            As `create` does.
        TowerError
            If a stage failed: what it says; the stages before it stay.
        """
        from PIL import Image

        folder = UploadFolder.make(self.sheets.parent)
        try:
            files = [folder.path / f"picture-{number + 1}.png" for number in range(len(images))]
            for file, image in zip(files, images, strict=True):
                Image.fromarray(image).save(file, "PNG", compress_level=1)
            order = StudioOrder(name, files, bible=bible, prompt=prompt, project_id=project_id)
            character, run = self.update(order, progress, painter=painter)
        finally:
            folder.remove()
        for stage, found in run.stages.items():
            if found.state is StageState.FAILED:
                raise TowerError(
                    f"The stage {stage!r} failed: {found.error}",
                    hint=f"Once that is mended: tower character studio rerun {run.id} {stage}.",
                )
        return character, run

    def sheet_image(self, character_id: int) -> NDArray[np.uint8]:
        """Return the newest reference sheet of a character, shape (height, width, 3), RGB.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        from ..consistency.images import read_image

        return read_image(self.sheet(character_id)[0])

    def begin(self, character_id: int, progress: Progress = silent) -> StudioRun:
        """Take a stored character through all stages.

        Raises
        ------
        NotFoundError
            If there is no such character.
        """
        character = self._characters.get(character_id)
        run = self._runs.create(character.id, {"name": character.name})
        return self._finish(character.id, run, Tools(progress))[1]

    def rerun(self, run_id: int, stage: str, progress: Progress = silent) -> StudioRun:
        """Run one stage again; the others stay as they are.

        Raises
        ------
        NotFoundError, InputError
            If there is no such run or stage.
        ConflictError
            If the character was deleted since.
        """
        check_stage(stage)
        run = self._runs.get(run_id)
        if run.character_id is None:
            raise ConflictError(
                f"the character {run.name!r} of studio run {run_id} was deleted.",
                field="run_id",
                hint="Make it again.",
            )
        if stage == "poses" and run.stages[stage].state is StageState.DONE:
            raise ConflictError(
                "test poses are drawn with a model, which only the node has.",
                field="stage",
                hint="Run the Character Studio node again.",
            )
        return self._run_stage(run, stage, self._characters.get(run.character_id), Tools(progress))

    def run(self, run_id: int) -> StudioRun:
        """Return a run by its id, or raise NotFoundError."""
        return self._runs.get(run_id)

    def runs(self, character_id: int) -> list[StudioRun]:
        """Return the newest runs of a character, the last one first.

        Raises
        ------
        NotFoundError
            If there is no such character.
        """
        return self._runs.list(self._characters.get(character_id).id)

    def sheet(self, character_id: int) -> tuple[Path, list[dict[str, Any]]]:
        """Return the newest reference sheet of a character, and the map of its panels.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        for run in self.runs(character_id):
            sheet = run.stages["report"].result.get("sheet")
            if sheet is not None and (path := self.sheets / sheet["file"]).is_file():
                return path, sheet["panels"]
        raise NotFoundError(
            f"character {character_id} has no reference sheet.",
            field="character_id",
            hint=f"Draw one: tower character studio run {self._characters.get(character_id).name!r}.",
        )

    def _store(
        self,
        order: StudioOrder,
        bible: dict[str, Any],
        names: list[str],
        examined: tuple[list[NDArray[np.uint8]], list[ReferenceCheck]],
        stages: dict[str, Stage],
    ) -> tuple[Character, StudioRun]:
        references, fresh = self._characters.keep(order.files, *examined)
        try:
            with self._database.session():
                character = self._characters.create(
                    order.name,
                    project_id=order.project_id,
                    prompt=order.prompt,
                    negative_prompt=order.negative_prompt,
                    bible=bible,
                    references=references,
                )
                pictures = {r.sha256: name for r, name in zip(references, names, strict=True)}
                request = {"name": order.name, "bible": bible, "pictures": pictures}
                return character, self._runs.create(character.id, request, stages)
        except TowerError:
            self._characters.discard(fresh)
            raise

    def _finish(self, character_id: int, run: StudioRun, tools: Tools) -> tuple[Character, StudioRun]:
        """Run what is pending, in order, up to the first stage that fails."""
        character = self._characters.get(character_id)
        for name in STAGES:
            if run.stages[name].state is StageState.PENDING:
                run = self._run_stage(run, name, character, tools)
            if run.stages[name].state is StageState.FAILED:
                break
        return self._characters.get(character_id), run

    def _run_stage(self, run: StudioRun, name: str, character: Character, tools: Tools) -> StudioRun:
        work = {
            "references": self._check_references,
            "bible": self._write_bible,
            "embeddings": self._embed,
            "poses": self._draw_poses,
            "report": self._report,
        }[name]
        stage = Stage(StageState.RUNNING, started_at=_now())
        self._runs.set_stage(run.id, name, stage)
        try:
            found = work(character, run, tools)
        except TowerError as error:
            return self._runs.set_stage(run.id, name, _failed(stage, str(error)))
        except BaseException as error:  # an interrupt too is written down, and goes on
            self._runs.set_stage(run.id, name, _failed(stage, f"{type(error).__name__}: {error}"))
            raise
        if isinstance(found, Skipped):
            ended = replace(stage, state=StageState.SKIPPED, error=found.reason, finished_at=_now())
        else:
            ended = replace(stage, state=StageState.DONE, result=found, finished_at=_now())
        return self._runs.set_stage(run.id, name, ended)

    def _check_references(self, character: Character, run: StudioRun, tools: Tools) -> dict[str, Any]:
        if not character.references:
            self._characters.reference_images(character)  # says that there are none, and the remedy
        paths = [reference.path for reference in character.references]
        boxes = [reference.box for reference in character.references]
        _, checks = examine(paths, picture_names(character, run), tools.progress, boxes=boxes)
        return {"version": character.version.number, "checks": [check.as_json() for check in checks]}

    def _write_bible(self, character: Character, run: StudioRun, tools: Tools) -> dict[str, Any]:
        """Write what was asked for into the fields that are still empty."""
        asked = run.request.get("bible", {})
        missing = {name: value for name, value in asked.items() if name not in character.bible}
        written = self._characters.change_bible(character.id, missing) if missing else character
        tools.progress("bible", 1, 1)
        return {"fields": list(written.bible), "written": list(missing)}

    def _embed(self, character: Character, run: StudioRun, tools: Tools) -> dict[str, Any]:
        tools.progress("embeddings", 0, 1)
        encoder = self._identity.encoder()
        sightings = self._identity.gallery.sightings(character, encoder)
        names = picture_names(character, run)
        unseen = [
            name
            for name, reference in zip(names, character.references, strict=True)
            if not sightings[reference.key].embedding.any()
        ]
        if len(unseen) == len(names):
            raise InputError(
                f"{encoder.name} found no figure in any reference picture.",
                field="references",
                hint="Give pictures that show the character larger and alone.",
            )
        tools.progress("embeddings", 1, 1)
        return {
            "version": character.version.number,
            "encoder": encoder.name,
            "encoder_version": encoder.version,
            "dimension": encoder.dimension,
            "n_embeddings": len(names) - len(unseen),
            "without_figure": unseen,
        }

    def _draw_poses(self, character: Character, run: StudioRun, tools: Tools) -> dict[str, Any] | Skipped:
        if tools.painter is None:
            tools.progress("poses", 1, 1)
            return Skipped(NO_MODEL)
        return draw_test_poses(
            character,
            tools.painter,
            identity=self._identity,
            poses=self._poses,
            folder=self.sheets,
            progress=lambda done, total: tools.progress("poses", done, total),
        )

    def _report(self, character: Character, run: StudioRun, tools: Tools) -> dict[str, Any]:
        if not character.references:
            self._characters.reference_images(character)  # says that there are none, and the remedy
        encoder = self._identity.encoder()
        report = StudioReport(
            character=character,
            names=tuple(picture_names(character, run)),
            encoder=encoder,
            sightings=self._identity.gallery.sightings(character, encoder),
            swatches=self._palettes.of(character),
            poses=tuple(self._runs.get(run.id).stages["poses"].result.get("poses", ())),
        )
        target = self.sheets / f"{character.id}-v{character.version.number}.png"
        return draw_report(report, target, lambda done, total: tools.progress("report", done, total))


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def _done(started_at: str, result: dict[str, Any]) -> Stage:
    return Stage(StageState.DONE, started_at=started_at, finished_at=_now(), result=result)


def _failed(stage: Stage, error: str) -> Stage:
    return replace(stage, state=StageState.FAILED, error=error[:2000], finished_at=_now())
