"""Small pictures and songs whose truth is known."""

import wave
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

TEAL = ((30, 140, 150), (30, 40, 110), (200, 140, 40))
RUST = ((170, 60, 30), (215, 175, 60), (50, 140, 70))
SAMPLE_RATE = 44_100


def draw_figure(look=TEAL, *, size=(1280, 720), ground=(225, 228, 238), x=0.5, scale=1.0) -> Image.Image:
    """Draw somebody with the hair, clothes and eyes of `look`."""
    hair, clothes, eyes = look
    width, height = size
    picture = Image.new("RGB", size, ground)
    draw = ImageDraw.Draw(picture)
    cx, cy, r = width * x, height * 0.4, height * 0.17 * scale
    draw.rounded_rectangle([cx - 1.25 * r, cy - 0.4 * r, cx + 1.25 * r, cy + 2.3 * r], r / 2, fill=hair)
    shoulders = [(cx - 1.7 * r, height), (cx - 0.8 * r, cy + 1.25 * r), (cx + 0.8 * r, cy + 1.25 * r)]
    draw.polygon([*shoulders, (cx + 1.7 * r, height)], fill=clothes, outline=(30, 25, 30))
    draw.ellipse([cx - 1.3 * r, cy - 1.3 * r, cx + 1.3 * r, cy + r], fill=hair, outline=(30, 25, 30))
    draw.ellipse([cx - 0.85 * r, cy - 0.55 * r, cx + 0.85 * r, cy + 1.1 * r], fill=(250, 222, 205))
    for side in (-0.38, 0.38):
        eye = [cx + side * r - 0.17 * r, cy + 0.05 * r, cx + side * r + 0.17 * r, cy + 0.5 * r]
        draw.ellipse(eye, fill=eyes, outline=(30, 25, 30))
    draw.arc([cx - 0.2 * r, cy + 0.5 * r, cx + 0.2 * r, cy + 0.8 * r], 20, 160, fill=(150, 60, 60), width=3)
    return picture


def write_references(folder: Path, look=TEAL, *, n=4, size=(768, 768)) -> list[Path]:
    """Write `n` pictures of one character in varied framing and on varied ground."""
    grounds = [(228, 230, 240), (240, 226, 212), (214, 234, 220), (245, 245, 245), (200, 205, 225)]
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(n):
        ground, x, scale = grounds[number % 5], 0.46 + 0.04 * (number % 3), 0.95 + 0.12 * (number % 4)
        path = folder / f"{number + 1}.png"
        draw_figure(look, size=size, ground=ground, x=x, scale=scale).save(path)
        paths.append(path)
    return paths


def write_song(path: Path, *, bpm: float = 120.0, seconds: float = 20.0, volume: float = 0.4) -> np.ndarray:
    """Write kick, snare, hats and a chord a bar as WAV; return the true beat times in seconds."""
    n_samples = round(seconds * SAMPLE_RATE)
    sound = np.zeros(n_samples + SAMPLE_RATE)
    noise = np.random.default_rng(1).standard_normal(SAMPLE_RATE // 4)
    t = np.arange(SAMPLE_RATE // 4) / SAMPLE_RATE
    kick = np.sin(2 * np.pi * (45 * t + 4 * (1 - np.exp(-t * 40)))) * np.exp(-t * 16)
    snare, hat = 0.5 * noise * np.exp(-t * 25), 0.15 * noise * np.exp(-t * 90)
    beats = np.arange(0, seconds, 60 / bpm)
    for number, beat in enumerate(beats):
        hits = [(beat, kick if number % 2 == 0 else snare), (beat, hat), (beat + 30 / bpm, hat)]
        for time, hit in hits:
            start = round(time * SAMPLE_RATE)
            sound[start : start + hit.size] += hit[: sound.size - start]
    bar = 240 / bpm
    time = np.arange(n_samples) / SAMPLE_RATE
    for number, root in enumerate(np.resize([220.0, 174.6, 261.6, 196.0], int(seconds / bar) + 1)):
        part = (time >= number * bar) & (time < (number + 1) * bar)
        local = time[part] - number * bar
        for ratio in (1.0, 1.2599, 1.4983):
            sound[:n_samples][part] += 0.06 * np.sin(2 * np.pi * root * ratio * local) * np.exp(-local)
    samples = (np.clip(volume * sound[:n_samples], -1, 1) * 32767).astype("<i2")
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return beats


def write_silence(path: Path, *, seconds: float = 10.0) -> None:
    """Write a WAV with nothing in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(bytes(2 * round(seconds * SAMPLE_RATE)))
