"""Which family a model is of, and the ways it offers for a character.

The family is read off the classes that ComfyUI gave the model, whose base classes count too, so that a
new variant of a known family is known. Where one class holds several kinds, the shapes tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..conditioning import model_family, uses_reference_latents
from .catalog import CATALOG, CLASSES, EVERY_FAMILY, WAYS, Family

# Kolors is an SDXL network with the pooled output of ChatGLM 3 beside the six sizes: 4096 + 6 x 256.
_KOLORS_ADM = 5632
# Channels of Wan's plain text-to-video input; more of them hold a start picture.
_WAN_TEXT_CHANNELS = 16
# The widths of text that UNets of another class attend to: CLIP ViT-L alone, and beside ViT-bigG.
_UNETS = {768: "sd15", 2048: "sdxl"}
# Their first layer takes a picture beside the noise, which a reference latent does not have.
_PICTURE_INPUTS = ("flux_fill",)


@dataclass(frozen=True, slots=True)
class FamilyOffer:
    """A model's family, and the ways that this very model offers.

    Parameters
    ----------
    family : Family
    ways : tuple of str
        Keys of `WAYS`, in their order.
    """

    family: Family
    ways: tuple[str, ...]

    @property
    def label(self) -> str:
        """The family's name as people write it."""
        return self.family.label

    @property
    def takes_pictures(self) -> bool:
        """Whether anything but prompt and LoRA can carry a character."""
        return any(way not in EVERY_FAMILY for way in self.ways)


def family_of(model: Any) -> FamilyOffer:
    """Return a model's family, and the ways that it offers.

    Parameters
    ----------
    model : ModelPatcher
        A diffusion model of any family; of one that is not known, what can be told from its functions.
    """
    name = _name(model)
    family = CATALOG[name] if name else Family("unknown", model_family(model))
    ways = {*family.ways, *EVERY_FAMILY}
    if name not in _PICTURE_INPUTS and _reads_reference_latents(model):
        ways.add("reference_latents")
    return FamilyOffer(family, tuple(way for way in WAYS if way in ways))


def describe_family(model: Any) -> str:
    """Return a sentence on a model's family and the ways that it offers."""
    offer = family_of(model)
    return f"{offer.label}: {', '.join(WAYS[way] for way in offer.ways)}."


def why_degraded(model: Any) -> str | None:
    """Return why a character cannot be more than prompt and LoRA; None where the family takes pictures."""
    offer = family_of(model)
    if offer.takes_pictures:
        return None
    reason = f"{offer.label} takes no pictures of a character; prompt, LoRAs and palette are all it offers."
    return f"{reason} {offer.family.note}".strip()


def _name(model: Any) -> str | None:
    config = _network_config(model)
    known = next((CLASSES[name] for name in _class_names(model) if name in CLASSES), None)
    name = known or _UNETS.get(config.get("context_dim", 0))
    if name == "sdxl" and config.get("adm_in_channels") == _KOLORS_ADM:
        return "kolors"
    if name == "wan_t2v" and config.get("in_dim", _WAN_TEXT_CHANNELS) != _WAN_TEXT_CHANNELS:
        return "wan_i2v"
    if name == "flux" and config.get("in_channels", 0) > config.get("out_channels", 0):
        return "flux_fill"
    return name


def _class_names(model: Any) -> Iterator[str]:
    """Yield the classes of the model's configuration and of the model, the most derived ones first."""
    for thing in (getattr(model.model, "model_config", None), model.model):
        yield from (kind.__name__ for kind in type(thing).__mro__)


def _network_config(model: Any) -> dict[str, Any]:
    return getattr(getattr(model.model, "model_config", None), "unet_config", None) or {}


def _reads_reference_latents(model: Any) -> bool:
    if not uses_reference_latents(model):
        return False
    network = getattr(model.model, "diffusion_model", None)
    # Z-Image takes references only in its omni kind, which alone has an embedder for them.
    return getattr(network, "siglip_embedder", True) is not None
