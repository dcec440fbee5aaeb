"""Early scores, kept apart by model, encoder, version and fraction."""

from dataclasses import replace

import pytest
from tower_anime.db.early_scores import EarlyScoreRepository
from tower_anime.errors import InputError
from tower_anime.production.early_score import EarlyScore

SCORE = EarlyScore("aa11", "ccip", "3", 0.4, 0.31, 0.62, "finished")


@pytest.fixture
def early_scores(database):
    return EarlyScoreRepository(database)


def test_samples_are_kept_apart(early_scores, jobs):
    job = jobs.create("p-1", "comfyui")
    others = [{"model_key": "bb22"}, {"encoder": "appearance"}, {"encoder_version": "4"}, {"fraction": 0.5}]
    for other in others:
        early_scores.add(replace(SCORE, **other))
    early_scores.add(SCORE, job_id=job.id)
    stopped = replace(SCORE, final=None, fate="stopped")
    early_scores.add(stopped, job_id=999)
    assert early_scores.list("aa11", "ccip", "3", 0.4) == [stopped, SCORE]


@pytest.mark.parametrize("wrong", [{"fate": "lost"}, {"fraction": 1.0}, {"early": 1.2}, {"final": -0.1}])
def test_impossible_scores_are_refused(early_scores, wrong):
    with pytest.raises(InputError):
        early_scores.add(replace(SCORE, **wrong))
