"""The checks of two scripts, each as a test, run by each host's own Python."""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CHECKS = [
    (script, node.name)
    for script in ("adapter_checks_in_host.py", "adapter_property_checks_in_host.py")
    for node in ast.parse((HERE / script).read_text("utf-8")).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
]


@pytest.fixture(scope="session")
def told(comfy_host):
    """Run a script once, and return what its checks tell."""

    @functools.cache
    def run(script: str) -> dict[str, str | None]:
        done = subprocess.run(
            [str(comfy_host.python), str(HERE / script), str(comfy_host.root), str(HERE.parents[1])],
            cwd=comfy_host.root,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.mark.host
@pytest.mark.parametrize(("script", "check"), CHECKS, ids=[check for _, check in CHECKS])
def test_in_host(told, script, check):
    assert told(script)[check] is None, told(script)[check]
