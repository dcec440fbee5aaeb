"""Stills by route, made by a host that records what it is given."""

from __future__ import annotations

import pytest
from tower_anime.host.submission import DONE, FAILED, Ending, Submission

PATH = "/anime/generate"


class Host:
    """Takes prompts as ComfyUI does, and ends each as it is told."""

    def __init__(self, opened, folder) -> None:
        self.opened = opened
        self.prompts: list[dict] = []
        self.ending: Ending | None = Ending(DONE)
        self.scores: list[float | None] = []
        (folder / "checkpoints").mkdir(parents=True)
        (folder / "checkpoints" / "anime.ckpt").touch()
        opened.generation._model_directories = (folder,)
        opened.generation.connect(self.take)

    def take(self, prompt, extra_data) -> str:
        self.prompts.append(dict(prompt))
        prompt_id = f"p-{len(self.prompts)}"
        self.opened.job_log.queued(Submission(prompt_id, dict(prompt)))
        if self.ending is not None:
            self.opened.job_log.started(prompt_id)
            job_id = self.opened.job_log.job_id_of(prompt_id)
            for number, score in enumerate(self.scores, 1):
                passed = None if score is None else score >= 0.5
                details = {"verdicts": [{"reason": f"attempt {number}"}]}
                self.opened.gates.add(
                    "post_gen", passed, score=score, details=details, job_id=job_id, encoder="appearance"
                )
            self.opened.job_log.ended(prompt_id, self.ending)
            assert self.opened.job_log.drain()
        return prompt_id


@pytest.fixture
def host(site, tmp_path) -> Host:
    return Host(site.services, tmp_path / "models")


@pytest.fixture
def aki(site) -> int:
    return site.call("POST", "/anime/characters", {"name": "Aki", "prompt": "silver hair"}).json["id"]


def classes(prompt) -> list[str]:
    return [node["class_type"] for node in prompt.values()]


def test_the_score_of_the_best_attempt_comes_back(site, host, aki) -> None:
    host.scores = [0.31, 0.82]
    body = {"character_id": aki, "scene": "Aki in a street", "on_fail": "regenerate", "seed": 11}
    answer = site.call("POST", PATH, body)
    assert answer.status == 200, answer.body
    shown = answer.json
    assert shown["quality_metrics"] == {
        "consistency": 0.82,
        "passed": True,
        "reason": "attempt 2",
        "encoder": "appearance",
        "attempts": 2,
    }
    assert (shown["status"], shown["seed"], shown["checkpoint"]) == ("done", 11, "anime.ckpt")
    assert (shown["width"], shown["height"]) == (512, 512)
    [prompt] = host.prompts
    assert "TowerEmbeddingInjector" in classes(prompt) and shown["changes"]


def test_without_ensuring_the_picture_is_scored_only(site, host, aki) -> None:
    host.scores = [0.4]
    body = {"character_id": aki, "scene": "Aki", "ensure_consistency": False}
    shown = site.call("POST", PATH, body).json
    assert shown["quality_metrics"]["passed"] is False and shown["changes"] == []
    assert "TowerEmbeddingInjector" not in classes(host.prompts[0])


def test_what_could_not_be_measured_is_null_and_no_pass(site, host, aki) -> None:
    host.scores = [None]
    quality = site.call("POST", PATH, {"character_id": aki, "scene": "Aki"}).json["quality_metrics"]
    assert quality["consistency"] is None and quality["passed"] is None


def test_a_run_that_fails_says_why(site, host, aki) -> None:
    host.ending = Ending(FAILED, "Node 3 (KSampler) failed: out of memory", "3")
    shown = site.call("POST", PATH, {"character_id": aki, "scene": "Aki"}).json
    assert shown["status"] == "failed" and "out of memory" in shown["error"]
    assert shown["quality_metrics"]["consistency"] is None


def test_without_a_character_nothing_is_judged(site, host) -> None:
    shown = site.call("POST", PATH, {"scene": "an empty street"}).json
    assert shown["quality_metrics"] is None and "TowerConsistencyGate" not in classes(host.prompts[0])


def test_who_does_not_wait_gets_the_prompt(site, host) -> None:
    host.ending = None
    answer = site.call("POST", PATH, {"scene": "a street", "wait_seconds": 0})
    assert answer.status == 202 and answer.json["prompt_id"] == "p-1"


def test_each_has_a_seed_of_its_own(site, host) -> None:
    seeds = {site.call("POST", PATH, {"scene": "a street"}).json["seed"] for _ in range(3)}
    assert len(seeds) == 3


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"scene": ""}, 422, "scene"),
        ({"scene": "a", "width": 500}, 422, "width"),
        ({"scene": "a", "character_id": 99}, 404, None),
        ({"scene": "a", "checkpoint": "gone.ckpt"}, 422, "checkpoint"),
        ({"scene": "a", "checkpoint": "../gone.ckpt"}, 422, "checkpoint"),
        ({"scene": "a", "seed": -1}, 422, "seed"),
        ({"scene": "a", "colour": 1}, 422, "colour"),
    ],
)
def test_bad_input_queues_nothing(site, host, body, status, field) -> None:
    answer = site.call("POST", PATH, body)
    assert answer.status == status, answer.body
    assert answer.error.get("field") == field or field is None
    assert host.prompts == []


def test_without_a_host_it_says_so(site) -> None:
    answer = site.call("POST", PATH, {"scene": "a street"})
    assert answer.status == 503 and "no ComfyUI" in answer.error["message"]
