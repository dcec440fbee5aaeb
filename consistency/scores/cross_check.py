"""How consistent a character's own references are: each one held against all the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..encoders.base import Sighting
from ..palettes.palette import Palette
from ..verdict import Status, Verdict
from .identity import identity_from_embeddings
from .scoring import Judge, unknown_verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..encoders.base import Box, IdentityEncoder

# Fewer leave the threshold to the encoder alone; more than five hardly change it.
_ENOUGH = 3
_IDEAL = 5


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """The references of a character, each judged by the others.

    Parameters
    ----------
    verdicts : tuple of Verdict
        One a reference; 0.5 is where a picture passes.
    encoder, encoder_version : str
        Who looked.
    thresholds : tuple of float
        Where pictures pass, for each view, with all references known.
    calibration : str
        How the thresholds came about.
    steps : tuple of str
        What to do next, one sentence each.
    names : tuple of str
        What each reference is called.
    """

    verdicts: tuple[Verdict, ...]
    encoder: str
    encoder_version: str
    thresholds: tuple[float, ...]
    calibration: str
    steps: tuple[str, ...] = ()
    names: tuple[str, ...] = field(default=())

    @property
    def n_passed(self) -> int:
        """How many references the others recognise."""
        return sum(verdict.status is Status.PASS for verdict in self.verdicts)

    @property
    def worst(self) -> float | None:
        """The lowest score; None where nothing could be measured."""
        scores = [verdict.score for verdict in self.verdicts if verdict.score is not None]
        return min(scores, default=None)

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "encoder": self.encoder,
            "encoder_version": self.encoder_version,
            "thresholds": list(self.thresholds),
            "calibration": self.calibration,
            "n_references": len(self.verdicts),
            "n_passed": self.n_passed,
            "worst_score": self.worst,
            "references": [
                {"name": name, **verdict.as_json()}
                for name, verdict in zip(self.names, self.verdicts, strict=True)
            ],
            "next_steps": list(self.steps),
        }


def cross_check(
    encoder: IdentityEncoder,
    embeddings: NDArray[np.float32],
    names: Sequence[str],
    *,
    palettes: Sequence[Mapping[str, Any]] = (),
    boxes: Sequence[Box | None] = (),
    weights: Sequence[float] | None = None,
    threshold: float | None = None,
    warnings: Sequence[Sequence[str]] = (),
) -> CrossCheck:
    """Judge each reference as if it were a new picture and only the others defined the character.

    Parameters
    ----------
    encoder : IdentityEncoder
        Who made the embeddings.
    embeddings : ndarray of float32, shape (n_references, dimension)
        One row a reference; zeros where no figure was found.
    names : sequence of str
        What each reference is called in sentences.
    palettes : sequence of mapping, optional
        `Palette.as_json` of each reference; empty where there is none.
    boxes : sequence of tuple of int or None, optional
        The figure in each, in pixels.
    weights : sequence of float, optional
        How much each reference counts; equal when omitted.
    threshold : float, optional
        Raw similarity that a person set; calibrated when omitted.
    warnings : sequence of sequence of str, optional
        What the quality check said of each.

    Raises
    ------
    EmptyReferenceError
        If there is no reference.
    """
    n = len(embeddings)
    colours = [Palette.from_json(dict(palette)) if palette else None for palette in palettes or [{}] * n]
    places = list(boxes) or [None] * n
    counts = list(weights) if weights is not None else [1.0] * n
    whole = identity_from_embeddings(
        encoder,
        embeddings,
        [palette for palette in colours if palette is not None],
        threshold=threshold,
        weights=counts,
    )
    verdicts = []
    for index in range(n):
        others = [other for other in range(n) if other != index]
        if not others:
            verdicts.append(unknown_verdict(encoder, "There is no other reference to compare it with."))
            continue
        if np.linalg.norm(embeddings[index]) < 0.5:
            verdicts.append(unknown_verdict(encoder, "No figure was found in the picture."))
            continue
        identity = identity_from_embeddings(
            encoder,
            embeddings[others],
            [palette for other in others if (palette := colours[other]) is not None],
            threshold=threshold,
            weights=[counts[other] for other in others],
        )
        seen = Sighting(embeddings[index], places[index] or (0, 0, 0, 0), colours[index])
        verdicts.append(Judge(encoder, identity).of_best([seen]))
    steps = next_steps(verdicts, names, warnings)
    return CrossCheck(
        tuple(verdicts),
        encoder.name,
        encoder.version,
        tuple(whole.thresholds),
        whole.calibration,
        tuple(steps),
        tuple(names),
    )


def next_steps(
    verdicts: Sequence[Verdict], names: Sequence[str], warnings: Sequence[Sequence[str]] = ()
) -> list[str]:
    """Say what would make a character's references better, the most useful first; one sentence each."""
    unlike = [name for name, verdict in zip(names, verdicts, strict=True) if verdict.status is Status.FAIL]
    unseen = [
        name
        for name, verdict in zip(names, verdicts, strict=True)
        if verdict.status is Status.UNKNOWN and len(verdicts) > 1
    ]
    flawed = [name for name, found in zip(names, warnings, strict=False) if found]
    steps = []
    if unlike:
        steps.append(
            f"Look at {_list(unlike)}: the others do not recognise the figure; take it out, or make it a "
            "version of its own if it shows another age, outfit or mood."
        )
    if unseen:
        steps.append(f"Replace {_list(unseen)}: no figure was found, so nothing is learnt from it.")
    if len(verdicts) < _ENOUGH:
        steps.append(
            f"Add references until there are {_ENOUGH} to {_IDEAL}, from different sides and in different "
            f"framing: from {_ENOUGH} on the threshold is fitted to this character."
        )
    if flawed:
        steps.append(f"Read the warnings on {_list(flawed)}; a better picture scores more surely.")
    if not steps:
        steps.append("Nothing needs doing: every reference is recognised by the others.")
    return steps


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(names[:4])
    return f"{shown} and {len(names) - 4} more" if len(names) > 4 else shown
