"""What every way asks first: whether the family offers it, and whether there is a picture."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ...errors import InputError
from ..conditioning import model_family
from ..injection_order import InjectionOrder, NotApplicableError, ReferenceModels
from .catalog import WAYS
from .family import family_of


def require_way(model: Any, way: str) -> None:
    """Refuse a model whose family does not offer a way.

    Raises
    ------
    NotApplicableError
        With what the family offers instead.
    """
    offer = family_of(model)
    if way not in offer.ways:
        raise NotApplicableError(
            f"this model family ({model_family(model)}) has no use for {WAYS[way]}; "
            f"{offer.label} takes {', '.join(WAYS[other] for other in offer.ways)}."
        )


def require_references(order: InjectionOrder, for_what: str) -> Tensor:
    """Return the reference pictures.

    Raises
    ------
    NotApplicableError
        If there are none.
    """
    if order.references is None or len(order.references) == 0:
        raise NotApplicableError(f"{for_what} came in without references; connect both.")
    return order.references


def require_clip_vision(models: ReferenceModels, for_what: str) -> Any:
    """Return the CLIP vision model.

    Raises
    ------
    InputError
        If there is none.
    """
    if models.clip_vision is None:
        raise InputError(
            f"{for_what} came in without a CLIP vision model.",
            field="clip_vision",
            hint="Connect the one that it was trained with to the Reference Models node.",
        )
    return models.clip_vision
