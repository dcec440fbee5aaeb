"""What was measured is joined so that only what is known passes."""

import numpy as np
import pytest
from tower_anime.consistency.gates.contact_sheet import draw_contact_sheet
from tower_anime.consistency.gates.gate_report import Check, GateReport, PictureResult, worst_status
from tower_anime.consistency.gates.judging import (
    GatePolicy,
    drift_growth,
    flicker_level,
    judge_pictures,
)
from tower_anime.consistency.palettes.palette import LIMIT
from tower_anime.consistency.verdict import Status, Verdict

PASS, FAIL, UNKNOWN = Status.PASS, Status.FAIL, Status.UNKNOWN
GREY = np.full((300, 300, 3), 128, np.uint8)


def verdict(score: float | None, **fields) -> Verdict:
    if score is None:
        return Verdict(UNKNOWN, "Nobody was found.")
    status = PASS if score >= 0.5 else FAIL
    return Verdict(status, f"It scored {score}.", score=score, similarity=score, threshold=0.5, **fields)


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(20, 230, (300, 300, 3), dtype=np.uint8)


def one(image, cast, **policy) -> PictureResult:
    return judge_pictures([image], [cast], GatePolicy(**policy)).pictures[0]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], UNKNOWN),
        ([PASS], PASS),
        ([PASS, UNKNOWN], UNKNOWN),
        ([UNKNOWN, FAIL, PASS], FAIL),
    ],
)
def test_only_what_is_known_passes(statuses, expected):
    assert worst_status(statuses) is expected


@pytest.mark.parametrize(
    ("scores", "status", "score"),
    [
        ((0.8, 0.7), PASS, 0.7),
        ((0.8, 0.4), FAIL, 0.4),
        ((0.8, None), UNKNOWN, None),
        ((0.4, None), FAIL, None),
    ],
)
def test_everybody_on_screen_has_to_be_right(scores, status, score):
    result = one(noise(), {"Aki": verdict(scores[0]), "Ben": verdict(scores[1])})
    assert (result.status, result.score) == (status, score)
    assert list(result.verdicts) == ["Aki", "Ben"]


def test_a_picture_without_a_character_to_show_is_unknown():
    assert one(noise(), {}).status is UNKNOWN


def test_a_technical_fault_fails_the_right_character_and_says_why():
    good = one(noise(), {"Aki": verdict(0.9)}, technical=True)
    assert (good.status, good.score) == (PASS, 0.9)
    blank = one(GREY, {"Aki": verdict(0.9)}, technical=True)
    assert (blank.status, blank.score) == (FAIL, 0.0)
    assert blank.reason == "The contrast is 0.00 codes; at least 3.00 is needed."
    assert one(GREY, {"Aki": verdict(0.9)}).status is PASS


def test_colours_count_when_asked_and_unread_ones_never_pass():
    off, near = verdict(0.9, palette_delta_e=2 * LIMIT), verdict(0.9, palette_delta_e=LIMIT / 2)
    assert one(noise(), {"Aki": off}).status is PASS
    assert one(noise(), {"Aki": off}, palette=True).score == pytest.approx(0.25)
    assert one(noise(), {"Aki": near}, palette=True).score == 0.9
    assert one(noise(), {"Aki": verdict(0.9)}, palette=True).status is UNKNOWN


def test_flicker_is_what_a_frame_differs_from_its_neighbours():
    fade = np.linspace(10, 200, 20)[:, None]
    assert flicker_level(fade) == pytest.approx(0)
    alternating = np.tile([100.0, 104.0], 10)[:, None]
    assert flicker_level(alternating) == pytest.approx(4)
    one_channel = np.concatenate([np.full((20, 2), 90.0), alternating], axis=1)
    assert flicker_level(one_channel) == pytest.approx(4)


def test_drift_is_the_last_third_against_the_first():
    assert drift_growth([0.9, 0.9, 0.9, 0.8, 0.7, 0.6, 0.5, 0.5, 0.5]) == pytest.approx(0.4)
    assert drift_growth([0.5, 0.7, 0.9]) == pytest.approx(-0.4)


def sequence(levels, scores) -> GateReport:
    frames = [np.full((32, 32, 3), level, np.uint8) for level in levels]
    return judge_pictures(frames, [{"Aki": verdict(score)} for score in scores], GatePolicy(sequence=True))


def test_a_steady_shot_passes_and_a_flickering_or_drifting_one_does_not():
    steady = sequence([100] * 6, [0.8] * 6)
    assert steady.passed and steady.n_passed == 6
    flicker = sequence([100, 110] * 3, [0.8] * 6)
    assert flicker.failed_checks == {"flicker"} and flicker.n_passed == 0
    drift = sequence([100] * 6, [0.9, 0.9, 0.8, 0.7, 0.6, 0.6])
    assert drift.failed_checks == {"drift"} and drift.status is FAIL


def test_two_frames_say_nothing_about_a_sequence():
    assert sequence([100] * 2, [0.9] * 2).status is UNKNOWN
    lost = sequence([100] * 4, [0.9, None, None, 0.9])
    assert "Aki was found in 2 of 4 frames" in lost.sequence[1].reason


def test_a_report_survives_its_json():
    report = sequence([100, 130] * 2, [0.9, 0.2, None, 0.9])
    assert GateReport.from_json(report.as_json()) == report
    assert report.best == 0 and report.score == 0.0 and report.worst_score is not None


def test_a_picture_of_no_numbers_is_unknown_whatever_is_asked():
    unknown = verdict(None)
    everything = GatePolicy(technical=True, palette=True, sequence=True)
    casts = [{"Aki": verdict(0.9)}, {"Aki": unknown}, {"Aki": verdict(0.9)}]
    report = judge_pictures([noise(), None, noise()], casts, everything)
    assert report.status is not PASS and report.pictures[1].status is UNKNOWN
    assert {check.name for check in report.pictures[1].checks} == {"identity", "palette", "blank"}
    assert next(check for check in report.sequence if check.name == "flicker").status is UNKNOWN
    assert draw_contact_sheet([noise(), None, noise()], report).shape[2] == 3


def test_the_contact_sheet_shows_every_picture_under_a_badge_in_its_colour():
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    images = [np.full((400, 200, 3), colour, np.uint8) for colour in colours]
    results = [PictureResult(status, 0.5, "") for status in (PASS, FAIL, UNKNOWN)]
    sheet = draw_contact_sheet(images, GateReport(tuple(results)))
    assert all((sheet == colour).all(axis=2).sum() == 224 * 112 for colour in colours)
    badges = [(0, 158, 115), (213, 94, 0), (110, 110, 110)]
    assert all((sheet == badge).all(axis=2).sum() > 1000 for badge in badges)


def test_of_many_pictures_the_worst_are_drawn():
    images = [np.full((32, 32, 3), index, np.uint8) for index in range(100)]
    results = [PictureResult(PASS, 1 - index / 100, "") for index in range(100)]
    sheet = draw_contact_sheet(images, GateReport(tuple(results)))
    drawn = [index for index in range(100) if (sheet == index).all(axis=2).sum() >= 32 * 32]
    assert drawn == list(range(64, 100))


def test_a_check_is_read_back():
    check = Check("drift", FAIL, "It drifts.", 0.2, 0.1, 0.25, "Aki")
    assert Check.from_json(check.as_json()) == check
