"""The checks of `adapter_checks_in_host.py`, each as a test, run by each host's own Python."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("adapter_checks_in_host.py")
CHECKS = [
    node.name
    for node in ast.parse(SCRIPT.read_text("utf-8")).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
]


@pytest.fixture(scope="session")
def told(comfy_host) -> dict[str, str | None]:
    arguments = [comfy_host.root, SCRIPT.parents[2]]
    done = subprocess.run(
        [str(comfy_host.python), str(SCRIPT), *map(str, arguments)],
        cwd=comfy_host.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.host
@pytest.mark.parametrize("check", CHECKS)
def test_in_host(told, check):
    assert told[check] is None, told[check]
