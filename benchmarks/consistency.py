"""What identity scoring costs beside the bare networks; the arguments are frames and, if any, ``--quick``.

Networks of realistic cost and random weights stand in for the published ones, so ratios and milliseconds of
overhead carry over, absolute times do not. Bare and own runs take turns, because other programs disturb both.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from networks import FRAME, frame, write_arcface, write_ccip, write_scrfd, write_yolo
from tower_anime.consistency.detection.yolo import YoloDetector
from tower_anime.consistency.encoders.appearance import AppearanceEncoder
from tower_anime.consistency.encoders.arcface import ArcFaceEncoder
from tower_anime.consistency.encoders.ccip import CcipEncoder
from tower_anime.consistency.networks.network import Network, in_order, n_workers
from tower_anime.consistency.scores.identity import build_identity
from tower_anime.consistency.scores.scoring import Judge

N_CHARACTERS = 5
ROUNDS = 5


class Counter:
    """Records what a network is given, and how often it runs."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.batches: list[np.ndarray] = []
        self.count = 0
        self.is_recording = self.is_canned = False
        self._outputs: list[np.ndarray] = []
        self._run = network.run
        self._lock = threading.Lock()
        network.run = self.run  # type: ignore[method-assign]

    def run(self, batch: np.ndarray) -> list[np.ndarray]:
        with self._lock:
            self.count += 1
            if self.is_recording:
                self.batches.append(batch.copy())
        if not self.is_canned or not self._outputs:
            self._outputs = self._run(batch)
        return self._outputs

    def bare(self, batch: np.ndarray) -> list[np.ndarray]:
        return self._run(batch)


def main() -> None:
    n_frames = next((int(word) for word in sys.argv[1:] if word.isdigit()), 24)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{n_workers()} cores, frames of {FRAME[0]}×{FRAME[1]}, {N_CHARACTERS} characters\n")
        ccip, counters = make_ccip(folder)
        report("ccip, head and person", ccip, counters, n_frames)
        alone, counters_alone = make_ccip(folder, kinds=("head",))
        report("ccip, head only", alone, counters_alone, n_frames)
        arcface, counters_of_faces = make_arcface(folder)
        report("arcface, 16:9 detector", arcface, counters_of_faces, n_frames, top=256)
        count_runs(ccip, counters)
        linearity(ccip, n_frames)
        appearance(n_frames)
        if "--quick" not in sys.argv:
            memory(folder)


def make_ccip(
    folder: Path, kinds: Sequence[str] = ("head", "person"), depth: int | None = None
) -> tuple[Any, list[Counter]]:
    shallow = {} if depth is None else {"depth": depth}
    sizes = {"head": (64.0, 64.0), "person": (180.0, 330.0)}
    detectors = {}
    for kind in kinds:
        network = Network(write_yolo(folder / f"{kind}.onnx", *sizes[kind], **shallow), device="cpu")
        detectors[kind] = YoloDetector(network, name=kind, min_score=0.4, max_overlap=0.5, label=kind)
    features = Network(write_ccip(folder / "ccip.onnx", **shallow), device="cpu")
    encoder = CcipEncoder(features, detectors, model="benchmark", threshold=0.64)
    return encoder, [Counter(features), *(Counter(one.network) for one in detectors.values())]


def make_arcface(folder: Path) -> tuple[Any, list[Counter]]:
    detector = Network(write_scrfd(folder / "det.onnx"), device="cpu")
    recogniser = Network(write_arcface(folder / "rec.onnx"), device="cpu")
    encoder = ArcFaceEncoder(detector, recogniser, pack="benchmark")
    return encoder, [Counter(detector), Counter(recogniser)]


def judges_of(encoder: Any, top: int = 232) -> list[Judge]:
    return [
        Judge(encoder, build_identity(encoder, [frame(1000 + 10 * who + at, top=top) for at in range(3)]))
        for who in range(N_CHARACTERS)
    ]


