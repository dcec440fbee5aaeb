"""The identity encoders that can be chosen by name."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import MissingModelError, UnknownEncoderError
from .models import arcface_encoder, ccip_encoder, ccip_names, insightface_encoder, pack_names

if TYPE_CHECKING:
    from .base import IdentityEncoder
    from .catalog import ModelFinder
    from .clip_vision import Embed

AUTO, CLIP_VISION = "auto", "clip_vision"

Factory = Callable[[], "IdentityEncoder"]


@dataclass(frozen=True, slots=True)
class Family:
    """Encoders of one kind with several models, called ``kind`` or ``kind:model``.

    Parameters
    ----------
    make : callable
        Makes the encoder of a model; of the best one installed for an empty name.
    names : callable
        Lists the models, without loading any.
    """

    make: Callable[[str], IdentityEncoder]
    names: Callable[[], Sequence[str]]


class EncoderRegistry:
    """Loads each encoder on first use and keeps it until `unload`.

    Parameters
    ----------
    factories : mapping of str to callable
        Makes the encoder of each name.
    families : mapping of str to Family, optional
        Encoders with several models; they come before the others.
    automatic : sequence of str, optional
        What ``auto`` tries, the best first; all names when omitted.
    """

    def __init__(
        self,
        factories: Mapping[str, Factory],
        *,
        families: Mapping[str, Family] | None = None,
        automatic: Sequence[str] | None = None,
    ) -> None:
        self._factories = dict(factories)
        self._families = dict(families or {})
        self._automatic = list(automatic or [*self._families, *self._factories])
        self._loaded: dict[str, IdentityEncoder] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Return the known names, without loading any encoder."""
        with_models = [
            name
            for kind, family in self._families.items()
            for name in (kind, *(f"{kind}:{model}" for model in family.names()))
        ]
        return [*with_models, *self._factories]

    def get(self, name: str) -> IdentityEncoder:
        """Return the encoder of that name.

        Raises
        ------
        UnknownEncoderError
            If no encoder has that name.
        MissingModelError
            If its model file, or a package that it needs, has to be fetched first.
        ModelFileError
            If its model file is damaged or of another kind.
        """
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = self._factory(name)()
            return self._loaded[name]

    def resolve(self, name: str) -> IdentityEncoder:
        """Return the encoder of that name; ``auto`` is the best one whose model is installed.

        Raises
        ------
        UnknownEncoderError
            If no encoder has that name.
        MissingModelError
            If the named encoder's model, or for ``auto`` every model, has to be fetched first.
        ModelFileError
            If a model file is damaged or of another kind: that is not the same as missing.
        """
        if name != AUTO:
            return self.get(name)
        missing: MissingModelError | None = None
        for known in self._automatic:
            try:
                return self.get(known)
            except MissingModelError as error:
                missing = error
        raise missing or MissingModelError("No identity encoder is installed.")

    def add_clip_vision(self, model_id: str, embed: Embed) -> str:
        """Make a CLIP vision model of the host an encoder, instead of an earlier one.

        Parameters
        ----------
        model_id : str
            Tells this model from any other, on every machine.
        embed : callable
            See `ClipVisionEncoder`.

        Returns
        -------
        str
            The name under which it can be chosen from now on.
        """
        from .clip_vision import ClipVisionEncoder

        name = f"{CLIP_VISION}:{model_id}"
        with self._lock:
            for earlier in [known for known in self._factories if known.startswith(f"{CLIP_VISION}:")]:
                del self._factories[earlier]
                self._loaded.pop(earlier, None)
            self._factories[name] = lambda: ClipVisionEncoder(model_id, embed)
        return name

    def unload(self, name: str) -> None:
        """Let go of a loaded encoder; it is loaded again when next asked for."""
        with self._lock:
            self._loaded.pop(name, None)

    def unload_all(self) -> None:
        """Let go of all loaded encoders, and of the memory that they hold."""
        with self._lock:
            self._loaded.clear()

    def _factory(self, name: str) -> Factory:
        if name in self._factories:
            return self._factories[name]
        kind, _, model = name.partition(":")
        if kind in self._families and (model or ":" not in name):
            return lambda: self._families[kind].make(model)
        raise UnknownEncoderError(
            f"No identity encoder is called {name!r}.",
            field="encoder",
            hint=f"Known: {', '.join([AUTO, *self.names()])}.",
        )


def built_in(models: ModelFinder | None = None, *, device: str = AUTO) -> EncoderRegistry:
    """Return the registry of the encoders that come with Tower.

    Parameters
    ----------
    models : ModelFinder, optional
        Knows which models are installed; without it there are only encoders that need none.
    device : str
        Where networks run: ``auto``, ``cpu`` or ``cuda``.
    """
    plain: dict[str, Factory] = {CLIP_VISION: _no_clip_vision, "appearance": _appearance}
    if models is None:
        return EncoderRegistry({"appearance": _appearance})
    families = {
        "ccip": Family(lambda name: ccip_encoder(models, name, device), lambda: ccip_names(models)),
        "arcface": Family(
            lambda name: arcface_encoder(models, name, device), lambda: pack_names(models, "arcface")
        ),
        "insightface": Family(
            lambda name: insightface_encoder(models, name, device), lambda: pack_names(models, "insightface")
        ),
    }
    # Not the face recognisers: they find few drawn faces, and nothing they do not find can pass.
    return EncoderRegistry(plain, families=families, automatic=["ccip", "appearance"])


def _appearance() -> IdentityEncoder:
    from .appearance import AppearanceEncoder

    return AppearanceEncoder()


def _no_clip_vision() -> IdentityEncoder:
    raise MissingModelError(
        "No CLIP_VISION is connected.",
        field="encoder",
        hint="Connect a Load CLIP Vision node to the gate, or choose another encoder.",
    )
