"""Tower inside ComfyUI: what happens when the server starts.

ComfyUI imports custom nodes one after the other, so at import only routes and nodes are declared. The
services are opened when the server starts, before its first request, and the database by the first who uses
it.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from ..errors import TowerError
from ..settings import load_settings
from . import Services, current, install, open_services

if TYPE_CHECKING:
    from .health import Probe
    from .job_log import JobLog

logger = logging.getLogger(__name__)


def late_services() -> Services:
    """Return a stand-in for routes that are declared before the services are open."""
    return cast("Services", _LateServices())


class Host(Protocol):
    """What the services get from the program that they run in."""

    @property
    def user_directory(self) -> Path:
        """The folder below which ``__tower`` holds the pack's own data."""
        ...

    @property
    def output_directory(self) -> Path:
        """The folder of results."""
        ...

    @property
    def input_directory(self) -> Path:
        """The folder of files that users bring."""
        ...

    @property
    def model_folders(self) -> tuple[Path, ...]:
        """The folders for Tower's model files."""
        ...

    @property
    def model_directories(self) -> tuple[Path, ...]:
        """The directories that hold its folders of models."""
        ...

    def probes(self) -> Mapping[str, Probe]:
        """Return how to ask its parts."""
        ...

    def announce(self, event: str, payload: dict[str, Any]) -> None:
        """Send an event to every connected browser."""
        ...

    def submit(self, prompt: Mapping[str, Any], extra_data: Mapping[str, Any]) -> str:
        """Queue a prompt and return its id."""
        ...

    def record(self, sink: JobLog) -> None:
        """Tell the log about every prompt from now on."""
        ...


async def start(host: Host) -> None:
    """Open the services and record what the host runs; a failure is logged, and told to whoever asks."""
    try:
        await asyncio.to_thread(_start, host)
    except TowerError as error:
        logger.error("Tower cannot start: %s", error)
        install(_failed(error))
    except Exception as error:  # The host must start without us, whatever is wrong here.
        logger.exception("Tower cannot start.")
        reason = f"Tower cannot start: {type(error).__name__}: {error}."
        install(_failed(TowerError(reason, hint="ComfyUI's log has the traceback.")))


def _start(host: Host) -> None:
    settings = load_settings(
        host_user_directory=host.user_directory,
        output=host.output_directory,
        host_input=host.input_directory,
        host_model_folders=host.model_folders,
        host_models=host.model_directories,
    )
    services = open_services(settings)
    services.models.announce_by(host.announce)
    services.health.connect(host.probes())
    services.resubmission.connect(host.submit)
    services.generation.connect(host.submit)
    services.job_log.start(host.announce)
    host.record(services.job_log)
    install(services)
    atexit.register(services.close)


class _LateServices:
    """Services whose parts are looked up at each use."""

    def __getattr__(self, name: str) -> Any:
        return getattr(current(), name)


def _failed(error: TowerError) -> Services:
    return cast("Services", _Failed(error))


class _Failed:
    """Services that could not be opened: every use of them raises the reason."""

    def __init__(self, error: TowerError) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        raise self._error
