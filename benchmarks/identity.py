"""How well the appearance encoder tells drawn characters apart; the argument is their number."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import numpy as np
from drawn import draw, look_alike, other_hair, random_look, random_shot, reference_shots, same_hair
from numpy.typing import NDArray
from tower_anime.consistency.encoders.appearance import AppearanceEncoder
from tower_anime.consistency.identity import build_identity
from tower_anime.consistency.scoring import score_image
from tower_anime.consistency.verdict import Status, Verdict

SEED = 2
KINDS = ("same", "another", "other hair", "same hair", "look-alike")


def main() -> None:
    n_characters = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    for hand in ("cel", "chibi"):
        started, verdicts = time.perf_counter(), judge(hand, n_characters)
        n = sum(map(len, verdicts.values())) + 4 * n_characters
        print(f"{hand}: {1000 * (time.perf_counter() - started) / n:.0f} ms a picture, drawing included")
        for kind in KINDS[1:]:
            area = auc(similarities(verdicts["same"]), similarities(verdicts[kind]))
            print(f"  {kind:<11} AUC {area:.3f}   passed {share_passed(verdicts[kind]):.3f}")
        print(f"  same        passed {share_passed(verdicts['same']):.3f}")


def judge(hand: str, n_characters: int) -> dict[str, list[Verdict]]:
    """Draw characters and score pictures of each and of others; the seed is not the one tuned on."""
    rng, encoder = np.random.default_rng(SEED), AppearanceEncoder()
    verdicts: dict[str, list[Verdict]] = {kind: [] for kind in KINDS}
    for _ in range(n_characters):
        look = random_look(rng)
        references = [draw(look, shot, hand).image for shot in reference_shots(rng, 4)]
        identity = build_identity(encoder, references)
        looks = {
            "same": [look] * 4,
            "another": [random_look(rng) for _ in range(3)],
            "other hair": [other_hair(rng, look) for _ in range(3)],
            "same hair": [same_hair(rng, look) for _ in range(3)],
            "look-alike": [look_alike(rng, look) for _ in range(3)],
        }
        for kind, drawn in looks.items():
            pictures = [draw(one, random_shot(rng), hand).image for one in drawn]
            verdicts[kind] += [score_image(encoder, identity, picture, n_figures=1) for picture in pictures]
    return verdicts


def similarities(verdicts: Sequence[Verdict]) -> NDArray[np.float64]:
    return np.array([-1.0 if v.similarity is None else v.similarity for v in verdicts])


def share_passed(verdicts: Sequence[Verdict]) -> float:
    return float(np.mean([v.status is Status.PASS for v in verdicts]))


def auc(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> float:
    """Share of pairs in which the positive scores higher."""
    gaps = positives[:, None] - negatives[None, :]
    return float(np.mean((gaps > 0) + 0.5 * (gaps == 0)))


if __name__ == "__main__":
    main()
