"""Random IP-Adapters of every variant, as files: written with torch and the standard library alone.

Names and shapes are the published ones; widths that the format leaves open are small unless asked otherwise.
Runs in ComfyUI's own Python too.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

CONTEXT = {"sd15": 768, "sdxl": 2048, "kolors": 2048}
# Widths of the cross-attentions in the order of the files: down, up, mid.
SD15_WIDTHS = [320] * 2 + [640] * 2 + [1280] * 2 + [1280] * 3 + [640] * 3 + [320] * 3 + [1280]
SDXL_WIDTHS = [640] * 4 + [1280] * 20 + [1280] * 30 + [640] * 6 + [1280] * 10
VEGA_WIDTHS = [640] * 2 + [1280] * 4 + [1280] * 6 + [640] * 3 + [1280] * 2
FEW_WIDTHS = [16, 24, 8]
# Every variant in every family that it was published for.
PUBLISHED = [
    ("base", "sd15"),
    ("base", "sdxl"),
    ("base_vit_g", "sd15"),
    ("base_vit_g", "sdxl"),
    ("plus", "sd15"),
    ("plus", "sdxl"),
    ("full_face", "sd15"),
    ("faceid", "sd15"),
    ("faceid", "sdxl"),
    ("faceid_plus", "sd15"),
    ("faceid_plus_v2", "sd15"),
    ("faceid_plus_v2", "sdxl"),
    ("faceid_portrait", "sd15"),
    ("faceid_portrait", "sdxl"),
    ("faceid_portrait_unnorm", "sdxl"),
    ("kolors_plus", "kolors"),
    ("kolors_faceid", "kolors"),
]
# Names that say what shapes cannot.
TELLING_NAMES = {
    "faceid_plus": "ip-adapter-faceid-plus_sd15",
    "faceid_plus_v2": "ip-adapter-faceid-plusv2_sd15",
    "faceid_portrait_unnorm": "ip-adapter-faceid-portrait_sdxl_unnorm",
}


@dataclass(frozen=True)
class Sizes:
    """Widths that a file's tensors carry; None stands for the published figure."""

    clip: int | None = 24
    dim: int | None = 32
    n_heads: int | None = 1
    depth: int = 2
    ff: int = 40
    hidden: int = 48
    tokens: int | None = None
    rank: int = 4


SMALL = Sizes()
# What the published files have; ff and hidden are multiples of other widths there, and set by `_published`.
FULL = Sizes(clip=None, dim=None, n_heads=None, depth=4, ff=0, hidden=0, rank=128)


@dataclass(frozen=True)
class RandomAdapter:
    """The two groups of an adapter file."""

    variant: str
    image_proj: dict[str, torch.Tensor]
    layers: dict[str, torch.Tensor]

    def flat(self, group: str = "ip_adapter") -> dict[str, torch.Tensor]:
        projection = {f"image_proj.{name}": tensor for name, tensor in self.image_proj.items()}
        return projection | {f"{group}.{name}": tensor for name, tensor in self.layers.items()}


def random_adapter(
    variant: str,
    family: str = "sd15",
    *,
    widths: Sequence[int] = FEW_WIDTHS,
    sizes: Sizes = SMALL,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
    scale: float = 1.0,
    has_lora: bool | None = None,
) -> RandomAdapter:
    """Draw an adapter.

    `widths` are those of the model's cross-attentions in the order of the files. Weights keep the variance of
    what passes through; `scale` multiplies K and V. FaceID variants bring a LoRA as published unless
    `has_lora` says otherwise.
    """
    draw = _Draw(seed, dtype)
    context = CONTEXT[family]
    image_proj = _PROJECTIONS[variant](draw, context, _published(variant, family, sizes))
    layers = {}
    for index, width in enumerate(widths):
        for part in "kv":
            layers[f"{2 * index + 1}.to_{part}_ip.weight"] = draw.weight(width, context) * scale
    if has_lora if has_lora is not None else variant in {"faceid", "faceid_plus", "faceid_plus_v2"}:
        for index, width in enumerate(widths):
            layers |= draw.lora(2 * index, width, width, sizes.rank)
            layers |= draw.lora(2 * index + 1, width, context, sizes.rank)
    return RandomAdapter(variant, image_proj, layers)


