"""ComfyUI starts fast with the pack, and starts without it when the pack cannot."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.comfy import PACK_NAME, REPOSITORY, ComfyHost, ComfyServer, comfy_server

pytestmark = pytest.mark.host


def test_importing_the_pack_takes_half_a_second_of_a_processor(comfy_host: ComfyHost, tmp_path: Path) -> None:
    pack = tmp_path / PACK_NAME
    pack.symlink_to(REPOSITORY)
    script = Path(__file__).with_name("import_in_host.py")
    command = [str(comfy_host.python), str(script), str(comfy_host.root), str(pack)]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    is_loaded, seconds = run.stdout.splitlines()[-1].split()
    assert is_loaded == "True" and float(seconds) < 0.5


def test_data_lives_in_the_hosts_user_directory(comfy: ComfyServer) -> None:
    comfy.get("/anime/health")
    assert (comfy.user / "__tower" / "tower.db").is_file()


def test_every_part_of_the_host_answers_the_health_check(comfy: ComfyServer) -> None:
    health = comfy.get("/anime/health")
    assert health["status"] == "ok"
    assert health["probes"]["comfyui"]["facts"]["version"] == comfy.version
    assert health["probes"]["gpu"]["facts"]["device"] == "cpu"
    assert health["probes"]["queue"]["facts"] == {"running": 0, "pending": 0}


def test_comfyui_starts_and_says_why_the_database_does_not(comfy_host: ComfyHost) -> None:
    url = "postgresql://nobody@127.0.0.1:9/none"
    with comfy_server(comfy_host, environment={"TOWER_DATABASE_URL": url}) as server:
        status, answer = server.request("GET", "/anime/jobs")
        assert status == 503
        assert "none on 127.0.0.1" in answer["error"]["message"]
        status, health = server.request("GET", "/anime/health")
        assert (status, health["status"]) == (503, "down")
        assert server.object_info("TowerCharacterLoader")["name"] == "TowerCharacterLoader"
        empty = {
            "class_type": "EmptyImage",
            "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 0},
        }
        saved = {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "still"}}
        assert server.run_prompt({"1": empty, "2": saved})["status"]["status_str"] == "success"
