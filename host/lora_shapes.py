"""Whether what a LoRA file holds for a weight has that weight's shape.

ComfyUI matches names; where the shape is another it logs an error while it loads the model, and goes on
without. Names alone say little: files of SD 1.5 and of SDXL share hundreds of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

Shape = tuple[int, ...]


def fits(patch: Any, shape: Shape | None) -> bool:
    """Return whether a patch can be applied to a weight; true where that cannot be told.

    Parameters
    ----------
    patch : object
        One of ComfyUI's weight adapters (LoRA and LoCon, LoHa, LoKr, OFT, BOFT, GLoRA, each with or without
        DoRA), or a tuple of ``diff`` or ``set`` and its tensors.
    shape : tuple of int or None
        Of the weight, or of the part of it that is patched; None where it is unknown, as of quantised ones.

    References
    ----------
    Hu et al. (2021), "LoRA"; Yeh et al. (2023), "Navigating Text-To-Image Customization: From LyCORIS
    Fine-Tuning to Model Evaluation"; Liu et al. (2024), "DoRA".
    """
    if shape is None:
        return True
    if isinstance(patch, tuple):
        kind, tensors = patch[0], patch[1]
        return kind not in ("diff", "set") or _shape(tensors[0]) == shape
    n_parts, rule = _RULES.get(getattr(patch, "name", ""), (-1, None))
    # A newer ComfyUI may hold other parts under a known name.
    if rule is None or len(patch.weights) != n_parts:
        return True
    return rule(patch.weights, shape)


def patched_shape(key: Any, shapes: dict[str, Shape]) -> Shape | None:
    """Return the shape of what a patch changes.

    Parameters
    ----------
    key : str or tuple
        Name of a weight, or name and ``(axis, start, length)`` of a part of it.
    shapes : dict of str to tuple of int
        Of the model's weights.
    """
    if isinstance(key, str):
        return shapes.get(key)
    whole, part = shapes.get(key[0]), key[1]
    if whole is None or part is None:
        return whole
    axis, _start, length = part
    return (*whole[:axis], length, *whole[axis + 1 :])


def _lora(weights: Sequence[Any], shape: Shape) -> bool:
    up, down, _alpha, middle, dora, reshape = weights
    # Some files enlarge the weight first, as for additional input channels.
    target = shape if reshape is None else tuple(int(side) for side in reshape)
    if reshape is not None and (
        len(target) != len(shape) or any(a < b for a, b in zip(target, shape, strict=True))
    ):
        return False
    if middle is None:
        made = (up.shape[0], math.prod(down.shape[1:]))
        is_chain = math.prod(up.shape[1:]) == down.shape[0]
    else:
        made = (up.shape[0], down.shape[1] * math.prod(middle.shape[2:]))
        is_chain = up.shape[1] == middle.shape[0] and middle.shape[1] == down.shape[0]
    return is_chain and _is_same(made, target) and _scales(dora, target)


def _loha(weights: Sequence[Any], shape: Shape) -> bool:
    w1_a, w1_b, _alpha, w2_a, w2_b, t1, t2, dora = weights
    made = [_product(a, b, core) for a, b, core in ((w1_a, w1_b, t1), (w2_a, w2_b, t2))]
    return all(one is not None and _is_same(one, shape) for one in made) and _scales(dora, shape)


def _lokr(weights: Sequence[Any], shape: Shape) -> bool:
    w1, w2, _alpha, w1_a, w1_b, w2_a, w2_b, t2, dora = weights
    first = _product(w1_a, w1_b, None) if w1 is None else _shape(w1)
    second = _product(w2_a, w2_b, t2) if w2 is None else _shape(w2)
    if first is None or second is None:
        return False
    made = (first[0] * second[0], math.prod(first[1:]) * math.prod(second[1:]))
    return _is_same(made, shape) and _scales(dora, shape)


def _oft(weights: Sequence[Any], shape: Shape) -> bool:
    blocks, _rescale, _alpha, dora = weights
    n_blocks, side = blocks.shape[-3:-1]
    return n_blocks * side == shape[0] and blocks.shape[-1] == side and _scales(dora, shape)


def _glora(weights: Sequence[Any], shape: Shape) -> bool:
    _a1, _a2, b1, b2, _alpha, dora = weights
    pairs = ((b1, b2), (b2, b1))  # The order changed once.
    made = [_product(_flat(left), _flat(right), None) for left, right in pairs]
    return any(one is not None and _is_same(one, shape) for one in made) and _scales(dora, shape)


_RULES: dict[str, tuple[int, Callable[[Sequence[Any], Shape], bool]]] = {
    "lora": (6, _lora),
    "loha": (8, _loha),
    "lokr": (9, _lokr),
    "oft": (4, _oft),
    "boft": (4, _oft),
    "glora": (6, _glora),
}


def _shape(tensor: Any) -> Shape:
    return tuple(tensor.shape)


def _flat(tensor: Any) -> Any:
    return tensor.flatten(start_dim=1)


def _product(left: Any, right: Any, core: Any) -> Shape | None:
    """Return the shape of ``left @ right``, or of its Tucker form around a core; None where there is none."""
    if left is None or right is None:
        return None
    if core is not None:
        is_chain = core.shape[0] == left.shape[0] and core.shape[1] == right.shape[0]
        return (left.shape[1], right.shape[1], *core.shape[2:]) if is_chain else None
    return (left.shape[0], right.shape[1]) if left.shape[1] == right.shape[0] else None


def _is_same(made: Shape, shape: Shape) -> bool:
    """Whether a matrix, or a kernel, fills a weight of this shape."""
    return made[0] == shape[0] and math.prod(made[1:]) == math.prod(shape[1:])


def _scales(dora: Any, shape: Shape) -> bool:
    """Whether a DoRA scale, absent or one number for each output or input, belongs to the weight."""
    return dora is None or dora.numel() in shape[:2]
