"""The studio: five stages with a state each, and nothing half made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select
from support.media import RUST, TEAL, draw_figure, write_references
from tower_anime.db.tables import Base
from tower_anime.errors import ConflictError, InputError, MissingModelError, NotFoundError
from tower_anime.production.studio_run import STAGES, StageState
from tower_anime.services.studio import NO_MODEL, StudioOrder

BIBLE = {"visual_traits": {"hair": "teal"}, "personality": {"traits": ["calm"]}}
SIZE = (540, 540)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_references(tmp_path_factory.mktemp("pictures"), TEAL, n=3, size=SIZE)


@pytest.fixture(scope="module")
def pair(pictures) -> list[Path]:
    """Enough for what does not look at the scores, in less time."""
    return pictures[:2]


def counts(opened) -> dict[str, int]:
    with opened.database.session() as session:
        rows = {
            name: session.scalar(select(func.count()).select_from(table))
            for name, table in Base.metadata.tables.items()
        }
    return {name: n for name, n in rows.items() if n}


def stored_files(opened) -> list[Path]:
    return sorted(
        path for path in opened.settings.home.rglob("*") if path.is_file() and "tower.db" not in path.name
    )


def states(run) -> dict[str, str]:
    return {name: stage.state.value for name, stage in run.stages.items()}


def test_pictures_and_traits_become_a_character(opened, pictures) -> None:
    told = []
    order = StudioOrder("Aoi", pictures, bible=BIBLE, prompt="teal hair")
    character, run = opened.studio.create(order, lambda *step: told.append(step))
    assert (character.label, character.prompt, character.bible) == ("Aoi", "teal hair", BIBLE)
    assert states(run) == {
        "references": "done", "bible": "done", "embeddings": "done", "poses": "skipped", "report": "done"
    }  # fmt: skip
    assert run.stages["poses"].error == NO_MODEL
    assert all(s.started_at <= s.finished_at for s in run.stages.values())
    assert [step for step in told if step[0] == "references"][-1] == ("references", 3, 3)
    encoder = opened.identity.encoder()
    known = opened.characters.embeddings(character.version.id, encoder.name, encoder.version)
    assert set(known) == {reference.sha256 for reference in character.references}
    assert opened.studio.run(run.id) == opened.studio.runs(character.id)[0] == run


def test_the_report_says_what_the_gate_would_say(opened, pictures) -> None:
    _, run = opened.studio.create(StudioOrder("Aoi", pictures))
    report = run.stages["report"].result
    names = [path.name for path in pictures]
    assert [row["name"] for row in report["references"]] == names
    # The same picture scored against a character who has only the others.
    others, _ = opened.characters.extend("Others", pictures[1:])
    image = np.asarray(Image.open(pictures[0]).convert("RGB"))
    [verdict] = opened.identity.score(others, [image])
    assert report["references"][0]["similarity"] == pytest.approx(verdict.similarity, abs=1e-5)
    assert report["n_passed"] == 3 and report["worst_score"] >= 0.5
    assert "hair" in {swatch["name"] for swatch in report["palette"]}


def test_the_sheet_names_the_reference_of_each_panel(opened, pair) -> None:
    character, _ = opened.studio.create(StudioOrder("Aoi", pair))
    path, panels = opened.studio.sheet(character.id)
    assert path == opened.settings.home / "sheets" / f"{character.id}-v1.png"
    ids = [panel["reference_id"] for panel in panels if panel["kind"] == "reference"]
    assert ids == [reference.id for reference in character.references]
    with Image.open(path) as sheet:
        assert all(panel["box"][2] <= sheet.width and panel["box"][3] <= sheet.height for panel in panels)
    path.unlink()
    with pytest.raises(NotFoundError, match="has no reference sheet"):
        opened.studio.sheet(character.id)


def test_a_reference_that_is_somebody_else_is_named(opened, pictures, tmp_path) -> None:
    draw_figure(RUST, size=SIZE).save(tmp_path / "rust.png")
    _, run = opened.studio.create(StudioOrder("Aoi", [*pictures, tmp_path / "rust.png"]))
    report = run.stages["report"].result
    assert report["references"][3]["status"] == "fail"
    assert report["next_steps"][0].startswith("Look at rust.png")


def test_bad_pictures_are_each_named_and_nothing_is_left(opened, pictures, tmp_path) -> None:
    draw_figure(size=(100, 100)).save(tmp_path / "small.png")
    (tmp_path / "page.png").write_text("<html>")
    before = counts(opened)
    for files, said in (
        ([pictures[0], tmp_path / "page.png"], ["1 picture is refused", "page.png is a web page"]),
        ([tmp_path / "page.png", tmp_path / "absent.png"], ["2 pictures", "page.png", "absent.png"]),
        ([pictures[0], tmp_path / "small.png"], ["1 picture", "small.png is 100×100"]),
        ([], ["0 pictures"]),
        ([pictures[0]] * 9, ["9 pictures"]),
    ):
        with pytest.raises(InputError) as caught:
            opened.studio.create(StudioOrder("Aoi", files))
        assert caught.value.field == "reference_images"
        assert all(word in str(caught.value) for word in said), str(caught.value)
    assert (counts(opened), stored_files(opened)) == (before, [])


def test_a_bible_or_name_that_is_not_possible_leaves_nothing(opened, pictures) -> None:
    opened.characters.create("Taken")
    before = counts(opened)
    for order, error in (
        (StudioOrder("Aoi", pictures, bible={"hair": "teal"}), InputError),
        (StudioOrder("a / b", pictures), InputError),
        (StudioOrder("", pictures), InputError),
        (StudioOrder("Taken", pictures), ConflictError),
        (StudioOrder("Aoi", pictures, project_id=99), NotFoundError),
    ):
        with pytest.raises(error):
            opened.studio.create(order)
    assert (counts(opened), stored_files(opened)) == (before, [])


def test_a_failed_stage_leaves_the_earlier_ones_and_can_run_again(opened, pair, monkeypatch) -> None:
    def missing(name=None):
        raise MissingModelError("The model file x.onnx is missing.", hint="Fetch it.")

    with monkeypatch.context() as broken:
        broken.setattr(opened.identity, "encoder", missing)
        character, run = opened.studio.create(StudioOrder("Aoi", pair, bible=BIBLE))
    assert states(run) == {
        "references": "done", "bible": "done", "embeddings": "failed", "poses": "pending", "report": "pending"
    }  # fmt: skip
    assert run.stages["embeddings"].error == "The model file x.onnx is missing. Fetch it."
    assert opened.characters.get(character.id).bible == BIBLE
    before = run.stages["references"]
    for stage in ("embeddings", "poses", "report"):
        run = opened.studio.rerun(run.id, stage)
    assert run.is_complete and run.stages["references"] == before


def test_one_stage_runs_again_and_the_others_stay(opened, pair) -> None:
    character, run = opened.studio.create(StudioOrder("Aoi", pair, bible=BIBLE))
    for stage in STAGES:
        again = opened.studio.rerun(run.id, stage)
        assert {n: s for n, s in again.stages.items() if n != stage} == {
            n: s for n, s in run.stages.items() if n != stage
        }
        assert again.stages[stage].state is run.stages[stage].state
        run = again
    character.references[0].path.unlink()
    failed = opened.studio.rerun(run.id, "references").stages["references"]
    assert failed.state is StageState.FAILED and "1.png" in failed.error
    with pytest.raises(InputError, match="no stage 'sleep'"):
        opened.studio.rerun(run.id, "sleep")
    with pytest.raises(NotFoundError):
        opened.studio.rerun(99, "report")


def test_the_bible_stage_fills_only_what_is_empty(opened, pair) -> None:
    character, run = opened.studio.create(StudioOrder("Aoi", pair, bible=BIBLE))
    opened.characters.change_bible(character.id, {"personality": None, "visual_traits": {"hair": "silver"}})
    again = opened.studio.rerun(run.id, "bible").stages["bible"]
    assert again.result["written"] == ["personality"]
    assert opened.characters.get(character.id).bible == {**BIBLE, "visual_traits": {"hair": "silver"}}


def test_a_stored_character_goes_through_the_stages_too(opened, pictures) -> None:
    character, _ = opened.characters.extend("Aoi", pictures)
    run = opened.studio.begin(character.id)
    assert run.is_complete and run.stages["report"].result["n_references"] == 3
    empty = opened.characters.create("Nobody")
    run = opened.studio.begin(empty.id)
    assert states(run)["references"] == "failed" and "no reference picture" in run.stages["references"].error


def test_who_has_the_name_is_brought_up_to_date(opened, pictures, tmp_path) -> None:
    images = [np.asarray(Image.open(path).convert("RGB")) for path in pictures]
    made, _ = opened.studio.of_pictures("Aoi", images, bible=BIBLE, prompt="teal hair")
    same, _ = opened.studio.of_pictures("Aoi", images, bible={"age": "17"})
    assert (same.id, same.version.number, same.prompt) == (made.id, 1, "teal hair")
    assert same.bible == {**BIBLE, "age": "17"}
    fewer, run = opened.studio.of_pictures("Aoi", images[:2], bible={})
    assert (fewer.version.number, len(fewer.references), run.is_complete) == (2, 2, True)
    with pytest.raises(InputError, match=r"picture-1\.png"):
        opened.studio.of_pictures("Aoi", [images[0][:100, :100]], bible={})
    assert opened.characters.get(made.id).version.number == 2
    assert not list((opened.settings.home / "uploads").iterdir())


def test_a_deleted_character_keeps_its_run_and_refuses_a_stage(opened, pair) -> None:
    character, run = opened.studio.create(StudioOrder("Aoi", pair))
    opened.characters.delete(character.id)
    assert opened.studio.run(run.id).character_id is None
    with pytest.raises(ConflictError, match="was deleted"):
        opened.studio.rerun(run.id, "report")


def test_a_model_draws_poses_that_are_scored_and_shown(opened, pictures) -> None:
    asked = []

    def paint(prompt: str, negative: str, number: int) -> np.ndarray:
        asked.append((prompt, negative, number))
        return np.asarray(draw_figure(RUST if number == 2 else TEAL, size=SIZE, x=0.5 + 0.02 * number))

    order = StudioOrder("Aoi", pictures, prompt="teal hair,", negative_prompt="hat")
    character, run = opened.studio.create(order, painter=paint)
    poses = run.stages["poses"].result
    assert [row["status"] for row in poses["poses"]] == ["pass", "pass", "fail", "pass"]
    assert asked[0] == ("teal hair, standing, arms at sides", "hat", 0) and poses["n_passed"] == 3
    _, panels = opened.studio.sheet(character.id)
    shown = [panel["file"] for panel in panels if panel["kind"] == "pose"]
    assert shown == [row["file"] for row in poses["poses"]]
    assert all((opened.studio.sheets / file).is_file() for file in shown)
    with pytest.raises(ConflictError, match="only the node has"):
        opened.studio.rerun(run.id, "poses")
    assert opened.studio.run(run.id).stages["poses"].result == poses


def test_a_model_that_fails_leaves_the_character(opened, pair) -> None:
    def broken(prompt: str, negative: str, number: int) -> np.ndarray:
        raise InputError("The model drew values that are not numbers (NaN).", hint="Try another VAE.")

    character, run = opened.studio.create(StudioOrder("Aoi", pair), painter=broken)
    assert (states(run)["poses"], states(run)["report"]) == ("failed", "pending")
    assert opened.characters.get(character.id).references == character.references
    assert opened.studio.rerun(run.id, "poses").stages["poses"].state is StageState.SKIPPED


def test_an_interrupt_is_written_down(opened, pair, monkeypatch) -> None:
    _, run = opened.studio.create(StudioOrder("Aoi", pair))

    def interrupted(name=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(opened.identity, "encoder", interrupted)
    with pytest.raises(KeyboardInterrupt):
        opened.studio.rerun(run.id, "report")
    stage = opened.studio.run(run.id).stages["report"]
    assert (stage.state, stage.error) == (StageState.FAILED, "KeyboardInterrupt: ")
