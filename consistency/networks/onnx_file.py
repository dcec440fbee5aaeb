"""The little that has to be read from an ONNX file beside what onnxruntime tells."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

# Fields of onnx.proto (ONNX, field numbers are frozen): ModelProto.graph, GraphProto.node, NodeProto.name.
_GRAPH, _NODE, _NAME = 7, 1, 3
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5


def first_operation_names(path: Path, count: int = 8) -> list[str]:
    """Read the names of the first operations of an ONNX file.

    Nothing else is loaded: the fields of the protobuf are stepped over.

    Parameters
    ----------
    path : Path
        An ONNX file that onnxruntime has loaded.
    count : int
        Names to read.

    Returns
    -------
    list of str
        At most `count`; nodes without a name are left out.
    """
    names: list[str] = []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for field, start, end in _fields(content, 0, len(content)):
            if field != _GRAPH:
                continue
            nodes = (part for part in _fields(content, start, end) if part[0] == _NODE)
            for _, (_, node_start, node_end) in zip(range(count), nodes, strict=False):
                names += [
                    content[low:high].decode("utf-8", "replace")
                    for inner, low, high in _fields(content, node_start, node_end)
                    if inner == _NAME
                ]
            return names
    return names


def _fields(content: mmap.mmap, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield number, start and end of each field that holds bytes."""
    at = start
    while at < end:
        tag, at = _varint(content, at)
        kind = tag & 7
        if kind == _BYTES:
            length, at = _varint(content, at)
            yield tag >> 3, at, at + length
            at += length
        elif kind == _VARINT:
            _, at = _varint(content, at)
        elif kind in (_FIXED_32, _FIXED_64):
            at += 4 if kind == _FIXED_32 else 8
        else:
            return


def _varint(content: mmap.mmap, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
