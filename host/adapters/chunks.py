"""Which chunks of a batch stand for what the picture should not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_UNCONDITIONAL = 1  # How the host numbers that chunk where there are two.
_NEGATIVE = "negative"


class Chunks:
    """Tells conditional from unconditional chunks of a batch.

    The host numbers the conditionings of a step: 0 and 1 where there is a positive and a negative one.
    Guiders with three of them number as they like, so that the names under which a guider holds its
    conditionings decide, where they are known.
    """

    def __init__(self) -> None:
        self._sides: dict[Any, bool] = {}

    def remember(self, conditionings: Mapping[str, Sequence[Mapping[str, Any]] | None]) -> None:
        """Take down what a guider holds.

        Parameters
        ----------
        conditionings : mapping of str to sequence of mapping
            Entries with a ``uuid``, by names such as ``positive``, ``negative``, ``empty_negative_prompt``.
        """
        self._sides = {
            entry["uuid"]: _NEGATIVE in name or entry.get("prompt_type") == _NEGATIVE
            for name, entries in conditionings.items()
            for entry in entries or ()
            if "uuid" in entry
        }

    def are_unconditional(self, options: Mapping[str, Any]) -> list[bool]:
        """Return for each chunk of a batch whether it is unconditional.

        Parameters
        ----------
        options : mapping
            ``cond_or_uncond``, numbers; and ``uuids``, where the host tells them.
        """
        numbers: Sequence[int] = options["cond_or_uncond"]
        uuids = options.get("uuids") or [None] * len(numbers)
        return [
            self._sides.get(uuid, number == _UNCONDITIONAL)
            for number, uuid in zip(numbers, uuids, strict=True)
        ]
