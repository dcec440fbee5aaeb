"""ONNX files of a few kilobytes, shaped like the published models, with numbers to compute by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DIMENSION = 768
SCRFD_STRIDES = {6: (8, 16, 32), 9: (8, 16, 32), 10: (8, 16, 32, 64, 128), 15: (8, 16, 32, 64, 128)}


def save(
    path: Path,
    nodes: Sequence[Any],
    shape: Sequence[Any],
    outputs: Mapping[str, Sequence[Any]],
    constants: Mapping[str, np.ndarray] | None = None,
    *,
    input_name: str = "input",
    opset: int = 13,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write a model with one float input."""
    graph = helper.make_graph(
        list(nodes),
        "tiny",
        [helper.make_tensor_value_info(input_name, TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(own)) for name, own in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    for key, value in (metadata or {}).items():
        model.metadata_props.add(key=key, value=value)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return path


def ccip_projection(seed: int = 0) -> np.ndarray:
    """Return the matrix by which `write_ccip` turns 108 block means into 768 numbers."""
    return np.random.default_rng(seed).normal(size=(108, DIMENSION)).astype(np.float32)


def ccip_numbers(picture: np.ndarray, seed: int = 0) -> np.ndarray:
    """Compute in float64 what `write_ccip` gives for what it is fed, shape (3, 384, 384)."""
    means = picture.astype(np.float64).reshape(3, 6, 64, 6, 64).mean(axis=(2, 4))
    return means.ravel() @ ccip_projection(seed).astype(np.float64)


def write_ccip(
    path: Path, *, batch: Any = "batch", dimension: int = DIMENSION, seed: int = 0, opset: int = 13
) -> Path:
    """Write means of 64-pixel blocks, multiplied by a random matrix.

    The means are means of means, so that sums of float32 stay short.
    """
    return save(
        path,
        [
            helper.make_node("AveragePool", ["input"], ["part"], kernel_shape=[8, 8], strides=[8, 8]),
            helper.make_node("AveragePool", ["part"], ["means"], kernel_shape=[8, 8], strides=[8, 8]),
            helper.make_node("Flatten", ["means"], ["flat"], axis=1),
            helper.make_node("MatMul", ["flat", "matrix"], ["output"]),
        ],
        [batch, 3, 384, 384],
        {"output": [batch, dimension]},
        {"matrix": ccip_projection(seed)[:, :dimension]},
        opset=opset,
    )


def write_boxes(
    path: Path,
    table: np.ndarray,
    *,
    shape: Sequence[Any] = (1, 3, 640, 640),
    metadata: Mapping[str, str] | None = None,
    input_name: str = "images",
    output_name: str = "output0",
    opset: int = 13,
) -> Path:
    """Write a detector that finds the same in every picture: `table` is its output without the batch."""
    table = np.asarray(table, np.float32)[None]
    return save(
        path,
        [
            # The input takes part with a factor of nought, as an unused one would be dropped.
            helper.make_node("ReduceMean", [input_name], ["mean"], keepdims=0),
            helper.make_node("Mul", ["mean", "nought"], ["nothing"]),
            helper.make_node("Add", ["table", "nothing"], [output_name]),
        ],
        shape,
        {output_name: table.shape},
        {"table": table, "nought": np.float32(0.0)},
        input_name=input_name,
        opset=opset,
        metadata=metadata,
    )


def write_patch_detector(path: Path, *, side: float = 64.0, shape: Sequence[Any] = (1, 3, 640, 640)) -> Path:
    """Write a detector of patches of 32 pixels as bright as can be, each in a box of `side` pixels.

    Its output is ``[1, 5, n]`` with one cell for each 32 pixels of a 640 × 640 frame.
    """
    rows, columns = np.mgrid[:20, :20]
    centres = np.stack([columns, rows]).reshape(2, 400) * 32.0 + 16.0
    fixed = np.concatenate([centres, np.full((2, 400), side)]).astype(np.float32)[None]
    slope, shift = 8.0, -7.0
    return save(
        path,
        [
            helper.make_node("AveragePool", ["images"], ["means"], kernel_shape=[32, 32], strides=[32, 32]),
            helper.make_node("ReduceMean", ["means"], ["grey"], axes=[1], keepdims=1),
            helper.make_node("Mul", ["grey", "slope"], ["steep"]),
            helper.make_node("Add", ["steep", "shift"], ["raw"]),
            helper.make_node("Clip", ["raw", "low", "high"], ["score"]),
            helper.make_node("Reshape", ["score", "flat"], ["scores"]),
            helper.make_node("Concat", ["fixed", "scores"], ["output0"], axis=1),
        ],
        shape,
        {"output0": [1, 5, 400]},
        {
            "fixed": fixed,
            "slope": np.float32(slope),
            "shift": np.float32(shift),
            "low": np.float32(0.0),
            "high": np.float32(1.0),
            "flat": np.array([1, 1, 400], np.int64),
        },
        input_name="images",
    )


def scrfd_tables(
    n_outputs: int, size: tuple[int, int], faces: Sequence[Mapping[str, Any]]
) -> list[np.ndarray]:
    """Encode faces as the outputs of an SCRFD network: scores, then distances, then landmarks by stride.

    A face has ``stride``, ``cell`` (column, row), ``score``, ``sides`` (four distances in strides) and
    ``points`` (ten offsets in strides).
    """
    strides, n_anchors = SCRFD_STRIDES[n_outputs], 2 if n_outputs in (6, 9) else 1
    widths = (1, 4, 10) if n_outputs in (9, 15) else (1, 4)
    tables = [
        np.zeros((-(-size[0] // stride) * -(-size[1] // stride) * n_anchors, width), np.float32)
        for width in widths
        for stride in strides
    ]
    for face in faces:
        level = strides.index(face["stride"])
        column, row = face["cell"]
        at = (row * -(-size[0] // face["stride"]) + column) * n_anchors
        for group, key in enumerate(("score", "sides", "points")[: len(widths)]):
            tables[group * len(strides) + level][at] = face[key]
    return tables


def write_scrfd(
    path: Path,
    n_outputs: int,
    faces: Sequence[Mapping[str, Any]],
    *,
    size: tuple[int, int] = (640, 640),
    shape: Sequence[Any] | None = None,
    has_batch_axis: bool = False,
    order: Sequence[int] | None = None,
) -> Path:
    """Write a face detector that finds the same in every picture."""
    tables = scrfd_tables(n_outputs, size, faces)
    tables = [tables[at] for at in order] if order else tables
    tables = [table[None] if has_batch_axis else table for table in tables]
    nodes = [
        helper.make_node("ReduceMean", ["input.1"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nought"], ["nothing"]),
    ]
    nodes += [helper.make_node("Add", [f"table{at}", "nothing"], [f"out_{at}"]) for at in range(len(tables))]
    constants = {f"table{at}": table for at, table in enumerate(tables)} | {"nought": np.float32(0.0)}
    return save(
        path,
        nodes,
        shape or (1, 3, size[1], size[0]),
        {f"out_{at}": table.shape for at, table in enumerate(tables)},
        constants,
        input_name="input.1",
    )


def write_face_finder(
    path: Path,
    *,
    points: Sequence[float] = (1.0,) * 10,
    max_pixels: float = 1e9,
    max_brightness: float = 2.0,
) -> Path:
    """Write a face detector of any input size: a cell of 32 pixels as bright as can be is a face.

    `points` are the landmarks' offsets in strides. It finds nothing where its own input has `max_pixels` or
    more, or a mean, in [-1, 1], of `max_brightness` or more: like a face that is too large for its anchors,
    and one without surroundings.
    """
    nodes, constants, outputs = [], {"nought": np.float32(0.0), "column": np.array([-1, 1], np.int64)}, {}
    constants |= {"sides": np.array([2, 3], np.int64), "max_pixels": np.float32(max_pixels)}
    constants |= {"max_brightness": np.float32(max_brightness)}
    nodes += [
        helper.make_node("Shape", ["input.1"], ["shape"]),
        helper.make_node("Gather", ["shape", "sides"], ["size"]),
        helper.make_node("ReduceProd", ["size"], ["n_pixels"], keepdims=0),
        helper.make_node("Cast", ["n_pixels"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Less", ["pixels", "max_pixels"], ["is_small"]),
        helper.make_node("ReduceMean", ["input.1"], ["brightness"], keepdims=0),
        helper.make_node("Less", ["brightness", "max_brightness"], ["is_dark"]),
        helper.make_node("And", ["is_small", "is_dark"], ["is_seen"]),
        helper.make_node("Cast", ["is_seen"], ["seen"], to=TensorProto.FLOAT),
    ]
    for stride in (8, 16, 32):
        size = {"kernel_shape": [stride] * 2, "strides": [stride] * 2}
        gain = 8.0 if stride == 32 else 0.0
        constants |= {f"gain{stride}": np.float32(gain), f"shift{stride}": np.float32(-7.0)}
        constants |= {f"bbox{stride}": np.ones(4, np.float32), f"kps{stride}": np.array(points, np.float32)}
        nodes += [
            helper.make_node("AveragePool", ["input.1"], [f"a{stride}"], **size),
            helper.make_node("ReduceMean", [f"a{stride}"], [f"b{stride}"], axes=[1], keepdims=1),
            helper.make_node("Mul", [f"b{stride}", f"gain{stride}"], [f"c{stride}"]),
            helper.make_node("Add", [f"c{stride}", f"shift{stride}"], [f"d{stride}"]),
            helper.make_node("Concat", [f"d{stride}", f"d{stride}"], [f"e{stride}"], axis=1),
            helper.make_node("Transpose", [f"e{stride}"], [f"f{stride}"], perm=[0, 2, 3, 1]),
            helper.make_node("Mul", [f"f{stride}", "seen"], [f"h{stride}"]),
            helper.make_node("Reshape", [f"h{stride}", "column"], [f"score_{stride}"]),
            helper.make_node("Mul", [f"score_{stride}", "nought"], [f"g{stride}"]),
            helper.make_node("Add", [f"g{stride}", f"bbox{stride}"], [f"bbox_{stride}"]),
            helper.make_node("Add", [f"g{stride}", f"kps{stride}"], [f"kps_{stride}"]),
        ]
    for kind, width in (("score", 1), ("bbox", 4), ("kps", 10)):
        outputs |= {f"{kind}_{stride}": [None, width] for stride in (8, 16, 32)}
    return save(path, nodes, [1, 3, "height", "width"], outputs, constants, input_name="input.1")


def arcface_projection(seed: int = 1) -> np.ndarray:
    """Return the matrix by which `write_arcface` turns 147 block means into 512 numbers."""
    return np.random.default_rng(seed).normal(size=(147, 512)).astype(np.float32)


def write_arcface(path: Path, *, side: int = 112, batch: Any = "None", scales_itself: bool = False) -> Path:
    """Write means of a 7 × 7 grid, multiplied by a random matrix."""
    block = side // 7
    nodes, source = [], "input.1"
    constants = {"matrix": arcface_projection()}
    if scales_itself:
        nodes = [
            helper.make_node("Sub", ["input.1", "half"], ["minus"], name="Sub_0"),
            helper.make_node("Mul", ["minus", "gain"], ["scaled"], name="Mul_1"),
        ]
        constants |= {"half": np.float32(127.5), "gain": np.float32(1 / 127.5)}
        source = "scaled"
    nodes += [
        helper.make_node("AveragePool", [source], ["means"], kernel_shape=[block] * 2, strides=[block] * 2),
        helper.make_node("Flatten", ["means"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "matrix"], ["683"]),
    ]
    return save(path, nodes, [batch, 3, side, side], {"683": [batch, 512]}, constants, input_name="input.1")
