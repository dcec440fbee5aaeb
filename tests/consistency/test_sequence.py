"""Sequences whose drift, trend and copies are known beforehand."""

import numpy as np
import pytest
from PIL import Image
from support.blocks import BLUE, GREEN, RED, BlockEncoder, block, turned
from support.media import TEAL, draw_figure
from tower_anime.consistency.encoders.appearance import AppearanceEncoder
from tower_anime.consistency.encoders.base import Sighting
from tower_anime.consistency.scores.copies import Copy, CopyWatch, figure_look
from tower_anime.consistency.scores.drift_curve import draw_drift_curve
from tower_anime.consistency.scores.identity import build_identity
from tower_anime.consistency.scores.scoring import Judge, score_images
from tower_anime.consistency.scores.sequence import sequence_score, smoothed
from tower_anime.consistency.verdict import Status, Verdict


def verdict(similarity: float | None, score: float | None = None) -> Verdict:
    if similarity is None:
        return Verdict(Status.UNKNOWN, "Nobody.")
    score = similarity if score is None else score
    return Verdict(Status.PASS if score >= 0.5 else Status.FAIL, "", score=score, similarity=similarity)


def test_mean_worst_and_coverage_are_of_the_frames_with_the_character() -> None:
    score = sequence_score([verdict(0.9), verdict(None), verdict(0.6), verdict(0.75)])
    assert (score.n_frames, score.n_found, score.coverage) == (4, 3, 0.75)
    assert score.mean == pytest.approx(0.75)
    assert (score.worst, score.worst_frame) == (0.6, 2)
    assert score.drift == (pytest.approx(0.1), None, pytest.approx(0.4), pytest.approx(0.25))


def test_the_slope_of_a_steady_drift_is_its_rise_in_100_frames() -> None:
    frames = [verdict(0.95 - 0.002 * n) if n % 3 else verdict(None) for n in range(60)]
    score = sequence_score(frames)
    assert score.slope == pytest.approx(0.2)
    level = sequence_score([verdict(0.8)] * 20)
    assert level.slope == pytest.approx(0.0, abs=1e-12)
    assert sequence_score([verdict(0.8)]).slope is None


def test_smoothing_is_a_mean_of_neighbours_and_bridges_gaps() -> None:
    values = np.array([1.0, 3.0, np.nan, 5.0, 7.0])
    np.testing.assert_allclose(smoothed(values, 3), [2, 2, 4, 6, 6])
    assert np.isnan(smoothed(np.full(5, np.nan), 3)).all()


@pytest.mark.parametrize(("n_bad", "status"), [(0, "pass"), (2, "pass"), (3, "fail")])
def test_a_tenth_of_the_frames_may_fail(n_bad: int, status: str) -> None:
    frames = [verdict(0.3)] * n_bad + [verdict(0.9)] * (20 - n_bad)
    assert sequence_score(frames).status.value == status


@pytest.mark.parametrize("frames", [[], [verdict(None)] * 5])
def test_never_found_is_unknown_and_never_a_pass(frames) -> None:
    score = sequence_score(frames)
    assert (score.status, score.mean, score.worst, score.coverage) == (Status.UNKNOWN, None, None, 0.0)


def test_the_report_says_with_what_it_was_measured() -> None:
    encoder = BlockEncoder()
    judge = Judge(encoder, build_identity(encoder, [block(RED)]))
    blank = np.zeros((512, 512, 3), np.uint8)
    shown = sequence_score(score_images(judge, [blank, block(turned(20)), block(BLUE)])).as_json()
    assert (shown["encoder"], shown["threshold"], shown["mapping"]) == ("blocks", 0.9, "calibrated/1")
    assert shown["drift"][0] is None
    assert shown["drift"][1:] == pytest.approx([1 - np.cos(np.radians(20)), 1.0], abs=2e-3)


def watch_blocks(*frames: np.ndarray, references: list[np.ndarray]) -> CopyWatch:
    encoder = BlockEncoder()
    sightings = [seen[0] for seen in encoder.sight(references)]
    looks = [figure_look(image, seen.box) for image, seen in zip(references, sightings, strict=True)]
    watch = CopyWatch(build_identity(encoder, references), looks, 2)
    for number, (frame, seen) in enumerate(zip(frames, encoder.sight(frames), strict=True)):
        watch.watch(number, frame, seen[0] if seen else None)
    return watch


