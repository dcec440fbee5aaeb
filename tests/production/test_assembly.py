"""Rendering: exact lengths, true colours, the same frames every time, and nothing half-written."""

import hashlib
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw
from tower_anime.errors import InputError, StorageError, UnreadableImageError
from tower_anime.production.assembly import VideoFormat, in_order, render_episode, samples_of, write_video
from tower_anime.production.camera import CameraMove
from tower_anime.production.clip import iterate_frames, probe, to_rgb
from tower_anime.production.frames import ShotPicture

SIZE = (320, 180)


def read_image(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except OSError as error:
        raise UnreadableImageError(f"{path} is not a picture.") from error


@pytest.fixture
def stills(tmp_path: Path) -> list[Path]:
    paths = []
    for number, size in enumerate([(640, 360), (300, 500), (900, 200)]):
        picture = Image.new("RGB", size, [(200, 60, 40), (30, 140, 90), (40, 60, 190)][number])
        draw = ImageDraw.Draw(picture)
        for k in range(0, size[0], 40):
            draw.ellipse((k, k % size[1], k + 30, k % size[1] + 30), fill=(250, 240, 200), outline=(0, 0, 0))
        paths.append(tmp_path / f"{number}.png")
        picture.save(paths[-1])
    return paths


def render(stills: list[Path], output: Path, fps=Fraction(24), **options):
    moves = ("push_in", "tilt_up", "pan_left")
    shots = [ShotPicture(path, CameraMove(move)) for path, move in zip(stills, moves, strict=True)]
    audio = np.sin(np.arange(48_000, dtype=np.float32) * 0.05) * 0.3
    return render_episode(
        shots,
        [13, 1, 24],
        fps=fps,
        size=SIZE,
        audio=np.stack([audio, audio]),
        output=output,
        read_image=read_image,
        **options,
    )


def picture_digest(path: Path) -> str:
    digest = hashlib.sha256()
    for _, frame in iterate_frames(path):
        digest.update(frame.to_ndarray().tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(24000, 1001), Fraction(12), Fraction(60)], ids=str)
def test_picture_and_sound_are_exactly_as_long_as_planned(stills, tmp_path: Path, fps: Fraction):
    facts = render(stills, tmp_path / "e.mp4", fps)
    assert (facts.width, facts.height, facts.fps, facts.n_frames) == (*SIZE, fps, 38)
    with av.open(str(tmp_path / "e.mp4")) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (audio.rate, audio.layout.name) == (48_000, "stereo")
        assert video.duration * video.time_base == 38 / fps
        assert abs(audio.duration * audio.time_base - 38 / fps) <= Fraction(1, 1000)
        assert sum(1 for _ in container.decode(video)) == 38


def test_index_stands_before_the_media_data_and_colours_are_tagged(stills, tmp_path: Path):
    render(stills, tmp_path / "e.mp4")
    content = (tmp_path / "e.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(tmp_path / "e.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.pix_fmt, context.colorspace, context.color_trc, context.color_primaries) == (
            "yuv420p",
            1,
            1,
            1,
        )


def test_colours_come_back_as_they_went_in(tmp_path: Path):
    colors = [
        (255, 0, 0),
        (0, 255, 0),
        (0, 0, 255),
        (255, 255, 255),
        (0, 0, 0),
        (250, 224, 205),
        (40, 90, 200),
    ]
    bars = np.concatenate([np.full((128, 64, 3), color, np.uint8) for color in colors], axis=1)
    write_video(
        iter([bars] * 3), 3, form=VideoFormat((448, 128), Fraction(24)), audio=None, output=tmp_path / "c.mp4"
    )
    _, frame = next(iterate_frames(tmp_path / "c.mp4"))
    np.testing.assert_allclose(to_rgb(frame)[64, 32::64], colors, atol=4)


def test_frames_are_the_same_in_every_run_and_with_any_number_of_threads(stills, tmp_path: Path):
    digests = set()
    for number, threads in enumerate([2, 2, 1, 5]):
        output = tmp_path / f"{number}.mp4"
        render(stills, output, render_threads=threads)
        digests.add(picture_digest(output))
    assert len(digests) == 1


