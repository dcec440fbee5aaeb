"""The drawing of a recording shows its attacks."""

from __future__ import annotations

import numpy as np
from PIL import Image
from support.media import write_song


def test_attacks_stand_out_from_what_is_between_them(tmp_path, opened) -> None:
    beats = write_song(tmp_path / "song.wav", bpm=120, seconds=12)
    track = opened.music.analyze(tmp_path / "song.wav")
    opened.music.write_waveform(track.analysis, tmp_path / "song.png", tmp_path / "song.wav")
    with Image.open(tmp_path / "song.png") as drawing:
        pixels = np.asarray(drawing.convert("RGB")).astype(int)
    blue = (pixels[..., 2] - pixels[..., 0] > 60).sum(axis=0)

    def tallness(seconds: np.ndarray) -> float:
        return float(np.median(blue[(seconds / 12 * blue.size).astype(int)]))

    assert tallness(beats[1:-1] + 0.03) > 2 * tallness(beats[1:-1] + 0.42)
