"""Subtitles: readable, exact, never two at a time."""

import itertools
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tower_anime.production.subtitles import SpokenLine, make_cues, reading_seconds, srt_text, write_srt

lines = st.lists(
    st.builds(
        SpokenLine,
        start_seconds=st.floats(0, 60, allow_nan=False),
        text=st.text(max_size=120),
        speaker=st.sampled_from(["", "Aoi", "Ren"]),
        seconds=st.none() | st.floats(0.1, 12),
    ),
    max_size=20,
)


@given(lines)
def test_cues_ascend_without_overlap_and_end_with_the_episode(spoken):
    cues = make_cues(spoken, 60.0)
    for cue in cues:
        assert 0 <= cue.start < cue.end <= 60_000
        assert all(row.strip() and "-->" not in row and "\n" not in row for row in cue.rows)
    for one, two in itertools.pairwise(cues):
        assert one.end < two.start


@given(lines)
def test_every_spoken_text_is_shown(spoken):
    shown = "".join("".join(cue.rows) for cue in make_cues(spoken, 61.0)).replace(" ", "")
    for line in spoken:
        assert "".join(line.text.replace("-->", "→").split()) in shown


def test_times_are_rounded_to_milliseconds_with_carry():
    text = srt_text(make_cues([SpokenLine(3599.9996, "Now.")], 3700))
    assert text == "1\n01:00:00,000 --> 01:00:01,000\nNow.\n"


def test_a_line_stays_as_long_as_it_is_read_or_spoken():
    [short, long] = make_cues([SpokenLine(1, "Hm."), SpokenLine(5, "Hm.", seconds=3.5)], 60)
    assert short.end - short.start == 1000
    assert long.end - long.start == 3500
    assert reading_seconds("a" * 51) == 3.0


def test_lines_at_the_same_moment_share_a_cue():
    [cue] = make_cues([SpokenLine(1, "Run!", "Aoi"), SpokenLine(1.1, "Where?", "Ren")], 60)
    assert cue.rows == ("Aoi: Run!", "Ren: Where?")


def test_long_lines_break_in_the_middle():
    [cue] = make_cues([SpokenLine(0, "I will be back before the last train leaves the station.")], 60)
    assert len(cue.rows) == 2
    assert abs(len(cue.rows[0]) - len(cue.rows[1])) < 12


def test_the_file_is_utf8_and_parses(tmp_path: Path):
    path = write_srt([SpokenLine(1, "待って!\n\n2"), SpokenLine(4, "a --> b")], 10, tmp_path / "e.srt")
    text = path.read_bytes().decode("utf-8")
    assert "待って! 2" in text
    assert len(re.findall(r"^\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}$", text, re.MULTILINE)) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["e.srt"]


def test_an_episode_without_dialogue_has_an_empty_file(tmp_path: Path):
    assert write_srt([], 10, tmp_path / "e.srt").read_bytes() == b""
