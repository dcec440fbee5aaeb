"""How well planned music carries cuts, and whether the check tells right from wrong.

Run ``python benchmarks/theme.py``; it takes about three minutes. Cuts are random, and what a generator would give
is synthesised by the placeholder, at other tempi and with a breath of silence before it.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from tower_anime.music.placeholder import placeholder_bed
from tower_anime.music.signal import Signal
from tower_anime.music.theme import ThemePlan, ThemeWish, plan_theme
from tower_anime.music.theme_check import CheckedTheme, check_theme
from tower_anime.music.theme_moods import SOUNDS, Leaning, mixed_mood
from tower_anime.music.theme_sections import ThemeShot
from tower_anime.music.theme_tempo import measured

N_PLANS, N_NEAR, N_FAR = 40, 36, 24
FAR = (0.8, 0.85, 1.15, 1.25, 1.33, 1.4)
# Ambient music has no beat, so nothing can be checked of it.
MOODS = [mood for mood in SOUNDS if mood != "ambient"]


def wish(rng: np.random.Generator, number: int, n_shots: int, longest: float) -> ThemeWish:
    shots = tuple(ThemeShot(round(24 * s)) for s in rng.uniform(1.0, longest, n_shots))
    return ThemeWish((Leaning("mood", MOODS[number % len(MOODS)]),), shots, motif=str(number))


def plans(rng: np.random.Generator, n_shots: int) -> None:
    rows = []
    for number in range(N_PLANS):
        asked = wish(rng, number, n_shots, 5.0)
        plan, sound = plan_theme(asked), mixed_mood(asked.leanings).sound
        middle = (sound.low_bpm * sound.high_bpm) ** 0.5
        plain = measured(np.array(plan.cut_times), middle, 4, 0.0, 1 / 24).on_beat
        rows.append((plan.on_beat, plan.chance, plain))
    planned, chance, plain = np.mean(rows, axis=0)
    print(f"{n_shots - 1:3d} cuts: planned {planned:.0%}, by chance {chance:.0%}, middle tempo {plain:.0%}")


def generated(plan: ThemePlan, tempo: float, silence: float) -> Signal:
    changed = replace(
        plan, tempo_bpm=plan.tempo_bpm * tempo, seconds=plan.ask_seconds * 1.08, offset_seconds=0.0
    )
    made = placeholder_bed(changed)
    lead = np.zeros((2, round(silence * made.sample_rate)), np.float32)
    return Signal(np.concatenate([lead, made.samples], axis=1), made.sample_rate)


def checks(rng: np.random.Generator, tempi: list[float]) -> list[CheckedTheme]:
    found = []
    for number, tempo in enumerate(tempi):
        plan = plan_theme(wish(rng, number, 8, 4.0))
        found.append(check_theme(generated(plan, tempo, rng.uniform(0.0, 0.2)), plan))
    return found


def main() -> None:
    """Print the figures."""
    rng = np.random.default_rng(0)
    for n_shots in (6, 12, 24, 60):
        plans(rng, n_shots)
    begin = time.perf_counter()
    near = checks(rng, rng.uniform(0.93, 1.07, N_NEAR).tolist())
    seconds = (time.perf_counter() - begin) / N_NEAR
    hits = np.mean([one.hit_rate for one in near if one.hit_rate is not None])
    passed = sum(one.status == "pass" for one in near)
    print(
        f"tempo up to 7 % off: {passed} of {N_NEAR} pass, {hits:.0%} of cuts on beats, {seconds:.1f} s each"
    )
    far = checks(rng, rng.choice(FAR, N_FAR).tolist())
    failed = sum(one.status == "fail" for one in far)
    print(f"tempo 15 to 40 % off: {failed} of {N_FAR} fail")


if __name__ == "__main__":
    main()
