"""What the project's other characters do for a decision; the argument is how many characters a hand.

For each drawn character there is a sibling in the project: somebody with the same hair, or a look-alike
who differs in one feature. Pictures of both are judged as the character, once without rivals, once with
any rival taking away whom it is nearer to, and once with the rule in use: only one who would pass as well.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import numpy as np
from drawn import draw, look_alike, random_look, random_shot, reference_shots, same_hair
from tower_anime.consistency.encoders.appearance import AppearanceEncoder
from tower_anime.consistency.scores.identity import build_identity
from tower_anime.consistency.scores.rivals import rivals_of
from tower_anime.consistency.scores.scoring import Judge
from tower_anime.consistency.verdict import Status

SEED = 5
N_PICTURES, N_REFERENCES, N_STRANGERS = 4, 5, 3


# How much more a figure has to look like the other before it is taken away.
SLACKS = (0.0, 0.01, 0.02, 0.04)


@dataclass
class Tally:
    """What was decided of one kind of picture."""

    alone: list[bool] = field(default_factory=list)
    rule: list[bool] = field(default_factory=list)
    margins: list[float] = field(default_factory=list)

    def line(self) -> str:
        """Return the share of passes without rivals, by the rule, and with any rival and some slack."""
        alone, margins = np.array(self.alone), np.array(self.margins)
        slack = [float((alone & ~(margins < -slack)).mean()) for slack in SLACKS]
        shares = (float(alone.mean()), float(np.mean(self.rule)), *slack)
        return "  ".join(f"{share:.3f}" for share in shares)


def main() -> None:
    n_characters = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    hands = sys.argv[2:] or ["cel", "chibi", "painted"]
    print(f"passes: alone, by the rule, with any rival and a slack of {SLACKS}")
    for hand in hands:
        for kind, sibling_of in {"same hair": same_hair, "look-alike": look_alike}.items():
            own, theirs = measure(hand, sibling_of, n_characters)
            print(f"{hand:<8} {kind:<11} own   {own.line()}", flush=True)
            print(f"{hand:<8} {kind:<11} other {theirs.line()}", flush=True)


def measure(hand, sibling_of, n_characters: int) -> tuple[Tally, Tally]:
    """Judge pictures of characters and of their siblings as the characters."""
    rng, encoder = np.random.default_rng(SEED), AppearanceEncoder()
    own, theirs = Tally(), Tally()

    def identity_of(look):
        return build_identity(
            encoder, [draw(look, shot, hand).image for shot in reference_shots(rng, N_REFERENCES)]
        )

    strangers = {f"stranger {n}": identity_of(random_look(rng)) for n in range(N_STRANGERS)}
    for _ in range(n_characters):
        look = random_look(rng)
        sibling = sibling_of(rng, look)
        identity = identity_of(look)
        others = {**strangers, "sibling": identity_of(sibling)}
        alone, judge = Judge(encoder, identity), Judge(encoder, identity, rivals_of(others))
        for shown, tally in ((look, own), (sibling, theirs)):
            pictures = [draw(shown, random_shot(rng), hand).image for _ in range(N_PICTURES)]
            for sightings in encoder.sight(pictures, n_figures=1):
                before, after = alone.of_best(sightings), judge.of_best(sightings)
                tally.alone.append(before.status is Status.PASS)
                tally.rule.append(after.status is Status.PASS)
                tally.margins.append(np.nan if after.margin is None else after.margin)
    return own, theirs


if __name__ == "__main__":
    main()
