"""The identity encoders that can be chosen by name."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ...errors import UnknownEncoderError

if TYPE_CHECKING:
    from .base import IdentityEncoder

AUTO = "auto"


class EncoderRegistry:
    """Loads each encoder on first use and keeps it until `unload`.

    Parameters
    ----------
    factories : mapping of str to callable
        Makes the encoder of each name; the best one first, which is what ``auto`` tries.
    """

    def __init__(self, factories: Mapping[str, Callable[[], IdentityEncoder]]) -> None:
        self._factories = dict(factories)
        self._loaded: dict[str, IdentityEncoder] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Return the known names, the best encoder first, without loading any."""
        return list(self._factories)

    def get(self, name: str) -> IdentityEncoder:
        """Return the encoder of that name.

        Raises
        ------
        UnknownEncoderError
            If no encoder has that name.
        MissingModelError
            If its model file has to be fetched first.
        """
        if name not in self._factories:
            raise UnknownEncoderError(
                f"No identity encoder is called {name!r}.",
                field="encoder",
                hint=f"Known: {', '.join([AUTO, *self._factories])}.",
            )
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = self._factories[name]()
            return self._loaded[name]

    def resolve(self, name: str) -> IdentityEncoder:
        """Return the encoder of that name; ``auto`` is the first whose model is installed.

        Raises
        ------
        UnknownEncoderError
            If no encoder has that name.
        MissingModelError
            If the named encoder's model, or for ``auto`` every model, has to be fetched first.
        """
        if name != AUTO:
            return self.get(name)
        from ...errors import MissingModelError

        missing: MissingModelError | None = None
        for known in self._factories:
            try:
                return self.get(known)
            except MissingModelError as error:
                missing = error
        raise missing or MissingModelError("No identity encoder is installed.")

    def unload(self, name: str) -> None:
        """Let go of a loaded encoder; it is loaded again when next asked for."""
        with self._lock:
            self._loaded.pop(name, None)


def built_in() -> EncoderRegistry:
    """Return the registry of the encoders that come with Tower."""
    return EncoderRegistry({"appearance": _appearance})


def _appearance() -> IdentityEncoder:
    from .appearance import AppearanceEncoder

    return AppearanceEncoder()
