"""Folders as they are: loops, pipes, forbidden and unprintable names; and tags as files have them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from support.media import write_song
from tower_anime.errors import UnreadableAudioError
from tower_anime.music.catalog.catalog_track import SyncRight
from tower_anime.music.catalog.folder import FoundFile, Obstacle, walk
from tower_anime.music.catalog.tags import read_tags

POSIX = pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")


def touch(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def found_in(folder: Path) -> tuple[list[str], list[Obstacle]]:
    items = list(walk(folder))
    files = [os.path.relpath(item.path, folder) for item in items if isinstance(item, FoundFile)]
    return sorted(files), [item for item in items if isinstance(item, Obstacle)]


def test_music_is_told_by_its_suffix_and_hidden_files_are_left(tmp_path) -> None:
    for name in ("a.mp3", "B.FLAC", "夜/雨.ogg", "c.txt", ".d.mp3", ".git/e.mp3"):
        touch(tmp_path / name)
    assert found_in(tmp_path) == (["B.FLAC", "a.mp3", str(Path("夜", "雨.ogg"))], [])


@POSIX
def test_loops_of_links_end_and_each_folder_is_entered_once(tmp_path) -> None:
    touch(tmp_path / "a" / "1.mp3")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "again").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "gone.mp3").symlink_to(tmp_path / "nothing")
    files, obstacles = found_in(tmp_path)
    assert len(files) == 1
    assert {Path(item.path).name for item in obstacles} == {"gone.mp3", "self"}


@POSIX
def test_a_pipe_called_music_is_passed_over(tmp_path) -> None:
    os.mkfifo(tmp_path / "endless.mp3")
    assert found_in(tmp_path) == ([], [])


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_a_name_that_is_no_text_is_told_and_stops_nothing(tmp_path) -> None:
    touch(tmp_path / "b.mp3")
    touch(tmp_path / os.fsdecode(b"\xff\xfe.mp3"))
    files, [obstacle] = found_in(tmp_path)
    assert files == ["b.mp3"] and "rename it" in obstacle.reason
    obstacle.path.encode()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="rights that count")
def test_a_forbidden_folder_is_told(tmp_path) -> None:
    locked = touch(tmp_path / "locked" / "1.mp3").parent
    locked.chmod(0)
    try:
        assert "cannot be read" in found_in(tmp_path)[1][0].reason
    finally:
        locked.chmod(0o700)


def test_a_folder_that_is_not_there_is_an_obstacle(tmp_path) -> None:
    assert [type(item) for item in walk(tmp_path / "no")] == [Obstacle]


def tagged(path: Path, container: str, codec: str, tags: dict[str, str]) -> Path:
    """Write a second of a tone with tags."""
    import av
    import numpy as np

    rate = 48_000 if codec == "libopus" else 44_100
    options = {"movflags": "use_metadata_tags"} if container == "mp4" else {}
    with av.open(str(path), "w", format=container, options=options) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        file.metadata.update(tags)
        sound = (0.2 * np.sin(np.arange(rate) / 20)).astype(np.float32)
        tone = av.AudioFrame.from_ndarray(sound[None, :], "flt", "mono")
        tone.sample_rate = rate
        [frame] = av.AudioResampler(stream.codec_context.format.name, "mono", rate).resample(tone)
        size = stream.codec_context.frame_size
        if size:
            fifo = av.AudioFifo()
            fifo.write(frame)
            for part in fifo.read_many(size):
                file.mux(stream.encode(part))
        else:
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("suffix", "container", "codec", "tempo"),
    [
        ("mp3", "mp3", "libmp3lame", "TBPM"),
        ("flac", "flac", "flac", "BPM"),
        ("ogg", "ogg", "libopus", "bpm"),
        ("m4a", "mp4", "aac", "bpm"),
    ],
)
def test_tags_of_each_container(tmp_path, suffix, container, codec, tempo) -> None:
    tags = {"title": "雨の夜", "artist": "Ao", "album": "Night", "genre": "J-Pop; Ballad", tempo: "171,5"}
    tags |= {"initialkey": "F#m", "license": "https://creativecommons.org/licenses/by/4.0/"}
    read = read_tags(tagged(tmp_path / f"x.{suffix}", container, codec, tags))
    assert (read.title, read.artist, read.album, read.genres) == (
        "雨の夜",
        "Ao",
        "Night",
        ("J-Pop", "Ballad"),
    )
    assert (read.tempo_bpm, read.key, read.licence.name) == (171.5, "F#m", "CC BY 4.0")
    assert read.duration_seconds == pytest.approx(1, abs=0.1)


def test_a_file_without_tags_has_its_name_and_is_the_users(tmp_path) -> None:
    write_song(tmp_path / "rain at night.wav", seconds=1)
    read = read_tags(tmp_path / "rain at night.wav")
    assert (read.title, read.tempo_bpm, read.licence.name) == ("rain at night", None, "user-supplied")
    protected = (tmp_path / "rain at night.wav").rename(tmp_path / "bought.m4p")
    assert read_tags(protected).licence.sync is SyncRight.REFUSED


@pytest.mark.parametrize("tempo", ["0", "9999", "fast", "", "-3", "nan"])
def test_a_tempo_that_is_none_is_left_out(tmp_path, tempo) -> None:
    assert read_tags(tagged(tmp_path / "x.mp3", "mp3", "libmp3lame", {"TBPM": tempo})).tempo_bpm is None


@pytest.mark.parametrize(
    "data", [b"", b"x", b"#EXTM3U\n/etc/passwd\n", b"RIFF\xff\xff\xff\xffWAVE", bytes(5000)]
)
def test_what_is_no_music_is_told(tmp_path, data) -> None:
    with pytest.raises(UnreadableAudioError, match=r"x\.mp3"):
        read_tags(touch(tmp_path / "x.mp3", data))
