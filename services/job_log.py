"""The record of the host's prompts: what the recorder sees, written to the database by one thread.

The host's threads only append to a list here. The writer keeps the order, commits each event of a job's life
by itself, writes progress a few times a second, and announces only what is stored. While the database cannot
be reached it tries again and again, and what happens meanwhile waits.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import ConflictError, NotFoundError, StorageError, TowerError
from ..production.job import JobStatus
from .resubmission import Lineage, read_lineage

if TYPE_CHECKING:
    from ..db.database import Database
    from ..db.jobs import JobRepository
    from ..host.submission import Ending, NodeRun, Submission

logger = logging.getLogger(__name__)

JOB_TYPE = "comfyui"
EVENT = "tower.job"
PROGRESS_SECONDS = 0.25
METRICS_SECONDS = 1.0
HEARTBEAT_SECONDS = 5.0
LONGEST_RETRY_SECONDS = 30.0
# A hundred per cent and some events each: about a hundred jobs may wait for a lost database.
MOST_STEPS = 20_000

Announce = Callable[[str, dict[str, Any]], None]


@dataclass(slots=True)
class _Record:
    """A job that has not ended; touched by the writer only, but for `job_id`."""

    job_id: int
    status: JobStatus = JobStatus.QUEUED
    progress: int = 0
    queued_at: float = 0.0
    started_at: float = 0.0
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    written_progress: int = 0
    written_nodes: int = 0
    touched_at: float = 0.0
    measured_at: float = 0.0


class JobLog:
    """Stores each prompt of the host as a job. A `JobSink` for the host's recorder.

    Parameters
    ----------
    database : Database
        Whose transactions hold together a job and its event.
    jobs : JobRepository
        Of the same database.
    announce : callable, optional
        Takes an event name and its payload; called after each thing that was stored.
    """

    def __init__(self, database: Database, jobs: JobRepository, announce: Announce | None = None) -> None:
        self._database = database
        self._jobs = jobs
        self._announce = announce
        self._changed = threading.Condition()
        self._steps: deque[Callable[[], None]] = deque()
        self._records: dict[str, _Record] = {}
        self._ended: deque[tuple[str, int]] = deque(maxlen=1000)
        self._writer: threading.Thread | None = None
        self._is_writing = False
        self._is_closed = False

    def start(self, announce: Announce | None = None) -> None:
        """Mark as interrupted what an earlier process left unfinished; to be called once, by a host."""
        self._announce = announce or self._announce
        self._append(self._interrupt_unfinished)

    def queued(self, submission: Submission) -> None:
        """Store a prompt as a queued job."""
        self._append(partial(self._store, submission, time.perf_counter()))

    def started(self, prompt_id: str) -> None:
        """Move a job to running."""
        self._append(partial(self._begin, prompt_id, time.perf_counter()))

    def progressed(self, prompt_id: str, percent: int) -> None:
        """Raise a job's progress."""
        self._append(partial(self._advance, prompt_id, percent))

    def node_finished(self, prompt_id: str, run: NodeRun) -> None:
        """Keep a node's timing."""
        self._append(partial(self._measure, prompt_id, run))

    def ended(self, prompt_id: str, ending: Ending) -> None:
        """Move a job to its final state."""
        self._append(partial(self._finish, prompt_id, ending, time.perf_counter()))

    def job_id_of(self, prompt_id: str, wait: float = 2.0) -> int | None:
        """Return the id of a prompt's job, for what is stored while it runs; None if there is none.

        Parameters
        ----------
        wait : float
            Seconds to wait for the job to be stored.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._known_id(prompt_id) is not None or self._is_idle(), wait)
            known = self._known_id(prompt_id)
        if known is not None:
            return known
        job = self._jobs.by_prompt(prompt_id)
        return job.id if job else None

    def drain(self, timeout: float = 10.0) -> bool:
        """Wait until all is written; return whether it was in time."""
        with self._changed:
            return self._changed.wait_for(self._is_idle, timeout)

    def close(self, timeout: float = 5.0) -> None:
        """Write what is pending and end the writer."""
        self.drain(timeout)
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._writer is not None:
            self._writer.join(timeout)

    def _append(self, step: Callable[[], None]) -> None:
        with self._changed:
            if self._is_closed or len(self._steps) >= MOST_STEPS:
                return
            self._steps.append(step)
            if len(self._steps) == MOST_STEPS:
                logger.error("The database was away for too long; Tower records no more until it is back.")
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="tower-job-log", daemon=True)
                self._writer.start()
            self._changed.notify_all()

    def _is_idle(self) -> bool:
        return not self._steps and not self._is_writing

    def _known_id(self, prompt_id: str) -> int | None:
        record = self._records.get(prompt_id)
        if record is not None:
            return record.job_id
        return next((job_id for ended, job_id in reversed(self._ended) if ended == prompt_id), None)

    def _write(self) -> None:
        while (step := self._next_step()) is not None:
            self._attempt(step)

    def _next_step(self) -> Callable[[], None] | None:
        """Return the next thing to write, a heartbeat when there is none for a while, None at the end."""
        with self._changed:
            self._is_writing = False
            self._changed.notify_all()
            while not self._steps and not self._is_closed:
                if not self._changed.wait(PROGRESS_SECONDS if self._records else None) and self._records:
                    return self._beat
            if not self._steps:
                return None
            self._is_writing = True
            return self._steps.popleft()

    def _attempt(self, step: Callable[[], None]) -> None:
        pause = 1.0
        while not self._is_closed:
            try:
                return step()
            except StorageError as error:
                logger.warning("A job could not be recorded; next attempt in %.0f s: %s", pause, error)
                self._sleep(pause)
                pause = min(2 * pause, LONGEST_RETRY_SECONDS)
            except TowerError as error:
                return logger.warning("A job could not be recorded: %s", error)
            except Exception:  # The job's boundary: one that cannot be recorded must not end the record.
                return logger.exception("A job could not be recorded.")
        return None

    def _sleep(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed, seconds)

    def _interrupt_unfinished(self) -> None:
        for job in self._jobs.interrupt_unfinished(JOB_TYPE):
            logger.info("Job %d was left unfinished by an earlier ComfyUI and is interrupted now.", job.id)

    def _store(self, submission: Submission, moment: float) -> None:
        workflow_params = {
            "prompt": submission.prompt,
            "workflow": submission.workflow,
            "extra_data": submission.extra_data,
            "outputs": list(submission.outputs),
        }
        lineage = read_lineage(submission.extra_data, submission.prompt_id)
        with self._database.session():
            job_id = self._create(submission.prompt_id, workflow_params, lineage)
            self._jobs.add_event(job_id, "queued")
        with self._changed:
            self._records[submission.prompt_id] = _Record(job_id, queued_at=moment)
            self._changed.notify_all()
        self._tell(submission.prompt_id)

    def _create(self, prompt_id: str, workflow_params: dict[str, Any], lineage: Lineage) -> int:
        """Create the job; a caller may give one id to several prompts, of which the later get a number."""
        name, n_earlier = prompt_id, 0
        while True:
            try:
                job = self._jobs.create(
                    name,
                    JOB_TYPE,
                    workflow_params=workflow_params,
                    parent_id=lineage.parent_id,
                    attempt=lineage.attempt,
                )
                return job.id
            except ConflictError:
                n_earlier += 1
                name = f"{prompt_id}#{n_earlier + 1}"

    def _begin(self, prompt_id: str, moment: float) -> None:
        record = self._records.get(prompt_id)
        if record is None or record.status is not JobStatus.QUEUED:
            return
        with self._database.session():
            self._jobs.move(record.job_id, JobStatus.RUNNING)
            waited = {"queued_seconds": round(moment - record.queued_at, 4)}
            self._jobs.add_event(record.job_id, "running", details=waited)
        record.status = JobStatus.RUNNING
        record.started_at = record.touched_at = record.measured_at = moment
        self._tell(prompt_id)

    def _advance(self, prompt_id: str, percent: int) -> None:
        record = self._records.get(prompt_id)
        if record is None or percent <= record.progress:
            return
        record.progress = percent
        if time.perf_counter() - record.touched_at >= PROGRESS_SECONDS:
            self._touch(record)
        self._tell(prompt_id)

    def _measure(self, prompt_id: str, run: NodeRun) -> None:
        record = self._records.get(prompt_id)
        if record is None:
            return
        timing = {"type": run.node_type, "seconds": round(run.seconds, 4)}
        if run.display_node_id != run.node_id:
            timing["display_node_id"] = run.display_node_id
        record.nodes[run.node_id] = timing

    def _finish(self, prompt_id: str, ending: Ending, moment: float) -> None:
        record = self._records.get(prompt_id)
        if record is None:
            return
        target = JobStatus(ending.outcome)
        if target is JobStatus.DONE and record.status is JobStatus.QUEUED:
            self._begin(prompt_id, moment)
        try:
            self._store_ending(record, target, ending, moment)
        except (ConflictError, NotFoundError) as error:
            # Someone else ended it first, such as a route that cancelled it, or deleted it.
            logger.info("The end of job %d is not recorded: %s", record.job_id, error)
            self._forget(prompt_id, record)
            return
        self._forget(prompt_id, record)
        record.status, record.progress = target, 100 if target is JobStatus.DONE else record.progress
        self._send(prompt_id, record, error=_sentence(ending))

    def _store_ending(self, record: _Record, target: JobStatus, ending: Ending, moment: float) -> None:
        metrics = self._metrics(record, moment) | {"cached": list(ending.cached)}
        fields = {"error_log": ending.error, "performance_metrics": metrics, "progress": record.progress}
        details = {"error": _sentence(ending)} if ending.error else {"seconds": metrics["seconds"]}
        with self._database.session():
            self._jobs.move(record.job_id, target, **fields)
            self._jobs.add_event(record.job_id, target.value, node_id=ending.node_id, details=details)

    def _beat(self) -> None:
        """Write the progress that is held back, and a sign of life of each running job."""
        for prompt_id, record in list(self._records.items()):
            age = time.perf_counter() - record.touched_at
            is_behind = record.progress > record.written_progress and age >= PROGRESS_SECONDS
            if record.status is JobStatus.RUNNING and (is_behind or age >= HEARTBEAT_SECONDS):
                try:
                    self._touch(record)
                except NotFoundError:
                    self._forget(prompt_id, record)

    def _touch(self, record: _Record) -> None:
        moment, n_nodes = time.perf_counter(), len(record.nodes)
        is_measured = n_nodes > record.written_nodes and moment - record.measured_at >= METRICS_SECONDS
        with self._database.session():
            self._jobs.touch(record.job_id, progress=record.progress)
            if is_measured:
                self._jobs.update(record.job_id, performance_metrics=self._metrics(record, moment))
        record.touched_at, record.written_progress = moment, record.progress
        if is_measured:
            record.measured_at, record.written_nodes = moment, n_nodes

    def _metrics(self, record: _Record, moment: float) -> dict[str, Any]:
        started = record.started_at or moment
        return {
            "seconds": round(moment - started, 4),
            "queued_seconds": round(started - record.queued_at, 4),
            "nodes": dict(record.nodes),
        }

    def _forget(self, prompt_id: str, record: _Record) -> None:
        with self._changed:
            self._records.pop(prompt_id, None)
            self._ended.append((prompt_id, record.job_id))

    def _tell(self, prompt_id: str) -> None:
        self._send(prompt_id, self._records[prompt_id])

    def _send(self, prompt_id: str, record: _Record, **details: str) -> None:
        if self._announce is None:
            return
        payload = {
            "job_id": record.job_id,
            "prompt_id": prompt_id,
            "status": record.status.value,
            "progress": record.progress,
        }
        self._announce(EVENT, payload | {key: value for key, value in details.items() if value})


def _sentence(ending: Ending) -> str:
    """Return the first line of an error, without the traceback."""
    return ending.error.split("\n", 1)[0]
