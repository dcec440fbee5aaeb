"""Measure the shot detector on drawn videos with known transitions.

Run: PYTHONPATH=tests python benchmarks/shots.py [N_VIDEOS] [FIRST_SEED]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from drawn_video import match, random_video, write
from tower_anime.music.shots import find_transitions


def main(n_videos: int = 24, first_seed: int = 1000) -> None:
    n = Counter()
    n_frames, seconds = 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first_seed, first_seed + n_videos):
            video = random_video(seed)
            path = write(Path(folder) / f"{seed}.mp4", video.frames)
            started = time.perf_counter()
            analysis = find_transitions(path)
            seconds += time.perf_counter() - started
            n_frames += analysis.n_frames
            result = match(video.truth, [(t.frame, t.kind) for t in analysis.transitions])
            for _, kind, found in result["hits"]:
                n[kind, "found"] += 1
                n[kind, "named"] += found[1] == kind
            n.update((kind, "missed") for _, kind, _ in result["missed"])
            n.update((kind, "false") for _, kind in result["false"])
            print(seed, "missed", result["missed"], "false", result["false"])
    for kind in ("cut", "fade", "dissolve"):
        found, missed, false = n[kind, "found"], n[kind, "missed"], n[kind, "false"]
        precision, recall = found / max(found + false, 1), found / max(found + missed, 1)
        print(
            f"{kind:9} {found + missed:4} true  precision {precision:.3f}  recall {recall:.3f}  "
            f"F1 {2 * precision * recall / max(precision + recall, 1e-9):.3f}  named right {n[kind, 'named']}"
        )
    print(f"{n_frames / seconds:.0f} frames per second at 480x270")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
