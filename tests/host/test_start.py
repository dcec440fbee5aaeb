"""ComfyUI starts fast with the pack, and starts without it when the pack cannot."""

from __future__ import annotations

import pytest
from support.comfy import ComfyHost, ComfyServer, comfy_server

pytestmark = pytest.mark.host


def test_comfyui_imports_the_pack_in_half_a_second(comfy: ComfyServer) -> None:
    seconds = [comfy.import_seconds()]
    # The host measures wall time, so a busy machine gets further attempts.
    while min(seconds) >= 0.5 and len(seconds) < 3:
        with comfy_server(comfy.host) as another:
            seconds.append(another.import_seconds())
    assert min(seconds) < 0.5


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
