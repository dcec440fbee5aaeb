"""A drawing of the episode's sound, with its beats and cuts, as SVG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1200.0, 230.0
WAVE_MIDDLE, WAVE_REACH = 96.0, 70.0
N_COLUMNS = 600
SHOTS_TOP, SHOTS_HEIGHT = 182.0, 22.0
# Seconds between the marks of the ruler; the first that leaves room for its label is taken.
RULER_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
MIN_LABEL_GAP = 60.0


def peaks(samples: NDArray[np.float32], n_columns: int = N_COLUMNS) -> NDArray[np.float32]:
    """Return the largest magnitude in each of `n_columns` equal parts, scaled to a peak of 1.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono sound.
    n_columns : int
        Number of parts.

    Returns
    -------
    ndarray of float32, shape (n_columns,)
        In [0, 1]; zeros for silence.
    """
    if samples.size == 0:
        return np.zeros(n_columns, dtype=np.float32)
    starts = np.linspace(0, samples.size, n_columns, endpoint=False).astype(np.intp)
    columns = np.maximum.reduceat(np.abs(samples), starts)
    return (columns / max(float(columns.max()), 1e-6)).astype(np.float32)


def drawing(
    samples: NDArray[np.float32],
    duration_seconds: float,
    *,
    beat_times: NDArray[np.float64],
    downbeat_times: NDArray[np.float64],
    cut_times: NDArray[np.float64],
    on_beat: Sequence[bool],
    shot_starts: Sequence[float],
) -> str:
    """Return the SVG element: waveform, beats, downbeats, cuts, shots and a ruler in seconds."""
    scale = WIDTH / max(duration_seconds, 1e-6)
    downbeats = np.asarray(downbeat_times)
    plain = [t for t in beat_times if downbeats.size == 0 or np.min(np.abs(downbeats - t)) > 0.01]
    parts = [
        f'<svg class="wave" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" '
        'aria-label="Waveform with beats and cuts">',
        f'<path class="w" d="{_outline(peaks(samples))}"/>',
        _ticks("b", [t * scale for t in plain if t <= duration_seconds], 78.0),
        _ticks("d", [t * scale for t in downbeats if t <= duration_seconds], 86.0),
        *_shots(shot_starts, duration_seconds, scale),
        *_cuts(cut_times, on_beat, scale),
        *_ruler(duration_seconds, scale),
        "</svg>",
    ]
    return "".join(parts)


def _outline(heights: NDArray[np.float32]) -> str:
    x = (np.arange(heights.size) + 0.5) * (WIDTH / heights.size)
    reach = np.maximum(heights * WAVE_REACH, 0.6)
    return "".join(
        f"M{a:.1f} {WAVE_MIDDLE - r:.1f}V{WAVE_MIDDLE + r:.1f}" for a, r in zip(x, reach, strict=True)
    )


def _ticks(kind: str, positions: Sequence[float], reach: float) -> str:
    path = "".join(f"M{x:.1f} {WAVE_MIDDLE - reach:g}V{WAVE_MIDDLE + reach:g}" for x in positions if x >= 0)
    return f'<path class="{kind}" d="{path}"/>'


def _cuts(times: NDArray[np.float64], on_beat: Sequence[bool], scale: float) -> list[str]:
    marks = []
    for index, time in enumerate(times):
        hit = index >= len(on_beat) or on_beat[index]
        x = time * scale
        marks.append(
            f'<g class="{"c" if hit else "c miss"}"><path d="M{x:.1f} 6V{SHOTS_TOP + SHOTS_HEIGHT:g}"/>'
            f'<path class="flag" d="M{x - 5:.1f} 2h10l-5 8z"/>'
            f"<title>cut at {time:.3f} s, {'on' if hit else 'off'} the beat</title></g>"
        )
    return marks


def _shots(starts: Sequence[float], end: float, scale: float) -> list[str]:
    blocks = []
    for number, (start, stop) in enumerate(zip(starts, [*starts[1:], end], strict=True), start=1):
        width = (stop - start) * scale
        label = f'<text x="{(start + stop) / 2 * scale:.1f}" y="{SHOTS_TOP + 15:g}">{number}</text>'
        blocks.append(
            f'<g class="s{number % 2}"><rect x="{start * scale:.1f}" y="{SHOTS_TOP:g}" width="{width:.1f}" '
            f'height="{SHOTS_HEIGHT:g}"/>{label if width > 18 else ""}</g>'
        )
    return blocks


def _ruler(end: float, scale: float) -> list[str]:
    step = next((step for step in RULER_STEPS if step * scale >= MIN_LABEL_GAP), RULER_STEPS[-1])
    marks = np.arange(step, end - 0.4 * step, step)
    return [f'<text class="r" x="{t * scale:.1f}" y="224">{_clock(t)}</text>' for t in marks]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