def test_a_frame_nearer_to_a_reference_than_references_are_to_each_other_is_a_copy() -> None:
    references = [block((RED, GREEN)), block((turned(8), turned(82)))]
    honest, copied = block((turned(20), turned(70))), block((RED, GREEN))
    watch = watch_blocks(honest, copied, references=references)
    [copy] = watch.copies
    assert (copy.frame, copy.reference) == (1, 0)
    assert copy.similarity == pytest.approx(1.0, abs=1e-5)


def test_the_longest_hold_is_counted() -> None:
    frames = [block(RED), block(GREEN), block(GREEN), block(GREEN), block(BLUE)]
    assert watch_blocks(*frames, references=[block(RED)]).longest_hold == 3
    still = sequence_score([verdict(0.9)] * 10, longest_hold=8)
    assert "stands still for 8 of 10" in still.reason


def test_one_copy_is_told_as_one() -> None:
    copy = Copy(frame=1, reference=0, similarity=0.99, correlation=0.97, is_mirrored=False)
    for copies, told in (([copy], "1 frame looks copied"), ([copy, copy], "2 frames look copied")):
        assert told in sequence_score([verdict(0.9)] * 3, copies=copies).reason


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_a_pasted_figure_is_told_from_a_drawing_of_it(is_mirrored: bool) -> None:
    """The figure is cut out of a reference and laid on another ground, smaller and with noise."""
    encoder = AppearanceEncoder()
    references = [
        np.asarray(draw_figure(TEAL, size=(768, 768), x=0.42, scale=scale)) for scale in (0.9, 1.05, 1.3)
    ]
    sightings = [seen[0] for seen in encoder.sight(references)]
    looks = [figure_look(image, seen.box) for image, seen in zip(references, sightings, strict=True)]
    watch = CopyWatch(build_identity(encoder, references), looks, 1)
    left, top, right, bottom = sightings[0].box
    cut = Image.fromarray(references[0]).crop((left, top, right, bottom))
    cut = cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if is_mirrored else cut
    cut = cut.resize((round(0.8 * cut.width), round(0.8 * cut.height)))
    ground = np.random.default_rng(2).integers(90, 120, (720, 1280, 3), np.uint8)
    frame = Image.fromarray(ground)
    frame.paste(cut, (300, 150))
    box = (300, 150, 300 + cut.width, 150 + cut.height)
    pasted = Sighting(sightings[0].embedding, box)
    drawn = np.asarray(draw_figure(TEAL, size=(1280, 720), x=0.5, scale=1.6))
    [[seen, *_]] = encoder.sight([drawn])
    watch.watch(0, np.asarray(frame), pasted)
    watch.watch(1, drawn, seen)
    assert [(copy.frame, copy.reference, copy.is_mirrored) for copy in watch.copies] == [(0, 0, is_mirrored)]


def test_the_curve_shows_drift_limit_and_gaps_where_they_are() -> None:
    encoder = BlockEncoder()
    judge = Judge(encoder, build_identity(encoder, [block(RED)]))
    blank = np.zeros((512, 512, 3), np.uint8)
    frames = [block(RED)] * 10 + [blank] * 10 + [block(BLUE)] * 10
    picture = draw_drift_curve(sequence_score(score_images(judge, frames))).astype(int)
    red_rows = np.flatnonzero((np.abs(picture - (200, 50, 60)).sum(axis=2) < 30).sum(axis=1) > 400)
    shaded = np.flatnonzero((picture[150] == (240, 224, 200)).all(axis=1))
    blue = np.argwhere(np.abs(picture - (60, 110, 190)).sum(axis=2) < 30)
    first, last = blue[blue[:, 1] < 300], blue[blue[:, 1] > 700]
    assert last[:, 0].mean() < red_rows.mean() < first[:, 0].mean()
    assert 340 < shaded.min() < 400
    assert 620 < shaded.max() < 680
