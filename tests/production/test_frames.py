"""Frames of a shot: stills under a camera, clips at the episode's rate, size and way up."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.bitstream import BitStreamFilterContext
from PIL import Image
from tower_anime.errors import UnreadableVideoError
from tower_anime.production.camera import CameraMove
from tower_anime.production.frames import ShotPicture, is_clip, representative_frame, shot_frames

SIZE = (320, 180)
FPS = Fraction(24)
HOLD = CameraMove("hold")


def read_image(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def rendered(path: Path, n_frames: int, fps=FPS, camera=HOLD, size=SIZE) -> list[np.ndarray]:
    return [render() for render in shot_frames(ShotPicture(path, camera), n_frames, fps, size, read_image)]


def make_clip(path: Path, levels, fps=FPS, size=(320, 180), pts=None) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for index, level in enumerate(levels):
            frame = av.VideoFrame.from_ndarray(
                np.full((size[1], size[0], 3), level, np.uint8), format="rgb24"
            )
            frame.time_base = Fraction(1, 1000)
            frame.pts = round(1000 * index / fps) if pts is None else pts[index]
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def levels_of(frames: list[np.ndarray]) -> list[int]:
    return [round(float(frame.mean()) / 10) * 10 for frame in frames]


def test_a_held_still_is_one_picture(tmp_path: Path):
    Image.new("RGB", (640, 360), (10, 20, 30)).save(tmp_path / "a.png")
    renders = list(shot_frames(ShotPicture(tmp_path / "a.png"), 5, FPS, SIZE, read_image))
    assert len(renders) == 5 and len(set(renders)) == 1
    assert renders[0]().shape == (180, 320, 3)


@pytest.mark.parametrize("size", [(200, 900), (900, 200), (64, 64), (5000, 2900)])
def test_any_still_covers_the_frame(tmp_path: Path, size):
    Image.new("RGB", size, (200, 100, 50)).save(tmp_path / "a.png")
    for frame in rendered(tmp_path / "a.png", 3, camera=CameraMove("push_in")):
        assert frame.shape == (180, 320, 3)
        np.testing.assert_allclose(frame.reshape(-1, 3), [(200, 100, 50)] * (180 * 320), atol=1)


def test_a_pan_moves_the_picture_smoothly(tmp_path: Path):
    ramp = np.broadcast_to(np.linspace(0, 255, 640, dtype=np.uint8)[None, :, None], (180, 640, 3))
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    means = [
        float(frame.mean()) for frame in rendered(tmp_path / "ramp.png", 24, camera=CameraMove("pan_right"))
    ]
    assert (np.diff(means) > 0).all()
    assert np.abs(np.diff(means, 2)).max() < 2


def test_a_longer_clip_is_cut_off_and_a_shorter_one_holds_its_last_frame(tmp_path: Path):
    clip = make_clip(tmp_path / "a.mp4", [40, 80, 120, 160])
    assert levels_of(rendered(clip, 2)) == [40, 80]
    assert levels_of(rendered(clip, 7)) == [40, 80, 120, 160, 160, 160, 160]


@pytest.mark.parametrize(
    ("clip_fps", "expected"),
    [
        (Fraction(12), [40, 40, 80, 80, 120, 120, 160, 160]),
        (Fraction(48), [40, 120, 200, 200, 200, 200, 200, 200]),
    ],
)
def test_clips_of_another_rate_play_at_their_own_speed(tmp_path: Path, clip_fps, expected):
    clip = make_clip(
        tmp_path / "a.mkv", [40, 80, 120, 160] if clip_fps < 24 else [40, 80, 120, 160, 200], clip_fps
    )
    assert levels_of(rendered(clip, 8)) == expected


def test_a_variable_rate_keeps_its_times(tmp_path: Path):
    clip = make_clip(tmp_path / "a.mkv", [40, 80, 120], pts=[0, 42, 250])
    assert levels_of(rendered(clip, 8)) == [40, 80, 80, 80, 80, 80, 120, 120]


def test_clips_of_another_shape_cover_the_frame(tmp_path: Path):
    frame = rendered(make_clip(tmp_path / "a.mp4", [120] * 3, size=(180, 320)), 2)[0]
    assert frame.shape == (180, 320, 3)
    assert frame.min() > 110


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_phone_clip_stands_upright(tmp_path: Path, turn: int):
    upright = np.zeros((192, 192, 3), np.uint8)
    upright[:96, :96], upright[:96, 96:] = (255, 0, 0), (0, 255, 0)
    stored = np.ascontiguousarray(np.rot90(upright, -turn // 90))
    path = tmp_path / "a.ts"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 192, 192, "yuv420p"
        packets = [
            p for _ in range(4) for p in stream.encode(av.VideoFrame.from_ndarray(stored, format="rgb24"))
        ]
        packets += stream.encode(None)
        turned = BitStreamFilterContext(f"h264_metadata=display_orientation=insert:rotate={turn}", stream)
        for packet in [p for p in packets if p.size]:
            for result in turned.filter(packet):
                result.stream = stream
                container.mux(result)
    frame = rendered(path, 4, size=(192, 192))[-1]
    assert frame[20, 20].argmax() == 0 and frame[20, 170].argmax() == 1 and frame[170].max() < 40


def test_wide_pixels_are_shown_wide(tmp_path: Path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 160, 180, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(2, 1)
        pixels = np.zeros((180, 160, 3), np.uint8)
        pixels[:, :8] = pixels[:, -8:] = 255
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    frame = rendered(path, 1)[0]
    assert frame[:, :10].min() > 200 and frame[:, -10:].min() > 200 and frame[:, 30:-30].max() < 40


def test_stills_and_clips_are_told_apart_by_name_and_content(tmp_path: Path):
    Image.new("RGB", (8, 8)).save(tmp_path / "named.picture", "PNG")
    (tmp_path / "broken.png").write_text("<html>")
    assert not is_clip(tmp_path / "named.picture")
    assert not is_clip(tmp_path / "broken.png")
    assert is_clip(make_clip(tmp_path / "a.mp4", [1]))


def test_the_middle_of_a_clip_stands_for_it(tmp_path: Path):
    clip = make_clip(tmp_path / "a.mp4", [40, 80, 120, 160, 200])
    assert levels_of([representative_frame(clip, read_image)]) == [120]
    Image.new("RGB", (30, 20), (1, 2, 3)).save(tmp_path / "a.png")
    assert representative_frame(tmp_path / "a.png", read_image).shape == (20, 30, 3)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.mp4", b"no video"),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"),
        ("concat.txt", b"ffconcat version 1.0\nfile a.mp4\n"),
        ("empty.mkv", b""),
    ],
)
def test_what_is_no_clip_is_refused_by_name(tmp_path: Path, name: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableVideoError, match=name):
        rendered(tmp_path / name, 3)


def test_a_missing_clip_is_named(tmp_path: Path):
    with pytest.raises(UnreadableVideoError, match=r"gone\.mp4 does not exist"):
        rendered(tmp_path / "gone.mp4", 3)


def test_sound_alone_is_no_clip(tmp_path: Path):
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(UnreadableVideoError, match="no picture track"):
        rendered(tmp_path / "a.mkv", 3)
