"""Measure the shot detector on videos with known transitions, and its cost beside decoding alone.

Run: PYTHONPATH=tests python benchmarks/shots.py drawn|rendered [N_VIDEOS] [FIRST_SEED]
     PYTHONPATH=tests python benchmarks/shots.py footage FOLDER [N_VIDEOS] [FIRST_SEED]
     PYTHONPATH=tests python benchmarks/shots.py speed [SECONDS]

``footage`` joins pieces of the videos in FOLDER; cuts.json there may list, by file name, the cuts inside them.
``speed`` compares with decoding alone in one run, on 1280x720, and shows the memory that 1080p needs.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
import rendered
from drawn_video import match, random_video
from tower_anime.music.shots import find_transitions

CRF = (18, 26, 34)


def reels(kind: str, folder: Path | None, n: int, first: int) -> Iterable[tuple[int, object]]:
    files = list(rendered.footage_files(folder)) if folder else []
    known = folder / "cuts.json" if folder else None
    cuts = json.loads(known.read_text()) if known and known.is_file() else {}
    for seed in range(first, first + n):
        if kind == "drawn":
            yield seed, random_video(seed)
        elif kind == "rendered":
            yield seed, rendered.rendered_reel(seed)
        else:
            yield seed, rendered.footage_reel(files, cuts, seed)


def accuracy(kind: str, folder: Path | None = None, n_videos: int = 24, first_seed: int = 1000) -> None:
    n = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        for seed, reel in reels(kind, folder, n_videos, first_seed):
            path = rendered.encode(Path(scratch) / f"{seed}.mp4", reel.frames, crf=CRF[seed % 3])
            analysis = find_transitions(path)
            path.unlink()
            result = match(reel.truth, [(t.frame, t.kind) for t in analysis.transitions])
            for _, truth, found in result["hits"]:
                n[truth, "found"] += 1
                n[truth, "named"] += found[1] == truth
            n.update((truth, "missed") for _, truth, _ in result["missed"])
            n.update((found, "false") for _, found in result["false"])
            print(seed, "missed", result["missed"], "false", result["false"], flush=True)
    for kinds in (("cut",), ("fade",), ("dissolve",), ("fade", "dissolve")):
        found, missed, false = (sum(n[k, what] for k in kinds) for what in ("found", "missed", "false"))
        precision, recall = found / max(found + false, 1), found / max(found + missed, 1)
        print(
            f"{'+'.join(kinds):13} {found + missed:4} true  precision {precision:.3f}  recall {recall:.3f}  "
            f"F1 {2 * precision * recall / max(precision + recall, 1e-9):.3f}  named right {sum(n[k, 'named'] for k in kinds)}"
        )


def speed(seconds: int = 60) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for size in ((1280, 720), (1920, 1080)):
            path = _moving(Path(scratch) / "moving.mp4", size, seconds * 24)
            alone, whole = [], []
            for _ in range(3):
                alone.append(_seconds(lambda path=path: _decode(path)))
                whole.append(_seconds(lambda path=path: find_transitions(path)))
            ratio = float(np.median(whole) / np.median(alone))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{size[0]}x{size[1]}, {seconds} s: decoding {np.median(alone):.2f} s, with analysis {np.median(whole):.2f} s, "
                f"ratio {ratio:.2f}; peak memory of the process {peak:.0f} MiB"
            )


def _moving(path: Path, size: tuple[int, int], n: int) -> Path:
    scene = [rendered.Take(seed, "shake") for seed in range(4)]
    pictures = [scene[k // 12 % 4].frame(k, 48) for k in range(48)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"crf": "20", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for k in range(n):
            frame = av.VideoFrame.from_ndarray(pictures[k // 2 % 48], format="rgb24")
            container.mux(stream.encode(frame.reformat(*size, format="yuv420p")))
        container.mux(stream.encode(None))
    return path


def _decode(path: Path) -> None:
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for _ in container.decode(video=0):
            pass


def _seconds(call) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    kind, *rest = sys.argv[1:] or ["drawn"]
    if kind == "speed":
        speed(*map(int, rest))
    else:
        place = Path(rest.pop(0)) if kind == "footage" else None
        accuracy(kind, place, *map(int, rest))
