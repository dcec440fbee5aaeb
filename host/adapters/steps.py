"""An adapter as a method of an injection."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ...consistency.injection.adapter_kind import AdapterKind
from ...consistency.injection.face_lora import face_lora
from ...consistency.injection.sites import in_file_order
from ...errors import EmptyReferenceError, InputError
from ..clip_vision import empty_input, encode_for_adapter
from ..face_lora import apply_face_lora
from ..injection_order import Generation, InjectionOrder, Step
from .apply import AdapterSettings, place_adapter
from .files import Adapter
from .sites import unet_sites
from .tokens import Seen, make_tokens

# Which LoRAs of adapter files a model carries: strengths by path.
_LOADED = "tower_face_loras"

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What an adapter is shown of a character.

    Parameters
    ----------
    pictures : sequence of ndarray of uint8, shape (height, width, 3)
        For the CLIP vision model, RGB.
    faces : ndarray of float32, shape (n, 512)
        One row for each picture, or none.
    weights : tuple of float
        How much each picture counts.
    notes : tuple of str
        What was skipped, and what was done instead.
    negatives : sequence of ndarray of uint8
        Pictures that the result is to be led away from.
    """

    pictures: Sequence[NDArray[np.uint8]]
    faces: NDArray[np.float32]
    weights: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()
    negatives: Sequence[NDArray[np.uint8]] = ()


@dataclass(frozen=True, slots=True, eq=False)
class AdapterOrder:
    """An adapter, how it acts, and what shows it the character.

    Parameters
    ----------
    adapter : Adapter
        The file, and what it looks through.
    show : callable
        Returns what is shown; called when the adapter is applied, so that what fails is reported.
    settings : AdapterSettings
        How it acts.
    """

    adapter: Adapter
    show: Callable[[], Shown]
    settings: AdapterSettings


def adapter_steps(order: InjectionOrder) -> Iterator[Step]:
    """Yield the step that puts an adapter into the model, if the order has one."""
    asked = order.adapter
    if asked is not None:
        scaled = replace(
            asked.settings,
            weight=asked.settings.weight * order.strength,
            lora_strength=asked.settings.lora_strength * order.strength,
        )
        if asked.settings.weight_composition is not None:
            scaled = replace(scaled, weight_composition=asked.settings.weight_composition * order.strength)
        yield Step(f"adapter {asked.adapter.name}", _adapter_step(asked, scaled, order.mask))


def _adapter_step(
    order: AdapterOrder, settings: AdapterSettings, mask: Tensor | None
) -> Callable[[Generation], tuple[Generation, str]]:
    def apply(generation: Generation) -> tuple[Generation, str]:
        # Before any picture is looked at: an adapter of another family costs no time.
        unet_sites(generation.model)
        shown = order.show()
        seen = _seen(order, shown)
        tokens = make_tokens(order.adapter, seen, settings, generation.model)
        placed = place_adapter(generation.model, order.adapter, tokens, settings, mask)
        model, lora = (
            _with_lora(placed.model, order.adapter, settings) if placed.n_acting else (placed.model, "")
        )
        kind = order.adapter.kind
        n_rows = max(len(shown.faces), len(shown.pictures) if kind.clip else 0)
        detail = (
            f"{kind.variant} for {kind.family}: {kind.n_tokens} tokens of {n_rows} "
            f"{'picture' if n_rows == 1 else 'pictures'} in {placed.n_acting} of {placed.n_sites} "
            f"cross-attentions at {settings.weight:g}{lora}"
        )
        notes = [note.rstrip(".") for note in (*shown.notes, *_unused(kind, shown, settings))]
        return replace(generation, model=model), ". ".join([detail, *notes])

    return apply


def _unused(kind: AdapterKind, shown: Shown, settings: AdapterSettings) -> Iterator[str]:
    """Yield what was given and has no effect."""
    if len(shown.negatives) and kind.clip is None:
        yield f"Negative references have no effect: {kind.variant} looks at faces only"
    if settings.shortcut_scale is not None and not kind.shortcut:
        yield f"The shortcut scale has no effect: {kind.variant} has no shortcut"


def _seen(order: AdapterOrder, shown: Shown) -> Seen:
    """Encode what is shown as the adapter takes it."""
    kind = order.adapter.kind
    faces = torch.from_numpy(shown.faces) if kind.face else None
    if kind.face and not len(shown.faces):
        if kind.clip is None:
            raise EmptyReferenceError(
                f"No reference shows a face, and {order.adapter.name} takes nothing else.",
                field="references",
                hint="Give a picture with a clear face, or choose a plus adapter, which takes any picture.",
            )
        faces = torch.zeros(len(shown.pictures), kind.face_width)
    if kind.clip is None:
        return Seen(face=faces, weights=shown.weights)
    if order.adapter.clip_vision is None:
        raise InputError(
            f"{order.adapter.name} looks through {kind.needs_clip_model}, and none is connected.",
            field="clip_vision",
            hint="Connect a Load CLIP Vision node to the Adapter Loader.",
        )
    clip = encode_for_adapter(order.adapter.clip_vision, shown.pictures, kind)
    negative = None
    if len(shown.negatives):
        negative = encode_for_adapter(order.adapter.clip_vision, shown.negatives, kind)
    elif kind.empty_uncond:
        negative = empty_input(order.adapter.clip_vision, kind, is_black=order.settings.compatible)
    return Seen(clip, negative, faces, shown.weights)


def _with_lora(model: Any, adapter: Adapter, settings: AdapterSettings) -> tuple[Any, str]:
    """Return the model with the LoRA that is inside a FaceID file, and words for the report.

    It makes the model take any face, and knows no places, so that several characters share one at the
    strength of the strongest.
    """
    strength = settings.lora_strength
    if not adapter.kind.has_lora or strength == 0:
        return model, ""
    loaded = dict(model.get_attachment(_LOADED) or {})
    before = loaded.get(adapter.file.path, 0.0)
    if abs(before) >= abs(strength):
        return model, f", with its LoRA, which is on the model at {before:g} already"
    paths = [site.path for site in in_file_order(unet_sites(model))]
    applied = apply_face_lora(model, face_lora(adapter.file, paths), strength - before)
    applied.model.set_attachments(_LOADED, {**loaded, adapter.file.path: strength})
    return applied.model, f", with its LoRA on {applied.n_weights} weights of the whole model at {strength:g}"
