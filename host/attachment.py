"""The running ComfyUI as one value: what the pack gets from it, and how it attaches itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from . import paths
from .probes import Probe, host_probes
from .queueing import submit
from .recorder import JobSink, Recorder


class ComfyHost:
    """The ComfyUI of this process.

    Parameters
    ----------
    server : PromptServer
        Its server, which exists before custom nodes are imported.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self.routes = server.routes

    @classmethod
    def here(cls) -> ComfyHost:
        """Return the host that is importing the pack."""
        from server import PromptServer

        return cls(PromptServer.instance)

    @property
    def listen(self) -> tuple[str, ...]:
        """The addresses that it was told to listen on."""
        from comfy.cli_args import args

        return tuple(address.strip() for address in args.listen.split(",") if address.strip())

    @property
    def user_directory(self) -> Path:
        """The folder below which ``__tower`` holds the pack's own data."""
        return paths.host_user_directory()

    @property
    def output_directory(self) -> Path:
        """The folder of results, which it serves."""
        return paths.output_directory()

    @property
    def input_directory(self) -> Path:
        """The folder of files that users bring."""
        return paths.input_directory()

    @property
    def model_folders(self) -> tuple[Path, ...]:
        """The folders for Tower's model files."""
        return paths.model_folders()

    @property
    def model_directories(self) -> tuple[Path, ...]:
        """The directories that hold its folders of models."""
        return paths.model_directories()

    def at_start(self, act: Callable[[], Awaitable[None]]) -> None:
        """Have `act` awaited when its server starts, before the first request."""
        self._server.app.on_startup.append(lambda _: act())

    def probes(self) -> dict[str, Probe]:
        """Return how to ask its parts."""
        return host_probes(self._server)

    def announce(self, event: str, payload: dict[str, Any]) -> None:
        """Send an event to every browser that is connected; from any thread."""
        self._server.send_sync(event, payload)

    def submit(self, prompt: Mapping[str, Any], extra_data: Mapping[str, Any]) -> str:
        """Queue a prompt, without waiting for it to run, and return its id; not from its own loop."""
        return submit(self._server, prompt, extra_data)

    def record(self, sink: JobSink) -> None:
        """Tell `sink` about every prompt from now on."""
        Recorder(sink, self._server).install()
