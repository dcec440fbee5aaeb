"""Music from a list, at no cost: for what is tested behind a music generator and not of it."""

import json
from collections import Counter

import numpy as np
import torch
from comfy_api.latest import io

RATE = 22050
_calls = Counter()


class Music(io.ComfyNode):
    """Makes chords and drums as the next entry of a list says; the last one stays."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="TowerProbeMusic",
            category="probe",
            inputs=[
                io.String.Input("run", default=""),
                io.String.Input("takes", default="[]"),
                io.Int.Input("seed", default=0, min=0, max=2**64 - 1),
            ],
            outputs=[io.Audio.Output()],
        )

    @classmethod
    def execute(cls, run, takes, seed):
        listed = json.loads(takes)
        take = listed[min(_calls[run], len(listed) - 1)]
        _calls[run] += 1
        sound = synthesised(take["bpm"], take["seconds"], take.get("shift", 0))
        return io.NodeOutput({"waveform": torch.from_numpy(sound)[None, None], "sample_rate": RATE})


class StillMusic(io.ComfyNode):
    """Makes the same, from no seed."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="TowerProbeStillMusic",
            category="probe",
            inputs=[io.Float.Input("bpm", default=120.0), io.Float.Input("seconds", default=10.0)],
            outputs=[io.Audio.Output()],
        )

    @classmethod
    def execute(cls, bpm, seconds):
        sound = synthesised(bpm, seconds, 0)
        return io.NodeOutput({"waveform": torch.from_numpy(sound)[None, None], "sample_rate": RATE})


class Takes(io.ComfyNode):
    """Makes one batch of two takes."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="TowerProbeTakes",
            category="probe",
            inputs=[io.Audio.Input("first"), io.Audio.Input("second")],
            outputs=[io.Audio.Output()],
        )

    @classmethod
    def execute(cls, first, second):
        return io.NodeOutput({**first, "waveform": torch.cat([first["waveform"], second["waveform"]])})


def synthesised(bpm, seconds, shift):
    """Return chords of C major, moved by semitones, with drums on the beats."""
    time = np.arange(int(seconds * RATE)) / RATE
    beat = 60.0 / bpm
    chords = np.array([(60, 64, 67), (65, 69, 72), (67, 71, 74), (60, 64, 67)]) + shift
    number = (time / (4 * beat)).astype(int) % 4
    sound = np.zeros(time.size)
    for voice in range(3):
        hertz = 440.0 * 2 ** ((chords[number, voice] - 69) / 12)
        sound += 0.08 * np.sin(2 * np.pi * np.cumsum(hertz) / RATE)
    since = time % beat
    loud = np.where((time / beat).astype(int) % 4 == 0, 0.6, 0.3)
    sound += loud * np.exp(-30 * since) * np.sin(2 * np.pi * 80 * since)
    return sound.astype(np.float32)
