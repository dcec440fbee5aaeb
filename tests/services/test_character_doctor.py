"""The doctor on stored characters."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.blocks import BLUE, GREEN, RED, BlockEncoder, block, turned
from support.media import RUST, TEAL, draw_figure, write_references
from tower_anime.consistency.character import Reference
from tower_anime.consistency.encoders.registry import EncoderRegistry
from tower_anime.errors import MissingModelError
from tower_anime.services.character_doctor import examine_character
from tower_anime.services.files import sha256_of
from tower_anime.services.identity import IdentityService


def silent(*_: object) -> None:
    """Report to nobody."""


class BlindEncoder(BlockEncoder):
    name = "blind"

    def sight(self, images, *, n_figures=None):
        return [[] for _ in images]


def absent() -> BlockEncoder:
    raise MissingModelError("The model of absent is not installed.")


def service(opened, *encoders: BlockEncoder, default: str) -> IdentityService:
    factories = {encoder.name: (lambda made=encoder: made) for encoder in encoders}
    return IdentityService(opened.characters, EncoderRegistry({**factories, "absent": absent}), default)


def stored(opened, folder: Path, name: str, *looks, **fields):
    references = []
    for number, look in enumerate(looks):
        path = folder / f"{name}{number}.png"
        Image.fromarray(block(look)).save(path)
        references.append(Reference(path=path, sha256=sha256_of(path), width=512, height=512))
    return opened.characters.create(name, references=references, **fields)


def codes(report) -> dict[str, str]:
    return {finding.code: finding.level for finding in report.findings}


def test_the_wrong_encoder_is_told_from_the_right_one(opened, tmp_path: Path) -> None:
    made = stored(opened, tmp_path, "Red", RED, turned(5), turned(10))
    report = examine_character(
        service(opened, BlockEncoder(), BlindEncoder(), default="blind"), made, progress=silent
    )
    assert codes(report)["wrong_encoder"] == "error"
    assert not report.is_well
    [finding] = [finding for finding in report.findings if finding.code == "wrong_encoder"]
    assert finding.numbers["found_by"] == {"blind": 0, "blocks": 3}
    assert "blocks" in finding.remedy


def test_a_threshold_out_of_reach_is_told_with_its_numbers(opened, tmp_path: Path) -> None:
    """Three references 20 degrees apart reach at most cos 20 = 0.94 among themselves."""
    made = stored(opened, tmp_path, "Red", RED, turned(20), turned(40), consistency_threshold=0.97)
    report = examine_character(service(opened, BlockEncoder(), default="blocks"), made, progress=silent)
    [finding] = [finding for finding in report.findings if finding.code == "threshold_out_of_reach"]
    reached = [np.mean(np.cos(np.radians(pair))) for pair in ((20, 40), (20, 20), (20, 40))]
    assert finding.numbers["references_reach"] == pytest.approx(np.mean(reached), abs=3e-3)
    assert finding.level == "error"


def test_a_second_look_costs_no_inference(opened, tmp_path: Path) -> None:
    made = stored(opened, tmp_path, "Red", RED, turned(5))
    examine_character(service(opened, BlockEncoder(), default="blocks"), made, progress=silent)
    later = BlockEncoder()
    examine_character(service(opened, later, default="blocks"), made, progress=silent)
    assert later.n_seen == 0


def test_a_twin_in_the_project_is_named_with_the_margin(opened, tmp_path: Path) -> None:
    made = stored(opened, tmp_path, "Red", RED, turned(4))
    twin = stored(opened, tmp_path, "Twin", turned(2), turned(6))
    stored(opened, tmp_path, "Unseen", GREEN)
    identity = service(opened, BlockEncoder(), default="blocks")
    identity.score(twin, [])
    report = examine_character(identity, made, progress=silent)
    assert codes(report)["rival_too_near"] == "warning"
    [unknown] = [finding for finding in report.findings if finding.code == "rivals_unknown"]
    assert unknown.numbers == {"unencoded": ["Unseen"]}


def test_a_missing_file_and_no_files_are_errors(opened, tmp_path: Path) -> None:
    identity = service(opened, BlockEncoder(), default="blocks")
    made = stored(opened, tmp_path, "Red", RED, turned(5), BLUE)
    made.references[1].path.unlink()
    report = examine_character(identity, made, progress=silent)
    assert codes(report)["unreadable"] == "error"
    assert made.references[1].path.name in report.findings[0].message
    empty = opened.characters.create("Nobody")
    assert codes(examine_character(identity, empty, progress=silent)) == {"no_references": "error"}


def test_small_and_blurred_references_of_an_older_version_are_named(opened, tmp_path: Path) -> None:
    paths = write_references(tmp_path, n=2)
    small = tmp_path / "small.png"
    draw_figure(TEAL, size=(300, 300)).save(small)
    references = [
        Reference(path=path, sha256=sha256_of(path), width=768, height=768) for path in [*paths, small]
    ]
    made = opened.characters.create("Teal", references=references)
    report = examine_character(opened.identity, made, encoder="appearance", progress=silent)
    [finding] = [finding for finding in report.findings if finding.code == "poor_reference"]
    assert "small.png is 300×300 pixels" in finding.message


def test_somebody_else_among_the_references_is_named(opened, tmp_path: Path) -> None:
    paths = write_references(tmp_path / "teal", TEAL, n=4)
    stranger = tmp_path / "stranger.png"
    draw_figure(RUST, size=(768, 768)).save(stranger)
    made, _ = opened.characters.ensure("Teal", [*paths, stranger])
    report = examine_character(opened.identity, made, encoder="appearance", progress=silent)
    [finding] = [finding for finding in report.findings if finding.code == "outlier"]
    assert finding.message.startswith(made.references[4].path.name)
    alone = replace(made, version=replace(made.version, references=made.references[:4]))
    report = examine_character(opened.identity, alone, encoder="appearance", progress=silent)
    assert "outlier" not in codes(report)
