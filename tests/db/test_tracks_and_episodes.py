from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tower_anime.errors import NotFoundError
from tower_anime.music.track import BeatGrid, Track, TrackAnalysis
from tower_anime.production.episode import ShotRecord


def track(tempo_bpm=120.0):
    times = np.arange(0, 10, 0.5) if tempo_bpm else np.empty(0)
    beats = BeatGrid(
        tempo_bpm, times, times[::4], confidence=0.9, tempo_alternatives_bpm=(60.0,), beats_per_bar=4
    )
    analysis = TrackAnalysis(beats, "A minor", 0.6, -14.2, 10.0, mood=("tense",))
    return Track(Path("/music/雨.flac"), "d" * 64, analysis, tags=("rain",))


def test_a_stored_analysis_is_heard_again_exactly(tracks):
    assert tracks.analysis("d" * 64, "tower-1") is None
    tracks.store(track(), "tower-1")
    heard = tracks.analysis("d" * 64, "tower-1")
    assert heard.as_json() == track().analysis.as_json()
    assert heard.beats.beat_times.dtype == np.float64


def test_an_analysis_belongs_to_its_analyzer_and_is_replaced(tracks):
    tracks.store(track(120.0), "tower-1")
    tracks.store(track(None), "tower-1")
    assert tracks.analysis("d" * 64, "tower-1").beats.tempo_bpm is None
    assert tracks.analysis("d" * 64, "tower-2") is None


def test_an_analysis_of_another_form_is_made_again(tracks, database, caplog):
    from sqlalchemy import update
    from tower_anime.db.tables import TrackRow

    tracks.store(track(), "tower-1")
    with database.session() as session:
        session.execute(update(TrackRow).values(analysis={"tempo": 3}))
    assert tracks.analysis("d" * 64, "tower-1") is None
    assert "cannot be read" in caplog.text


def shots(*scenes):
    return [
        ShotRecord(
            position=position,
            source_path=Path(f"/stills/{position}.png"),
            planned_seconds=2.0,
            start_frame=48 * (position - 1),
            n_frames=48,
            scene=scene,
            camera="push in",
            characters=("Kai", "凛"),
            dialogue="行こう",
            details={"verdicts": [{"status": "pass"}]},
        )
        for position, scene in enumerate(scenes, start=1)
    ]


def without_ids(records):
    return [replace(record, id=None) for record in records]


def test_saved_episode_is_read_back_in_order(episodes, projects, jobs):
    project, job = projects.create("Kai"), jobs.create("p-1", "animatic")
    planned = shots("street", "street", "roof", "street")
    episode_id = episodes.save(project.id, "第一話", spec={"fps": 24}, shots=planned[::-1], job_id=job.id)
    [record] = episodes.list(project.id)
    assert (record.id, record.title, record.spec, record.job_id) == (
        episode_id,
        "第一話",
        {"fps": 24},
        job.id,
    )
    assert without_ids(record.shots) == planned


def test_saving_again_replaces_scenes_and_shots_and_keeps_the_id(episodes, projects, database):
    from tower_anime.db.tables import SceneRow, ShotRow

    project = projects.create("Kai")
    first = episodes.save(project.id, "One", spec={}, shots=shots("a", "b", "c"))
    again = episodes.save(project.id, "One", spec={"v": 2}, shots=shots("d"))
    other = episodes.save(project.id, "Two", spec={}, shots=[])
    assert first == again != other
    assert [len(record.shots) for record in episodes.list(project.id)] == [1, 0]
    with database.session() as session:
        assert (session.query(SceneRow).count(), session.query(ShotRow).count()) == (1, 1)


def test_an_episode_that_cannot_be_saved_leaves_the_old_one(episodes, projects):
    from tower_anime.errors import TowerError

    project = projects.create("Kai")
    episodes.save(project.id, "One", spec={}, shots=shots("a", "b"))
    before = episodes.list(project.id)
    broken = [*shots("c"), replace(shots("c", "c")[1], n_frames=-1)]
    with pytest.raises(TowerError):
        episodes.save(project.id, "One", spec={}, shots=broken)
    assert episodes.list(project.id) == before
    with pytest.raises(NotFoundError, match="no project 9"):
        episodes.save(9, "One", spec={}, shots=[])


def test_tags_outlive_a_new_analysis_and_a_new_analyzer(tracks):
    first = tracks.store(track(), "tower-1")
    tracks.change(first, tags=["night", "雨"], licence="CC0")
    again = replace(track(140.0), tags=("of the file",), licence="CC BY 4.0")
    assert tracks.store(again, "tower-1") == first == tracks.id_of("d" * 64, "tower-1")
    newer = tracks.store(again, "tower-2")
    for number in (first, newer):
        kept = tracks.get(number)
        assert (kept.tags, kept.licence, kept.analysis.beats.tempo_bpm) == (("night", "雨"), "CC0", 140.0)


def test_tracks_are_listed_without_their_beats_and_by_tempo(tracks):
    for n, bpm in enumerate((90.0, 120.0, None)):
        tracks.store(replace(track(bpm), sha256=f"{n:064d}", tags=()), "tower-2")
    assert [found.tempo_bpm for found in tracks.all("tower-2")] == [90.0, 120.0, None]
    [found] = tracks.list("tower-2", tempo=(100, 130))
    assert (found.key, found.energy, found.mood, found.label) == ("A minor", 0.6, ("tense",), "雨")
    before = tracks.state("tower-2")
    assert tracks.list("tower-2", limit=1, after_id=found.id)[0].tempo_bpm is None
    tracks.change(found.id, tags=["x"])
    assert tracks.state("tower-2") != before and tracks.all("tower-1") == []
    with pytest.raises(NotFoundError):
        tracks.get(99)
