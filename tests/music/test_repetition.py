from __future__ import annotations

import numpy as np
import pytest
from tower_anime.music.lattice import STEPS, Lattice
from tower_anime.music.repetition import repetition, variation


def played(bar: list[float], n_bars: int, *, step: float = 0.5 / STEPS) -> Lattice:
    """A stroke on every beat, as strong as the bar says, in all bands."""
    strokes = np.zeros((4, len(bar) * n_bars * STEPS))
    strokes[:, ::STEPS] = np.tile(bar, n_bars)
    n_steps = strokes.shape[1]
    return Lattice(step * np.arange(n_steps), strokes, np.zeros(n_steps), step * n_steps)


def test_music_is_like_itself_at_once_and_less_so_half_a_beat_later() -> None:
    likeness = played([1.0, 0.5, 0.5, 0.5], 8).likeness()
    assert likeness[0] == pytest.approx(1.0, abs=1e-6)
    assert likeness[4 * STEPS] == pytest.approx(1.0, abs=1e-6)
    assert likeness[STEPS // 2] < 0.0 < likeness[STEPS] < likeness[4 * STEPS]


@pytest.mark.parametrize("length", [2, 3, 4])
def test_what_varies_tells_the_length_of_bars(length: int) -> None:
    grid = played([1.0, *[0.6] * (length - 1)], 12)
    lags = STEPS * np.arange(1, 5)
    likeness, share = variation(grid.bands, STEPS, lags)
    assert int(np.argmax(likeness)) + 1 == length
    assert max(likeness) > 0.5
    assert 0 < share < 0.2


def test_even_strokes_do_not_vary() -> None:
    likeness, share = variation(played([1.0] * 4, 8).bands, STEPS, STEPS * np.arange(1, 5))
    np.testing.assert_allclose(likeness, 0.0, atol=1e-6)
    assert share == pytest.approx(0.0, abs=1e-9)


def test_a_loop_is_whole_bars_of_the_right_length_only() -> None:
    found = repetition(played([1.0, 0.3, 0.7, 0.4], 4))
    assert found.lag == 4 * STEPS
    np.testing.assert_allclose(found.wholes(STEPS, 4), 1.0, atol=0.01)
    threes = found.wholes(STEPS, 3)
    assert threes[[1, 2, 4, 5]].max() < 0.01
    # At four thirds of the tempo even the beats do not fit.
    assert found.wholes(STEPS * 3 // 4, 4)[1] < 0.6


def test_a_long_recording_is_no_loop() -> None:
    found = repetition(played([1.0, 0.3, 0.7, 0.4], 40))
    assert found.n_steps == 0
    assert found.wholes(STEPS, 4)[3:].max() == 0
