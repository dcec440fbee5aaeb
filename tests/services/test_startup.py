"""Tower inside a host: services open when its server starts, or say why they did not."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tower_anime import services
from tower_anime.errors import TowerError
from tower_anime.host.submission import DONE, Ending, Submission
from tower_anime.services.startup import late_services, start


class FakeHost:
    """A host that is a folder; what it would record is handed to `sink`."""

    def __init__(self, folder: Path) -> None:
        self.user_directory = folder / "user"
        self.output_directory = folder / "output"
        self.input_directory = folder / "input"
        self.model_folders = (folder / "models" / "tower",)
        self.model_directories = (folder / "models",)
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.sink: Any = None

    def probes(self) -> dict[str, Any]:
        return {name: lambda: {"detail": "Fine."} for name in ("comfyui", "gpu", "queue")}

    def announce(self, event: str, payload: dict[str, Any]) -> None:
        self.events.append((event, payload))

    def submit(self, prompt: dict[str, Any], extra_data: dict[str, Any]) -> str:
        self.events.append(("submitted", {"prompt": prompt, **extra_data}))
        return f"prompt-{len(self.events)}"

    def record(self, sink: Any) -> None:
        self.sink = sink


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHost]:
    for name in ("TOWER_HOME", "TOWER_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(atexit, "register", lambda act: None)
    with services.using(None):  # type: ignore[arg-type]
        yield FakeHost(tmp_path)


def test_a_started_host_is_recorded_and_healthy(host: FakeHost) -> None:
    late = late_services()
    with pytest.raises(TowerError, match="has not started"):
        late.jobs.list()
    asyncio.run(start(host))
    try:
        host.sink.queued(Submission("a", {"1": {}}))
        host.sink.started("a")
        host.sink.ended("a", Ending(DONE))
        assert services.current().job_log.drain()
        assert [job.prompt_id for job in late.jobs.list()] == ["a"]
        assert host.events[-1][1]["status"] == "done"
        assert asyncio.run(late.health.probe()).status == "ok"
        assert (host.user_directory / "__tower" / "tower.db").is_file()
        assert late.settings.output == host.output_directory
    finally:
        services.current().close()


def test_a_wrong_setting_is_told_to_whoever_asks(host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOWER_DATABASE_URL", "mysql://somewhere/else")
    asyncio.run(start(host))
    with pytest.raises(TowerError, match="TOWER_DATABASE_URL has the scheme 'mysql'"):
        services.current().characters.labels()
    with pytest.raises(TowerError, match="TOWER_DATABASE_URL has the scheme 'mysql'"):
        late_services().jobs.list()
    assert host.sink is None
