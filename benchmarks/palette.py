"""What the palette is worth on drawn characters: colours read, hair told apart, regions enforced.

The argument is the number of pictures of each hand.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np
from drawn import draw, other_hair, random_look, random_shot, reference_shots
from tower_anime.consistency.colour import cielab, delta_e_2000, to_linear
from tower_anime.consistency.figure.anatomy import read_anatomy
from tower_anime.consistency.palettes.enforcement import EnforcementOrder, enforce_palette
from tower_anime.consistency.palettes.palette import LIMIT, compare_palettes, read_palette
from tower_anime.consistency.palettes.structure import luma, ssim_map
from tower_anime.consistency.palettes.swatch_distance import compare_swatches
from tower_anime.consistency.palettes.swatch_reading import read_swatches
from tower_anime.consistency.palettes.swatches import by_name, character_swatches

BODY = ("hair", "eyes", "skin")
NEAR = 12.0


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    for hand in ("cel", "chibi", "plain", "bold", "painted"):
        print(hand)
        reading(hand, count)
        hair(hand, count // 4)
        enforcing(hand, count // 3)


def reading(hand: str, count: int) -> None:
    rng = np.random.default_rng(3)
    errors: dict[str, list[float]] = {}
    seconds = n_closed = n_open = 0
    for _ in range(count):
        look, shot = random_look(rng), replace(random_shot(rng), light="none")
        image = draw(look, shot, hand).image
        figures = read_anatomy(image)
        if not figures:
            continue
        started = time.perf_counter()
        found = by_name(read_swatches(image, figures[0]))
        seconds += time.perf_counter() - started
        is_closed = shot.expression == "closed"
        n_closed, n_open = n_closed + is_closed, n_open + (not is_closed)
        clothes = [look.top, look.bottom, look.trim]
        truth = {"hair": [look.hair], "eyes": [look.eyes], "skin": [look.skin], "outfit": clothes}
        for name, colours in truth.items():
            if name in found:
                key = "closed eyes" if name == "eyes" and is_closed else name
                errors.setdefault(key, []).append(min(gap(found[name], colour) for colour in colours))
    print(f"  swatches read in {1000 * seconds / count:.0f} ms, beyond the anatomy")
    for name, values in errors.items():
        total = {"eyes": n_open, "closed eyes": n_closed}.get(name, count)
        shown = np.quantile(values, [0.5, 0.75])
        near = np.mean(np.array(values) < NEAR)
        print(
            f"  {name:<12} found {len(values)}/{total}  ΔE median {shown[0]:.1f} q75 {shown[1]:.1f}  near {near:.2f}"
        )


def gap(swatch, colour) -> float:
    return float(delta_e_2000(cielab(swatch.linear), cielab(to_linear(np.array(colour, np.uint8)))))


def hair(hand: str, count: int) -> None:
    rng = np.random.default_rng(1)
    same, other = [], []
    for _ in range(count):
        look = random_look(rng)
        references = [read_palette(draw(look, shot, hand).image) for shot in reference_shots(rng, 4)]
        known = [reference for reference in references if reference is not None]
        for values, looks in ((same, [look] * 4), (other, [other_hair(rng, look) for _ in range(4)])):
            for one in looks:
                palette = read_palette(draw(one, random_shot(rng), hand).image)
                found = None if palette is None else compare_palettes(palette, known)
                if found is not None:
                    values.append(found.delta_e)
    right, wrong = np.array(same), np.array(other)
    area = np.mean((wrong[:, None] > right) + 0.5 * (wrong[:, None] == right))
    print(
        f"  hair alone: AUC {area:.3f}; beyond {LIMIT:g}: {np.mean(right > LIMIT):.2f} of right ones, "
        f"{np.mean(wrong > LIMIT):.2f} of wrong ones"
    )


def enforcing(hand: str, count: int) -> None:
    rng = np.random.default_rng(7)
    before, after, again, lowest, whole = [], [], [], [], []
    started = time.perf_counter()
    for _ in range(count):
        look = random_look(rng)
        off = replace(look, hair=other_hair(rng, look).hair, eyes=random_look(rng).eyes)
        wanted = character_swatches(
            [read_swatches(draw(look, shot, hand).image) for shot in reference_shots(rng, 4)]
        )
        image = draw(off, replace(random_shot(rng), light="none", size=(768, 960)), hand).image
        result = enforce_palette(image, wanted, EnforcementOrder(strength=1.0))
        if not result.changes:
            continue
        before.append(np.mean([change.before for change in result.changes]))
        after.append(np.mean([change.after for change in result.changes]))
        read = [
            g for g in compare_swatches(read_swatches(result.image), wanted).gaps if g.wanted.name in BODY
        ]
        again.append(np.mean([g.delta_e for g in read]) if read else np.nan)
        lowest.append(min(change.ssim for change in result.changes))
        whole.append(float(ssim_map(luma(image), luma(result.image)).mean()))
    print(
        f"  enforced: mean ΔE {np.mean(before):.1f} → {np.mean(after):.1f}, read again {np.nanmean(again):.1f}; "
        f"SSIM of a region ≥ {min(lowest):.3f}, of a picture ≥ {min(whole):.3f}; "
        f"{(time.perf_counter() - started) / count:.1f} s with its references"
    )


if __name__ == "__main__":
    main()