def write_safetensors(path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    """Write tensors in the safetensors format, without its package."""
    names = {torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32", torch.float64: "F64"}
    names |= {torch.int8: "I8", torch.int64: "I64"}
    header, parts, at = {}, [], 0
    for name, tensor in tensors.items():
        raw = bytes(tensor.detach().contiguous().flatten().view(torch.uint8).numpy())
        header[name] = {
            "dtype": names[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [at, at + len(raw)],
        }
        parts.append(raw)
        at += len(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))
    return path


def write_adapter(
    folder: Path, adapter: RandomAdapter, name: str | None = None, suffix: str = ".safetensors"
) -> Path:
    """Write an adapter file under a name that tells its variant where shapes cannot."""
    path = folder / f"{name or TELLING_NAMES.get(adapter.variant, 'adapter')}{suffix}"
    if suffix == ".safetensors":
        return write_safetensors(path, adapter.flat())
    torch.save({"image_proj": adapter.image_proj, "ip_adapter": adapter.layers}, path)
    return path


class _Draw:
    """Tensors by name, drawn in order from one generator."""

    def __init__(self, seed: int, dtype: torch.dtype) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self.dtype = dtype

    def weight(self, *shape: int) -> torch.Tensor:
        return (torch.randn(shape, generator=self.generator) / shape[-1] ** 0.5).to(self.dtype)

    def linear(self, name: str, out: int, into: int, *, bias: bool = True) -> dict[str, torch.Tensor]:
        weights = {f"{name}.weight": self.weight(out, into)}
        if bias:
            weights[f"{name}.bias"] = (0.1 * torch.randn(out, generator=self.generator)).to(self.dtype)
        return weights

    def norm(self, name: str, width: int) -> dict[str, torch.Tensor]:
        near_one = 1 + 0.1 * torch.randn(width, generator=self.generator)
        near_zero = 0.1 * torch.randn(width, generator=self.generator)
        return {f"{name}.weight": near_one.to(self.dtype), f"{name}.bias": near_zero.to(self.dtype)}

    def lora(self, number: int, width: int, context: int, rank: int) -> dict[str, torch.Tensor]:
        weights = {}
        for part, into in (("q", width), ("k", context), ("v", context), ("out", width)):
            weights[f"{number}.to_{part}_lora.down.weight"] = self.weight(rank, into)
            weights[f"{number}.to_{part}_lora.up.weight"] = self.weight(width, rank)
        return weights

    def perceiver(self, prefix: str, dim: int, token: int, sizes: Sizes) -> dict[str, torch.Tensor]:
        inner = 64 * sizes.n_heads
        weights = self.linear(f"{prefix}proj_in", dim, sizes.clip)
        for number in range(sizes.depth):
            layer = f"{prefix}layers.{number}"
            weights |= self.norm(f"{layer}.0.norm1", dim) | self.norm(f"{layer}.0.norm2", dim)
            weights |= self.linear(f"{layer}.0.to_q", inner, dim, bias=False)
            weights |= self.linear(f"{layer}.0.to_kv", 2 * inner, dim, bias=False)
            weights |= self.linear(f"{layer}.0.to_out", dim, inner, bias=False)
            weights |= self.norm(f"{layer}.1.0", dim)
            weights |= self.linear(f"{layer}.1.1", sizes.ff, dim, bias=False)
            weights |= self.linear(f"{layer}.1.3", dim, sizes.ff, bias=False)
        return weights | self.linear(f"{prefix}proj_out", token, dim) | self.norm(f"{prefix}norm_out", token)

    def face_mlp(self, token: int, sizes: Sizes) -> dict[str, torch.Tensor]:
        return {
            **self.linear("proj.0", sizes.hidden, 512),
            **self.linear("proj.2", sizes.tokens * token, sizes.hidden),
            **self.norm("norm", token),
        }


def _linear_projection(draw: _Draw, context: int, sizes: Sizes) -> dict[str, torch.Tensor]:
    return draw.linear("proj", sizes.tokens * context, sizes.clip) | draw.norm("norm", context)


def _full_face(draw: _Draw, context: int, sizes: Sizes) -> dict[str, torch.Tensor]:
    first = draw.linear("proj.0", sizes.clip, sizes.clip)
    return first | draw.linear("proj.2", context, sizes.clip) | draw.norm("proj.3", context)


def _resampler(draw: _Draw, context: int, sizes: Sizes) -> dict[str, torch.Tensor]:
    return {"latents": draw.weight(1, sizes.tokens, sizes.dim)} | draw.perceiver(
        "", sizes.dim, context, sizes
    )


def _face_perceiver(draw: _Draw, context: int, sizes: Sizes) -> dict[str, torch.Tensor]:
    return draw.face_mlp(context, sizes) | draw.perceiver("perceiver_resampler.", context, context, sizes)


def _kolors_faceid(draw: _Draw, context: int, sizes: Sizes) -> dict[str, torch.Tensor]:
    return _face_perceiver(draw, 4096, sizes)


_PROJECTIONS = {
    "base": _linear_projection,
    "base_vit_g": _linear_projection,
    "plus": _resampler,
    "full_face": _full_face,
    "faceid": _Draw.face_mlp,
    "faceid_plus": _face_perceiver,
    "faceid_plus_v2": _face_perceiver,
    "faceid_portrait": _Draw.face_mlp,
    "faceid_portrait_unnorm": _resampler,
    "kolors_plus": _resampler,
    "kolors_faceid": _kolors_faceid,
}
_TOKENS = {
    "plus": 16,
    "faceid_portrait": 16,
    "faceid_portrait_unnorm": 16,
    "kolors_plus": 16,
    "kolors_faceid": 6,
}


def _published(variant: str, family: str, sizes: Sizes) -> Sizes:
    """Fill in what a variant fixes, and what `sizes` leaves to the published files."""
    width, dim = {"base": 1024, "base_vit_g": 1280}.get(variant, 1280), 768 if family == "sd15" else 1280
    clip = {"kolors_plus": 1024, "kolors_faceid": 1024}.get(variant, width)
    if variant == "kolors_plus":
        dim = 2048
    inside = {"kolors_faceid": 4096, "faceid_plus": CONTEXT[family], "faceid_plus_v2": CONTEXT[family]}.get(
        variant, dim
    )
    # These two are how the format tells a variant, so that they are never small.
    fixed_clip = {"base_vit_g": 1280, "faceid_portrait_unnorm": 512}.get(variant)
    return Sizes(
        clip=fixed_clip or sizes.clip or clip,
        dim=dim if variant == "kolors_plus" else sizes.dim or dim,
        n_heads=sizes.n_heads or inside // 64,
        depth=sizes.depth,
        ff=sizes.ff or 4 * inside,
        hidden=sizes.hidden or 1024,
        tokens=sizes.tokens or _TOKENS.get(variant, 4),
        rank=sizes.rank,
    )
