from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta

import pytest
from tower_anime.production.job import JobStatus
from tower_anime.services.health import HealthService

HOST = {
    "comfyui": lambda: {"version": "0.27.1", "detail": "ComfyUI 0.27.1"},
    "gpu": lambda: {"name": "test", "free_mib": 1000},
    "queue": lambda: {"running": 0, "pending": 2},
}


def test_outside_comfyui_its_parts_are_not_there(shared_site) -> None:
    shared_site.call("GET", "/anime/projects")  # makes the database, which may take a second
    answer = shared_site.call("GET", "/anime/health")
    assert answer.status == 200
    assert answer.json["status"] == "degraded"
    probes = answer.json["probes"]
    assert set(probes) == {"comfyui", "gpu", "database", "queue", "storage"}
    assert {name: probe["ok"] for name, probe in probes.items()} == {
        "comfyui": False,
        "gpu": False,
        "queue": False,
        "database": True,
        "storage": True,
    }
    for probe in probes.values():
        assert probe["detail"]
        assert probe["latency_ms"] >= 0
    assert probes["storage"]["facts"]["free_mib"]["home"] > 0
    assert "error" not in answer.json


def test_with_all_parts_there_all_is_well(site) -> None:
    site.services.health.connect(HOST)
    site.call("GET", "/anime/projects")
    answer = site.call("GET", "/api/anime/health").json
    assert answer["status"] == "ok"
    assert answer["probes"]["queue"]["facts"] == {"running": 0, "pending": 2}
    assert answer["probes"]["comfyui"]["detail"] == "ComfyUI 0.27.1"


@pytest.mark.parametrize("part", ["comfyui", "gpu", "queue"])
def test_a_part_that_fails_flips_its_probe_only(site, part) -> None:
    def fail() -> dict[str, object]:
        raise RuntimeError("CUDA is gone")

    site.services.health.connect({**HOST, part: fail})
    site.call("GET", "/anime/projects")
    answer = site.call("GET", "/anime/health")
    assert (answer.status, answer.json["status"]) == (200, "degraded")
    assert [name for name, probe in answer.json["probes"].items() if not probe["ok"]] == [part]
    assert answer.json["probes"][part]["detail"] == "CUDA is gone"


def test_a_part_that_hangs_delays_the_answer_by_less_than_a_second(site) -> None:
    asked, release = [], threading.Event()

    def hang() -> dict[str, object]:
        asked.append(1)
        release.wait(30)
        return {}

    site.services.health.connect({**HOST, "gpu": hang, "queue": hang})
    site.call("GET", "/anime/projects")
    times = []
    for _ in range(3):
        started = time.perf_counter()
        answer = site.call("GET", "/anime/health")
        times.append(time.perf_counter() - started)
        assert [name for name, probe in answer.json["probes"].items() if not probe["ok"]] == ["gpu", "queue"]
        assert "no answer within" in answer.json["probes"]["gpu"]["detail"]
    assert min(times) < 1, times
    assert len(asked) == 2, "a part that hangs is not asked again"
    release.set()


def test_without_a_database_the_answer_is_503(site) -> None:
    site.services.health.connect(HOST)
    site.call("GET", "/anime/projects")
    assert site.call("GET", "/anime/health").status == 200
    site.services.database.close()
    home = site.services.settings.home
    for path in home.glob("tower.db*"):
        path.unlink()
    (home / "tower.db").write_bytes(b"no database at all" * 1000)
    answer = site.call("GET", "/anime/health")
    assert (answer.status, answer.json["status"]) == (503, "down")
    assert [name for name, probe in answer.json["probes"].items() if not probe["ok"]] == ["database"]
    assert "tower.db" in answer.error["message"]
    assert answer.error["code"] == "storage"


def test_a_database_that_hangs_is_down_too(site, monkeypatch) -> None:
    release = threading.Event()

    def hang(_self: object) -> None:
        release.wait(30)
        raise TimeoutError

    monkeypatch.setattr(type(site.services.database), "ping", hang)
    answer = site.call("GET", "/anime/health")
    assert answer.status == 503
    assert answer.json["probes"]["storage"]["ok"]
    release.set()


def test_a_folder_that_cannot_be_written_flips_storage(site) -> None:
    output = site.services.settings.output
    output.rmdir()
    output.write_text("a file where a folder should be")
    site.call("GET", "/anime/projects")
    answer = site.call("GET", "/anime/health")
    assert answer.status == 200
    assert not answer.json["probes"]["storage"]["ok"]
    assert str(output) in answer.json["probes"]["storage"]["detail"]


def test_a_disk_that_is_almost_full_flips_storage(site, monkeypatch) -> None:
    monkeypatch.setattr("tower_anime.services.health.LOW_SPACE_BYTES", 1 << 60)
    probe = site.call("GET", "/anime/health").json["probes"]["storage"]
    assert not probe["ok"]
    assert "MiB are free" in probe["detail"]


def test_a_silent_job_and_an_old_package_are_warned_of(site, monkeypatch) -> None:
    jobs = site.services.jobs
    alive, silent = jobs.create("p-1", "comfyui").id, jobs.create("p-2", "comfyui").id
    for job in (alive, silent):
        jobs.move(job, JobStatus.RUNNING)
    monkeypatch.setattr("tower_anime.services.health.SAFE_AIOHTTP", (0,))
    assert site.call("GET", "/anime/health").json["warnings"] == []
    monkeypatch.setattr("tower_anime.services.health.SAFE_AIOHTTP", (99,))
    monkeypatch.setattr("tower_anime.services.health.SILENT_AFTER", timedelta(seconds=1))
    time.sleep(1.05)
    jobs.touch(alive)
    warnings = site.call("GET", "/anime/health").json["warnings"]
    assert [f"Job {silent} " in warning for warning in warnings] == [True, False]
    assert "aiohttp" in warnings[1]


def test_a_service_without_a_server_answers_too(opened) -> None:
    opened.database.open()
    health = HealthService(opened.database, opened.jobs, opened.settings, HOST)
    report = asyncio.run(health.probe())
    assert report.status == "ok"
    assert report.probes["gpu"].facts == {"name": "test", "free_mib": 1000}
