"""The music of an episode: refused where its licence forbids it, else in the project's ledger."""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from support.media import write_song
from tower_anime.errors import RightsError

NO_DERIVATIVES = "https://creativecommons.org/licenses/by-nd/4.0/"


@pytest.fixture
def episode(episode_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(episode_folder, tmp_path / "episode")


def tag(path: Path, licence: str) -> Path:
    """Write a WAV again as FLAC with a licence in its tags."""
    target = path.with_suffix(".flac")
    with av.open(str(path)) as source, av.open(str(target), "w") as out:
        out.metadata.update({"title": "Bound", "artist": "Ao", "license": licence})
        stream = out.add_stream("flac", rate=44_100, layout="mono")
        resampler = av.AudioResampler("s16", "mono", 44_100, 4096)
        for frame in source.decode(audio=0):
            for part in resampler.resample(frame):
                out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    path.unlink()
    return target


def test_an_analysed_track_carries_what_its_tags_say_the_second_time_too(opened, episode) -> None:
    path = tag(episode / "music" / "song.wav", NO_DERIVATIVES)
    heard = [opened.music.analyze(path) for _ in range(2)]
    assert {(track.licence, track.title, track.artist) for track in heard} == {
        ("CC BY-ND 4.0", "Bound", "Ao")
    }
    [match] = opened.music.match([2.0])
    assert match.track.licence == "CC BY-ND 4.0"
    opened.music.library.change(match.track.id, licence="bought on 3 May")
    assert opened.music.analyze(path).licence == "bought on 3 May"


def run(opened, episode: Path, out: Path):
    return opened.animatic.run(episode / "episode.yaml", out, lambda *_: None)


def test_music_that_may_not_be_synchronised_stops_the_episode_by_name(opened, episode, tmp_path) -> None:
    tag(episode / "music" / "song.wav", NO_DERIVATIVES)
    with pytest.raises(RightsError, match=r"Ao – Bound .*may not be put under picture.*CC BY-ND 4\.0"):
        run(opened, episode, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*.mp4"))


def test_it_is_left_out_where_other_music_is_and_the_ledger_has_that(opened, episode, tmp_path) -> None:
    tag(episode / "music" / "song.wav", NO_DERIVATIVES)
    write_song(episode / "music" / "mine.wav", bpm=120, seconds=12)
    made = run(opened, episode, tmp_path / "out")
    assert made.soundtrack.track.path.name == "mine.wav"
    assert any("may not be put under picture" in warning for warning in made.warnings)
    project = opened.projects.find("Small")
    [use] = opened.licences.ledger(project).uses
    assert (use.used_in, use.track.path, use.track.licence.name) == (
        "One",
        episode / "music" / "mine.wav",
        "user-supplied",
    )
    assert use.track.sha256 == made.soundtrack.track.sha256


def test_a_work_made_again_has_its_newest_music_in_the_ledger(opened, tmp_path) -> None:
    project = opened.projects.create("Small")
    paths = [tmp_path / f"{number}.wav" for number in range(3)]
    for number, path in enumerate(paths):
        write_song(path, seconds=1 + number)
    opened.licences.record(project.id, paths[0], "One", "by hand")
    opened.licences.record_produced(project.id, paths[1], "One")
    opened.licences.record_produced(project.id, paths[1], "Two")
    opened.licences.record_produced(project.id, paths[2], "One")
    uses = {(use.used_in, use.track.path.name) for use in opened.licences.ledger(project).uses}
    assert uses == {("One", "0.wav"), ("One", "2.wav"), ("Two", "1.wav")}
    assert np.isclose(opened.licences.ledger(project).uses[0].track.duration_seconds, 1)
