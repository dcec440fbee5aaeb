"""Picture as it comes: uneven rates, odd sizes, rotation, damage, formats, bars; one result from all."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from drawn_video import Piece, Scene, assemble, write
from tower_anime.music.picture_planes import planes_of_file, planes_of_rgb
from tower_anime.music.shots import find_transitions, find_transitions_in_frames
from tower_anime.production.clip import BT601, BT709, LIMITED_RANGE, iterate_frames, to_rgb
from tower_anime.production.retime import frame_order, retime_video

CUTS = [40, 75, 121]
FPS = Fraction(24)


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    motions = ["walk", "pan", "shake", "walk"]
    return assemble(
        [Piece(Scene(80 + k, m), n) for k, (m, n) in enumerate(zip(motions, (40, 35, 46, 40), strict=True))]
    ).frames


def cuts_of(path: Path) -> list[int]:
    return [t.frame for t in find_transitions(path).transitions]


def encode(
    path: Path, frames, *, codec="libx264", pix_fmt="yuv420p", times=None, options=None, matrix=None
) -> Path:
    """Encode frames; `times` are their time stamps in 1/1000 s."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=24, options=options or {})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pix_fmt
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            if matrix is not None:
                frame = frame.reformat(format=pix_fmt, dst_colorspace=matrix, dst_color_range=LIMITED_RANGE)
            if times is not None:
                frame.pts, frame.time_base = int(times[number]), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_file_and_frames_give_the_same_cuts_and_nearly_the_same_movement(tmp_path, frames):
    path = write(tmp_path / "a.mp4", frames, crf=12)
    of_file = find_transitions(path)
    of_frames = find_transitions_in_frames((to_rgb(frame) for _, frame in iterate_frames(path)), FPS)
    assert of_file.transitions == of_frames.transitions
    assert of_file.cuts_per_minute == of_frames.cuts_per_minute
    np.testing.assert_allclose(of_file.motion.curve, of_frames.motion.curve, atol=0.004)


@pytest.mark.parametrize("height", [360, 720])
def test_rgb_has_the_planes_of_the_file_it_came_from(tmp_path, height):
    colors = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128), (255, 255, 255), (0, 0, 0)]
    pixels = np.repeat(np.repeat(np.array([colors], np.uint8), height, axis=0), 160, axis=1)
    matrix = BT709 if height >= 720 else BT601
    path = encode(tmp_path / "a.mkv", [pixels], pix_fmt="yuv444p", options={"qp": "0"}, matrix=matrix)
    ((_, _, of_file),) = planes_of_file(path)
    with av.open(str(path)) as container:
        (frame,) = container.decode(video=0)
    for one, other in zip(of_file, planes_of_rgb(to_rgb(frame)), strict=True):
        inner = np.s_[2:-2, 2:-2]
        np.testing.assert_allclose(one[inner], other[inner].astype(float), atol=2)


def test_grey_of_the_full_range_has_no_colour(tmp_path):
    path = encode(tmp_path / "a.mkv", [np.full((64, 64, 3), 90, np.uint8)], pix_fmt="yuvj420p")
    ((_, _, of_file),) = planes_of_file(path)
    assert {int(value) for plane in of_file[1:] for value in plane.ravel()} <= {127, 128}


@pytest.mark.parametrize(
    ("codec", "pix_fmt"),
    [
        ("libx264", "yuv420p10le"),
        ("libx264", "yuv444p"),
        ("libx264", "yuvj420p"),
        ("ffv1", "gray"),
        ("libx265", "yuv420p"),
        ("mpeg4", "yuv420p"),
    ],
)
def test_any_pixel_format_is_read(tmp_path, frames, codec, pix_fmt):
    assert cuts_of(encode(tmp_path / "a.mkv", frames, codec=codec, pix_fmt=pix_fmt)) == CUTS


@pytest.mark.parametrize("size", [(271, 481), (17, 31), (2, 600)])
def test_odd_sizes_are_read(tmp_path, frames, size):
    rows = np.linspace(0, 269, size[0]).astype(int)
    columns = np.linspace(0, 479, size[1]).astype(int)
    small = [np.ascontiguousarray(frame[rows][:, columns]) for frame in frames]
    analysis = find_transitions(encode(tmp_path / "a.mkv", small, codec="ffv1", pix_fmt="bgr0"))
    assert analysis.n_frames == len(frames)
    if size[0] > 2:
        assert [t.frame for t in analysis.transitions] == CUTS


def test_an_uneven_rate_has_cuts_at_their_true_seconds(tmp_path, frames):
    # Every third frame of the second shot was dropped: what is left keeps its time.
    kept = [k for k in range(len(frames)) if not (40 <= k < 75 and k % 3 == 1)]
    times = [round(k * 1000 / 24) for k in kept]
    path = encode(tmp_path / "vfr.mkv", [frames[k] for k in kept], times=times)
    analysis = find_transitions(path)
    assert [t.time for t in analysis.transitions] == pytest.approx([k / 24 for k in CUTS], abs=0.043)
    assert [kept[t.frame] for t in analysis.transitions] == pytest.approx(CUTS, abs=1)
    assert analysis.duration_seconds == pytest.approx(len(frames) / 24, abs=0.05)


