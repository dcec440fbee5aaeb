"""The verdict on one picture: whether it shows the character."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any


class Status(str, Enum):
    """Outcome of a check; without a measurement it is unknown, never a pass."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ViewScore:
    """How well one view of a figure matches the references.

    Parameters
    ----------
    view : str
        Such as ``head`` or ``person``.
    similarity, threshold : float
        Raw mean cosine similarity, and where a picture passes, in [-1, 1].
    score : float
        Calibrated, in [0, 1]; 0.5 is the threshold.
    """

    view: str
    similarity: float
    threshold: float
    score: float


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
    calibration : str
        How the threshold came about: ``published/1``, ``blend/1`` or ``own/1``.
    palette_delta_e : float or None
        CIEDE2000 colour difference between the figure and the references; 0 is equal,
        above 10 is another colour.
    box : tuple of int or None
        The figure that was scored: left, top, right, bottom in pixels.
    views : tuple of ViewScore
        The same for each view that was seen.
    mapping : str
        How the similarity became the score: ``calibrated/1`` or ``legacy/1``.
    band : str
        ``match``, ``borderline`` or ``other``: how clear the score is.
    margin : float or None
        Similarity minus that to the most similar other character of the project; below 0 the
        figure looks more like somebody else. None when nobody else was compared.
    rival : str
        The label of that other character.
    """

    status: Status
    reason: str
    score: float | None = None
    similarity: float | None = None
    threshold: float | None = None
    encoder: str = ""
    encoder_version: str = ""
    calibration: str = ""
    palette_delta_e: float | None = None
    box: tuple[int, int, int, int] | None = None
    views: tuple[ViewScore, ...] = ()
    mapping: str = ""
    band: str = ""
    margin: float | None = None
    rival: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the fields under the names that automation relies on."""
        return {
            "status": self.status.value,
            "score": self.score,
            "similarity": self.similarity,
            "encoder": self.encoder,
            "encoder_version": self.encoder_version,
            "threshold": self.threshold,
            "calibration": self.calibration,
            "palette_delta_e": self.palette_delta_e,
            "reason": self.reason,
            "box": self.box,
            "views": {view.view: asdict(view) for view in self.views},
            "mapping": self.mapping,
            "band": self.band,
            "margin": self.margin,
            "rival": self.rival,
        }
