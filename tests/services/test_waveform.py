"""The drawing of a recording shows its attacks."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from support.media import write_song
from tower_anime.music.signal import decode

SECONDS = 12


@pytest.fixture
def song(tmp_path, opened):
    """A track with its beats."""
    beats = write_song(tmp_path / "song.wav", bpm=120, seconds=SECONDS)
    return opened.music.analyze(tmp_path / "song.wav"), beats


def contrast(drawing: Image.Image, beats: np.ndarray) -> float:
    """Return how much taller the drawing is just after beats than amid them."""
    pixels = np.asarray(drawing.convert("RGB")).astype(int)
    blue = (pixels[..., 2] - pixels[..., 0] > 60).sum(axis=0)

    def tallness(seconds: np.ndarray) -> float:
        return float(np.median(blue[(seconds / SECONDS * blue.size).astype(int)]))

    return tallness(beats[1:-1] + 0.03) / tallness(beats[1:-1] + 0.42)


def test_attacks_stand_out_in_a_file(tmp_path, opened, song) -> None:
    track, beats = song
    opened.music.write_waveform(track.analysis, tmp_path / "song.png", track.path)
    with Image.open(tmp_path / "song.png") as drawing:
        assert contrast(drawing, beats) > 2


def test_attacks_stand_out_in_an_answer(opened, song) -> None:
    track, beats = song
    assert contrast(Image.open(BytesIO(opened.music.waveform_png(track.analysis, track.path))), beats) > 2


def test_attacks_stand_out_of_sound_at_hand(opened, song) -> None:
    track, beats = song
    heights = opened.music.peaks(decode(track.path).samples)
    assert contrast(opened.music.waveform(track.analysis, heights=heights), beats) > 2


def test_of_a_file_that_is_gone_the_level_is_drawn(opened, song) -> None:
    track, _ = song
    track.path.unlink()
    assert opened.music.waveform_png(track.analysis, track.path).startswith(b"\x89PNG")
