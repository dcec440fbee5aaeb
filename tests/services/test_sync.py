"""`tower sync` on finished files: the result is decoded, and its picture and sound are measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import scipy.signal
from drawn_video import Piece, Scene, assemble, write
from PIL import Image
from support.media import write_silence, write_song
from tower_anime.errors import InputError, NoBeatError, RightsError
from tower_anime.music.fitting import FitLimits, fit_music
from tower_anime.music.loudness import integrated_lufs
from tower_anime.music.shots import find_transitions
from tower_anime.music.signal import decode
from tower_anime.music.track import BeatGrid
from tower_anime.production.assembly import VideoFormat, write_video
from tower_anime.services.under_picture import SyncOptions

RATE = Fraction(24000, 1001)
LENGTHS = (31, 52, 24, 67, 45, 38, 29, 74, 41, 33)
BPM = 128.0


def no_progress(stage: str, done: int, total: int) -> None:
    return None


def click_track(path: Path, seconds: float = 40.0, bpm: float = BPM, start: float = 0.31) -> Path:
    """Write sharp clicks on every beat, the first of four the lowest."""
    rate = 44_100
    sound = 0.001 * np.random.default_rng(0).normal(size=round(seconds * rate))
    t = np.arange(2000) / rate
    for number, beat in enumerate(np.arange(start, seconds - 0.1, 60 / bpm)):
        at = round(beat * rate)
        tone = 60.0 if number % 4 == 0 else 1200.0
        sound[at : at + t.size] += np.sin(2 * np.pi * tone * t + 1) * np.exp(-t * 60)
    return save(path, np.stack([sound, sound]) * 0.5, rate)


def save(path: Path, samples: np.ndarray, rate: int) -> Path:
    from scipy.io import wavfile

    wavfile.write(path, rate, samples.T.astype(np.float32))
    return path


def clicks_in(path: Path) -> np.ndarray:
    """Return the seconds of sharp attacks in a file's sound, by energy alone."""
    signal = decode(path)
    hop = signal.sample_rate // 1000
    mono = signal.samples.mean(axis=0)
    energy = np.square(mono[: mono.size // hop * hop].reshape(-1, hop)).sum(axis=1)
    rise = np.diff(np.sqrt(energy), prepend=0.0)
    peaks, _ = scipy.signal.find_peaks(rise, height=0.3 * rise.max(), distance=200)
    return peaks / 1000.0


def facts(path: Path) -> tuple[int, Fraction, Fraction]:
    """Return the decoded frames of a file, and the exact lengths of picture and sound."""
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        lengths = video.duration * video.time_base, audio.duration * audio.time_base
        return sum(1 for _ in container.decode(video=0)), *lengths


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pieces = [Piece(Scene(40 + k, "walk"), n) for k, n in enumerate(LENGTHS)]
    return write(tmp_path_factory.mktemp("film") / "film.mp4", assemble(pieces).frames, RATE)


@pytest.fixture(scope="module")
def synced(film: Path, tmp_path_factory: pytest.TempPathFactory):
    """What the command writes, and what it says."""
    folder = tmp_path_factory.mktemp("synced")
    click_track(folder / "clicks.wav")
    environment = {**os.environ, "TOWER_HOME": str(folder / "home")}
    words = ["sync", str(film), "clicks.wav", "-o", "out.mp4", "--stems", "stems", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "tower_anime", *words],
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_the_picture_keeps_its_length_and_the_sound_has_the_same(synced):
    folder, report = synced
    n_frames, picture, sound = facts(folder / "out.mp4")
    assert n_frames == sum(LENGTHS) == report["n_frames"]
    assert picture == sum(LENGTHS) / RATE
    assert abs(sound - picture) < Fraction(1, 48_000)


def test_the_cuts_of_the_result_are_on_the_clicks_of_the_result(synced):
    folder, report = synced
    cuts = np.array([t.time for t in find_transitions(folder / "out.mp4").transitions])
    clicks = clicks_in(folder / "out.mp4")
    assert cuts.size == len(LENGTHS) - 1
    np.testing.assert_allclose(cuts, report["cut_times"], atol=1e-3)
    away = np.array([cut - clicks[np.abs(clicks - cut).argmin()] for cut in cuts])
    hits = np.abs(away) <= 1.2 / float(RATE)
    assert hits.mean() >= 0.8 > report["ceiling_hit_rate"] >= report["chance_hit_rate"]
    assert abs(away[hits].mean()) < 0.005
    assert report["hit_rate"] == pytest.approx(hits.mean(), abs=0.12)


def test_no_shot_changed_by_more_than_was_allowed(synced):
    _, report = synced
    change = np.abs(np.array(report["shot_n_frames"]) / np.array(LENGTHS) - 1)
    assert report["shot_n_frames_before"] == list(LENGTHS)
    assert change.max() <= 0.08 and report["largest_change"] == pytest.approx(change.max())
    assert abs(report["music_stretch"] - 1) <= 0.06


@pytest.mark.parametrize("target", [-14.0, -23.0])
def test_loudness_and_true_peak_of_the_decoded_sound(tmp_path, opened, target):
    video = write(tmp_path / "v.mp4", assemble([Piece(Scene(k, "walk"), 50) for k in range(3)]).frames)
    write_song(tmp_path / "song.wav", bpm=120, seconds=20, volume=1.5)
    options = SyncOptions(target_lufs=target)
    opened.sync.sync_files(
        video, tmp_path / "song.wav", output=tmp_path / "o.mp4", options=options, progress=no_progress
    )
    sound = decode(tmp_path / "o.mp4").samples
    assert integrated_lufs(sound, 48_000) == pytest.approx(target, abs=0.2)
    oversampled = scipy.signal.resample_poly(sound.astype(np.float64), 4, 1, axis=1)
    assert 20 * np.log10(np.abs(oversampled).max()) <= -0.95


def test_the_drawing_and_the_stems_lie_beside_it(synced):
    folder, report = synced
    with Image.open(folder / report["drawing"]) as drawing:
        assert drawing.size[0] >= 1000
        x = round(report["cut_times"][3] / report["duration_seconds"] * drawing.size[0])
        column = np.asarray(drawing.convert("RGB")).astype(int)[:, x]
        assert (np.abs(column - column[0]).sum(axis=1) > 60).mean() > 0.5
    stems = [decode(folder / "stems" / f"{name}.wav").samples for name in ("dialogue", "music", "effects")]
    n_samples = round(sum(LENGTHS) * 48_000 / RATE)
    assert {stem.shape for stem in stems} == {(2, n_samples)}
    assert not stems[0].any() and stems[1].any()


def test_offset_alone_leaves_every_frame_as_it_was(film, tmp_path, opened):
    options = SyncOptions(max_stretch=0.0, max_retime=0.0)
    music = click_track(tmp_path / "clicks.wav")
    aligned = opened.sync.sync_files(
        film, music, output=tmp_path / "o.mp4", options=options, progress=no_progress
    )
    assert aligned.plan.n_frames == LENGTHS and aligned.plan.stretch == 1.0
    assert aligned.plan.hit_rate >= 0.95 * aligned.plan.landing.ceiling_hit_rate
    before, after = (find_transitions(path) for path in (film, tmp_path / "o.mp4"))
    assert [t.frame for t in before.transitions] == [t.frame for t in after.transitions]


def test_stretched_music_keeps_its_beats_and_its_pitch(film, tmp_path, opened):
    music = click_track(tmp_path / "clicks.wav")
    options = SyncOptions(max_stretch=0.08, max_retime=0.0)
    aligned = opened.sync.sync_files(
        film, music, output=tmp_path / "o.mp4", options=options, progress=no_progress
    )
    clicks = clicks_in(tmp_path / "o.mp4")
    gap = float(np.median(np.diff(clicks)))
    assert gap == pytest.approx(60 / BPM * aligned.plan.stretch, abs=0.002)


def test_own_sound_is_left_out_or_kept_under_which_the_music_ducks(tmp_path, opened):
    pieces = [Piece(Scene(60 + k, "walk"), n) for k, n in enumerate((40, 56, 33, 47))]
    frames = assemble(pieces).frames
    tone = 0.1 * np.sin(2 * np.pi * 700 * np.arange(round(len(frames) * 48_000 / 24)) / 48_000)
    form = VideoFormat((480, 270), Fraction(24))
    source = tmp_path / "with.mp4"
    write_video(
        iter(frames),
        len(frames),
        form=form,
        audio=np.stack([tone, tone]).astype(np.float32),
        output=source,
    )
    music = click_track(tmp_path / "clicks.wav", seconds=20)
    levels = []
    for keeps in (False, True):
        aligned = opened.sync.sync_files(
            source,
            music,
            output=tmp_path / f"{keeps}.mp4",
            options=SyncOptions(keeps_sound=keeps),
            progress=no_progress,
        )
        sound = decode(tmp_path / f"{keeps}.mp4").samples[0]
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size)))
        levels.append(spectrum[round(700 * sound.size / 48_000)])
        assert ("left out" in " ".join(aligned.notes)) is not keeps
    assert levels[1] > 20 * levels[0]
    # Pitch is kept where shots got other lengths.
    assert abs(np.argmax(spectrum) * 48_000 / sound.size - 700) < 2


