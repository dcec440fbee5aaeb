"""The sections of a recording, and the best place to loop it: by how alike its bars are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .loudness import LEVEL_SECONDS
from .onsets import OnsetEnvelope
from .track import BeatGrid, LoopPoints, Section

# Without bars, music is looked at in pieces of this length.
PIECE_SECONDS = 2.0
# Bars to either side of a boundary that are compared, and bars that a section has at least.
KERNEL_BARS, MIN_BARS = 8, 4
MIN_NOVELTY = 0.12
PHRASE_BARS = 4
# Sections that are this much alike are the same one come again.
SAME_LIKENESS = 0.82
MAX_PIECES = 4_000
# A jump should keep half of the music, and sound like the music went on.
MIN_LOOP_SHARE, MIN_LOOP_LIKENESS = 0.35, 0.5


class Bars:
    """A recording bar by bar.

    Parameters
    ----------
    envelope : OnsetEnvelope
        Harmony and onsets.
    levels : ndarray of float32
        From `level_curve`.
    beats : BeatGrid
        Its downbeats bound the bars; without a beat, pieces of 2 s stand in for them.
    """

    def __init__(self, envelope: OnsetEnvelope, levels: NDArray[np.float32], beats: BeatGrid) -> None:
        end = envelope.duration_seconds
        inside = beats.downbeat_times[(beats.downbeat_times > 0.2) & (beats.downbeat_times < end - 0.2)]
        if inside.size < 2:
            inside = np.arange(PIECE_SECONDS, end - 0.5 * PIECE_SECONDS, PIECE_SECONDS)
        step = -(-max(inside.size, 1) // MAX_PIECES)
        self.bounds = np.concatenate([[0.0], inside[::step], [end]])
        self.has_beat = beats.downbeat_times.size >= 2
        self.levels = _means(levels[:, None], 1 / LEVEL_SECONDS, self.bounds)[:, 0]
        onsets = np.log1p(20 * _means(envelope.bands.T, envelope.frame_rate, self.bounds))
        harmony = _means(envelope.harmony, envelope.harmony_rate, self.bounds)
        parts = [_unit(harmony - harmony.mean(axis=0)), 0.7 * _unit(onsets - onsets.mean(axis=0))]
        parts.append(2.0 * (self.levels - self.levels.mean())[:, None])
        self.features = np.concatenate(parts, axis=1)

    def likeness(self, n_around: int = 1) -> NDArray[np.float64]:
        """Return how alike any two bars are, shape (n_bars, n_bars), from −1 to 1.

        With `n_around` bars taken together at each, the order of their chords does not matter.
        """
        from scipy.ndimage import uniform_filter1d

        unit = _unit(uniform_filter1d(self.features, n_around, axis=0, mode="nearest"))
        return unit @ unit.T


def _means(values: NDArray[np.float32], rate: float, bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    sums = np.zeros((values.shape[0] + 1, values.shape[1]))
    np.cumsum(values, axis=0, dtype=np.float64, out=sums[1:])
    places = np.clip(np.round(bounds * rate).astype(int), 0, values.shape[0])
    lengths = np.maximum(np.diff(places), 1)[:, None]
    return np.diff(sums[places], axis=0) / lengths


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


def find_sections(bars: Bars) -> tuple[Section, ...]:
    """Divide a recording into sections, and name them.

    A boundary is where the bars before are alike, the bars after are alike, and the two are not (novelty
    along the diagonal of the self-similarity matrix). Sections that come again get the same letter. The
    loudest that comes again is called chorus, others that come again verse, a single one bridge, or break
    when it is quiet; a first or last one that does not come again, or is quiet, is the intro or outro.

    Parameters
    ----------
    bars : Bars
        The recording.

    Returns
    -------
    tuple of Section
        In order, from the start to the end; one for short music.

    References
    ----------
    .. [1] J. Foote, "Automatic audio segmentation using a measure of audio novelty", ICME 2000.
    """
    n_bars = bars.bounds.size - 1
    likeness = bars.likeness(PHRASE_BARS)
    cuts = [0, *_boundaries(likeness, n_bars), n_bars]
    spans = list(pairwise(cuts))
    letters = _letters(bars, spans)
    levels = [float(bars.levels[a:b].mean()) for a, b in spans]
    names = _names(letters, levels)
    return tuple(
        Section(float(bars.bounds[a]), float(bars.bounds[b]), names[n], letters[n], round(levels[n], 3))
        for n, (a, b) in enumerate(spans)
    )


def _boundaries(likeness: NDArray[np.float64], n_bars: int) -> list[int]:
    if n_bars < 2 * MIN_BARS:
        return []
    reach = min(KERNEL_BARS, n_bars // 2)
    offsets = np.arange(-reach, reach) + 0.5
    taper = np.exp(-0.5 * (offsets / (0.5 * reach)) ** 2)
    kernel = np.outer(np.sign(offsets) * taper, np.sign(offsets) * taper)
    kernel /= np.abs(kernel).sum()
    padded = np.pad(likeness, reach, mode="reflect")
    novelty = np.array(
        [np.sum(kernel * padded[n : n + 2 * reach, n : n + 2 * reach]) for n in range(n_bars + 1)]
    )
    found: list[int] = []
    for bar in np.argsort(-novelty):
        if novelty[bar] < MIN_NOVELTY:
            break
        if all(abs(bar - other) >= MIN_BARS for other in (0, n_bars, *found)):
            found.append(int(bar))
    return sorted(found)


def _letters(bars: Bars, spans: Sequence[tuple[int, int]]) -> list[str]:
    means = _unit(np.array([bars.features[a:b].mean(axis=0) for a, b in spans]))
    letters: list[str] = []
    for n in range(len(spans)):
        alike = means[:n] @ means[n] if n else np.zeros(0)
        if alike.size and alike.max() > SAME_LIKENESS:
            letters.append(letters[int(alike.argmax())])
        else:
            letters.append(chr(ord("A") + min(len(set(letters)), 25)))
    return letters


def _names(letters: Sequence[str], levels: Sequence[float]) -> list[str]:
    if len(letters) == 1:
        return ["whole"]
    middle = float(np.median(levels))
    again = {letter for letter in letters if letters.count(letter) > 1}
    mean_level = {
        letter: float(np.mean([v for v, n in zip(levels, letters, strict=True) if n == letter]))
        for letter in letters
    }
    chorus = max(again, key=lambda letter: mean_level[letter], default="")
    names = []
    last = len(letters) - 1
    for n, letter in enumerate(letters):
        is_quiet = levels[n] < middle - 0.1
        if n in (0, last) and (letter not in again or is_quiet):
            names.append("outro" if n else "intro")
        elif letter in again:
            names.append("chorus" if letter == chorus else "verse")
        else:
            names.append("break" if is_quiet else "bridge")
    return names


def find_loop_points(bars: Bars) -> LoopPoints | None:
    """Find the two downbeats between which the music can go round unnoticed.

    What follows the end should be like what follows the start, and what comes before likewise; of jumps that
    are about as good, whole phrases of four bars and the longest win.

    Parameters
    ----------
    bars : Bars
        The recording.

    Returns
    -------
    LoopPoints or None
        None without a beat, or when no two places are alike.
    """
    n_bars = bars.bounds.size - 1
    if not bars.has_beat or n_bars < 3:
        return None
    likeness = bars.likeness()
    best, best_score = None, -np.inf
    for length in range(max(2, int(MIN_LOOP_SHARE * n_bars)), n_bars):
        # Bar `start` is heard after bar `start + length - 1`: compare the joints on both sides.
        after = np.diagonal(likeness, length)[: n_bars - length]
        before = np.concatenate([[after[0]], after[:-1]])
        scores = 0.6 * after + 0.4 * before + 0.25 * (length % 4 == 0) + 0.4 * length / n_bars
        start = int(np.argmax(scores))
        if scores[start] > best_score and after[start] > MIN_LOOP_LIKENESS:
            best_score = float(scores[start])
            best = LoopPoints(
                float(bars.bounds[start]), float(bars.bounds[start + length]), round(float(after[start]), 3)
            )
    return best
