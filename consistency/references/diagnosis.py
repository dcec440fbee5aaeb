"""Why a character fails, and what to do about it: a judgement on measurements alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..scores.calibration import MIN_REFERENCES
from .checking import outliers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .check import ReferenceCheck

ERROR, WARNING, NOTE = "error", "warning", "note"

# From five references on, a single poor one no longer moves the threshold by more than 0.02.
_RECOMMENDED = 5
# A character whose references are no nearer to each other than this to somebody else is often mistaken.
_NEAR_MARGIN = 0.10
# Among drawings of one character the leave-one-out similarities spread by 0.02 to 0.08.
_WIDE_SPREAD = 0.15
_REPLACE = "Replace it with a better picture."


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why a character may fail.

    Parameters
    ----------
    level : str
        ``error``: nothing can pass, or be measured; ``warning``: scores suffer; ``note``: worth knowing.
    code : str
        The kind of finding, for programs.
    message, remedy : str
        Sentences: what was found, and what to do.
    numbers : dict
        What was measured.
    """

    level: str
    code: str
    message: str
    remedy: str = ""
    numbers: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the fields for programs."""
        return {
            "level": self.level,
            "code": self.code,
            "message": self.message,
            "remedy": self.remedy,
            "numbers": self.numbers,
        }


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is measured of a character before it is judged.

    Parameters
    ----------
    checks : sequence of ReferenceCheck
        What was found in each reference picture.
    encoder : str
        Name of the encoder in use.
    similarities : ndarray of float64, shape (n_references,)
        Of each reference to the others, NaN where the encoder found nobody or there is no other.
    threshold, published : float
        The similarity that a picture has to reach, and the encoder's own; means over the views.
    is_own_threshold : bool
        Whether a person set it.
    found_by : mapping of str to int
        For each installed encoder, in how many references it finds somebody.
    margins : mapping of str to float
        For each other character, mean similarity of the references to each other minus that to them.
    unencoded : sequence of str
        Other characters that this encoder has not seen yet.
    n_photographic : int
        References that look like photographs.
    """

    checks: Sequence[ReferenceCheck]
    encoder: str
    similarities: NDArray[np.float64]
    threshold: float
    published: float
    is_own_threshold: bool = False
    found_by: Mapping[str, int] = field(default_factory=dict)
    margins: Mapping[str, float] = field(default_factory=dict)
    unencoded: Sequence[str] = ()
    n_photographic: int = 0

    @property
    def n_references(self) -> int:
        """How many pictures define the character."""
        return len(self.checks)

    @property
    def reached(self) -> NDArray[np.float64]:
        """The similarities that were measured."""
        return self.similarities[np.isfinite(self.similarities)]


def no_references() -> Finding:
    """Return the finding on a character without pictures."""
    return Finding(
        ERROR,
        "no_references",
        "The character has no reference picture, so nothing can be compared.",
        "Add three to five pictures, 512 pixels or more on the short side.",
    )


def diagnose(evidence: Evidence) -> list[Finding]:
    """Judge what was measured of a character, the gravest first.

    Parameters
    ----------
    evidence : Evidence
        Of a character with one reference or more.

    Returns
    -------
    list of Finding
        Empty if nothing is wrong.
    """
    found = [
        *_figures(evidence),
        *_threshold(evidence),
        *_pictures(evidence),
        *_agreement(evidence),
        *_number(evidence),
        *_style(evidence),
        *_rivals(evidence),
    ]
    return sorted(found, key=lambda finding: (ERROR, WARNING, NOTE).index(finding.level))


def _figures(evidence: Evidence) -> list[Finding]:
    n_found = evidence.found_by.get(evidence.encoder, 0)
    numbers = {"found": n_found, "references": evidence.n_references, "found_by": dict(evidence.found_by)}
    better = {name: n for name, n in evidence.found_by.items() if n > n_found}
    others = ", ".join(f"{name} in {n}" for name, n in better.items())
    if better:
        level = WARNING if n_found else ERROR
        return [
            Finding(
                level,
                "wrong_encoder",
                f"{evidence.encoder} finds a figure in {n_found} of {evidence.n_references} references, "
                f"but {others}: it is the wrong encoder for this style.",
                f"Score with --encoder {max(better, key=better.__getitem__)}, or set TOWER_ENCODER to it.",
                numbers,
            )
        ]
    if n_found == 0:
        return [
            Finding(
                ERROR,
                "no_figure",
                f"No figure was found in any of {evidence.n_references} references by "
                f"{', '.join(evidence.found_by) or evidence.encoder}.",
                "Give pictures with a larger, visible face, or choose the figure with a box.",
                numbers,
            )
        ]
    return []