def test_sound_is_placed_not_stretched_and_padded_with_silence(tmp_path: Path):
    audio = np.zeros((2, 24_000), np.float32)
    audio[:, 12_000:12_480] = 0.8
    frames = iter([np.zeros((64, 64, 3), np.uint8)] * 48)
    write_video(frames, 48, form=VideoFormat((64, 64), Fraction(24)), audio=audio, output=tmp_path / "s.mp4")
    with av.open(str(tmp_path / "s.mp4")) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    loud = np.flatnonzero(np.abs(heard[0]) > 0.3)
    assert abs(loud[0] - 12_000) < 120 and abs(loud[-1] - 12_480) < 120
    assert heard.shape[1] >= 96_000
    assert np.abs(heard[0][20_000:]).max() < 0.01


def test_samples_follow_the_exact_rate():
    assert samples_of(24, Fraction(24)) == 48_000
    assert samples_of(24_000, Fraction(24000, 1001)) == 48_048_000


def test_an_unreadable_still_leaves_no_file_and_keeps_the_old_one(stills, tmp_path: Path):
    output = tmp_path / "out" / "e.mp4"
    output.parent.mkdir()
    output.write_bytes(b"an older episode")
    stills[2].write_text("no picture")
    with pytest.raises(UnreadableImageError):
        render(stills, output)
    assert output.read_bytes() == b"an older episode"
    assert [path.name for path in output.parent.iterdir()] == ["e.mp4"]


def test_an_interrupt_leaves_no_file(stills, tmp_path: Path):
    def interrupt(done: int, total: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    output = tmp_path / "out" / "e.mp4"
    with pytest.raises(KeyboardInterrupt):
        render(stills, output, progress=interrupt)
    assert list(output.parent.iterdir()) == []


def test_progress_counts_every_frame(stills, tmp_path: Path):
    told = []
    render(stills, tmp_path / "e.mp4", progress=lambda done, total: told.append((done, total)))
    assert told == [(k, 38) for k in range(1, 39)]


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_disk_that_takes_no_more_is_named_and_leaves_no_file(tmp_path: Path):
    script = """
import resource, sys
import numpy as np
from fractions import Fraction
from pathlib import Path
from tower_anime.errors import StorageError
from tower_anime.production.assembly import VideoFormat, write_video
noise = np.random.default_rng(0)
frames = (noise.integers(0, 255, (180, 320, 3), dtype=np.uint8) for _ in range(60))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    write_video(frames, 60, form=VideoFormat((320, 180), Fraction(24)), audio=None, output=Path(sys.argv[1]))
except StorageError as error:
    print(error)
"""
    output = tmp_path / "e.mp4"
    run = subprocess.run(
        [sys.executable, "-c", script, str(output)], capture_output=True, text=True, check=True
    )
    assert str(output) in run.stdout and "choose another folder" in run.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(stills, tmp_path: Path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StorageError, match=r"taken.e\.mp4 cannot be written"):
        render(stills, tmp_path / "taken" / "e.mp4")


def test_lengths_have_to_fit_the_shots(stills, tmp_path: Path):
    shots = [ShotPicture(path) for path in stills]
    for counts in ([5, 5], [5, 0, 5]):
        with pytest.raises(InputError, match="cannot have the lengths"):
            render_episode(
                shots,
                counts,
                fps=Fraction(24),
                size=SIZE,
                audio=None,
                output=tmp_path / "e.mp4",
                read_image=read_image,
            )


def test_a_file_that_lost_frames_is_not_accepted(tmp_path: Path):
    frames = iter([np.zeros((64, 64, 3), np.uint8)] * 9)
    with pytest.raises(StorageError, match="9 frames"):
        write_video(
            frames, 10, form=VideoFormat((64, 64), Fraction(24)), audio=None, output=tmp_path / "e.mp4"
        )
    assert list(tmp_path.iterdir()) == []


def test_results_keep_their_order_and_repeats_are_rendered_once():
    calls = []

    def make(number: int):
        def work() -> np.ndarray:
            calls.append(number)
            return np.full((1, 1, 3), number, np.uint8)

        return work

    works = [make(k) for k in range(30)]
    values = [int(pixels[0, 0, 0]) for pixels in in_order([w for w in works for _ in range(3)], n_threads=4)]
    assert values == [k for k in range(30) for _ in range(3)]
    assert sorted(calls) == list(range(30))


def test_probe_tells_what_is_in_the_file(stills, tmp_path: Path):
    render(stills, tmp_path / "e.mp4")
    facts = probe(tmp_path / "e.mp4")
    assert facts.has_audio
    assert facts.duration_seconds == pytest.approx(38 / 24)
