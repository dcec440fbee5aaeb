"""Stills made to order by the host: queued, awaited, and told with what was measured of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ProviderError
from ..production.graphs.ensured import Change, EnsureOptions
from ..production.graphs.still import StillOrder, still_graph
from .checkpoints import choose_checkpoint, native_side

if TYPE_CHECKING:
    from ..db.gates import GateRepository
    from ..db.jobs import JobRepository
    from ..production.asset import Asset, GateRun
    from ..production.job import Job
    from .assets import AssetLibrary
    from .characters import CharacterStudio
    from .job_log import JobLog
    from .resubmission import Submit
    from .workflows import WorkflowService


@dataclass(frozen=True, slots=True)
class StillWish:
    """What is asked for: an order in which nothing has to be known about the host.

    Parameters
    ----------
    scene : str
        What the picture shows.
    seed : int
        Of the first attempt.
    character_id : int or None
        Whom it shows, and whom it is scored against.
    ensures_consistency : bool
        Whether the character is put into the model, too.
    checkpoint : str
        File name; empty for the first one that ComfyUI has.
    width, height : int
        In pixels; 0 for what the checkpoint was trained on.
    options : EnsureOptions
        How the character is put in.
    more : mapping
        Further fields of `StillOrder`.
    """

    scene: str
    seed: int
    character_id: int | None = None
    ensures_consistency: bool = True
    checkpoint: str = ""
    width: int = 0
    height: int = 0
    options: EnsureOptions = field(default_factory=EnsureOptions)
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QueuedStill:
    """A still that the host has taken into its queue."""

    prompt_id: str
    order: StillOrder
    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MadeStill:
    """A still whose job has ended, with what it left.

    Parameters
    ----------
    verdicts : sequence of GateRun
        The gate's run on each attempt; none without a character, or when the job ended before.
    """

    job: Job
    assets: Sequence[Asset]
    verdicts: Sequence[GateRun]

    @property
    def verdict(self) -> GateRun | None:
        """The gate's run on the picture that was filed, which is the best one."""
        return max(self.verdicts, key=lambda run: run.score or 0.0, default=None)


class GenerationService:
    """Has the host make pictures.

    Parameters
    ----------
    model_directories : sequence of Path
        What holds the host's folders of models.
    """

    def __init__(
        self,
        *,
        characters: CharacterStudio,
        workflows: WorkflowService,
        jobs: JobRepository,
        job_log: JobLog,
        assets: AssetLibrary,
        gates: GateRepository,
        model_directories: Sequence[Path] = (),
    ) -> None:
        self._characters = characters
        self._workflows = workflows
        self._jobs = jobs
        self._job_log = job_log
        self._assets = assets
        self._gates = gates
        self._model_directories = tuple(model_directories)
        self._submit: Submit | None = None

    def connect(self, submit: Submit) -> None:
        """Take what queues a prompt and returns its id; it must not wait for the prompt to run."""
        self._submit = submit

    def queue(self, wish: StillWish) -> QueuedStill:
        """Queue a still.

        Raises
        ------
        NotFoundError
            If there is no such character.
        InputError, MissingModelError
            If a value is not possible, or a checkpoint is missing.
        ProviderError
            If there is no host to make it, or it refuses.
        """
        if self._submit is None:
            raise ProviderError(
                "There is no ComfyUI that could make the picture.", hint="Ask a running ComfyUI for it."
            )
        order = self._order(wish)
        graph, changes, warnings = still_graph(order), (), ()
        if order.character and wish.ensures_consistency:
            ensured = self._workflows.ensure(graph, order.character, wish.options)
            graph, changes, warnings = ensured.prompt, ensured.changes, ensured.warnings
        return QueuedStill(self._submit(graph, {}), order, changes, warnings)

    def _order(self, wish: StillWish) -> StillOrder:
        checkpoint = choose_checkpoint(self._model_directories, wish.checkpoint)
        side = native_side(self._model_directories, checkpoint)
        order = StillOrder(
            wish.scene, checkpoint, wish.width or side, wish.height or side, wish.seed, **wish.more
        )
        if wish.character_id is None:
            return order
        character = self._characters.get(wish.character_id)
        return replace(order, character=character.label, project=character.project_name or order.project)

    def made(self, prompt_id: str) -> MadeStill | None:
        """Return what became of a still; None while it waits or runs."""
        job_id = self._job_log.job_id_of(prompt_id, wait=0.0)
        job = self._jobs.get(job_id) if job_id is not None else None
        if job is None or not job.status.is_final:
            return None
        return MadeStill(job, self._assets.list(job_id=job.id), self._gates.list(job_id=job.id))