def write_with_early_sound(path, frames, sound, *, late_seconds):
    """Write a film whose picture begins later than its sound."""
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=24, options={"bf": "0"})
        picture.height, picture.width = frames[0].shape[:2]
        picture.pix_fmt = "yuv420p"
        heard = container.add_stream("pcm_s16le", rate=48_000, layout="mono")
        container.start_encoding()
        whole = av.AudioFrame.from_ndarray(
            (sound[None] * 32767).astype(np.int16), format="s16", layout="mono"
        )
        whole.sample_rate, whole.pts, whole.time_base = 48_000, 0, Fraction(1, 48_000)
        container.mux(heard.encode(whole) + heard.encode(None))
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number + round(24 * late_seconds), Fraction(1, 24)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))


@pytest.mark.parametrize("late_seconds", [0.0, 0.5])
def test_own_sound_stays_with_its_picture_and_ends_with_it(tmp_path, opened, late_seconds):
    frames = assemble([Piece(Scene(60 + k, "walk"), n) for k, n in enumerate((40, 56))]).frames
    times = np.arange(48_000 * 6) / 48_000
    line = (times > 2.0) & (times < 3.0)
    sound = np.where(line, 0.3 * np.sin(2 * np.pi * 700 * times), 0).astype(np.float32)
    write_with_early_sound(tmp_path / "v.mkv", frames, sound, late_seconds=late_seconds)
    aligned = opened.sync.sync_files(
        tmp_path / "v.mkv",
        click_track(tmp_path / "clicks.wav", seconds=20),
        output=tmp_path / "o.mp4",
        options=SyncOptions(keeps_sound=True, max_retime=0.0),
        progress=no_progress,
    )
    spoken = np.flatnonzero(np.abs(aligned.stems["dialogue"][0]) > 0.01) / 48_000
    assert spoken[[0, -1]] == pytest.approx([2.0 - late_seconds, 3.0 - late_seconds], abs=0.003)
    assert aligned.sound.shape[1] == 48_000 * len(frames) / 24


