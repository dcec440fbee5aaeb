"""The main job, from a spec to files and rows."""

import hashlib
from pathlib import Path

import av
import numpy as np
import pytest
from support.media import write_silence, write_song
from tower_anime.consistency.verdict import Status
from tower_anime.errors import InputError, NoBeatError, SpecError, StorageError
from tower_anime.production.job import JobStatus
from tower_anime.services.animatic import AnimaticResult


def run(opened, spec: Path, folder: Path) -> AnimaticResult:
    return opened.animatic.run(spec, folder, lambda _stage, _done, _total: None)


def picture_digest(path: Path) -> str:
    digest = hashlib.sha256()
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            digest.update(frame.to_ndarray(format="yuv420p").tobytes())
    return digest.hexdigest()


@pytest.fixture
def made(opened, episode_folder: Path, tmp_path: Path) -> AnimaticResult:
    return run(opened, episode_folder / "episode.yaml", tmp_path / "out")


def test_the_film_is_as_long_as_planned_and_so_is_its_sound(made: AnimaticResult) -> None:
    plan = made.soundtrack.plan
    with av.open(str(made.outputs["video"])) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        n_frames = sum(1 for _ in container.decode(video))
        assert (video.width, video.height, video.average_rate) == (320, 180, 24)
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        sound_seconds = float(audio.duration * audio.time_base)
    assert n_frames == sum(plan.n_frames)
    assert sound_seconds == pytest.approx(n_frames / 24, abs=1 / 24)


def test_every_cut_is_within_a_frame_of_a_true_beat(made: AnimaticResult) -> None:
    plan = made.soundtrack.plan
    true_beats = np.arange(0, 60, 0.5) - plan.music_start_seconds
    distances = np.abs(plan.cut_times[:, None] - true_beats).min(axis=1)
    assert distances.max() <= 1 / 24


def test_the_wrong_character_fails_and_the_others_pass(made: AnimaticResult) -> None:
    outcome = [verdict.status for shot in made.shots for verdict in shot.verdicts.values()]
    assert outcome == [Status.PASS, Status.PASS, Status.FAIL]


def test_everything_is_stored(opened, made: AnimaticResult) -> None:
    project = opened.projects.find("Small")
    job = opened.jobs.get(made.job_id)
    assert (job.status, job.progress, job.project_id) == (JobStatus.DONE, 100, project.id)
    [episode] = opened.episodes.list(project.id)
    assert [shot.n_frames for shot in episode.shots] == list(made.soundtrack.plan.n_frames)
    assets = {asset.file_type: asset for asset in opened.assets.list(job_id=job.id)}
    assert assets.keys() == {"video", "subtitles", "report"}
    for asset in assets.values():
        assert asset.sha256 == hashlib.sha256(asset.file_path.read_bytes()).hexdigest()
    assert [gate.passed for gate in opened.gates.list(job_id=job.id)].count(False) == 1
    assert {c.name for c in opened.characters.list(project_id=project.id)} == {"Teal", "Rust"}
    assert opened.database.check() == []


def test_a_second_run_shows_the_same_frames_and_adds_no_version(
    opened, made: AnimaticResult, episode_folder: Path, tmp_path: Path
) -> None:
    again = run(opened, episode_folder / "episode.yaml", tmp_path / "again")
    assert picture_digest(again.outputs["video"]) == picture_digest(made.outputs["video"])
    assert [c.version.number for c in opened.characters.list()] == [1, 1]


def test_the_line_is_subtitled_where_it_is_spoken(made: AnimaticResult) -> None:
    text = made.outputs["subtitles"].read_text(encoding="utf-8")
    start = made.soundtrack.plan.cut_times[0] + 0.4
    milliseconds = round(start * 1000)
    assert f"00:00:{milliseconds // 1000:02d},{milliseconds % 1000:03d} -->" in text
    assert "Wait for me!" in text


def variant(episode_folder: Path, tmp_path: Path, old: str, new: str) -> Path:
    """Write a changed spec whose paths still lead to the episode's folder."""
    text = (episode_folder / "episode.yaml").read_text(encoding="utf-8")
    assert old in text
    text = text.replace(old, new)
    for name in ("refs/", "stills/", "voices/"):
        text = text.replace(name, f"{episode_folder}/{name}")
    text = text.replace("music: music", f"music: {episode_folder}/music")
    path = tmp_path / "variant.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("seconds: 1.9", "seconds: 0", "seconds"),
        ("seconds: 1.9", "seconds: -1", "seconds"),
        ("seconds: 1.9", "seconds: soon", "seconds"),
        ("camera: hold", "zoom: 3", "zoom"),
        ("characters: [Rust]", "characters: [Nobody]", "Nobody"),
        ("stills/2.png", "stills/9.png", "9.png"),
        ("title: One", "title: [One]", "title"),
    ],
)
def test_a_wrong_spec_is_one_sentence_and_leaves_nothing(
    opened, episode_folder: Path, tmp_path: Path, old: str, new: str, word: str
) -> None:
    spec = variant(episode_folder, tmp_path, old, new)
    with pytest.raises(SpecError, match=word) as caught:
        run(opened, spec, tmp_path / "out")
    assert "variant.yaml:" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
    assert opened.jobs.list() == []


def test_music_without_a_beat_is_named(opened, episode_folder: Path, tmp_path: Path) -> None:
    write_silence(tmp_path / "quiet" / "silence.wav")
    spec = variant(episode_folder, tmp_path, "music: music", f"music: {tmp_path}/quiet")
    with pytest.raises(NoBeatError, match=r"silence\.wav"):
        run(opened, spec, tmp_path / "out")
    [job] = opened.jobs.list()
    assert job.status is JobStatus.FAILED
    assert list((tmp_path / "out").iterdir()) == []
    assert len(opened.characters.list()) == 2


def test_a_silent_track_among_others_is_left_out(opened, episode_folder: Path, tmp_path: Path) -> None:
    write_silence(tmp_path / "mixed" / "silence.wav")
    write_song(tmp_path / "mixed" / "song.wav", bpm=120, seconds=12)
    (tmp_path / "mixed" / "broken.mp3").write_bytes(b"no sound")
    spec = variant(episode_folder, tmp_path, "music: music", f"music: {tmp_path}/mixed")
    result = run(opened, spec, tmp_path / "out")
    assert result.soundtrack.track.path.name == "song.wav"
    assert any("silence.wav" in warning for warning in result.warnings)
    assert any("broken.mp3" in warning for warning in result.warnings)


def test_a_small_reference_is_refused_with_its_size(opened, episode_folder: Path, tmp_path: Path) -> None:
    from support.media import draw_figure

    draw_figure(size=(100, 100)).save(tmp_path / "tiny.png")
    spec = variant(episode_folder, tmp_path, "references: refs/teal", f"references: [{tmp_path}/tiny.png]")
    with pytest.raises(InputError, match="100") as caught:
        run(opened, spec, tmp_path / "out")
    assert "tiny.png" in str(caught.value)
    assert opened.characters.list() == []


def test_an_unreadable_still_is_named(opened, episode_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    spec = variant(episode_folder, tmp_path, "stills/2.png", f"{tmp_path}/broken.png")
    with pytest.raises(InputError, match=r"broken\.png"):
        run(opened, spec, tmp_path / "out")


def test_a_folder_that_cannot_be_written_is_named(opened, episode_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="file"):
        run(opened, episode_folder / "episode.yaml", tmp_path / "file" / "out")
    assert opened.jobs.list() == []
