"""The ways of the families as methods of an injection."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..injection_order import InjectionOrder, Step
from .photomaker import photomaker_steps
from .reference_latents import reference_latent_steps
from .style_models import style_model_steps, style_patch_steps
from .wan import wan_reference_steps

STEPS: Mapping[str, Callable[[InjectionOrder], Iterator[Step]]] = {
    "reference_latents": reference_latent_steps,
    "style_model": style_model_steps,
    "style_patch": style_patch_steps,
    "photomaker": photomaker_steps,
    "wan_reference": wan_reference_steps,
}
"""Each way's steps; a way yields none where an order holds nothing for it."""