def test_short_music_goes_on_in_its_loop(film, tmp_path, opened):
    music = click_track(tmp_path / "short.wav", seconds=9.0)
    aligned = opened.sync.sync_files(
        film, music, output=tmp_path / "o.mp4", options=SyncOptions(), progress=no_progress
    )
    assert aligned.plan.loop is not None and sum(aligned.plan.n_frames) == sum(LENGTHS)
    gaps = np.diff(clicks_in(tmp_path / "o.mp4"))
    assert np.abs(gaps - 60 / BPM * aligned.plan.stretch).max() < 0.02


def test_long_music_ends_on_a_phrase_when_it_can():
    beats = np.arange(0.0, 200.0, 0.5)
    grid = BeatGrid(120.0, beats, beats[::4], 0.9, (), 4)
    plan = fit_music([48, 96, 48, 96, 24], grid, Fraction(24), track_seconds=200.0)
    end = plan.music_start_seconds + float(plan.duration_seconds)
    assert plan.hit_rate == 1.0
    assert min(abs(end - phrase) for phrase in beats[::16]) < 1.01


def test_a_picture_without_a_cut_gets_music_all_the_same(tmp_path, opened):
    still = write(tmp_path / "still.mp4", assemble([Piece(Scene(3, "walk"), 60)]).frames)
    aligned = opened.sync.sync_files(
        still,
        click_track(tmp_path / "c.wav", 10),
        output=tmp_path / "o.mp4",
        options=SyncOptions(),
        progress=no_progress,
    )
    assert aligned.plan.n_frames == (60,) and "No cut" in aligned.summary
    assert facts(tmp_path / "o.mp4")[0] == 60


