"""The checks of `checks_in_host.py`, each as a test, run by each host's own Python."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path

import pytest
from support.comfy import CHECKPOINT, tiny_models

SCRIPT = Path(__file__).with_name("checks_in_host.py")
CHECKS = [
    node.name
    for node in ast.parse(SCRIPT.read_text("utf-8")).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
]


@pytest.fixture(scope="session")
def told(comfy_host) -> dict[str, str | None]:
    done = subprocess.run(
        [
            str(comfy_host.python),
            str(SCRIPT),
            str(comfy_host.root),
            str(SCRIPT.parents[2]),
            str(tiny_models(comfy_host) / CHECKPOINT),
        ],
        cwd=comfy_host.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.host
@pytest.mark.parametrize("check", CHECKS)
def test_in_host(told, check):
    assert told[check] is None, told[check]