def report(name: str, encoder: Any, counters: list[Counter], n_frames: int, top: int = 232) -> None:
    """Print CPU and wall time of scoring against those of the bare networks on the same batches."""
    judges, frames = judges_of(encoder, top), [frame(at, top=top) for at in range(n_frames)]
    for counter in counters:
        counter.batches, counter.is_recording = [], True
    found = encoder.sight(frames)
    for counter in counters:
        counter.is_recording = False
    assert all(len(sightings) == 1 for sightings in found), "each frame shows one figure"
    work = [(counter, batch) for counter in counters for batch in counter.batches]

    def bare() -> None:
        list(in_order(lambda item: item[0].bare(item[1]), work, n_workers()))

    def scored() -> None:
        for sightings in encoder.sight(frames):
            for judge in judges:
                judge.of_best(sightings)

    timed(bare), timed(scored)
    own_ms = own_milliseconds(scored, counters, n_frames)
    rounds = [(timed(bare), timed(scored)) for _ in range(ROUNDS)]
    ratios = [statistics.median(own[at] / base[at] for base, own in rounds) for at in (0, 1)]
    bare_ms = statistics.median(base[0] for base, _ in rounds) / n_frames * 1000
    print(f"{name}: {len(work) / n_frames:.0f} network runs a frame, bare {bare_ms:.1f} ms of CPU")
    print(f"  CPU time {ratios[0]:.3f} × bare, wall time {ratios[1]:.3f} × bare")
    print(f"  {own_ms:.2f} ms of our own a frame, networks answering at once\n")


def own_milliseconds(scored: Callable[[], None], counters: list[Counter], n_frames: int) -> float:
    """Return the CPU time a frame of everything but the networks, the least of a few rounds."""
    for counter in counters:
        counter.is_canned = True
    seconds = min(timed(scored)[0] for _ in range(ROUNDS))
    for counter in counters:
        counter.is_canned = False
    return seconds / n_frames * 1000


def timed(act: Callable[[], None]) -> tuple[float, float]:
    """Return seconds of CPU and of the wall."""
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return time.process_time() - cpu, time.perf_counter() - wall


def count_runs(encoder: Any, counters: list[Counter]) -> None:
    before = [counter.count for counter in counters]
    encoder.sight([frame(1, has_figure=False)])
    runs = [counter.count - start for counter, start in zip(counters, before, strict=True)]
    print(f"a frame without a figure: {runs[1:]} runs of the detectors, {runs[0]} of the encoder")
    judges = judges_of(encoder)
    [sightings] = encoder.sight([frame(2)])
    before = [counter.count for counter in counters]
    for judge in judges * 100:
        judge.of_best(sightings)
    runs = [counter.count - start for counter, start in zip(counters, before, strict=True)]
    print(f"scoring known references 500 times: {sum(runs)} runs of any network\n")


def linearity(encoder: Any, n_frames: int) -> None:
    print("growth: ", end="")
    for factor in (1, 2, 4):
        frames = [frame(at) for at in range(n_frames * factor)]
        cpu, _ = timed(lambda frames=frames: encoder.sight(frames))
        print(
            f"{n_frames * factor} frames {cpu / len(frames) * 1000:.1f} ms each",
            end="; " if factor < 4 else "\n\n",
        )


def appearance(n_frames: int) -> None:
    pictures = drawn_frames(n_frames)
    encoder = AppearanceEncoder()
    encoder.sight(pictures[:2])
    _, wall = timed(lambda: encoder.sight(pictures))
    print(f"appearance: {n_frames / wall:.1f} frames/s of 720p\n")


def drawn_frames(n_frames: int) -> list[np.ndarray]:
    """Return frames with a plain figure: a head of hair, a face and a coat on a wall."""
    from PIL import Image, ImageDraw

    pictures = []
    for at in range(n_frames):
        picture = Image.new("RGB", FRAME, (222, 226, 232))
        draw, x = ImageDraw.Draw(picture), 520 + 4 * at
        draw.rectangle((x - 130, 420, x + 130, 720), fill=(170, 40, 50))
        draw.ellipse((x - 120, 120, x + 120, 420), fill=(60, 60, 150))
        draw.ellipse((x - 80, 190, x + 80, 410), fill=(250, 222, 200))
        for eye in (-45, 25):
            draw.ellipse((x + eye, 280, x + eye + 22, 316), fill=(30, 110, 60))
        pictures.append(np.asarray(picture))
    return pictures


class Stream(Sequence):
    """Small frames that are drawn when they are looked at."""

    def __init__(self, length: int) -> None:
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, at: Any) -> np.ndarray:
        return frame(at, size=(320, 180))


def memory(folder: Path, n_frames: int = 10_000) -> None:
    """Print the peak of memory after a long stream against quick networks."""
    encoder, _ = make_ccip(folder, depth=0)
    started = time.perf_counter()
    found = encoder.sight(Stream(n_frames))
    seconds, peak = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{n_frames} frames of 320×180 streamed in {seconds:.0f} s, {sum(map(len, found))} figures: peak {peak:.0f} MiB"
    )


if __name__ == "__main__":
    main()