def test_a_thousand_cuts_a_minute_are_survived():
    rng = np.random.default_rng(0)
    shots = rng.integers(1, 3, 1000).tolist()
    beats = np.arange(0.0, 90.0, 0.47)
    plan = fit_music(
        shots,
        BeatGrid(127.6, beats, beats[::4], 0.9, (), 4),
        Fraction(24),
        track_seconds=90.0,
        limits=FitLimits(0.06, 0.08),
    )
    assert sum(plan.n_frames) == sum(shots) and len(plan.cut_times) == 999


def test_bad_input_is_refused_in_a_sentence_and_nothing_is_written(film, tmp_path, opened):
    write_silence(tmp_path / "silence.wav", seconds=20)
    write_song(tmp_path / "song.wav", bpm=120, seconds=8)
    output = tmp_path / "out" / "o.mp4"

    def run(video, audio, to=output, **options):
        return opened.sync.sync_files(
            video, audio, output=to, options=SyncOptions(**options), progress=no_progress
        )

    with pytest.raises(NoBeatError, match="no steady beat"):
        run(film, tmp_path / "silence.wav")
    with pytest.raises(RightsError, match="may not be put under picture"):
        run(film, Path("apple_music:1003"))
    with pytest.raises(InputError, match="would replace"):
        run(film, tmp_path / "song.wav", to=film)
    with pytest.raises(InputError, match="no name of an MP4"):
        run(film, tmp_path / "song.wav", to=tmp_path / "o.gif")
    with pytest.raises(InputError, match="max_retime"):
        run(film, tmp_path / "song.wav", max_retime=0.9)
    with pytest.raises(InputError, match="empty"):
        opened.sync.sync(
            film,
            (np.zeros((2, 0), np.float32), 48_000),
            output=output,
            options=SyncOptions(),
            progress=no_progress,
        )
    assert not output.parent.exists()


def test_shots_that_are_not_rendered_yet_are_planned(tmp_path, opened):
    music = decode(click_track(tmp_path / "c.wav", 40))
    aligned = opened.sync.plan(
        [2.0, 3.1, 1.4, 2.6],
        (music.samples, music.sample_rate),
        fps=RATE,
        options=SyncOptions(),
        shortest_seconds=[0, 3.4, 0, 0],
        scene_starts=[3],
    )
    assert aligned.plan.hit_rate == 1.0 and aligned.plan.n_frames[1] / RATE >= 3.4
    assert aligned.sound.shape == (2, round(sum(aligned.plan.n_frames) * 48_000 / RATE))
    assert aligned.drawing().ndim == 3
    bars = aligned.plan.bar_times
    assert np.abs(bars - aligned.plan.cut_times[1]).min() < 1.1 / float(RATE)
