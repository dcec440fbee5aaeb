from __future__ import annotations

import numpy as np
import pytest
from tower_anime.music.onsets import OnsetStream, onset_envelope


@pytest.mark.parametrize("sample_rate", [8_000, 44_100, 48_000])
def test_sound_in_pieces_is_measured_as_in_one(sample_rate: int) -> None:
    rng = np.random.default_rng(0)
    gates = np.repeat(rng.random(80), sample_rate)
    mono = (rng.standard_normal(80 * sample_rate) * gates * 0.2).astype(np.float32)
    stream = OnsetStream(sample_rate)
    for start in range(0, mono.size, 77_777):
        stream.feed(mono[start : start + 77_777])
    whole, pieces = onset_envelope(mono, sample_rate), stream.envelope()
    np.testing.assert_array_equal(pieces.bands, whole.bands)
    np.testing.assert_array_equal(pieces.harmony, whole.harmony)
    assert pieces.duration_seconds == 80.0


def test_a_stroke_on_the_first_sample_counts() -> None:
    mono = np.zeros(44_100, np.float32)
    mono[:2000] = np.sin(np.arange(2000) * 0.05) * np.exp(-np.arange(2000) / 500)
    bands = onset_envelope(mono, 44_100).bands.sum(axis=0)
    assert bands[:2].max() == bands.max() > 0
