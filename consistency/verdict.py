"""The verdict on one picture: whether it shows the character."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Status(str, Enum):
    """Outcome of a check; without a measurement it is unknown, never a pass."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How well one picture matches one character.

    Parameters
    ----------
    status : Status
        The decision.
    reason : str
        One sentence for people.
    score : float or None
        Calibrated consistency score in [0, 1]; 0.5 is the threshold. None when unknown.
    similarity : float or None
        Raw mean cosine similarity to the references, in [-1, 1].
    threshold : float or None
        Raw similarity at which a picture passes.
    encoder, encoder_version : str
        The encoder that measured; scores of two encoders are never compared.
    palette_delta_e : float or None
        CIEDE2000 colour difference between the figure and the references; 0 is equal,
        above 10 is another colour.
    box : tuple of int or None
        The figure that was scored: left, top, right, bottom in pixels.
    """

    status: Status
    reason: str
    score: float | None = None
    similarity: float | None = None
    threshold: float | None = None
    encoder: str = ""
    encoder_version: str = ""
    palette_delta_e: float | None = None
    box: tuple[int, int, int, int] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the fields under the names that automation relies on."""
        return {
            "status": self.status.value,
            "score": self.score,
            "similarity": self.similarity,
            "encoder": self.encoder,
            "encoder_version": self.encoder_version,
            "threshold": self.threshold,
            "palette_delta_e": self.palette_delta_e,
            "reason": self.reason,
            "box": self.box,
        }
