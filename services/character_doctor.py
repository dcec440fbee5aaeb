"""A look at one character: why it fails, and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..consistency.character import Character
from ..consistency.references.diagnosis import ERROR, Evidence, Finding, diagnose, no_references
from ..errors import InputError, MissingModelError, ModelFileError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..consistency.encoders.base import IdentityEncoder
    from ..consistency.scores.identity import Identity
    from .identity import IdentityService

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class CharacterReport:
    """What was found about a character, the gravest first."""

    character: Character
    encoder: str
    encoder_version: str
    findings: tuple[Finding, ...]

    @property
    def is_well(self) -> bool:
        """Whether nothing keeps it from being recognised."""
        return all(finding.level != ERROR for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "ok": self.is_well,
            "character": self.character.label,
            "character_id": self.character.id,
            "version": self.character.version.number,
            "references": len(self.character.references),
            "encoder": self.encoder,
            "encoder_version": self.encoder_version,
            "findings": [finding.as_json() for finding in self.findings],
        }


def examine_character(
    identity: IdentityService, character: Character, *, encoder: str | None = None, progress: Progress
) -> CharacterReport:
    """Measure a character's references with every installed encoder, and say what is wrong.

    What an encoder sees is stored, so that a second look costs no inference.

    Parameters
    ----------
    encoder : str, optional
        The encoder to judge by; the configured one when omitted.
    progress : callable
        Told the stage, how much of it is done, and of how much.
    """
    chosen = identity.encoder(encoder)
    readable, images, findings = _read(character, progress)
    if not character.references:
        findings.append(no_references())
    elif images:
        findings += diagnose(_evidence(identity, readable, images, chosen, progress))
    return CharacterReport(character, chosen.name, chosen.version, tuple(findings))


def _read(
    character: Character, progress: Progress
) -> tuple[Character, list[NDArray[np.uint8]], list[Finding]]:
    """Decode the references; return the character with those that can be, and a finding for each other."""
    from ..consistency.images import read_image

    images, references, findings = [], [], []
    for n_done, reference in enumerate(character.references, 1):
        try:
            images.append(read_image(reference.path))
            references.append(reference)
        except InputError as error:
            findings.append(Finding(ERROR, "unreadable", error.message, error.hint or ""))
        progress("reading the references", n_done, len(character.references))
    version = replace(character.version, references=tuple(references))
    return replace(character, version=version), images, findings


def _evidence(
    identity: IdentityService,
    character: Character,
    images: list[NDArray[np.uint8]],
    encoder: IdentityEncoder,
    progress: Progress,
) -> Evidence:
    import numpy as np

    from ..consistency.references.checking import check_references
    from ..consistency.scores.similarity import leave_one_out, over_views

    names = [reference.path.name for reference in character.references]
    boxes = [reference.box for reference in character.references]
    checks = check_references(images, names, boxes=boxes)
    found_by = _found_by(identity, character, encoder, progress)
    seen = identity.gallery.identity(character, encoder, None)
    views = leave_one_out(seen.embeddings, len(encoder.views), seen.weights)
    return Evidence(
        checks=checks,
        encoder=encoder.name,
        similarities=over_views(views, encoder.emphasis),
        threshold=float(over_views(np.array(seen.thresholds), encoder.emphasis)),
        published=float(over_views(np.array(encoder.thresholds), encoder.emphasis)),
        is_own_threshold=seen.is_own_threshold,
        found_by=found_by,
        n_photographic=sum(bool(check.report.get("photographic")) for check in checks),
        **_margins(identity, character, encoder, seen, views),
    )


def _found_by(
    identity: IdentityService, character: Character, encoder: IdentityEncoder, progress: Progress
) -> dict[str, int]:
    """Count for each installed encoder in how many references it finds somebody, the one in use first."""
    # A model of a family is asked under the family's name; `family:model` would be asked twice.
    families = [name for name in identity.encoder_names() if ":" not in name]
    found: dict[str, int] = {}
    for n_done, name in enumerate(["", *families], 1):
        other = _installed(identity, name) if name else encoder
        if other is not None and other.name not in found:
            sightings = identity.gallery.sightings(character, other)
            found[other.name] = sum(bool(sighting.embedding.any()) for sighting in sightings.values())
        progress("asking the encoders", n_done, 1 + len(families))
    return found


def _installed(identity: IdentityService, name: str) -> IdentityEncoder | None:
    """Return an encoder; None where its model is not there, or cannot be used."""
    try:
        return identity.encoder(name)
    except (MissingModelError, ModelFileError):
        return None


def _margins(
    identity: IdentityService,
    character: Character,
    encoder: IdentityEncoder,
    seen: Identity,
    views: NDArray[np.float64],
) -> dict[str, Any]:
    """Return how far the references are from each other character, and whom the encoder has not seen."""
    from ..consistency.scores.rivals import margins
    from ..consistency.scores.similarity import mean_of_seen, split_views

    figures = split_views(seen.embeddings, len(encoder.views))
    rivals = identity.gallery.rivals(character, encoder)
    others = [other.label for other in identity.gallery.others(character)]
    if rivals is None:
        return {"margins": {}, "unencoded": others}
    means = mean_of_seen(margins(views, rivals.similarities(figures), encoder.emphasis).T)
    pairs = zip(rivals.labels, means.tolist(), strict=True)
    nearness = {label: mean for label, mean in pairs if math.isfinite(mean)}
    return {"margins": nearness, "unencoded": [label for label in others if label not in rivals.labels]}
