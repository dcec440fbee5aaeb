"""Model families: the checks of `family_checks_in_host.py` in each host's own Python, and the nodes in it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

SCRIPT = Path(__file__).with_name("family_checks_in_host.py")
CHECKS = [
    node.name
    for node in ast.parse(SCRIPT.read_text("utf-8")).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
]

pytestmark = pytest.mark.host


@pytest.fixture(scope="session")
def told(comfy_host) -> dict[str, str | None]:
    done = subprocess.run(
        [str(comfy_host.python), str(SCRIPT), str(comfy_host.root), str(SCRIPT.parents[2])],
        cwd=comfy_host.root,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("check", CHECKS)
def test_in_host(told, check):
    assert told[check] is None, told[check]


@pytest.fixture
def wan_reference(studio, sampler, aki):
    """Add a Wan Reference on a Stable Diffusion checkpoint, which no Wan is."""

    def add(**options):
        loader = sampler.graph.add("TowerCharacterLoader", character="Aki")
        wired = {"model": sampler.model, "positive": sampler.positive, "negative": sampler.negative}
        return sampler.graph.add(
            "TowerWanReference",
            **{**wired, "vae": sampler.vae, "character": loader, "references": loader.out(1)},
            **{"width": 64, "height": 64, "length": 5, "batch_size": 1, "strength": 1.0},
            **{"on_missing": "stop", **options},
        )

    return add


def latent_of(studio, prefix):
    newest = max((studio.comfy.output / "latents").glob(f"{prefix}_*.latent"))
    return load_file(newest)["latent_tensor"]


def test_a_model_that_is_no_wan_is_sampled_as_before_and_the_report_says_so(studio, sampler, wan_reference):
    sampler.sample(prefix="before_wan")
    node = wan_reference(models=sampler.graph.add("TowerReferenceModels", **_defaults()))
    shown = sampler.graph.add("PreviewAny", source=node.out(5))
    sampler.positive, sampler.negative, sampler.latent = node, node.out(1), node.out(3)
    sampler.sample(prefix="no_wan")
    run = studio.run(sampler.graph)
    assert run.succeeded, run.error["exception_message"]
    report = run.json(shown)
    [entry] = report["degraded"]
    assert report["applied"] == [] and entry["what"] == "Wan reference"
    assert "Stable Diffusion 1.5" in entry["reason"] and "Stable Diffusion 1.5" in report["family"]
    assert np.array_equal(latent_of(studio, "no_wan"), latent_of(studio, "before_wan"))


def _defaults(**changes):
    return {
        **{"style_strength": 1.0, "style_strength_type": "attn_bias", "class_word": "person"},
        **{"latents_method": "auto", **changes},
    }
