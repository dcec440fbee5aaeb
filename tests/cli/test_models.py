"""The commands of models, run as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from support.hub import hub_server
from support.networks import write_ccip

CCIP = "ccip-caformer-5_fp32"


def run(home: Path, hub: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TOWER_HOME": str(home), "TOWER_MODEL_HUB": hub, "HF_HOME": str(home / "hf")}
    environment.pop("TOWER_MODELS", None)
    command = [sys.executable, "-m", "tower_anime", "models", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_a_model_is_fetched_with_its_licence_shown(tmp_path: Path) -> None:
    with hub_server() as hub:
        hub.files[f"deepghs/ccip_onnx/{CCIP}/model_feat.onnx"] = write_ccip(tmp_path / "m.onnx").read_bytes()
        got = run(tmp_path / "home", hub.url, "get", CCIP)
    assert got.returncode == 0 and "OpenRAIL" in got.stderr
    listed = run(tmp_path / "home", hub.url, "list", "--json")
    states = {state["name"]: state for state in json.loads(listed.stdout)}
    assert states[CCIP]["state"] == "installed" and Path(states[CCIP]["installed"][0]).is_file()
    assert str(tmp_path / "home" / "models") in got.stdout


def test_without_network_the_file_and_folder_are_told(tmp_path: Path) -> None:
    got = run(tmp_path / "home", "http://127.0.0.1:9", "get", CCIP, "--json")
    assert got.returncode == 1
    error = json.loads(got.stdout)["error"]
    assert error["code"] == "provider"
    assert (
        f"{CCIP}/model_feat.onnx" in error["message"]
        and str(tmp_path / "home" / "models") in error["message"]
    )
    assert run(tmp_path / "home", "http://127.0.0.1:9", "get", "magic").returncode == 2
