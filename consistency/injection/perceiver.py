"""The perceiver inside the larger adapters: a few latents that read many features.

References
----------
Alayrac et al., "Flamingo: a Visual Language Model for Few-Shot Learning", arXiv:2204.14198, in the form that
Ye et al. gave it in "IP-Adapter", arXiv:2308.06721.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Mapping

# Every published adapter has heads this wide; the weights do not say.
_DIM_HEAD = 64


class Perceiver(nn.Module):
    """Alternate attention and feed-forward layers, as deep and wide as the weights are.

    Parameters
    ----------
    shapes : mapping of str to tuple of int
        Shapes of the published tensors, ``proj_in.weight`` to ``layers.N.1.3.weight``; others are ignored.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__()
        dim, width = shapes["proj_in.weight"]
        token = shapes["proj_out.weight"][0]
        self.proj_in = nn.Linear(width, dim)
        self.proj_out = nn.Linear(dim, token)
        self.norm_out = nn.LayerNorm(token)
        self.layers = nn.ModuleList()
        while (inner := shapes.get(f"layers.{len(self.layers)}.0.to_q.weight")) is not None:
            ff = shapes[f"layers.{len(self.layers)}.1.1.weight"][0]
            self.layers.append(_Layer(dim, inner[0], ff))

    def forward(self, latents: Tensor, seen: Tensor) -> Tensor:
        """Let the latents read what is seen.

        Parameters
        ----------
        latents : Tensor, shape (n, n_latents, dim)
            Queries.
        seen : Tensor, shape (n, positions, width)
            Features.

        Returns
        -------
        Tensor, shape (n, n_latents, token_width)
        """
        seen = self.proj_in(seen)
        for layer in self.layers:
            latents = layer(seen, latents)
        return self.norm_out(self.proj_out(latents))


class _Layer(nn.ModuleList):
    """Attention and feed-forward, each added to its input; the file numbers them 0 and 1."""

    def __init__(self, dim: int, inner: int, ff: int) -> None:
        into, out = nn.Linear(dim, ff, bias=False), nn.Linear(ff, dim, bias=False)
        super().__init__([_Attention(dim, inner), nn.Sequential(nn.LayerNorm(dim), into, nn.GELU(), out)])

    def forward(self, seen: Tensor, latents: Tensor) -> Tensor:
        attend, feed = self
        latents = latents + attend(seen, latents)
        return latents + feed(latents)


class _Attention(nn.Module):
    """Queries from the latents, keys and values from the input and the latents together."""

    def __init__(self, dim: int, inner: int) -> None:
        super().__init__()
        self.n_heads = inner // _DIM_HEAD
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.to_q = nn.Linear(dim, inner, bias=False)
        self.to_kv = nn.Linear(dim, 2 * inner, bias=False)
        self.to_out = nn.Linear(inner, dim, bias=False)

    def forward(self, seen: Tensor, latents: Tensor) -> Tensor:
        latents = self.norm2(latents)
        keys, values = self.to_kv(torch.cat((self.norm1(seen), latents), dim=1)).chunk(2, dim=-1)
        # Both factors are scaled, and the softmax is taken in float32, so that float16 does not overflow.
        scale = _DIM_HEAD**-0.25
        logits = (self._heads(self.to_q(latents)) * scale) @ (self._heads(keys) * scale).mT
        shares = logits.to(torch.promote_types(logits.dtype, torch.float32)).softmax(-1).to(logits.dtype)
        return self.to_out((shares @ self._heads(values)).transpose(1, 2).flatten(2))

    def _heads(self, features: Tensor) -> Tensor:
        return features.unflatten(-1, (self.n_heads, _DIM_HEAD)).transpose(1, 2)
