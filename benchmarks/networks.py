"""ONNX networks of realistic cost with random weights, and detectors that fire on a bright patch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FRAME = (1280, 720)


class Builder:
    """Collects nodes and weights of a graph."""

    def __init__(self, seed: int) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._rng = np.random.default_rng(seed)

    def add(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, name: str, value: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def conv(self, source: str, n_in: int, n_out: int, kernel: int = 3, stride: int = 1) -> str:
        name = f"c{len(self.nodes)}"
        weights = self._rng.normal(0, np.sqrt(2 / (n_in * kernel**2)), (n_out, n_in, kernel, kernel))
        self.constant(f"{name}w", weights.astype(np.float32))
        pad = 0 if stride == kernel else kernel // 2
        self.add("Conv", [source, f"{name}w"], name, strides=[stride] * 2, pads=[pad] * 4)
        return self.add("Relu", [name], f"{name}r")

    def matrix(self, source: str, n_in: int, n_out: int, output: str) -> str:
        weights = self._rng.normal(0, n_in**-0.5, (n_in, n_out)).astype(np.float32)
        return self.add("MatMul", [source, self.constant(f"{output}w", weights)], output)

    def mean(self, source: str) -> str:
        pooled = self.add("GlobalAveragePool", [source], f"{source}p")
        return self.add("Flatten", [pooled], f"{source}f")

    def save(self, path: Path, name: str, shape: list, outputs: dict[str, list]) -> Path:
        graph = helper.make_graph(
            self.nodes,
            "benchmark",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(key, TensorProto.FLOAT, own) for key, own in outputs.items()],
            self.weights,
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
        return path


def write_ccip(path: Path, *, depth: int = 8) -> Path:
    net = Builder(0)
    at = net.conv("input", 3, 32, kernel=16 if depth == 0 else 4, stride=16 if depth == 0 else 4)
    at = net.conv(at, 32, 96, stride=2)
    for _ in range(depth):
        at = net.conv(at, 96, 96)
    net.matrix(net.mean(at), 96, 768, "output")
    return net.save(path, "input", ["batch", 3, 384, 384], {"output": ["batch", 768]})


def write_yolo(path: Path, width: float, height: float, *, depth: int = 5) -> Path:
    """Write a detector that finds one box of this size around each bright 32-pixel cell of its frame."""
    net = Builder(1)
    at = net.conv("images", 3, 16, kernel=16 if depth == 0 else 4, stride=16 if depth == 0 else 4)
    at = net.conv(at, 16, 48, stride=2)
    for _ in range(depth):
        at = net.conv(at, 48, 48)
    at = net.conv(at, 48, 96, stride=2)
    for _ in range(depth - 1):
        at = net.conv(at, 96, 96)
    rows, columns = np.mgrid[:20, :20]
    boxes = np.zeros((1, 5, 8400), np.float32)
    boxes[0, 0, :400], boxes[0, 1, :400] = columns.ravel() * 32 + 16, rows.ravel() * 32 + 16
    boxes[0, 2, :400], boxes[0, 3, :400] = width, height
    score = _bright_cells(net, "images", 32)
    flat = net.add("Reshape", [score, net.constant("flat", np.array([1, 1, 400], np.int64))], "flatscore")
    net.constant("widths", np.array([0, 4, 0, 0, 0, 8000], np.int64))
    placed = net.add("Pad", [flat, "widths"], "placed")
    net.add("Add", [net.constant("boxes", boxes), placed], "found")
    # The convolutions take part with a factor of nought, or they would be dropped.
    nought = net.add("Mul", [net.mean(at), net.constant("zero", np.float32(0))], "nothing")
    total = net.add("ReduceSum", [nought], "sum", keepdims=0)
    net.add("Add", ["found", total], "output0")
    return net.save(path, "images", [1, 3, 640, 640], {"output0": [1, 5, 8400]})


def write_scrfd(path: Path) -> Path:
    """Write a face detector of any size that finds a face around each bright 32-pixel cell."""
    net = Builder(2)
    at = net.conv("input.1", 3, 16, kernel=4, stride=4)
    at = net.conv(at, 16, 40, stride=2)
    for _ in range(9):
        at = net.conv(at, 40, 40)
    nought = net.add(
        "ReduceSum",
        [net.add("Mul", [net.mean(at), net.constant("zero", np.float32(0))], "z")],
        "zs",
        keepdims=0,
    )
    outputs: dict[str, list] = {}
    shapes = {"score": 1, "bbox": 4, "kps": 10}
    points = np.array([-1, -1, 1, -1, 0, 0, -0.7, 1, 0.7, 1], np.float32)
    for stride in (8, 16, 32):
        cells = net.add(
            "AveragePool", ["input.1"], f"m{stride}", kernel_shape=[stride] * 2, strides=[stride] * 2
        )
        grey = net.add("ReduceMean", [cells], f"g{stride}", axes=[1], keepdims=1)
        # Only the coarsest stride fires: its cells are as large as the patch.
        gain = 8.0 if stride == 32 else 0.0
        steep = net.add("Mul", [grey, net.constant(f"k{stride}", np.float32(gain))], f"k{stride}o")
        raw = net.add("Add", [steep, net.constant(f"b{stride}", np.float32(-7.0))], f"b{stride}o")
        net.constant(f"lo{stride}", np.float32(0))
        net.constant(f"hi{stride}", np.float32(1))
        clipped = net.add("Clip", [raw, f"lo{stride}", f"hi{stride}"], f"s{stride}")
        doubled = net.add("Concat", [clipped, clipped], f"d{stride}", axis=1)
        turned = net.add("Transpose", [doubled], f"t{stride}", perm=[0, 2, 3, 1])
        column = net.add(
            "Reshape",
            [turned, net.constant(f"r{stride}", np.array([-1, 1], np.int64))],
            f"col{stride}",
        )
        summed = net.add("Add", [column, nought], f"score_{stride}")
        for kind, value in (("bbox", np.full(4, 1.5, np.float32)), ("kps", points)):
            ones = net.add(
                "Mul", [summed, net.constant(f"n{kind}{stride}", np.float32(0))], f"o{kind}{stride}"
            )
            net.add("Add", [ones, net.constant(f"v{kind}{stride}", value)], f"{kind}_{stride}")
    for kind, width in shapes.items():
        outputs |= {f"{kind}_{stride}": [None, width] for stride in (8, 16, 32)}
    return net.save(path, "input.1", [1, 3, "height", "width"], outputs)


def write_arcface(path: Path) -> Path:
    net = Builder(3)
    at = net.conv("input.1", 3, 64)
    at = net.conv(at, 64, 64, stride=2)
    for _ in range(3):
        at = net.conv(at, 64, 64)
    at = net.conv(at, 64, 128, stride=2)
    for _ in range(3):
        at = net.conv(at, 128, 128)
    at = net.conv(at, 128, 16, kernel=1)
    flat = net.add("Flatten", [at], "flat")
    net.matrix(flat, 16 * 28 * 28, 512, "683")
    return net.save(path, "input.1", ["n", 3, 112, 112], {"683": ["n", 512]})


def _bright_cells(net: Builder, source: str, side: int) -> str:
    cells = net.add("AveragePool", [source], "cells", kernel_shape=[side] * 2, strides=[side] * 2)
    grey = net.add("ReduceMean", [cells], "grey", axes=[1], keepdims=1)
    steep = net.add("Mul", [grey, net.constant("gain", np.float32(8))], "steep")
    raw = net.add("Add", [steep, net.constant("shift", np.float32(-7))], "raw")
    net.constant("low", np.float32(0))
    net.constant("high", np.float32(1))
    return net.add("Clip", [raw, "low", "high"], "score")


def frame(seed: int, *, top: int = 232, has_figure: bool = True, size: tuple[int, int] = FRAME) -> np.ndarray:
    """Return noise with one bright square of 64 pixels of a 720p frame.

    Its `top` is where a cell of the detector begins: 232 for a frame with margins above and below, 256
    for one without.
    """
    width, height = size
    picture = np.random.default_rng(seed).integers(0, 180, (height, width, 3), dtype=np.uint8)
    if has_figure:
        scale = width / 1280
        left, top, side = round(640 * scale), round(top * scale), round(64 * scale)
        picture[top : top + side, left : left + side] = 255
    return picture
