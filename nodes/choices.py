"""Live lists for the nodes' combos: read anew each time, and never an error in the menu."""

from __future__ import annotations

import time
from collections.abc import Callable

from .. import services
from ..errors import StorageError, TowerError

AUTO = "auto"
NO_CHARACTER = "(no character yet: tower character add NAME REF.png)"
NO_PROJECT = "(new project: type its name below)"

# ComfyUI builds the list on every look at a node, and a database that is down costs seconds each time.
_PAUSE_SECONDS = 20.0


class LiveList:
    """A list of names that answers with a hint while its source is empty or out of order.

    Parameters
    ----------
    read : callable
        Reads the names; a `TowerError` from it becomes the only entry.
    hint : str
        The only entry while there are no names.
    """

    def __init__(self, read: Callable[[], list[str]], hint: str) -> None:
        self._read = read
        self._hint = hint
        self._failure = ""
        self._ask_again_at = 0.0

    def __call__(self) -> list[str]:
        """Return the names, or one entry that says why there are none."""
        if self._failure and time.monotonic() < self._ask_again_at:
            return [self._failure]
        try:
            names = self._read()
        except StorageError as error:
            self._failure = f"({error})"
            self._ask_again_at = time.monotonic() + _PAUSE_SECONDS
            return [self._failure]
        except TowerError as error:
            return [f"({error})"]
        self._failure = ""
        return names or [self._hint]


def _labels() -> list[str]:
    return services.current().characters.labels()


def _projects() -> list[str]:
    return [project.name for project in services.current().projects.list(limit=1000)]


character_labels = LiveList(_labels, NO_CHARACTER)
project_names = LiveList(_projects, NO_PROJECT)


def encoder_names() -> list[str]:
    """Return ``auto`` and the identity encoders, without loading any."""
    try:
        return [AUTO, *services.current().identity.encoder_names()]
    except TowerError:
        return [AUTO]


def looks_like_hint(choice: str) -> bool:
    """Return whether a combo's value that is no name may be one of these hints."""
    return choice.startswith("(") and choice.endswith(")")
