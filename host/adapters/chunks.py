"""What the chunks of a batch stand for: which side of guidance, and which part of the picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...consistency.injection.masks import Box

_UNCONDITIONAL = 1  # How the host numbers that chunk where there are two.
_NEGATIVE = "negative"


class Chunks:
    """Tells what chunks are by the conditionings that a guider holds.

    The host numbers the conditionings of a step: 0 and 1 where there is a positive and a negative one.
    Guiders with three of them number as they like, so that the names under which a guider holds its
    conditionings decide, where they are known. Conditionings that hold in an area are sampled in it alone.
    """

    def __init__(self) -> None:
        self._guider: Any = None
        self._size = (0, 0)
        self._known: dict[Any, tuple[bool, Box | None] | None] = {}

    def watch(self, guider: Any, size: Sequence[int]) -> Any:
        """Look at what a guider holds from now on; return the one before.

        Parameters
        ----------
        guider : CFGGuider or None
            Its ``conds`` are lists of entries with a ``uuid``, by names such as ``positive``, ``negative``,
            ``empty_negative_prompt``; areas are resolved to latent positions once it samples.
        size : sequence of int
            Shape of the latent, which ends with height and width.
        """
        before = self._guider
        self._guider, self._known = guider, {}
        self._size = (int(size[-2]), int(size[-1])) if len(size) == 4 else (0, 0)
        return before

    def are_unconditional(self, options: Mapping[str, Any]) -> list[bool]:
        """Return for each chunk of a batch whether it is unconditional.

        Parameters
        ----------
        options : mapping
            ``cond_or_uncond``, numbers; and ``uuids``, where the host tells them.
        """
        numbers: Sequence[int] = options["cond_or_uncond"]
        return [
            number == _UNCONDITIONAL if entry is None else entry[0]
            for number, entry in zip(numbers, self._entries(options), strict=True)
        ]

    def parts(self, options: Mapping[str, Any]) -> list[Box | None]:
        """Return for each chunk of a batch the part of the picture that it shows, None for all of it."""
        return [None if entry is None else entry[1] for entry in self._entries(options)]

    def _entries(self, options: Mapping[str, Any]) -> list[tuple[bool, Box | None] | None]:
        uuids = options.get("uuids") or [None] * len(options["cond_or_uncond"])
        if self._guider is not None and any(uuid not in self._known for uuid in uuids):
            self._known = dict.fromkeys(uuids)
            self._known |= {entry["uuid"]: self._told(name, entry) for name, entry in _held(self._guider)}
        return [self._known.get(uuid) for uuid in uuids]

    def _told(self, name: str, entry: Mapping[str, Any]) -> tuple[bool, Box | None]:
        is_negative = _NEGATIVE in name or entry.get("prompt_type") == _NEGATIVE
        return is_negative, self._part(entry.get("area"))

    def _part(self, area: Sequence[Any] | None) -> Box | None:
        """Return an area of the latent, (height, width, top, left), as fractions of the picture."""
        rows, columns = self._size
        if area is None or len(area) != 4 or isinstance(area[0], str) or not rows or not columns:
            return None
        high, wide, top, left = (int(side) for side in area)
        bottom, right = min(top + high, rows), min(left + wide, columns)
        if top >= bottom or left >= right:
            return None
        part = Box(left / columns, top / rows, right / columns, bottom / rows)
        return None if part == Box() else part


def _held(guider: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the conditionings of a guider with their names."""
    for name, entries in guider.conds.items():
        yield from ((name, entry) for entry in entries or () if "uuid" in entry)
