"""Camera moves: the box always has the frame's aspect, lies in the picture, and moves as its name says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tower_anime.production.camera import MOVES, CameraMove, crop_box, ease

FRAME = (1280, 720)
sides = st.integers(64, 6000)


@given(
    move=st.sampled_from(MOVES),
    amount=st.none() | st.floats(0.001, 1.0),
    picture=st.tuples(sides, sides),
    frame=st.sampled_from([FRAME, (720, 1280), (1000, 1000), (1920, 804)]),
    progress=st.floats(0, 1),
    seconds=st.floats(0.1, 30),
)
def test_box_lies_in_the_picture_and_has_the_frames_aspect(move, amount, picture, frame, progress, seconds):
    left, top, right, bottom = crop_box(CameraMove(move, amount), picture, frame, progress, seconds=seconds)
    assert 0 <= left < right <= picture[0]
    assert 0 <= top < bottom <= picture[1]
    assert (right - left) / (bottom - top) == pytest.approx(frame[0] / frame[1], rel=1e-6)


@pytest.mark.parametrize("picture", [(1280, 720), (1600, 900), (900, 1600), (3000, 800)])
@pytest.mark.parametrize(
    ("move", "direction"),
    [("pan_left", (-1, 0)), ("pan_right", (1, 0)), ("tilt_up", (0, -1)), ("tilt_down", (0, 1))],
)
def test_travels_go_where_they_are_named(move, direction, picture):
    centers = []
    for progress in np.linspace(0, 1, 9):
        left, top, right, bottom = crop_box(CameraMove(move), picture, FRAME, progress)
        centers.append(((left + right) / 2, (top + bottom) / 2))
    steps = np.diff(centers, axis=0)
    axis = 0 if direction[0] else 1
    assert (steps[:, axis] * direction[axis] > 0).all()
    np.testing.assert_allclose(steps[:, 1 - axis], 0, atol=1e-9)


def test_push_in_narrows_and_pull_out_is_its_reverse():
    widths = [crop_box(CameraMove("push_in"), (1600, 900), FRAME, p) for p in (0, 0.5, 1)]
    assert widths[0][2] - widths[0][0] == pytest.approx(1600)
    assert widths[2][2] - widths[2][0] == pytest.approx(1600 * 0.88)
    for p in (0, 0.3, 1):
        assert crop_box(CameraMove("pull_out"), (1600, 900), FRAME, p) == pytest.approx(
            crop_box(CameraMove("push_in"), (1600, 900), FRAME, 1 - p)
        )


def test_slow_moves_go_by_fractions_of_a_pixel():
    lefts = [crop_box(CameraMove("pan_right", 0.02), (1280, 720), FRAME, k / 95)[0] for k in range(96)]
    assert 0 < np.diff(lefts).max() < 0.5
    assert len({round(left, 4) for left in lefts[1:-1]}) > 80


def test_a_tall_still_shows_its_upper_part_and_tilts_over_much_of_its_height():
    _, top, _, bottom = crop_box(CameraMove(), (800, 1400), FRAME, 0.5)
    assert (top + bottom) / 2 < 700
    start = crop_box(CameraMove("tilt_down"), (800, 1400), FRAME, 0)
    end = crop_box(CameraMove("tilt_down"), (800, 1400), FRAME, 1)
    assert end[1] - start[1] >= 0.9 * (start[3] - start[1])
    assert start[2] - start[0] == pytest.approx(800)


def test_ease_starts_and_stops_softly():
    assert (ease(0), ease(0.5), ease(1)) == (0, 0.5, 1)
    assert ease(0.01) < 0.001
    assert (ease(-1), ease(2)) == (0, 1)
