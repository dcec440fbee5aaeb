"""Draw the demo's pictures, play its music and speak its lines: everything in this folder but the spec.

Usage: python example_workflows/demo/make_demo.py [--out DIR] [--check]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from arranging import render
from PIL import Image
from shots import REFERENCES, STILLS, draw_reference, draw_shot
from songs import SONGS
from sound_files import SAMPLE_RATE, read_sound, write_opus
from voices import VOICES, speak

HERE = Path(__file__).resolve().parent
# The spoken lines of episode.yaml, in order.
LINES = (
    ("01", "Aoi", "The last train leaves at nine."),
    ("02", "Ren", "I'll be there, I promise!"),
    ("03", "Ren", "Shall we go and see the moon?"),
    ("04", "Aoi", "Where are you, Ren?"),
    ("05", "Aoi", "You made it, just in time!"),
)
# Encoders differ a little between versions; more than this is another picture.
PICTURE_TOLERANCE = 3.0
SOUND_TOLERANCE_SECONDS = 0.05


def save_picture(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, "WEBP", quality=86, method=6)


def make_pictures(folder: Path) -> None:
    for shot in STILLS:
        save_picture(draw_shot(shot), folder / "stills" / f"{shot.name}.webp")
    for reference in REFERENCES:
        save_picture(
            draw_reference(reference), folder / "characters" / reference.folder / f"{reference.name}.webp"
        )


def make_sounds(folder: Path) -> None:
    for name in ("music", "voices"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for song in SONGS:
        write_opus(folder / "music" / f"{song.slug}.ogg", render(song), bit_rate=80_000, title=song.slug)
    for seed, (name, speaker, text) in enumerate(LINES):
        write_opus(folder / "voices" / f"{name}.ogg", speak(VOICES[speaker], text, seed), bit_rate=48_000)


def music_table() -> str:
    rows = [
        f"{'track':16} {'bpm':>5} {'key':8} {'metre':5} {'first downbeat':>14} {'last downbeat':>13}  mood"
    ]
    for song in SONGS:
        end = song.first_downbeat + song.bars * song.beats_per_bar * 60.0 / song.bpm
        rows.append(
            f"{song.slug:16} {song.bpm:5.0f} {song.key:8} {song.beats_per_bar}/4   "
            f"{song.first_downbeat:12.3f} s {end:11.3f} s  {song.mood}"
        )
    return "\n".join(rows)


def differences(made: Path, kept: Path) -> list[str]:
    """Compare by what is seen and heard, not by bytes."""
    found = []
    for path in sorted(made.rglob("*.*")):
        name = path.relative_to(made)
        twin = kept / name
        if not twin.exists():
            found.append(f"{name} is missing")
        elif path.suffix == ".webp":
            found += _picture_difference(path, twin, str(name))
        else:
            found += _sound_difference(path, twin, str(name))
    return found


def _picture_difference(made: Path, kept: Path, name: str) -> list[str]:
    first, second = (np.asarray(Image.open(path).convert("RGB"), dtype=np.float32) for path in (made, kept))
    if first.shape != second.shape:
        return [f"{name} has another size"]
    distance = float(np.abs(first - second).mean())
    return [f"{name} differs by {distance:.1f} levels on average"] if distance > PICTURE_TOLERANCE else []


def _sound_difference(made: Path, kept: Path, name: str) -> list[str]:
    first, second = read_sound(made), read_sound(kept)
    gap = abs(first.shape[1] - second.shape[1]) / SAMPLE_RATE
    return [f"{name} is {gap:.2f} s longer or shorter"] if gap > SOUND_TOLERANCE_SECONDS else []


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the demo's pictures, music and voices.")
    parser.add_argument(
        "--out", type=Path, default=HERE, help="folder to write to (default: beside this file)"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; compare the folder with a fresh copy"
    )
    options = parser.parse_args()
    if not options.check:
        make_pictures(options.out)
        make_sounds(options.out)
        print(music_table())
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        make_pictures(Path(scratch))
        make_sounds(Path(scratch))
        found = differences(Path(scratch), options.out)
    print("\n".join(found) or "the demo is what its code makes")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
