"""Gates: pictures judged by all that counts, and every run of a gate stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..consistency.character import Character
from ..errors import InputError, NotFoundError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..consistency.gates.gate_report import GateReport
    from ..consistency.gates.router import Changes
    from ..consistency.verdict import Verdict
    from ..db.gates import GateRepository
    from ..db.jobs import JobRepository
    from ..production.asset import GateRun
    from .characters import CharacterStudio
    from .identity import IdentityService
    from .job_log import JobLog


@dataclass(frozen=True, slots=True)
class GateOrder:
    """What a gate is asked to check.

    Parameters
    ----------
    characters : tuple of Character
        Everybody whom each picture should show.
    encoder : str or None
        Name of the identity encoder; the configured one when None.
    threshold : float or None
        Raw similarity to reach, in [-1, 1]; the calibrated one when None.
    technical, palette, sequence : bool
        What counts besides identity; see `GatePolicy`.
    """

    characters: tuple[Character, ...]
    encoder: str | None = None
    threshold: float | None = None
    technical: bool = False
    palette: bool = False
    sequence: bool = False


@dataclass(frozen=True, slots=True)
class GateEntry:
    """Under which heading a run of a gate is stored.

    Parameters
    ----------
    gate_type : str
        ``pre_gen``, ``post_gen`` or ``final``.
    prompt_id : str or None
        The host's prompt in which the gate runs.
    run_key : str
        Shared by the attempts of a loop; empty outside of one.
    attempt : int
        From 1.
    job_score : float or None
        What the run says about the job, in [0, 1]; None for an attempt after which another follows.
    details : dict
        What else is to be kept: seeds, changes, what happens on failure.
    """

    gate_type: str
    prompt_id: str | None = None
    run_key: str = ""
    attempt: int = 1
    job_score: float | None = None
    details: dict[str, Any] = field(default_factory=dict)


def judge(
    identity: IdentityService, images: Sequence[NDArray[np.uint8] | None], order: GateOrder
) -> GateReport:
    """Judge a batch of pictures.

    Parameters
    ----------
    identity : IdentityService
        Scores the characters.
    images : sequence of ndarray of uint8, shape (height, width, 3), or None
        RGB; None for a picture that holds NaN, which is unknown.
    order : GateOrder
        What to check.

    Raises
    ------
    InputError
        If a character is named twice.
    EmptyReferenceError, UnknownEncoderError, MissingModelError
        If nothing can be measured at all.
    """
    from ..consistency.gates.judging import GatePolicy, judge_pictures

    casts = _casts(identity, images, order)
    policy = GatePolicy(technical=order.technical, palette=order.palette, sequence=order.sequence)
    return judge_pictures(images, casts, policy)


def contact_sheet(images: Sequence[NDArray[np.uint8] | None], report: GateReport) -> NDArray[np.uint8]:
    """Draw small copies of the pictures with their scores; shape (height, width, 3), RGB."""
    from ..consistency.gates.contact_sheet import draw_contact_sheet

    return draw_contact_sheet(images, report)


class GateService:
    """Keeps what gates found, with the job that made the pictures."""

    def __init__(
        self,
        characters: CharacterStudio,
        gates: GateRepository,
        jobs: JobRepository,
        job_log: JobLog,
    ) -> None:
        self._characters = characters
        self._gates = gates
        self._jobs = jobs
        self._job_log = job_log

    def record(self, report: GateReport, order: GateOrder, entry: GateEntry) -> GateRun:
        """Store a run of a gate; it is committed on return.

        A job or a character that was deleted meanwhile does not keep the rest from being stored.
        """
        job_id = self._job_id(entry.prompt_id)
        verdict = first_verdict(report)
        run = self._gates.add(
            entry.gate_type,
            {"pass": True, "fail": False}.get(report.status.value),
            score=report.worst_score,
            details=_details(report, order, entry),
            job_id=job_id,
            character_id=order.characters[0].id if order.characters else None,
            encoder=verdict.get("encoder", ""),
            encoder_version=verdict.get("encoder_version", ""),
            run_key=entry.run_key,
            attempt=entry.attempt,
        )
        if job_id is not None:
            self._note(job_id, order.characters, entry.job_score)
        return run

    def next_changes(self, report: GateReport, attempt: int, *, adjust: bool) -> Changes:
        """Say what the attempt after this one changes besides its seed."""
        from ..consistency.gates.router import Changes, route

        return route(report.failed_checks, attempt) if adjust else Changes()

    def note_use(self, prompt_id: str | None, characters: Sequence[Character]) -> None:
        """Note that the job of a prompt uses these versions of characters."""
        job_id = self._job_id(prompt_id)
        if job_id is not None:
            self._note(job_id, characters, None)

    def _job_id(self, prompt_id: str | None) -> int | None:
        job_id = self._job_log.job_id_of(prompt_id) if prompt_id else None
        if job_id is None:
            return None
        try:
            return self._jobs.get(job_id).id
        except NotFoundError:
            return None

    def _note(self, job_id: int, characters: Sequence[Character], score: float | None) -> None:
        for character in characters:
            self._characters.note_use(job_id, character.version.id)
        if score is not None:
            before = self._jobs.get(job_id).quality_score
            self._jobs.update(job_id, quality_score=score if before is None else min(before, score))


def _casts(
    identity: IdentityService, images: Sequence[NDArray[np.uint8] | None], order: GateOrder
) -> list[Mapping[str, Verdict]]:
    labels = [character.label for character in order.characters]
    if len(set(labels)) != len(labels):
        raise InputError(
            f"The gate was given {', '.join(labels)}: one of them twice.",
            field="character_2",
            hint="Connect each character once.",
        )
    if len(order.characters) == 1:
        verdicts = identity.score(
            order.characters[0], images, encoder=order.encoder, threshold=order.threshold
        )
        return [{labels[0]: verdict} for verdict in verdicts]
    casts = identity.score_cast(order.characters, images, encoder=order.encoder, threshold=order.threshold)
    return list(casts)


def first_verdict(report: GateReport) -> dict[str, Any]:
    """Return an identity verdict of a report, as `Verdict.as_json`; empty when there is none."""
    pictures = [picture.verdicts or {} for picture in report.pictures]
    return next((verdict for verdicts in pictures for verdict in verdicts.values()), {})


def _details(report: GateReport, order: GateOrder, entry: GateEntry) -> dict[str, Any]:
    first = order.characters[0] if order.characters else None
    return {
        "character": first.label if first else None,
        "version": first.version.number if first else None,
        "characters": {character.label: character.version.number for character in order.characters},
        "prompt_id": entry.prompt_id,
        "verdicts": [picture.as_json() for picture in report.pictures],
        "sequence": [check.as_json() for check in report.sequence],
        **entry.details,
    }