def _threshold(evidence: Evidence) -> list[Finding]:
    reached = evidence.reached
    if not reached.size or evidence.threshold <= reached.mean():
        return []
    whose = "Your threshold" if evidence.is_own_threshold else "The threshold"
    remedy = (
        "Clear it (consistency_threshold: null), so that it is fitted to the references."
        if evidence.is_own_threshold
        else "Give references that agree: one outfit, one style; make a version for each other outfit."
    )
    return [
        Finding(
            ERROR if evidence.threshold > reached.max() else WARNING,
            "threshold_out_of_reach",
            f"{whose} of {evidence.threshold:.2f} is above what the references reach among themselves "
            f"({reached.mean():.2f} on average, {reached.max():.2f} at best).",
            remedy,
            {
                "threshold": evidence.threshold,
                "published": evidence.published,
                "references_reach": float(reached.mean()),
                "best": float(reached.max()),
            },
        )
    ]


def _pictures(evidence: Evidence) -> list[Finding]:
    """Pass on what is wrong with single pictures; agreement and missing figures are judged on their own."""
    found = []
    for check in evidence.checks:
        found += [
            Finding(ERROR, "poor_reference", sentence, _REPLACE, check.report) for sentence in check.errors
        ]
        found += [
            Finding(WARNING, concern, sentence, _REPLACE, check.report)
            for concern, sentence in zip(check.concerns, check.warnings, strict=True)
            if concern not in ("unlike", "no_figure")
        ]
    return found


def _agreement(evidence: Evidence) -> list[Finding]:
    odd = outliers(evidence.similarities)
    rest = np.delete(evidence.similarities, odd)
    usual = float(np.median(rest[np.isfinite(rest)])) if odd else 0.0
    found = [
        Finding(
            WARNING,
            "outlier",
            f"{evidence.checks[index].name} is unlike the other references "
            f"(similarity {evidence.similarities[index]:.2f}, the others reach {usual:.2f}).",
            "Take it out if it shows somebody else, or make a version of its own for that outfit.",
            {"similarity": float(evidence.similarities[index]), "others": usual},
        )
        for index in odd
    ]
    reached = evidence.reached
    if not odd and reached.size >= MIN_REFERENCES and reached.std(ddof=1) > _WIDE_SPREAD:
        found.append(
            Finding(
                WARNING,
                "references_disagree",
                f"The references differ much in how alike they are (spread {reached.std(ddof=1):.2f}), which "
                "lowers the threshold for everybody.",
                "Keep one outfit and one style in a version.",
                {"spread": float(reached.std(ddof=1))},
            )
        )
    return found


def _number(evidence: Evidence) -> list[Finding]:
    n_usable = evidence.found_by.get(evidence.encoder, 0)
    if not 0 < n_usable < _RECOMMENDED:
        return []
    fitted = n_usable >= MIN_REFERENCES
    why = "" if fitted else ", so the threshold cannot be fitted to the character"
    return [
        Finding(
            NOTE if fitted else WARNING,
            "few_references",
            f"{n_usable} usable reference{'s are' if n_usable > 1 else ' is'} few{why}.",
            f"Add {_RECOMMENDED - n_usable} more, in other poses, framing and light.",
            {"usable": n_usable, "recommended": _RECOMMENDED},
        )
    ]


def _style(evidence: Evidence) -> list[Finding]:
    if evidence.encoder != "appearance" or 2 * evidence.n_photographic <= evidence.n_references:
        return []
    return [
        Finding(
            WARNING,
            "photographic",
            f"{evidence.n_photographic} of {evidence.n_references} references look like photographs, and "
            "appearance is made for drawings.",
            "Score with arcface or clip_vision, if a model is installed: tower models list.",
            {"photographic": evidence.n_photographic},
        )
    ]


def _rivals(evidence: Evidence) -> list[Finding]:
    found = [
        Finding(
            WARNING,
            "rival_too_near",
            f"{label} looks much the same to {evidence.encoder} (margin {margin:.2f}), so one may be taken "
            "for the other.",
            "Add references that show what tells them apart, or use an encoder that looks at faces.",
            {"margin": margin, "rival": label},
        )
        for label, margin in evidence.margins.items()
        if margin < _NEAR_MARGIN
    ]
    if evidence.unencoded:
        names = ", ".join(list(evidence.unencoded)[:5])
        found.append(
            Finding(
                NOTE,
                "rivals_unknown",
                f"{evidence.encoder} has not seen {len(evidence.unencoded)} other characters ({names}), so "
                "there is no margin to them.",
                "Score or examine each of them once.",
                {"unencoded": list(evidence.unencoded)},
            )
        )
    return found
