"""The report: self-contained, escaped, and showing what it was given."""

import base64
import io
import re
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tower_anime.production.report import (
    Report,
    ReportBadge,
    ReportLine,
    ReportMusic,
    ReportShot,
    ReportTrack,
    write_report,
)
from tower_anime.production.report_html import timecode
from tower_anime.production.waveform import peaks

NASTY = """<script>alert(1)</script>"'&<img src=x onerror=alert(2)>$title"""


class Tags(HTMLParser):
    """Collects tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


@pytest.fixture
def report() -> Report:
    picture = np.random.default_rng(0).integers(0, 255, (900, 1600, 3), dtype=np.uint8)
    shots = (
        ReportShot(
            1, 0, 48, picture, 2.1, "push_in", "Platform", "01.png", (ReportBadge("Aoi", "pass", "", 0.83),)
        ),
        ReportShot(
            2,
            48,
            72,
            picture,
            badges=(
                ReportBadge("Aoi", "fail", "hair is brown", 0.31),
                ReportBadge("Ren", "unknown", "no figure"),
            ),
            lines=(ReportLine(2.5, "Wait!", "Aoi"),),
        ),
        ReportShot(3, 120, 24, None),
    )
    music = ReportMusic(
        tracks=(
            ReportTrack("lanterns.flac", 120.0, "A minor", 0.9, ("tempo fits",)),
            ReportTrack("rain.ogg"),
        ),
        samples=np.sin(np.arange(6000, dtype=np.float32)),
        beat_times=np.arange(0, 6, 0.5),
        downbeat_times=np.arange(0, 6, 2.0),
        cut_times=np.array([2.0, 5.0]),
        on_beat=(True, False),
        hit_rate=0.5,
    )
    return Report(
        "Paper Moon", "The Last Train", Fraction(24), (1280, 720), shots, music, video="episode.mp4"
    )


def page_of(report: Report, folder: Path) -> str:
    return write_report(report, folder / "report.html").read_text(encoding="utf-8")


def test_the_page_needs_no_other_file(report: Report, tmp_path: Path):
    page = page_of(report, tmp_path)
    for tag, attributes in Tags(page).tags:
        assert tag not in {"script", "link", "iframe", "object"}
        assert attributes.get("src", "data:image/jpeg;base64,").startswith("data:image/jpeg;base64,")
    assert "http" not in re.sub(r"http-equiv", "", page)
    assert "@import" not in page and "url(" not in page


def test_pictures_are_small_jpegs(report: Report, tmp_path: Path):
    pictures = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page_of(report, tmp_path))
    assert len(pictures) == 2
    for picture in pictures:
        with Image.open(io.BytesIO(base64.b64decode(picture))) as decoded:
            assert decoded.size == (480, 270)


def test_shots_show_verdicts_dialogue_and_timecodes(report: Report, tmp_path: Path):
    page = page_of(report, tmp_path)
    for words in (
        "✓ Aoi",
        "0.83",
        "✕ Aoi",
        "hair is brown",
        "? Ren",
        "00:02:00",
        "00:05:00",
        "Wait!",
        "asked 2.10 s",
    ):
        assert words in page
    assert page.count('class="card off"') == 1
    assert "1 of 3" in page


def test_music_shows_beats_cuts_and_ranking(report: Report, tmp_path: Path):
    page = page_of(report, tmp_path)
    assert page.count("<title>cut at") == 2
    assert "off the beat" in page and "lanterns.flac" in page and "no beat" in page and "50%" in page
    assert page.index("lanterns.flac") < page.index("rain.ogg")


def test_names_are_data_and_never_markup(report: Report, tmp_path: Path):
    badge = ReportBadge(NASTY, NASTY, NASTY, 0.5)
    shot = replace(
        report.shots[0],
        scene=NASTY,
        camera=NASTY,
        source=NASTY,
        badges=(badge,),
        lines=(ReportLine(0, NASTY, NASTY),),
    )
    music = ReportMusic(tracks=(ReportTrack(NASTY, 120.0, NASTY, 0.5, (NASTY,), NASTY),))
    nasty = Report(
        NASTY, NASTY, Fraction(24), (1280, 720), (shot,), music, NASTY, (NASTY,), "javascript:alert(3)"
    )
    page = page_of(nasty, tmp_path)
    tags = Tags(page).tags
    assert not [tag for tag, _ in tags if tag == "script"]
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]
    assert [attributes["href"] for tag, attributes in tags if tag == "a"] == ["./javascript%3Aalert%283%29"]
    assert page.count("&lt;script&gt;") >= 12


def test_a_silent_episode_without_characters_has_a_report(report: Report, tmp_path: Path):
    page = page_of(replace(report, music=None, shots=report.shots[2:]), tmp_path)
    assert "no picture" in page and "<svg" not in page


def test_timecodes_count_frames():
    assert timecode(0, Fraction(24)) == "00:00:00"
    assert timecode(24 * 61 + 5, Fraction(24000, 1001)) == "01:01:05"
    assert timecode(25 * 3600, Fraction(25)) == "1:00:00:00"


def test_peaks_keep_the_loudest_sample_of_each_column():
    samples = np.zeros(1000, np.float32)
    samples[505] = -0.5
    columns = peaks(samples, 10)
    assert columns.argmax() == 5 and columns[5] == 1.0
    assert peaks(np.zeros(0, np.float32), 10).tolist() == [0] * 10
    assert peaks(np.ones(3, np.float32), 10).tolist() == [1] * 10
