"""Style from pictures in the model itself, without any weights: self-attention shared with references.

At each step the reference pictures, noised to the step's level, go through the model first; in the
later half of the decoder's attention blocks, which carry style and not layout, the generation then
also attends to their keys and values.

References
----------
.. [1] A. Hertz, A. Voynov, S. Fruchter, D. Cohen-Or, "Style Aligned Image Generation via Shared
   Attention", CVPR 2024.
.. [2] J. Jeong et al., "Visual Style Prompting with Swapping Self-Attention", 2024: the later decoder
   blocks alone keep content of the references from leaking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError
from .conditioning import encode_references, model_family

Place = tuple[str, int, int]
Attend = Callable[[Tensor, Tensor, Tensor, dict[str, Any]], Tensor]

_KEY = "tower_style"


@dataclass(frozen=True, slots=True)
class StyleOrder:
    """How strongly, and when, pictures give their style.

    Parameters
    ----------
    strength : float
        Share of the attention to the references in the style blocks, in [0, 1]; 0 changes nothing.
    start, end : float
        Part of sampling in which it acts, as fractions of the steps from 0 to 1.
    """

    strength: float
    start: float = 0.0
    end: float = 1.0


@dataclass(slots=True)
class _Pass:
    """One way through the model: `seen` is filled while recording, and attended to otherwise."""

    is_recording: bool
    strength: float
    seen: dict[Place, tuple[Tensor, Tensor]] = field(default_factory=dict)


def inject_style(model: Any, vae: Any, pictures: Tensor, order: StyleOrder) -> Any:
    """Return a copy of a model that draws in the style of pictures.

    Parameters
    ----------
    model : ModelPatcher
        A diffusion model with a UNet (SD 1.5 and SDXL families); it is not changed.
    vae : VAE
        Encodes the pictures.
    pictures : Tensor, shape (n, height, width, channels)
        IMAGE batch in [0, 1]; several share the attention equally.
    order : StyleOrder
        How strongly, and when.

    Raises
    ------
    InputError
        If the model has no UNet, or the order's numbers are out of range.
    """
    from comfy.patcher_extension import WrappersMP

    _check(order)
    patched = model.clone()
    places = style_places(model)
    if order.strength == 0:
        return patched
    latents = [patched.model.process_latent_in(latent) for latent in encode_references(vae, pictures)]
    key = _unused_key(patched)
    sigmas = [float(patched.get_model_object("model_sampling").percent_to_sigma(p)) for p in _span(order)]
    patched.add_wrapper_with_key(
        WrappersMP.APPLY_MODEL, key, _styled_pass(key, latents, order.strength, sigmas[0], sigmas[1])
    )
    existing = (
        patched.model_options.get("transformer_options", {}).get("patches_replace", {}).get("attn1", {})
    )
    for place in places:
        before = existing.get(place, existing.get(place[:2], _own_attention))
        patched.set_model_attn1_replace(_style_attention(key, before), *place)
    return patched


def style_places(model: Any) -> list[Place]:
    """Return the self-attentions that carry style: the later half of the decoder's.

    Raises
    ------
    InputError
        If the model has no UNet.
    """
    blocks = getattr(model.model.diffusion_model, "output_blocks", None)
    if blocks is None:
        raise InputError(
            f"A {model_family(model)} model has no UNet whose self-attention could be shared.",
            field="model",
            hint="Leave the model out and transfer the style on the pictures.",
        )
    attending = [
        (number, len(part.transformer_blocks))
        for number, block in enumerate(blocks)
        for part in block
        if hasattr(part, "transformer_blocks")
    ]
    late = attending[len(attending) // 2 :]
    return [("output", number, depth) for number, n_depths in late for depth in range(n_depths)]


def _check(order: StyleOrder) -> None:
    if not 0 <= order.strength <= 1:
        raise InputError(
            f"The strength {order.strength} is not a share.", field="strength", hint="Give 0 to 1."
        )
    if not 0 <= order.start < order.end <= 1:
        raise InputError(
            f"The span {order.start} to {order.end} holds no step.",
            field="start",
            hint="Give 0 ≤ start < end ≤ 1.",
        )


def _span(order: StyleOrder) -> tuple[float, float]:
    return order.start, order.end


def _unused_key(model: Any) -> str:
    from comfy.patcher_extension import WrappersMP

    taken = model.wrappers.get(WrappersMP.APPLY_MODEL, {})
    return next(key for key in (f"{_KEY}_{n}" for n in range(len(taken) + 1)) if key not in taken)


def _styled_pass(key: str, latents: list[Tensor], strength: float, highest: float, lowest: float) -> Callable:
    """Return the wrapper that shows the references to the model before it draws."""

    def apply(  # noqa: PLR0917 - ComfyUI calls it so
        executor: Any, x: Tensor, t: Tensor, c_concat: Any = None, c_crossattn: Any = None,
        control: Any = None, transformer_options: dict[str, Any] | None = None, **extras: Any,
    ) -> Tensor:  # fmt: skip
        options = transformer_options or {}
        if not lowest <= float(t.max()) <= highest:
            return executor(x, t, c_concat, c_crossattn, control, options, **extras)
        row = _conditional_row(x.shape[0], options)
        shown = [_row_of(value, row, x.shape[0]) for value in (c_concat, c_crossattn)]
        few = {name: _row_of(value, row, x.shape[0]) for name, value in extras.items()}
        recorded: dict[Place, tuple[Tensor, Tensor]] = {}
        for number, latent in enumerate(latents):
            looking = _Pass(True, strength)
            alone = {**options, "cond_or_uncond": [0], key: looking}
            noisy = _noised(executor.class_obj.model_sampling, latent.to(x), t[row : row + 1], number)
            executor(noisy, t[row : row + 1], *shown, None, alone, **few)
            for place, pair in looking.seen.items():
                before = recorded.get(place)
                recorded[place] = pair if before is None else _joined(before, pair)
        drawing = {**options, key: _Pass(False, strength, recorded)}
        return executor(x, t, c_concat, c_crossattn, control, drawing, **extras)

    return apply


def _style_attention(key: str, attend: Attend) -> Attend:
    """Return the attention that also looks at the references; `attend` is what stood there before."""

    def style(q: Tensor, k: Tensor, v: Tensor, options: dict[str, Any]) -> Tensor:
        own = attend(q, k, v, options)
        current: _Pass | None = options.get(key)
        place = (*options["block"], options["block_index"])
        if current is None:
            return own
        if current.is_recording:
            current.seen[place] = (k, v)
            return own
        keys, values = (seen.to(q).expand(q.shape[0], -1, -1) for seen in current.seen[place])
        return torch.lerp(own, _own_attention(q, keys, values, options), current.strength)

    return style


def _own_attention(q: Tensor, k: Tensor, v: Tensor, options: dict[str, Any]) -> Tensor:
    from comfy.ldm.modules.attention import optimized_attention

    return optimized_attention(
        q, k, v, heads=options["n_heads"], attn_precision=options.get("attn_precision")
    )


def _conditional_row(n_rows: int, options: dict[str, Any]) -> int:
    """Return the first row of the first conditional chunk; the references follow its prompt."""
    chunks = options.get("cond_or_uncond") or [0]
    return (n_rows // len(chunks)) * (chunks.index(0) if 0 in chunks else 0)


def _row_of(value: Any, row: int, n_rows: int) -> Any:
    if isinstance(value, list):
        return [_row_of(item, row, n_rows) for item in value]
    if isinstance(value, Tensor) and value.ndim and value.shape[0] == n_rows:
        return value[row : row + 1]
    return value


def _noised(sampling: Any, latent: Tensor, sigma: Tensor, number: int) -> Tensor:
    # A generator of its own: the user's random state stays as it is, and each step sees the same noise.
    generator = torch.Generator().manual_seed(number)
    noise = torch.randn(latent.shape, generator=generator).to(latent)
    return sampling.noise_scaling(sigma, noise, latent)


def _joined(first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    return torch.cat((first[0], second[0]), dim=1), torch.cat((first[1], second[1]), dim=1)
