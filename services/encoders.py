"""The identity encoders, with the models that are on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..consistency.encoders.registry import EncoderRegistry, built_in
from .models import ModelStore

if TYPE_CHECKING:
    from ..settings import Settings


def open_encoders(settings: Settings, models: ModelStore | None = None) -> EncoderRegistry:
    """Return the registry of encoders; none is loaded.

    Parameters
    ----------
    settings : Settings
        Where models are, and on which device they run.
    models : ModelStore, optional
        One made of the same settings; when a model has come to it, encoders are loaded anew.
    """
    store = models or ModelStore(settings)
    encoders = built_in(store, device=settings.device)
    store.when_changed(encoders.unload_all)
    return encoders
