"""Folders of music in the index: found, changed, gone, cancelled, resumed, watched."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path

import pytest
from support.media import write_song
from tower_anime import services
from tower_anime.db.music_files import MusicFileRepository
from tower_anime.errors import ConflictError, InputError, NotFoundError
from tower_anime.services import music_index
from tower_anime.services.catalogues import CatalogQuery
from tower_anime.services.music_index import CancelledError, MusicIndex
from tower_anime.settings import load_settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tracks"
    write_song(folder / "rain" / "Last Train.wav", seconds=1, bpm=120)
    write_song(folder / "night_run.wav", seconds=1, bpm=170)
    (folder / "broken.mp3").write_bytes(b"not music")
    return folder


@pytest.fixture
def opened(tmp_path: Path, folder: Path):
    environ = {"TOWER_HOME": str(tmp_path / "home"), "TOWER_MUSIC": str(folder)}
    opened = services.open_services(load_settings(environ))
    yield opened
    opened.close()


def unseen(_done: int, _total: int) -> None:
    return None


def titles(opened, term: str, **fields) -> list[str]:
    found = opened.catalogues.search("local", CatalogQuery(term, **fields), unseen)
    return [ranked.track.title for ranked in found]


def test_what_is_there_is_found_with_digest_and_licence(opened, folder) -> None:
    stages = []
    state = opened.catalogues.index.index(
        progress=lambda stage, done, total: stages.append((stage, done, total))
    )
    assert (state.state, state.n_found, state.n_new, state.n_gone) == ("done", 3, 3, 0)
    assert [unreadable["path"] for unreadable in opened.catalogues.unreadable()] == [
        str(folder / "broken.mp3")
    ]
    [found] = opened.catalogues.search("local", CatalogQuery("TRAIN"), unseen)
    path = folder / "rain" / "Last Train.wav"
    assert found.track.path == path
    assert found.track.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.track.licence.name == "user-supplied"
    assert opened.catalogues.track(found.track.reference) == found.track
    assert {stage for stage, _, _ in stages} == {
        music_index.STAGE_LOOKING,
        music_index.STAGE_TAGS,
        music_index.STAGE_HASHES,
    }
    assert (music_index.STAGE_TAGS, 3, 3) in stages


def test_only_what_changed_is_opened_again(opened, folder, monkeypatch) -> None:
    index = opened.catalogues.index
    index.index()
    read = []
    tags = music_index._tags
    monkeypatch.setattr(music_index, "_tags", lambda file: read.append(file.path.name) or tags(file))
    assert index.index().n_new == 0 and read == []
    os.utime(folder / "night_run.wav", (1, 1))
    (folder / "night_run.wav").rename(folder / "day_run.wav")
    (folder / "broken.mp3").unlink()
    state = index.index()
    assert (state.n_new, state.n_gone, read) == (1, 2, ["day_run.wav"])
    assert titles(opened, "run") == ["day_run"]


def test_words_of_percent_and_underscore_are_plain(opened) -> None:
    opened.catalogues.index.index()
    assert titles(opened, "%") == [] and titles(opened, "night_") == ["night_run"]


def test_a_cancelled_run_keeps_what_it_read_and_goes_on(opened, folder) -> None:
    index = opened.catalogues.index

    def stop(stage: str, done: int, _total: int) -> None:
        if stage == music_index.STAGE_TAGS and done == 2:
            index.cancel()

    with pytest.raises(CancelledError):
        index.index(progress=stop)
    assert index.state().state == "cancelled"
    files = MusicFileRepository(opened.database)
    assert files.count_pending(hashes=False) == 1
    assert index.index().state == "done"
    assert files.count_pending(hashes=False) == files.count_pending(hashes=True) == 0


def test_one_run_at_a_time(opened) -> None:
    index, begun, go_on = opened.catalogues.index, threading.Event(), threading.Event()

    def hold(_stage: str, _done: int, _total: int) -> None:
        begun.set()
        go_on.wait(20)

    thread = threading.Thread(target=index.index, kwargs={"progress": hold})
    thread.start()
    assert begun.wait(20)
    with pytest.raises(ConflictError, match="already"):
        index.index()
    go_on.set()
    thread.join()


def test_in_the_background_and_watched(opened, folder, monkeypatch) -> None:
    monkeypatch.setattr(music_index, "_WATCH_SECONDS", 0.1)
    monkeypatch.setattr(music_index, "_WATCH_FACTOR", 0.0)
    index = opened.catalogues.index
    assert index.watch().is_watching
    write_song(folder / "new.wav", seconds=0.5)
    deadline = time.monotonic() + 20
    while titles(opened, "new") == [] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert titles(opened, "new") == ["new"]
    index.close()
    assert not index.state().is_watching


def test_a_folder_that_vanished_says_so_and_forgets_nothing(opened, folder) -> None:
    index = opened.catalogues.index
    index.index()
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(InputError, match="There is no folder of music") as told:
        index.index()
    assert told.value.field == "TOWER_MUSIC" and titles(opened, "train") == ["Last Train"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="rights that count")
def test_what_cannot_be_looked_at_is_not_forgotten(opened, folder) -> None:
    opened.catalogues.index.index()
    (folder / "rain").chmod(0)
    try:
        state = opened.catalogues.index.index()
    finally:
        (folder / "rain").chmod(0o700)
    assert state.n_gone == 0 and state.n_obstacles == 1


def test_without_a_folder_it_is_unavailable(tmp_path) -> None:
    opened = services.open_services(load_settings({"TOWER_HOME": str(tmp_path / "home")}))
    try:
        state = next(state for state in opened.catalogues.providers() if state.name == "local")
        assert not state.is_available and state.needs == ("TOWER_MUSIC",)
        with pytest.raises(NotFoundError, match="no catalogue 'spotify'"):
            opened.catalogues.search("spotify", CatalogQuery("x"), unseen)
    finally:
        opened.close()


def test_a_folder_of_many_files_is_entered_in_steps(opened, tmp_path, monkeypatch) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(1203):
        (many / f"{number:04}.mp3").touch()
    monkeypatch.setattr(music_index, "_tags", _blank)
    index = MusicIndex(MusicFileRepository(opened.database), [many])
    assert index.index().n_new == 1203
    for number in range(0, 1203, 2):
        (many / f"{number:04}.mp3").unlink()
    assert index.index().n_gone == 602


def _blank(file) -> dict:
    return {"id": file.id, "mtime_ns": file.mtime_ns, "state": "unreadable", "reason": "empty"}
