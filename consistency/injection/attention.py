"""Decoupled cross-attention: what the tokens of a picture add to a layer.

References
----------
.. [1] H. Ye et al., "IP-Adapter: Text Compatible Image Prompt Adapter for Text-to-Image Diffusion Models",
   2023: ``out = Attn(q, k, v) + weight * Attn(q, k_ip, v_ip)``.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

# A weight on keys acts through a softmax, the stronger the wider the layer; the penalty is relative to this.
_WIDEST = 1280.0

Pair = tuple[Tensor, Tensor]


def _penalty(keys: Tensor) -> float:
    return keys.shape[-1] / _WIDEST


def _on_both(keys: Tensor, values: Tensor, weight: float) -> Pair:
    return keys * weight, values * weight


def _on_mean(keys: Tensor, values: Tensor, weight: float) -> Pair:
    mean = values.mean(dim=1, keepdim=True)
    return keys * weight, values - mean + mean * weight


# Attention is linear in its values: a weight on them is one on the result, and there are fewer of them.
EMBEDS_SCALING: dict[str, Callable[[Tensor, Tensor, float], Pair]] = {
    "V only": lambda keys, values, weight: (keys, values * weight),
    "K+V": _on_both,
    "K+V w/ C penalty": lambda keys, values, weight: _on_both(keys, values, weight * _penalty(keys)),
    "K+mean(V) w/ C penalty": lambda keys, values, weight: _on_mean(keys, values, weight * _penalty(keys)),
}
"""How a weight enters the attention: each returns the keys and values that are attended to.

They are of the shape (n_pictures, n_tokens, width). ``V only`` makes the result linear in the weight, as
published; the others are the field's names for weights inside the softmax, the mean of the values, and a
penalty by the width of the layer.
"""


def spread(rows: Tensor, n: int, frames: list[int] | None = None) -> Tensor:
    """Give each of `n` frames its row: the same for all, or one each.

    Parameters
    ----------
    rows : Tensor, shape (m, …)
        One row for all frames, or one per frame of the whole video; the last stands for those that lack.
    n : int
        Frames in this chunk.
    frames : list of int, optional
        Which frames of the video they are; the first `n` if not given.

    Returns
    -------
    Tensor, shape (n, …)
    """
    if rows.shape[0] == 1:
        return rows.expand(n, *[-1] * (rows.ndim - 1))
    wanted = [min(frame, rows.shape[0] - 1) for frame in (range(n) if frames is None else frames)]
    return rows if wanted == list(range(rows.shape[0])) else rows[wanted]
