"""Colour differences against published values."""

import numpy as np
import pytest
from tower_anime.consistency.colour import cielab, delta_e_2000, oklab, to_linear

# Pairs of the test data in G. Sharma, W. Wu, E. Dalal, "The CIEDE2000 color-difference formula", 2005.
PAIRS = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("first", "second", "expected"), PAIRS)
def test_ciede2000_gives_the_published_differences(first, second, expected: float) -> None:
    assert float(delta_e_2000(np.array(first), np.array(second))) == pytest.approx(expected, abs=1e-4)
    assert float(delta_e_2000(np.array(second), np.array(first))) == pytest.approx(expected, abs=1e-4)


def test_white_is_white_in_both_spaces() -> None:
    white = to_linear(np.full((1, 1, 3), 255, np.uint8))
    np.testing.assert_allclose(np.ravel(cielab(white)), [100, 0, 0], atol=0.05)
    np.testing.assert_allclose(np.ravel(oklab(white)), [1, 0, 0], atol=1e-3)
