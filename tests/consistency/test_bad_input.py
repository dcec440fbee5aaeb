"""Pictures that nobody wants: each gives one clear sentence, or a verdict that is unknown with its reason."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.blocks import BLUE, GREEN, RED, BlockEncoder, block
from support.media import RUST, TEAL, draw_figure, write_references
from tower_anime.consistency.encoders.appearance import AppearanceEncoder
from tower_anime.consistency.images import read_image, read_still
from tower_anime.consistency.scores.identity import build_identity, identity_from_embeddings
from tower_anime.consistency.scores.scoring import Judge, score_images
from tower_anime.consistency.verdict import Status
from tower_anime.errors import InputError, UnreadableImageError


def png(width: int, height: int, depth: int, colour_type: int, data: bytes) -> bytes:
    """Return a PNG with this header and these compressed rows, whether they fit or not."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def write_png(path: Path, pixels: np.ndarray, colour_type: int) -> Path:
    """Write a PNG of 16 bits a channel, which Pillow cannot."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    path.write_bytes(png(pixels.shape[1], pixels.shape[0], 16, colour_type, zlib.compress(rows)))
    return path


def bomb(path: Path, side: int) -> Path:
    """Write a kilobyte that claims to be a picture of `side` × `side`."""
    path.write_bytes(png(side, side, 8, 2, zlib.compress(bytes(1_000_000))))
    return path


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    encoder = AppearanceEncoder()
    paths = write_references(tmp_path_factory.mktemp("teal"), TEAL)
    return Judge(encoder, build_identity(encoder, [read_image(path) for path in paths]))


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (2, 3), (15, 15)])
def test_a_picture_of_a_few_pixels_is_unknown(judge: Judge, size: tuple[int, int]) -> None:
    [verdict] = score_images(judge, [np.full((*size, 3), 128, np.uint8)])
    assert (verdict.status, verdict.score) == (Status.UNKNOWN, None)
    assert "No figure" in verdict.reason


def test_sizes_may_be_mixed_in_one_batch(judge: Judge) -> None:
    tiny, tall, wide = np.zeros((1, 1, 3), np.uint8), (400, 900), (1280, 720)
    batch = [tiny, *(np.asarray(draw_figure(TEAL, size=size)) for size in (tall, wide))]
    statuses = [verdict.status for verdict in score_images(judge, batch)]
    assert statuses[0] is Status.UNKNOWN
    assert Status.PASS in statuses[1:]


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "CMYK", "I;16"])
def test_every_layout_of_pixels_becomes_rgb(tmp_path: Path, mode: str) -> None:
    suffix = "jpg" if mode == "CMYK" else "png"
    path = tmp_path / f"a.{suffix}"
    source = Image.new("L", (64, 48), 200)
    if mode == "I;16":
        source = Image.fromarray(np.full((48, 64), 200 * 257, np.uint16))
    else:
        source = source.convert("RGB").convert(mode) if mode in ("P", "CMYK") else source.convert(mode)
    source.save(path)
    pixels = read_image(path)
    assert pixels.shape == (48, 64, 3)
    assert float(pixels.mean()) == pytest.approx(200, abs=6)


def test_sixteen_bits_a_channel_are_scaled_and_not_clipped(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16)
    grey = write_png(tmp_path / "grey.png", np.tile(ramp, (4, 1)), 0)
    colour = np.stack([np.tile(ramp, (4, 1)), np.tile(ramp[::-1], (4, 1)), np.zeros((4, 256))], axis=2)
    rgb = write_png(tmp_path / "rgb.png", colour, 2)
    np.testing.assert_allclose(read_image(grey)[0, :, 0], np.arange(256), atol=1)
    np.testing.assert_allclose(read_image(rgb)[0, :, 0], np.arange(256), atol=1)
    np.testing.assert_allclose(read_image(rgb)[0, :, 1], np.arange(256)[::-1], atol=1)


def test_an_animation_is_read_by_its_first_frame_and_is_no_reference(tmp_path: Path) -> None:
    frames = [draw_figure(look, size=(96, 96)) for look in (TEAL, RUST)]
    path = tmp_path / "moving.webp"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, lossless=True)
    np.testing.assert_array_equal(read_image(path), np.asarray(frames[0]))
    with pytest.raises(UnreadableImageError, match="animation of 2 frames"):
        read_still(path)


@pytest.mark.parametrize("side", [16_000, 65_000])
def test_a_bomb_is_refused_by_its_size_before_it_is_decoded(tmp_path: Path, side: int) -> None:
    path = bomb(tmp_path / "bomb.png", side)
    with pytest.raises(UnreadableImageError, match=r"bomb\.png.*50 million") as refusal:
        read_image(path)
    assert "Scale it down" in str(refusal.value)


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_truncated_picture_is_damaged(tmp_path: Path, share: float) -> None:
    path = tmp_path / "cut.png"
    draw_figure(size=(400, 300)).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: round(share * len(data))])
    with pytest.raises(UnreadableImageError, match=r"cut\.png"):
        read_image(path)


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_the_name_does_not_matter(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "false.png"
    draw_figure(size=(64, 48)).save(path, kind)
    assert read_image(path).shape == (48, 64, 3)


def test_three_figures_where_one_is_expected_is_the_best_of_them_and_says_so() -> None:
    encoder = BlockEncoder()
    judge = Judge(encoder, build_identity(encoder, [block(RED)]))
    [verdict] = score_images(judge, [block(BLUE, RED, GREEN)], n_figures=1)
    assert verdict.status is Status.PASS
    assert verdict.similarity == pytest.approx(1.0)
    assert "best of 3 figures" in verdict.reason


def test_stored_embeddings_of_another_dimension_are_refused_with_both_numbers() -> None:
    with pytest.raises(InputError, match=r"\(3, 512\).* 6 numbers"):
        identity_from_embeddings(BlockEncoder(), np.ones((3, 512), np.float32))


def test_references_without_a_figure_leave_everything_unknown() -> None:
    encoder = BlockEncoder()
    judge = Judge(encoder, build_identity(encoder, [np.zeros((512, 512, 3), np.uint8)]))
    [verdict] = score_images(judge, [block(RED)])
    assert verdict.status is Status.UNKNOWN
    assert "in any reference" in verdict.reason
