"""Whether a character can be met at all, told before anything is sampled."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from ..consistency.character import Character
from ..consistency.gates.gate_report import Check, GateReport, PictureResult, worst_status
from ..consistency.verdict import Status

if TYPE_CHECKING:
    from .identity import IdentityService

CHECK = "preflight"


def preflight(
    identity: IdentityService,
    character: Character,
    *,
    encoder: str | None,
    loras: Collection[str],
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> GateReport:
    """Look for what would fail every picture of a character.

    What the doctor calls an error: references that cannot be read, that the encoder finds nobody in, or
    whose threshold they do not reach themselves; and LoRAs that the host does not have.

    Parameters
    ----------
    encoder : str or None
        Name of the identity encoder; the configured one when None.
    loras : collection of str
        The LoRA files that the host has.

    Returns
    -------
    GateReport
        One result, of which nothing was measured: it passes or fails without a score.

    Raises
    ------
    UnknownEncoderError, MissingModelError
        If nothing could be measured with the encoder at all.
    """
    from ..consistency.references.diagnosis import ERROR
    from .character_doctor import examine_character

    report = examine_character(identity, character, encoder=encoder, progress=progress)
    grave = [finding for finding in report.findings if finding.level == ERROR]
    checks = [_failed(character, f"{finding.message} {finding.remedy}".strip()) for finding in grave]
    checks += [
        _failed(
            character, f"{character.name} needs the LoRA {lora.name}, which is not in ComfyUI's loras folder."
        )
        for lora in character.loras
        if lora.name not in loras
    ]
    if not checks:
        reason = f"Nothing keeps {character.name} from being met."
        checks = [Check(CHECK, Status.PASS, reason, subject=character.label)]
    encoded_by = {"encoder": report.encoder, "encoder_version": report.encoder_version}
    status = worst_status([check.status for check in checks])
    reason = " ".join(check.reason for check in checks)
    return GateReport((PictureResult(status, None, reason, tuple(checks), {character.label: encoded_by}),))


def _failed(character: Character, reason: str) -> Check:
    return Check(CHECK, Status.FAIL, reason, subject=character.label)
