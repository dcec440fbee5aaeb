"""Are the parts there that Tower depends on? Asked all at once, answered within a second."""

from __future__ import annotations

import asyncio
import importlib.metadata
import re
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import StorageError
from ..production.job import JobStatus
from ..settings import Settings

if TYPE_CHECKING:
    from ..db.database import Database
    from ..db.jobs import JobRepository

Probe = Callable[[], Mapping[str, Any]]

# Of the second that an answer may take, this leaves a part for a busy machine.
TIMEOUT_SECONDS = 0.7
LOW_SPACE_BYTES = 256 << 20
SILENT_AFTER = timedelta(minutes=10)
# Before it, a multipart field is read into memory before its size is checked (CVE-2026-34517).
SAFE_AIOHTTP = (3, 13, 4)

_HOST_PARTS = ("comfyui", "gpu", "queue")
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one part answered.

    Parameters
    ----------
    ok : bool
        Whether it works.
    latency_ms : float
        How long it took to say so.
    detail : str
        One sentence for people.
    facts : dict
        Numbers and versions for programs.
    """

    ok: bool
    latency_ms: float
    detail: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HealthReport:
    """What all parts answered, and what to look at although it works."""

    probes: dict[str, ProbeResult]
    warnings: tuple[str, ...] = ()

    @property
    def status(self) -> Literal["ok", "degraded", "down"]:
        """``down`` without the database, ``degraded`` without another part."""
        if not self.probes["database"].ok:
            return "down"
        return "ok" if all(result.ok for result in self.probes.values()) else "degraded"


class HealthService:
    """Asks the parts.

    Parameters
    ----------
    database : Database
    jobs : JobRepository
        Of the same database; running jobs that gave no sign of life are worth a warning.
    settings : Settings
        Whose folders are looked at.
    host : mapping of str to callable, optional
        How to ask ``comfyui``, ``gpu`` and ``queue``: each returns facts, with ``ok`` (True when
        left out) and ``detail``, or raises. A part without one is not there.
    timeout_seconds : float
        After which a part counts as hanging.
    """

    def __init__(
        self,
        database: Database,
        jobs: JobRepository,
        settings: Settings,
        host: Mapping[str, Probe] | None = None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._settings = settings
        self._timeout = timeout_seconds
        self._lock = threading.Lock()
        self._running: dict[str, Future[ProbeResult]] = {}
        self._probes: dict[str, Probe] = dict.fromkeys(_HOST_PARTS, _no_host)
        self._probes |= {"database": self._ask_database, "storage": self._ask_storage}
        self.connect(host or {})

    def connect(self, host: Mapping[str, Probe]) -> None:
        """Learn how to ask parts of the host, once it is there."""
        self._probes |= host

    async def probe(self) -> HealthReport:
        """Ask every part at once; one that hangs is not asked again before it has answered."""
        names = list(self._probes)
        results = await asyncio.gather(*(self._answer(name) for name in names))
        probes = dict(zip(names, results, strict=True))
        return HealthReport(probes, tuple(_warnings(probes["database"])))

    async def _answer(self, name: str) -> ProbeResult:
        future = asyncio.wrap_future(self._ask(name))
        try:
            return await asyncio.wait_for(future, self._timeout)
        except asyncio.TimeoutError:
            return ProbeResult(False, self._timeout * 1000, f"It gave no answer within {self._timeout:g} s.")

    def _ask(self, name: str) -> Future[ProbeResult]:
        with self._lock:
            future = self._running.get(name)
            if future is None or future.done():
                future = self._running[name] = Future()
                future.set_running_or_notify_cancel()
                # A daemon: a part that hangs for ever must not keep the process from ending.
                threading.Thread(
                    target=_run, args=(self._probes[name], future), name=f"tower-health-{name}", daemon=True
                ).start()
            return future

    def _ask_database(self) -> dict[str, Any]:
        self._database.ping()
        running = self._jobs.list(status=JobStatus.RUNNING, limit=200)
        earliest = datetime.now(timezone.utc) - SILENT_AFTER
        silent = [job.id for job in running if (job.heartbeat_at or job.started_at or earliest) < earliest]
        kind = "SQLite" if self._database.is_sqlite else "PostgreSQL"
        facts: dict[str, Any] = {"kind": kind, "running_jobs": len(running), "silent_jobs": silent}
        if self._database.is_sqlite:
            facts["sqlite_version"] = sqlite3.sqlite_version
        return {"detail": f"{kind} answers.", **facts}

    def _ask_storage(self) -> dict[str, Any]:
        folders = {"home": self._settings.home, "output": self._settings.output}
        free = {name: _free_bytes(folder) // _MIB for name, folder in folders.items() if folder is not None}
        low = [name for name, amount in free.items() if amount < LOW_SPACE_BYTES // _MIB]
        detail = "Can be written."
        if low:
            detail = f"Only {free[low[0]]} MiB are free on the disk of the {low[0]} folder."
        return {"ok": not low, "detail": detail, "free_mib": free}


def _run(probe: Probe, future: Future[ProbeResult]) -> None:
    started = time.perf_counter()
    ok, detail, facts = False, "", {}
    try:
        facts = dict(probe())
        ok, detail = bool(facts.pop("ok", True)), str(facts.pop("detail", ""))
    except Exception as error:  # the boundary of a probe: whatever it raises is its answer
        detail = str(error) or type(error).__name__
    latency = (time.perf_counter() - started) * 1000
    future.set_result(ProbeResult(ok, round(latency, 2), detail, facts))


def _no_host() -> dict[str, Any]:
    return {"ok": False, "detail": "Tower does not run inside ComfyUI here."}


def _free_bytes(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"tower")
        return shutil.disk_usage(folder).free
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror}.") from error


def _warnings(database: ProbeResult) -> list[str]:
    found = [
        f"Job {job_id} runs, but gave no sign of life for {SILENT_AFTER.seconds // 60} minutes."
        for job_id in database.facts.get("silent_jobs", [])
    ]
    installed = _installed("aiohttp")
    if installed and _numbers(installed) < SAFE_AIOHTTP:
        found.append(f"aiohttp {installed} has known holes; update ComfyUI's Python packages.")
    return found


def _installed(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