def test_an_uneven_rate_is_shown_in_its_own_time():
    times = np.array([0.0, 0.1, 0.2, 0.6, 0.7, 0.8])
    # Frame 2 was on screen for 0.4 of 0.9 s.
    assert frame_order([(0, 6)], [9], times) == [0, 1, 2, 2, 2, 2, 3, 4, 5]


def test_damage_in_the_middle_costs_a_few_frames_and_nothing_else(tmp_path, frames):
    path = write(tmp_path / "a.mkv", frames)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 900] = np.random.default_rng(1).bytes(900)
    (tmp_path / "damaged.mkv").write_bytes(content)
    analysis = find_transitions(tmp_path / "damaged.mkv")
    assert analysis.n_frames > len(frames) * 0.5
    assert CUTS[0] in [t.frame for t in analysis.transitions]
    ranges = analysis.shot_ranges
    facts = retime_video(
        tmp_path / "damaged.mkv",
        ranges,
        [end - start for start, end in ranges],
        audio=None,
        output=tmp_path / "mended.mp4",
    )
    assert facts.n_frames == analysis.n_frames


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_file_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path, frames, share):
    content = write(tmp_path / "a.mkv", frames).read_bytes()
    (tmp_path / "half.mkv").write_bytes(content[: int(len(content) * share)])
    assert 0 < find_transitions(tmp_path / "half.mkv").n_frames < len(frames)


@pytest.mark.parametrize("bars", ["letterbox", "pillarbox"])
@pytest.mark.parametrize("entry", ["cut", "fade-black", "fade-white", "dissolve"])
def test_black_bars_change_nothing(bars, entry):
    pieces = [Piece(Scene(51, "walk"), 70), Piece(Scene(52, "walk"), 70, entry, 0 if entry == "cut" else 14)]
    video = assemble(pieces)
    for frame in range(len(video.frames)):
        picture = video.frames[frame].copy()
        if bars == "letterbox":
            picture[:40] = picture[-40:] = 0
        else:
            picture[:, :70] = picture[:, -70:] = 0
        video.frames[frame] = picture
    found = find_transitions_in_frames(video.frames, FPS).transitions
    [(truth, kind, _)] = video.truth
    assert [t.kind for t in found] == [kind]
    assert abs(found[0].frame - truth) <= (0 if kind == "cut" else 4)


def test_speed_lines_and_subtitles_that_come_and_go_are_no_cuts():
    scene = Scene(90, "walk")
    y, x = np.mgrid[0:270, 0:480]
    angle = np.arctan2(y - 135, x - 240)
    ring = np.hypot((y - 135) / 270, (x - 240) / 480) > 0.3
    frames = []
    for k in range(120):
        picture = scene.frame(k, 120).copy()
        if 30 <= k < 50:
            picture[(np.sin(angle * 40 + k * 1.9) > 0.7) & ring] = 250
        if 60 <= k < 90:
            picture[220:245, 100:380] = 245
        frames.append(picture)
    assert find_transitions_in_frames(frames, FPS).transitions == ()


def test_rotated_pictures_are_looked_at_upright(tmp_path, frames):
    upright = write(tmp_path / "a.mp4", frames)
    turned = tmp_path / "turned.mp4"
    with av.open(str(upright)) as source, av.open(str(turned), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    _turn(turned)
    with av.open(str(turned)) as container:
        assert next(container.decode(video=0)).rotation in (90, -90, 270)
    assert cuts_of(turned) == CUTS
    facts = retime_video(turned, [(0, len(frames))], [len(frames)], audio=None, output=tmp_path / "out.mp4")
    assert (facts.width, facts.height) == (270, 480)


def _turn(path: Path) -> None:
    """Write a rotation by 90 degrees into the matrix of the track header."""
    content = bytearray(path.read_bytes())
    header = content.index(b"tkhd")
    place = header + 4 + 4 + 20 + 8 + 8
    one = 1 << 16
    matrix = [0, one, 0, -one & 0xFFFFFFFF, 0, 0, 0, 0, 1 << 30]
    content[place : place + 36] = b"".join(value.to_bytes(4, "big") for value in matrix)
    path.write_bytes(content)


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(60)])
def test_a_thousand_cuts_a_minute(rate):
    rng = np.random.default_rng(2)
    lengths = rng.choice([3, 4], 60) if rate == 60 else rng.choice([1, 2], 60)
    blocks = rng.integers(-60, 60, (len(lengths), 6, 8, 1)) + rng.integers(0, 256, (len(lengths), 1, 1, 3))
    pictures = np.clip(blocks, 0, 255).repeat(15, 1).repeat(20, 2).astype(np.uint8)
    frames = [picture for picture, n in zip(pictures, lengths, strict=True) for _ in range(n)]
    analysis = find_transitions_in_frames(frames, rate)
    assert analysis.n_frames == len(frames) and len(analysis.transitions) < len(frames)
    if rate == 60:
        assert len(analysis.transitions) > 45
