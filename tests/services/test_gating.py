"""What gates find is kept, whatever became of the character or the job meanwhile."""

from __future__ import annotations

import numpy as np
import pytest
from support.media import RUST, TEAL, draw_figure, write_references
from tower_anime.errors import InputError
from tower_anime.host.submission import Submission
from tower_anime.services.attempts import Attempts
from tower_anime.services.gating import GateEntry, GateOrder, contact_sheet, judge
from tower_anime.services.preflight import preflight


@pytest.fixture
def teal(opened, tmp_path):
    write_references(tmp_path / "refs", TEAL)
    character, _ = opened.characters.ensure("Teal", sorted((tmp_path / "refs").iterdir()))
    return character


@pytest.fixture
def pictures():
    """Teal, and somebody else."""
    return [np.asarray(draw_figure(look, ground=(215, 220, 235), x=0.45)) for look in (TEAL, RUST)]


def test_a_batch_is_judged_recorded_and_shown(opened, teal, pictures):
    opened.job_log.queued(Submission("p-1", {}))
    order = GateOrder((teal,), technical=True)
    report = judge(opened.identity, pictures, order)
    assert [picture.passed for picture in report.pictures] == [True, False]
    entry = GateEntry(
        "post_gen", "p-1", run_key="k", attempt=2, job_score=0.4, details={"seeds": {"7.seed": 5}}
    )
    run = opened.gating.record(report, order, entry)
    job = opened.jobs.by_prompt("p-1")
    assert (run.job_id, run.character_id, run.passed, run.attempt) == (job.id, teal.id, False, 2)
    assert (run.encoder, run.score) == ("appearance", report.worst_score)
    assert run.details["seeds"] == {"7.seed": 5} and len(run.details["verdicts"]) == 2
    assert job.quality_score == 0.4
    assert opened.characters.uses(teal.id) == {teal.version.number: [job.id]}
    assert contact_sheet(pictures, report).ndim == 3


def test_a_character_that_is_deleted_meanwhile_does_not_break_the_run(opened, teal, pictures):
    order = GateOrder((teal,))
    judge(opened.identity, pictures[:1], order)
    opened.characters.delete(teal.id)
    report = judge(opened.identity, pictures, order)
    run = opened.gating.record(report, order, GateEntry("final"))
    assert run.character_id is None and run.passed is False
    assert run.details["character"] == "Teal"


def test_one_character_twice_is_refused(opened, teal, pictures):
    with pytest.raises(InputError, match="one of them twice"):
        judge(opened.identity, pictures, GateOrder((teal, teal)))


def test_a_loop_survives_being_handed_on_as_text(opened, teal, pictures):
    good, bad = (judge(opened.identity, [picture], GateOrder((teal,))) for picture in pictures)
    loop = Attempts.begin({"7.seed": 1}).add(bad)
    assert not loop.is_over(4, give_up_early=False) and loop.is_over(1, give_up_early=False)
    loop = loop.followed_by({"7.seed": 2}, loop.next_changes(bad, adjust=True))
    again = Attempts.from_text(loop.to_text())
    assert again.to_text() == loop.to_text() and again.number == 2
    over = again.add(good)
    assert over.is_over(4, give_up_early=False) and over.best_attempt == 2
    assert [entry["seeds"] for entry in over.made] == [{"7.seed": 1}, {"7.seed": 2}]


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"run_key": 1}', '{"best": {}, "made": 3}'])
def test_what_is_no_loop_is_refused_in_words(text):
    with pytest.raises(InputError, match="cannot be read"):
        Attempts.from_text(text)


def test_preflight_names_what_would_fail_every_picture(opened, teal):
    fine = preflight(opened.identity, teal, encoder="appearance", loras=())
    assert fine.passed and fine.worst_score is None
    empty = opened.characters.create("Nobody")
    failed = preflight(opened.identity, empty, encoder="appearance", loras=())
    assert not failed.passed and failed.failed_checks == {"preflight"}
    run = opened.gating.record(failed, GateOrder((empty,)), GateEntry("pre_gen"))
    assert (run.gate_type, run.passed, run.encoder) == ("pre_gen", False, "appearance")
