"""Which tensors an adapter holds and of which shapes: layouts in symbols, measured on a real file.

A layout names each axis of each tensor by a symbol. On a file every symbol has one value, which the tensors
vote for; what disagrees with the vote is named with the shape that would fit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

Axis = int | str | tuple[int, str]
Layout = dict[str, tuple[Axis, ...]]
Shapes = Mapping[str, tuple[int, ...]]

_LAYER = re.compile(r"(\d{1,6})\.(?:to_[kv]_ip|to_(?:q|k|v|out)_lora\.(?:down|up))\.weight")
# More than all matrices of a file together.
_VECTOR_VOTES = 10_000
_RESAMPLER_LAYER = re.compile(r"(?:perceiver_resampler\.)?layers\.(\d{1,6})\.")


def projection_layouts(names: Iterable[str]) -> dict[str, Layout]:
    """Return the layout of every published projection network, as deep as the file is.

    Symbols are ``clip`` and ``face`` (widths of the inputs), ``tokens`` (their number), ``token`` (their
    width), ``values`` (tokens times width), ``dim``, ``inner`` and ``ff`` (widths inside).

    Parameters
    ----------
    names : iterable of str
        Names of the tensors of the projection.

    Returns
    -------
    dict of str to Layout
        By architecture: ``linear``, ``mlp`` (full face), ``face_mlp``, ``resampler``, ``face_perceiver``.
    """
    depth = _span({int(found[1]) for name in names if (found := _RESAMPLER_LAYER.match(name))})
    face_mlp: Layout = {
        **_linear("proj.0", "hidden", "face"),
        **_linear("proj.2", "values", "hidden"),
        **_norm("norm", "token"),
    }
    return {
        "linear": {**_linear("proj", "values", "clip"), **_norm("norm", "token")},
        "mlp": {
            **_linear("proj.0", "hidden", "clip"),
            **_linear("proj.2", "token", "hidden"),
            **_norm("proj.3", "token"),
        },
        "face_mlp": face_mlp,
        "resampler": {"latents": (1, "tokens", "dim"), **_perceiver("", depth, "dim")},
        "face_perceiver": {**face_mlp, **_perceiver("perceiver_resampler.", depth, "token")},
    }


def best_layout(layouts: Mapping[str, Layout], names: Iterable[str]) -> str | None:
    """Return the layout that shares most names with the file, None where no layout shares any."""
    present = set(names)
    shared = {
        key: (len(present & set(layout)), -len(set(layout) - present)) for key, layout in layouts.items()
    }
    best = max(shared, key=lambda key: shared[key])
    return best if shared[best][0] else None


def layer_layout(names: Iterable[str], *, context: str) -> Layout:
    """Return the layout of the layers, up to the highest number in the file.

    Processors are numbered in the order *down, up, mid*, self-attention on even and cross-attention on odd
    numbers. Symbols are ``width N`` per cross-attention, ``rank``, and `context`.

    Parameters
    ----------
    names : iterable of str
        Names of the tensors of the layers.
    context : str
        Symbol of the width of the tokens that K and V take.

    Returns
    -------
    Layout
        K and V of each cross-attention; and the LoRA of every attention, where the file has any.
    """
    names = list(names)
    numbers = {int(found[1]) | 1 for name in names if (found := _LAYER.fullmatch(name))}
    layout: Layout = {}
    for number in range(1, 2 * _span({n // 2 for n in numbers}), 2):
        layout |= {f"{number}.to_{part}_ip.weight": (f"width {number}", context) for part in "kv"}
    if any("_lora." in name for name in names):
        for number in sorted({n for key in layout if (n := int(key.split(".")[0]))}):
            layout |= _lora(number - 1, f"width {number}", f"width {number}")
            layout |= _lora(number, f"width {number}", context)
    return layout


def measure(layout: Layout, shapes: Shapes) -> dict[str, int]:
    """Return the value of each symbol that the tensors of a file agree on.

    Vectors, which cannot be transposed, outvote matrices. Tensors that contradict what the first count is
    sure of are not counted again, so that a damaged tensor does not speak for the others.

    Parameters
    ----------
    layout : Layout
        Symbols of each tensor's axes.
    shapes : mapping of str to tuple of int
        Shapes found.

    Returns
    -------
    dict of str to int
        Symbols that only contradicting tensors hold are absent.
    """
    votes = _votes(layout, shapes)
    sure = {symbol: count.most_common(1)[0][0] for symbol, count in votes.items() if _is_sure(count)}
    agreeing = {name: axes for name, axes in layout.items() if _fits(axes, shapes.get(name, ()), sure)}
    return {symbol: count.most_common(1)[0][0] for symbol, count in _votes(agreeing, shapes).items()}


def disagreements(layout: Layout, shapes: Shapes, sizes: Mapping[str, int]) -> list[str]:
    """Say what in a file differs from its layout.

    Parameters
    ----------
    layout : Layout
        What it should hold.
    shapes : mapping of str to tuple of int
        What it holds.
    sizes : mapping of str to int
        Values of the symbols, by `measure`.

    Returns
    -------
    list of str
        One clause per tensor: misshapen ones first, then missing, then unexpected ones.
    """
    said = [
        _misshapen(name, axes, shapes[name], sizes)
        for name, axes in layout.items()
        if name in shapes and not _fits(axes, shapes[name], sizes)
    ]
    said += [f"{name} is missing" for name in layout if name not in shapes]
    return said + [f"{name} is unexpected" for name in shapes if name not in layout]


def _linear(name: str, out: Axis, into: Axis, *, bias: bool = True) -> Layout:
    weight: Layout = {f"{name}.weight": (out, into)}
    return weight | {f"{name}.bias": (out,)} if bias else weight


def _norm(name: str, width: str) -> Layout:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _perceiver(prefix: str, depth: int, dim: str) -> Layout:
    layout: Layout = {
        **_linear(f"{prefix}proj_in", dim, "clip"),
        **_linear(f"{prefix}proj_out", "token", dim),
        **_norm(f"{prefix}norm_out", "token"),
    }
    for number in range(depth):
        attention, feed = f"{prefix}layers.{number}.0", f"{prefix}layers.{number}.1"
        layout |= _norm(f"{attention}.norm1", dim) | _norm(f"{attention}.norm2", dim)
        layout |= _linear(f"{attention}.to_q", "inner", dim, bias=False)
        layout |= _linear(f"{attention}.to_kv", (2, "inner"), dim, bias=False)
        layout |= _linear(f"{attention}.to_out", dim, "inner", bias=False)
        layout |= _norm(f"{feed}.0", dim)
        layout |= _linear(f"{feed}.1", "ff", dim, bias=False)
        layout |= _linear(f"{feed}.3", dim, "ff", bias=False)
    return layout


def _lora(number: int, width: str, context: str) -> Layout:
    layout: Layout = {}
    for part, into in (("q", width), ("k", context), ("v", context), ("out", width)):
        layout[f"{number}.to_{part}_lora.down.weight"] = ("rank", into)
        layout[f"{number}.to_{part}_lora.up.weight"] = (width, "rank")
    return layout


def _span(numbers: set[int]) -> int:
    """Count the places of a numbering from 0, with its gaps unless most of it would be gaps."""
    last = max(numbers, default=-1)
    return last + 1 if last < 2 * len(numbers) else len(numbers)


def _votes(layout: Layout, shapes: Shapes) -> dict[str, Counter[int]]:
    votes: dict[str, Counter[int]] = {}
    for name, axes in layout.items():
        shape = shapes.get(name, ())
        if len(shape) != len(axes):
            continue
        for axis, size in zip(axes, shape, strict=True):
            factor, symbol = axis if isinstance(axis, tuple) else (1, axis)
            if isinstance(symbol, str) and size % factor == 0:
                votes.setdefault(symbol, Counter())[size // factor] += _VECTOR_VOTES if len(axes) == 1 else 1
    return votes


def _is_sure(count: Counter[int]) -> bool:
    """Return whether more than one vote decided, and no tie."""
    (_, most), *others = count.most_common(2)
    return most > 1 and (not others or most > others[0][1])


def _expected(axis: Axis, sizes: Mapping[str, int]) -> int | None:
    if isinstance(axis, int):
        return axis
    factor, symbol = axis if isinstance(axis, tuple) else (1, axis)
    return factor * sizes[symbol] if symbol in sizes else None


def _fits(axes: tuple[Axis, ...], shape: tuple[int, ...], sizes: Mapping[str, int]) -> bool:
    if len(axes) != len(shape):
        return False
    wanted = [_expected(axis, sizes) for axis in axes]
    return all(size > 0 and want in {None, size} for size, want in zip(shape, wanted, strict=True))


def _misshapen(name: str, axes: tuple[Axis, ...], shape: tuple[int, ...], sizes: Mapping[str, int]) -> str:
    if len(shape) == 2 and _fits(axes, shape[::-1], sizes):
        return f"{name} is transposed: {list(shape)}, expected {list(shape[::-1])}"
    found = shape if len(shape) == len(axes) else (None,) * len(axes)
    known = [_expected(axis, sizes) for axis in axes]
    wanted = ", ".join(str(want or size or "any") for want, size in zip(known, found, strict=True))
    return f"{name} is {list(shape)}, expected [{wanted}]"
