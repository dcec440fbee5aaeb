"""Runs somebody else's beat tracker: ``beat_process.py BACKEND SAMPLES.npy BPM_HINT SCRATCH_FOLDER``.

It imports nothing of Tower, and prints one line of JSON.
"""

from __future__ import annotations

import json
import sys

RATE = 22_050


def librosa_beats(samples: object, hint: float, scratch: str) -> tuple[list[float], list[float]]:
    """Return beats by ``librosa.beat.beat_track``, which knows no downbeats."""
    import numba

    # A cache of compiled code of its own: a shared one is what crashes.
    numba.config.CACHE_DIR = scratch
    import librosa

    options = {"start_bpm": hint} if hint else {}
    _, beats = librosa.beat.beat_track(y=samples, sr=RATE, units="time", **options)
    return [float(time) for time in beats], []


def beat_this_beats(samples: object, _hint: float, _scratch: str) -> tuple[list[float], list[float]]:
    """Return beats and downbeats by beat_this; it fetches its weights itself at first use."""
    from beat_this.inference import Audio2Beats

    beats, downbeats = Audio2Beats(checkpoint_path="final0", device="cpu")(samples, RATE)
    return [float(time) for time in beats], [float(time) for time in downbeats]


def main() -> None:
    """Track, and print."""
    import numpy as np

    backend, path, hint, scratch = sys.argv[1:5]
    track = {"librosa": librosa_beats, "beat_this": beat_this_beats}[backend]
    beats, downbeats = track(np.load(path), float(hint), scratch)
    sys.stdout.write("\n" + json.dumps({"beats": beats, "downbeats": downbeats}) + "\n")


if __name__ == "__main__":
    main()
