"""The index of music files, playlists and used licences, on both engines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tower_anime.db.licence_uses import LicenceUseRepository
from tower_anime.db.music_files import MusicFileRepository, path_key, short_key
from tower_anime.db.playlists import PlaylistRepository
from tower_anime.errors import InputError, NotFoundError
from tower_anime.music.catalog.catalog_track import CatalogTrack
from tower_anime.music.catalog.ledger import LicenceUse
from tower_anime.music.catalog.licences import APPLE_MUSIC, USER_SUPPLIED, licence_of
from tower_anime.music.track import BeatGrid, Track, TrackAnalysis


@pytest.fixture
def files(database) -> MusicFileRepository:
    return MusicFileRepository(database)


def read(files: MusicFileRepository, **fields) -> None:
    """Give all waiting files tags."""
    blank = {"state": "read", "reason": "", "title": "", "artist": "", "album": "", "genres": [], "moods": []}
    blank |= {"tempo_bpm": None, "key": None, "isrc": "", "licence": USER_SUPPLIED.as_json(), "words": ""}
    rows = [
        {"id": file.id, "mtime_ns": file.mtime_ns, **blank, "duration_seconds": 2.0, **fields}
        for file in files.pending(hashes=False)
    ]
    files.note_read(rows)


def search(files: MusicFileRepository, *words: str, genre="", isrc="", tempo=None, limit=10):
    return files.search(words, genre=genre, isrc=isrc, tempo=tempo, limit=limit)


def test_a_file_is_read_again_only_when_it_changes(files) -> None:
    big = 2**40
    assert files.note_found([("/m/雨.mp3", big, 5), ("/m/b.mp3", 2, 6)]) == 2
    assert files.note_found([("/m/雨.mp3", big, 5)]) == 0
    read(files, title="雨", words="雨", licence=licence_of("CC BY 4.0").as_json(), genres=["J-Pop"])
    assert files.counts() == {"read": 2} and files.count_pending(hashes=True) == 2
    assert files.note_found([("/m/雨.mp3", big, 7)]) == 1
    assert files.counts() == {"read": 1, "found": 1}
    assert [file.path for file in files.pending(hashes=False)] == [Path("/m/雨.mp3")]


def test_what_was_read_of_an_older_content_is_not_kept(files) -> None:
    files.note_found([("/m/a.mp3", 1, 1)])
    [old] = files.pending(hashes=False)
    files.note_found([("/m/a.mp3", 1, 2)])
    files.note_read([{"id": old.id, "mtime_ns": old.mtime_ns, "state": "read", "title": "old"}])
    assert files.counts() == {"found": 1}


def test_words_genres_codes_and_tempi_find(files) -> None:
    for name, tempo in (("slow", 85.0), ("right", 170.0), ("wrong", 120.0), ("untold", None)):
        files.note_found([(f"/m/{name}.mp3", 1, 1)])
        read(files, title=name, words=f"{name}\n100% night_sky", tempo_bpm=tempo, isrc=name[:3].upper())
    files.note_found([("/m/other.mp3", 1, 1)])
    read(files, title="other", words="other", genres=["Ballad", "J-Pop"])
    assert [track.title for track in search(files, "night", tempo=(165, 175))] == ["right", "slow", "untold"]
    assert [track.title for track in search(files, "0%", "T_S", "right")] == ["right"]
    assert search(files, "night%sky") == []
    assert [track.title for track in search(files, genre="ballad")] == ["other"]
    assert [track.title for track in search(files, isrc="WRO")] == ["wrong"]
    assert len(search(files, limit=2)) == 2
    [found] = search(files, "right")
    assert files.get(int(found.id)) == found and found.path == Path("/m/right.mp3")
    with pytest.raises(NotFoundError):
        files.get(999)


def test_a_tempo_that_was_measured_is_told_where_the_tags_tell_none(files, tracks) -> None:
    beats = BeatGrid(120.5, np.arange(0, 10, 0.5), np.arange(0, 10, 2.0))
    analysis = TrackAnalysis(beats, "A minor", 0.5, -14.0, 10.0)
    tracks.store(Track(Path("/m/a.mp3"), "d" * 64, analysis), "tower-1")
    for name, tempo in (("measured", None), ("tagged", 90.0)):
        files.note_found([(f"/m/{name}.mp3", 1, 1)])
        read(files, title=name, words=name, tempo_bpm=tempo, sha256="d" * 64)
    found = {track.title: (track.tempo_bpm, track.tempo_source) for track in search(files)}
    assert found == {"measured": (120.5, "analysis"), "tagged": (90.0, "tags")}


def test_what_is_gone_is_forgotten_below_that_folder_alone(files) -> None:
    paths = ["/m/a.mp3", "/m/b.mp3", "/m/locked/c.mp3", "/m2/d.mp3", "/m_/e.mp3"]
    files.note_found([(path, 1, 1) for path in paths])
    present = {short_key(path_key("/m/a.mp3"))}
    assert files.forget_absent(Path("/m"), present, ["/m/locked"]) == 1
    assert sorted(str(file.path) for file in files.pending(hashes=False)) == sorted(set(paths) - {"/m/b.mp3"})


def test_a_path_of_four_thousand_letters_is_kept(files) -> None:
    path = "/" + "/".join("あ" * 80 for _ in range(50)) + "/x.mp3"
    assert files.note_found([(path, 1, 1)]) == 1 and files.note_found([(path, 1, 1)]) == 0


def track(number: int, licence=APPLE_MUSIC) -> CatalogTrack:
    return CatalogTrack("apple_music", str(number), f"曲 {number}", "Ao", licence, genres=("Anime",))


def test_a_playlist_keeps_its_order_and_takes_a_track_once(database, projects) -> None:
    playlists, project = PlaylistRepository(database), projects.create("Kai")
    made = playlists.create("夜", description="d", provider="apple_music", project_id=project.id)
    playlists.add(made.id, [track(2), track(1)])
    full = playlists.add(made.id, [track(1), track(3)])
    assert [item.id for item in full.tracks] == ["2", "1", "3"] and full.tracks[0] == track(2)
    assert playlists.note_sent(made.id, "p.1", 2).n_sent == 2
    assert playlists.find("夜").remote_id == "p.1" and playlists.find("x") is None
    with pytest.raises(NotFoundError, match="夜"):
        playlists.named("x")
    with pytest.raises(InputError, match="at most 1000"):
        playlists.add(made.id, [track(number) for number in range(10, 1010)])
    with pytest.raises(NotFoundError):
        playlists.create("y", project_id=99)
    projects.delete(project.id, cascade=True)
    assert playlists.list() == []


def test_a_use_is_one_row_for_track_and_place(database, projects) -> None:
    uses, project = LicenceUseRepository(database), projects.create("Kai")
    first = uses.record(LicenceUse(project.id, track(1), " Episode  1 "))
    again = uses.record(LicenceUse(project.id, track(1), "Episode 1", "n"))
    uses.record(LicenceUse(project.id, track(1), "Episode 2"))
    assert (first.id, first.used_in) == (again.id, "Episode 1")
    assert [use.note for use in uses.list(project.id)] == ["n", ""]
    assert uses.clear(again.id, "contract").is_cleared
    for call in (
        lambda: uses.clear(again.id, " "),
        lambda: uses.record(LicenceUse(project.id, track(1), " ")),
    ):
        with pytest.raises(InputError):
            call()
    uses.remove(again.id)
    for call in (
        lambda: uses.remove(again.id),
        lambda: uses.list(99),
        lambda: uses.record(LicenceUse(99, track(1), "x")),
    ):
        with pytest.raises(NotFoundError):
            call()
