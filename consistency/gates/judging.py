"""The rule of a gate: what was measured of each picture, joined so that only what is known passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Optional

import numpy as np

from ..palettes.palette import LIMIT
from ..verdict import Status, Verdict
from .gate_report import Check, GateReport, PictureResult, worst_status
from .technical import TechnicalLimits, at_most, technical_checks

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Root mean square of the frame-to-frame alternation of brightness, in codes of 0–255: one per cent of the
# range, about where a steady flicker becomes visible.
FLICKER_LIMIT = 2.5
# How much the distance from the references may grow from the first third of a shot to the last.
DRIFT_LIMIT = 0.10
_MIN_FRAMES = 3

Picture = Optional["NDArray[np.uint8]"]

_BROKEN = Check("blank", Status.UNKNOWN, "The picture holds values that are no numbers.")


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """What a gate looks at besides identity.

    Parameters
    ----------
    technical : bool
        Blank, blur, clipping and size.
    palette : bool
        The colours of each character against its references'; a picture whose colours could not be
        read is unknown then.
    sequence : bool
        The pictures are the frames of one shot: flicker and drift count, and it passes as a whole.
    limits : TechnicalLimits
        Where a picture fails technically.
    """

    technical: bool = False
    palette: bool = False
    sequence: bool = False
    limits: TechnicalLimits = field(default_factory=TechnicalLimits)


def judge_pictures(
    images: Sequence[Picture],
    casts: Sequence[Mapping[str, Verdict]],
    policy: GatePolicy,
) -> GateReport:
    """Join the identity verdicts of a batch with the other checks.

    Parameters
    ----------
    images : sequence of ndarray of uint8, shape (height, width, 3), or None
        RGB pictures; None for one that holds values which are no numbers.
    casts : sequence of mapping of str to Verdict
        For each picture the verdict on each character that it should show, by label.
    policy : GatePolicy
        What else counts.
    """
    pictures = tuple(judge_picture(image, cast, policy) for image, cast in zip(images, casts, strict=True))
    return GateReport(pictures, tuple(sequence_checks(images, casts)) if policy.sequence else ())


def judge_picture(image: Picture, cast: Mapping[str, Verdict], policy: GatePolicy) -> PictureResult:
    """Join all checks of one picture; any that failed or is unknown keeps it from passing."""
    checks = [identity_check(label, verdict) for label, verdict in cast.items()]
    if policy.palette:
        checks += [palette_check(label, verdict) for label, verdict in cast.items()]
    if policy.technical:
        checks += [_BROKEN] if image is None else technical_checks(image, policy.limits)
    verdicts = {label: verdict.as_json() for label, verdict in cast.items()}
    return join_checks(checks, verdicts)


def join_checks(checks: Sequence[Check], verdicts: dict[str, dict[str, object]]) -> PictureResult:
    """Make one result of all checks of a picture.

    The score is the lowest one of identity and of what failed: by how much a picture exceeds a technical
    limit says nothing about the character.
    """
    open_checks = [check for check in checks if check.status is not Status.PASS]
    counting = [check for check in checks if check.name == "identity"] + open_checks
    scores = [check.score for check in counting or checks]
    known = [score for score in scores if score is not None]
    score = min(known) if known and len(known) == len(scores) else None
    reason = " ".join(dict.fromkeys(check.reason for check in open_checks or checks[:1]))
    status = worst_status([check.status for check in checks])
    return PictureResult(status, score, reason, tuple(checks), verdicts)


def identity_check(label: str, verdict: Verdict) -> Check:
    """Return an identity verdict as a check."""
    return Check(
        "identity",
        verdict.status,
        verdict.reason,
        verdict.similarity,
        verdict.threshold,
        verdict.score,
        label,
    )


def palette_check(label: str, verdict: Verdict) -> Check:
    """Hold the colours of a figure against its references'; unknown where they were not read."""
    if verdict.palette_delta_e is None:
        reason = f"The colours of {label} could not be read."
        return Check("palette", Status.UNKNOWN, reason, limit=LIMIT, subject=label)
    found = at_most("palette", verdict.palette_delta_e, LIMIT, f"The colours of {label} are ΔE {{}} away")
    return replace(found, subject=label)


def sequence_checks(images: Sequence[Picture], casts: Sequence[Mapping[str, Verdict]]) -> list[Check]:
    """Check the frames of one shot for flicker, and for drift of each character.

    Below three frames neither can be measured, so both are unknown.
    """
    labels = list(casts[0]) if casts else []
    if len(images) < _MIN_FRAMES:
        reason = f"A sequence needs {_MIN_FRAMES} frames or more to be judged; this has {len(images)}."
        return [Check("flicker", Status.UNKNOWN, reason)] + [
            Check("drift", Status.UNKNOWN, reason, subject=label) for label in labels
        ]
    return [
        _flicker_check(images),
        *(_drift_check(label, [cast[label] for cast in casts]) for label in labels),
    ]


def _flicker_check(images: Sequence[Picture]) -> Check:
    means = [image.mean(axis=(0, 1), dtype=np.float64) for image in images if image is not None]
    if len(means) < len(images):
        reason = "Flicker cannot be measured: a frame holds values that are no numbers."
        return Check("flicker", Status.UNKNOWN, reason, limit=FLICKER_LIMIT)
    level = flicker_level(np.array(means))
    return at_most("flicker", level, FLICKER_LIMIT, "Brightness flickers by {} codes")


def flicker_level(means: NDArray[np.float64]) -> float:
    """Measure how much brightness or colour alternates from frame to frame.

    Each frame's mean is held against the mean of its two neighbours; the root mean square of what is
    left over the shot, in the channel that has most of it. A steady fade or a slow change of light
    leaves nothing, a flash or an alternation all of itself.

    Parameters
    ----------
    means : ndarray of float64, shape (n_frames, n_channels)
        Mean of each frame and channel; at least three frames.

    Returns
    -------
    float
        In the unit of `means`, at least 0.
    """
    residue = means[1:-1] - 0.5 * (means[:-2] + means[2:])
    return float(np.sqrt((residue**2).mean(axis=0)).max())


def drift_growth(similarities: Sequence[float]) -> float:
    """Measure how much further from the references a shot ends than it began.

    The difference of the median drift (``1 - similarity``) of the last third of the frames and that of
    the first third; negative when the character comes closer.
    """
    drift = 1.0 - np.asarray(similarities, np.float64)
    third = max(1, len(drift) // 3)
    return float(np.median(drift[-third:]) - np.median(drift[:third]))


def _drift_check(label: str, verdicts: Sequence[Verdict]) -> Check:
    known = [verdict.similarity for verdict in verdicts if verdict.similarity is not None]
    if len(known) < _MIN_FRAMES:
        reason = f"{label} was found in {len(known)} of {len(verdicts)} frames, too few to measure drift."
        return Check("drift", Status.UNKNOWN, reason, limit=DRIFT_LIMIT, subject=label)
    found = at_most("drift", drift_growth(known), DRIFT_LIMIT, f"{label} drifts away by {{}}")
    return replace(found, subject=label)
