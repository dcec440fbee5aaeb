"""Beat trackers of others, each in a process of its own.

librosa compiles its tracker when it is first used, and a cache that two processes wrote at once makes every
later one crash; beat_this brings a network and its weights. Neither may happen in ComfyUI's process.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError, MissingPackageError, TowerError
from . import beat_process

if TYPE_CHECKING:
    from ..music.beats import BeatWishes
    from ..music.onsets import OnsetEnvelope
    from ..music.signal import Signal
    from ..music.track import BeatGrid

TOWER, LIBROSA, BEAT_THIS = "tower", "librosa", "beat_this"
BACKENDS = (TOWER, LIBROSA, BEAT_THIS)
TIMEOUT_SECONDS = 600
_PACKAGES = {LIBROSA: "librosa", BEAT_THIS: "beat-this"}
_SCRIPT = Path(beat_process.__file__)

Tracker = Callable[["OnsetEnvelope"], "BeatGrid"]


def file_tracker(backend: str, path: Path, wishes: BeatWishes | None) -> Tracker:
    """Return what finds the beats of a file by a back end.

    Raises
    ------
    InputError
        If there is no such back end.
    MissingPackageError
        If it is not installed.
    """
    _require(backend)
    from ..music.signal import decode

    return lambda _: _tracked(backend, decode(path), wishes)


def samples_tracker(backend: str, signal: Signal, wishes: BeatWishes | None) -> Tracker:
    """Return what finds the beats of samples by a back end; it raises as `file_tracker` does."""
    _require(backend)
    return lambda _: _tracked(backend, signal, wishes)


def _require(backend: str) -> None:
    if backend not in _PACKAGES:
        raise InputError(
            f"There is no beat tracker {backend!r}.",
            field="backend",
            hint=f"Use one of {', '.join(BACKENDS)}.",
        )
    if importlib.util.find_spec(backend) is None:
        raise MissingPackageError(
            f"The beat tracker {backend} is not installed.",
            field="backend",
            hint=f"Install {_PACKAGES[backend]} into {sys.executable}'s environment, or use {TOWER}.",
        )


def _tracked(backend: str, signal: Signal, wishes: BeatWishes | None) -> BeatGrid:
    import numpy as np

    from ..music.signal import resample, to_mono
    from ..music.track import BeatGrid

    mono = resample(to_mono(signal.samples), signal.sample_rate, 22_050)
    hint = wishes.bpm_hint if wishes is not None and wishes.bpm_hint else 0.0
    with tempfile.TemporaryDirectory(prefix="tower-beats-") as folder:
        samples = Path(folder) / "samples.npy"
        np.save(samples, mono)
        found = _run(backend, samples, hint, folder)
    beats, downbeats = (np.asarray(found[name], dtype=np.float64) for name in ("beats", "downbeats"))
    if beats.size < 2:
        return BeatGrid(None, np.zeros(0), np.zeros(0))
    per_bar = round(float(np.median(np.diff(np.searchsorted(beats, downbeats))))) if downbeats.size > 1 else 0
    tempo = round(60.0 / float(np.median(np.diff(beats))), 2)
    return BeatGrid(tempo, beats, downbeats, confidence=1.0, beats_per_bar=per_bar)


def _run(backend: str, samples: Path, hint: float, folder: str) -> dict[str, list[float]]:
    command = [sys.executable, str(_SCRIPT), backend, str(samples), str(hint), folder]
    try:
        done = subprocess.run(  # noqa: S603 - our own script, by our own interpreter
            command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
        if done.returncode == 0:
            return json.loads(done.stdout.strip().splitlines()[-1])
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1][:300]
    except subprocess.TimeoutExpired:
        reason = f"it took longer than {TIMEOUT_SECONDS} s"
    except (ValueError, IndexError):
        reason = "it gave no result"
    raise TowerError(f"The beat tracker {backend} failed: {reason}.", hint=f"Use {TOWER}.")
