"""Fixtures for all tests, and a loud word about parts that could not run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.comfy import PROBE_PACK, ComfyHost, ComfyServer, comfy_server, find_hosts

HOSTS = find_hosts()


@pytest.fixture(scope="session", params=HOSTS or [None], ids=lambda host: host.name if host else "no-host")
def comfy_host(request: pytest.FixtureRequest) -> ComfyHost:
    """Each ComfyUI on this machine in turn."""
    if request.param is None:
        pytest.skip("no ComfyUI found")
    return request.param


@pytest.fixture(scope="session")
def comfy(comfy_host: ComfyHost) -> Iterator[ComfyServer]:
    """A running server of each host, with the pack and the probe nodes, shared by all tests."""
    with comfy_server(comfy_host, packs=[PROBE_PACK]) as server:
        yield server


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep a host's tests in one worker, since they share its server, and else those of a file."""
    from xdist.scheduler import LoadScopeScheduling

    class ByHost(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next(
                (host.name for host in HOSTS if host.name in nodeid), nodeid.split("::", maxsplit=1)[0]
            )

    return ByHost(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show what the host printed when a test with it fails."""
    report = yield
    server = getattr(item, "funcargs", {}).get("comfy")
    if report.failed and server is not None:
        report.sections.append((f"log of {server.host.name}", server.log()[-4000:]))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not HOSTS:
        terminalreporter.write_sep("!", "NO COMFYUI FOUND", red=True, bold=True)
        terminalreporter.write_line(
            "The tests with a real ComfyUI did NOT run. To run them: COMFYUI_PATH=/path/to/ComfyUI make test"
        )
