"""Model files that are none, or not what they should be, and pictures at a network's size."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest
from onnx import helper
from PIL import Image
from support.networks import save, write_arcface, write_ccip
from tower_anime.consistency.encoders.ccip import SCALING
from tower_anime.consistency.encoders.features import FeatureNetwork, spread
from tower_anime.consistency.networks.network import Network, in_order
from tower_anime.consistency.networks.onnx_file import first_operation_names
from tower_anime.consistency.networks.resampling import letterboxed, resized
from tower_anime.errors import MissingPackageError, ModelFileError


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>Sign in</html>", "web page"),
        (b"\n <html><body>404</body></html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:12", "Git LFS pointer"),
        (b'{"error": "Repository not found"}', "JSON"),
        (b"PK\x03\x04" + bytes(100), "ZIP archive"),
        (b"\x08\x08" + bytes(range(200)), "not an ONNX model"),
    ],
)
def test_what_is_no_model_is_told_in_one_sentence(tmp_path, content, word) -> None:
    path = tmp_path / "model_feat.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=word) as caught:
        Network(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert caught.value.field == "model"


def test_a_cut_file_and_a_missing_one_are_told(tmp_path) -> None:
    whole = write_ccip(tmp_path / "whole.onnx")
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(ModelFileError, match="not an ONNX model"):
        Network(cut)
    with pytest.raises(ModelFileError, match="cannot be read"):
        Network(tmp_path / "none.onnx")


def test_a_file_that_is_not_the_pinned_one_is_refused(tmp_path) -> None:
    path = write_ccip(tmp_path / "model.onnx")
    assert Network(path, sha256=Network(path).digest).digest == Network(path).digest
    with pytest.raises(ModelFileError, match="SHA-256"):
        Network(path, sha256="0" * 64)


@pytest.mark.parametrize(
    ("write", "word"),
    [
        (write_arcface, r"384×384"),
        (lambda path: write_ccip(path, dimension=512), r"\[1, 768\] is expected"),
    ],
)
def test_a_model_of_another_kind_is_told_when_it_is_loaded(tmp_path, write, word) -> None:
    with pytest.raises(ModelFileError, match=word):
        FeatureNetwork(Network(write(tmp_path / "model.onnx")), SCALING, side=384, dimension=768)


def test_a_network_that_fails_while_it_runs_is_told(tmp_path) -> None:
    nodes = [helper.make_node("MatMul", ["input", "matrix"], ["output"])]
    matrix = {"matrix": np.zeros((7, 2), np.float32)}
    path = save(tmp_path / "m.onnx", nodes, [1, 3, "h", "w"], {"output": [1, 3, "h", 2]}, matrix)
    with pytest.raises(ModelFileError, match="cannot be run"):
        Network(path).tried((1, 3, 8, 8))


def test_weights_that_are_no_numbers_are_told_when_they_are_loaded(tmp_path) -> None:
    path = write_ccip(tmp_path / "model.onnx")
    import onnx

    model = onnx.load(path)
    matrix = np.frombuffer(model.graph.initializer[0].raw_data, np.float32).copy()
    matrix[5] = np.nan
    model.graph.initializer[0].raw_data = matrix.tobytes()
    onnx.save(model, path)
    with pytest.raises(ModelFileError, match="NaN"):
        FeatureNetwork(Network(path), SCALING, side=384, dimension=768)


def test_without_onnxruntime_the_command_to_run_is_told(tmp_path, monkeypatch) -> None:
    path = write_ccip(tmp_path / "model.onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingPackageError) as caught:
        Network(path)
    assert "pip install onnxruntime-gpu" in str(caught.value) and "pip install onnxruntime`" in str(
        caught.value
    )


def test_names_of_operations_are_read_without_loading_the_weights(tmp_path) -> None:
    path = write_arcface(tmp_path / "rec.onnx", scales_itself=True)
    assert first_operation_names(path) == ["Sub_0", "Mul_1"]
    nodes = [helper.make_node("Neg", [f"x{at}"], [f"x{at + 1}"], name=f"n{at}") for at in range(12)]
    long = save(tmp_path / "long.onnx", nodes, [1], {"x12": [1]}, input_name="x0")
    assert first_operation_names(long) == [f"n{at}" for at in range(8)]


def pillows(image: np.ndarray, width: int, height: int) -> np.ndarray:
    scaled = Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(scaled, int).transpose(2, 0, 1)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(720, 1280), (700, 360), (200, 200), (41, 1000), (1, 1)])
def test_preparation_is_pillows_to_one_step_of_255(size) -> None:
    image = noise(*size)
    planes = resized(image, 384, 384)
    assert planes.shape == (3, 384, 384) and planes.dtype == np.uint8 and planes.flags.c_contiguous
    got = np.empty((3, 384, 384), np.float32)
    SCALING.apply(planes, got)
    mean = np.array([0.48145466, 0.4578275, 0.40821073])[:, None, None]
    deviation = np.array([0.26862954, 0.26130258, 0.27577711])[:, None, None]
    back = (got.astype(np.float64) * deviation + mean) * 255
    assert np.abs(back - pillows(image, 384, 384)).max() <= 1.0 + 1e-3


@pytest.mark.parametrize(
    "size",
    [
        (128, 128),
        (384, 200),
        (150, 384),
        (37, 211),
        (300, 500),
        (384, 384),
        (600, 500),
        (594, 360),
        (900, 20),
    ],
)
def test_a_crop_has_pillows_own_bytes(size) -> None:
    """But for the few values that end on a half; in another order a quarter would be rounded otherwise."""
    large = noise(size[0] + 20, size[1] + 30)
    image = large[5 : 5 + size[0], 9 : 9 + size[1]]
    assert (resized(image, 384, 384) != pillows(image, 384, 384)).mean() < 0.005


def test_a_letterbox_keeps_proportions_and_knows_the_way_back() -> None:
    image = np.full((100, 400, 3), 255, np.uint8)
    frame = letterboxed(image, 640, 640, SCALING, margin=114.0, is_centred=True)
    inside = frame.batch[0, :, 240:400]
    assert np.allclose(inside[0], (1 - 0.48145466) / 0.26862954, atol=1e-5)
    assert np.allclose(frame.batch[0, 1, :240], (114 / 255 - 0.4578275) / 0.26130258, atol=1e-5)
    corners = frame.placement.to_picture(np.array([[0.0, 240.0], [640.0, 400.0]]))
    np.testing.assert_allclose(corners, [[0, 0], [400, 100]])


@pytest.mark.parametrize("factor", [2, 3, 6])
def test_a_frame_shrunk_by_a_whole_factor_holds_the_means_of_squares(factor) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (45 * factor, 80 * factor, 3), dtype=np.uint8)
    frame = letterboxed(picture, 80, 80, SCALING, margin=0.0, is_centred=False)
    means = picture.reshape(45, factor, 80, factor, 3).astype(float).mean(axis=(1, 3)).transpose(2, 0, 1)
    mean = np.array(SCALING.mean)[:, None, None]
    expected = (means - mean) / np.array(SCALING.deviation)[:, None, None]
    np.testing.assert_allclose(frame.batch[0, :, :45], expected, atol=1e-5)


def test_threads_keep_the_order_and_begin_no_more_than_two_items_each() -> None:
    begun, most = 0, 0
    lock = threading.Lock()

    def work(item: int) -> int:
        nonlocal begun
        with lock:
            begun += 1
        return item * item

    results = []
    for yielded, value in enumerate(in_order(work, range(200), 4)):
        most = max(most, begun - yielded)
        results.append(value)
    assert results == [item * item for item in range(200)] and most <= 8


@pytest.mark.parametrize("n_cores", [1, 2, 3, 16])
@pytest.mark.parametrize("n_pictures", [0, 1, 5, 24, 61])
def test_threads_share_pictures_in_small_parts_that_get_smaller(monkeypatch, n_cores, n_pictures) -> None:
    monkeypatch.setattr("tower_anime.consistency.encoders.features.n_workers", lambda: n_cores)
    parts = []

    def sight_some(images: list, workers: int) -> list[list]:
        parts.append(len(images))
        return [[int(image[0, 0, 0])] for image in images]

    pictures = [np.full((1, 1, 3), at, np.uint8) for at in range(n_pictures)]
    assert spread(sight_some, pictures, is_on_gpu=False) == [[at] for at in range(n_pictures)]
    assert sum(parts) == n_pictures and max(parts, default=0) * n_cores <= max(16, n_cores)
    # What is left to a thread that comes last is one picture.
    assert n_pictures < 2 * n_cores or sorted(parts)[: 2 * n_cores - 1] == [1] * (2 * n_cores - 1)
