"""Fades and dissolves: spans of a video in which one picture turns into another bit by bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .frame_features import FrameSeries, between_shared_bars

SPAN_SECONDS = (0.25, 0.34, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
# Between its ends a dissolve lies on the line from one picture to the other. Limits are in units of
# the line's length; camera moves and figures bend it, which only a loss of contrast excuses.
MAX_BEND, MAX_MOVING_BEND = 0.22, 0.7
MAX_UNEVENNESS = 0.2
# Two unrelated pictures lying over each other have half the variance of one; movement keeps it.
MAX_VARIANCE, MAX_MOVING_VARIANCE = 0.88, 0.75
# Mixing flat colours makes new ones in every frame; movement shows the same again.
MIN_MOVING_COLOR_STEP = 0.05
MAX_MOVING_LIKENESS = 0.4
# Part of the way that a figure may jump in one frame of a dissolve; more is a cut.
MAX_STEP_SHARE = 0.4
# Mean difference of the two pictures, of full scale: below, grain and breathing look like a blend.
MIN_DISTANCE = 0.05
# Pictures of the same set-up under changing light stay correlated; those of two shots do not.
MAX_LIKENESS = 0.55
# Standard deviation of the grid's luma below which a picture is one colour.
PLAIN_DEVIATION = 3.5
# A span that stops a little before the picture is gone still belongs to a fade: its last picture has this
# much of the contrast of its first, and a plain one follows within a third of its length.
NEARLY_PLAIN, SETTLING_SHARE = 0.3, 1 / 3
N_SAMPLES = 7
CHUNK = 2048


@dataclass(frozen=True, slots=True)
class SoftTransition:
    """A gradual change of shot.

    Parameters
    ----------
    start, end : int
        Last frame of the old picture, first frame of the new one.
    kind : str
        ``fade`` (through one colour) or ``dissolve``.
    score : float
        Size of the change times its evenness; of overlapping candidates the highest is kept.
    is_dip : bool
        Whether it fades out and in again.
    """

    start: int
    end: int
    kind: str
    score: float = 0.0
    is_dip: bool = False

    @property
    def middle(self) -> int:
        """The frame half way."""
        return (self.start + self.end + 1) // 2


def is_uniform(grids: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell which pictures are one plain colour, such as black or white."""
    return grids.astype(np.float32).std(axis=(-3, -2)).max(axis=-1) < PLAIN_DEVIATION


def picture_distance(one: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the mean absolute difference of pictures on the coarse grid, of full scale."""
    difference = np.abs(others.astype(np.float32) - one.astype(np.float32))
    return difference.sum(axis=-1).mean(axis=(-2, -1)) / 255.0


def find_soft_transitions(series: FrameSeries, cuts: Sequence[int] = ()) -> list[SoftTransition]:
    """Find fades and dissolves.

    Every span of several lengths is tested: its inner pictures must lie evenly on the straight line
    between its ends, whose pictures must differ in what they show and not only in light or position.

    Parameters
    ----------
    series : FrameSeries
        Features of the frames.
    cuts : sequence of int
        First frames after hard cuts; a dissolve has none inside.

    Returns
    -------
    list of SoftTransition
        Ascending, without overlap. A fade out and the fade in after it are one transition.
    """
    lengths = sorted({max(5, round(seconds * series.fps)) for seconds in SPAN_SECONDS})
    plain = is_uniform(series.grids)
    found = [_settled(series, plain, part) for length in lengths for part in _spans(series, length)]
    gradual = [part for part in found if not _has_cut(series, part, cuts)]
    return _between_shots(series, _joined(series, _best(gradual)))


def _settled(series: FrameSeries, plain: NDArray[np.bool_], part: SoftTransition) -> SoftTransition:
    """Let a fade reach its plain picture; what never gets there is a dissolve to something faint."""
    if part.kind != "fade" or plain[part.start] or plain[part.end]:
        return part
    reach = max(2, round((part.end - part.start) * SETTLING_SHARE))
    first, last = (float(series.grids[frame].std(axis=(0, 1)).max()) for frame in (part.start, part.end))
    if last < first:
        frames = range(part.end, min(part.end + reach + 1, series.n_frames))
        settled = next((frame for frame in frames if plain[frame]), None)
        return replace(part, kind="dissolve") if settled is None else replace(part, end=settled)
    frames = range(part.start, max(part.start - reach - 1, -1), -1)
    settled = next((frame for frame in frames if plain[frame]), None)
    return replace(part, kind="dissolve") if settled is None else replace(part, start=settled)


def _has_cut(series: FrameSeries, part: SoftTransition, cuts: Sequence[int]) -> bool:
    inside = [frame for frame in cuts if part.start < frame <= part.end]
    if part.kind == "fade" or not inside:
        return False
    distance = picture_distance(series.grids[part.start], series.grids[part.end][None])[0]
    return bool(series.steps[inside].max() > MAX_STEP_SHARE * distance)


def _spans(series: FrameSeries, length: int) -> list[SoftTransition]:
    found: list[SoftTransition] = []
    for first in range(0, series.n_frames - length, CHUNK):
        block = slice(first, first + CHUNK + length)
        parts = _test(series, block, length)
        found += [replace(part, start=part.start + first, end=part.end + first) for part in parts]
    return found


def _test(series: FrameSeries, part: slice, length: int) -> list[SoftTransition]:
    block = series.grids[part].astype(np.float32)
    n_spans = len(block) - length
    flat = block.reshape(len(block), -1)
    line = flat[length:] - flat[:n_spans]
    distance = np.abs(line).sum(axis=1) / (block.shape[1] * block.shape[2] * 255.0)
    starts = np.flatnonzero(distance >= MIN_DISTANCE)
    if starts.size == 0:
        return []
    bend, unevenness = _along(flat, starts, line[starts], length)
    variance = _middle_variance(series.contrasts[part], starts, length)
    new_colors = _median_within(series.color_steps[part], starts, length)
    is_moving = bend > MAX_BEND
    is_over = (bend <= MAX_MOVING_BEND) & (variance <= MAX_MOVING_VARIANCE)
    is_blend = np.where(is_moving, is_over & (new_colors >= MIN_MOVING_COLOR_STEP), variance <= MAX_VARIANCE)
    scores = distance[starts] * (1.0 - 2.0 * unevenness)
    found = []
    for index in np.flatnonzero((unevenness <= MAX_UNEVENNESS) & is_blend):
        start = int(starts[index])
        most = MAX_MOVING_LIKENESS if is_moving[index] else MAX_LIKENESS
        kind = _kind(block[start], block[start + length], most)
        if kind:
            found.append(SoftTransition(start, start + length, kind, float(scores[index])))
    return found


def _middle_variance(
    contrasts: NDArray[np.float32], starts: NDArray[np.intp], length: int
) -> NDArray[np.float32]:
    """Return the variance of the middle picture over the mean variance of the two ends."""
    ends = (contrasts[starts] ** 2 + contrasts[starts + length] ** 2) / 2.0
    return (contrasts[starts + length // 2] ** 2 / np.maximum(ends, 1e-6)).astype(np.float32)


def _median_within(values: NDArray[np.float32], starts: NDArray[np.intp], length: int) -> NDArray[np.float32]:
    windows = np.lib.stride_tricks.sliding_window_view(values, length)
    return np.median(windows[starts + 1], axis=1).astype(np.float32)


def _along(
    flat: NDArray[np.float32],
    starts: NDArray[np.intp],
    line: NDArray[np.float32],
    length: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return how far inner pictures stray from the line, and how unevenly they advance on it."""
    old = flat[starts]
    squared = np.einsum("ij,ij->i", line, line)
    bend = np.zeros(len(starts), np.float32)
    unevenness = np.zeros(len(starts), np.float32)
    for inner in np.unique(np.linspace(1, length - 1, N_SAMPLES).round().astype(int)):
        away = flat[starts + inner] - old
        share = np.einsum("ij,ij->i", away, line) / squared
        rest = np.linalg.norm(away - share[:, None] * line, axis=1) / np.sqrt(squared)
        np.maximum(bend, rest, out=bend)
        np.maximum(unevenness, np.abs(share - inner / length), out=unevenness)
    return bend, unevenness


def _kind(old: NDArray[np.float32], new: NDArray[np.float32], max_likeness: float) -> str:
    """Name a span by its ends; empty when they show the same."""
    deviations = [float(picture.std(axis=(0, 1)).max()) for picture in (old, new)]
    if max(deviations) < PLAIN_DEVIATION:
        return ""
    if min(deviations) < max(PLAIN_DEVIATION, NEARLY_PLAIN * max(deviations)):
        return "fade"
    if likeness(old, new) > max_likeness:
        return ""
    return "dissolve" if not _is_shifted(old, new) else ""


def likeness(old: NDArray[np.generic], new: NDArray[np.generic]) -> float:
    """Return the correlation of the luma of two pictures on the coarse grid, in [-1, 1].

    Black bars that both have are left out: alone, they would make any two pictures look related.
    """
    shown = between_shared_bars(old, new)
    lumas = (picture[..., 0][shown].astype(np.float64) for picture in (old, new))
    a, b = (luma - luma.mean() for luma in lumas)
    return float((a * b).sum() / max(np.sqrt((a * a).sum() * (b * b).sum()), 1e-6))


def _is_shifted(old: NDArray[np.float32], new: NDArray[np.float32]) -> bool:
    """Tell whether a move by one or two cells explains most of the difference."""
    reach = 2
    middle = new[reach:-reach, reach:-reach]
    rows, columns = middle.shape[:2]
    differences = [
        float(np.abs(old[y : y + rows, x : x + columns] - middle).mean())
        for y in range(2 * reach + 1)
        for x in range(2 * reach + 1)
    ]
    return min(differences) < 0.55 * differences[len(differences) // 2]


def _best(found: list[SoftTransition]) -> list[SoftTransition]:
    """Of spans that overlap keep the one with the highest score."""
    kept: list[SoftTransition] = []
    for part in sorted(found, key=lambda part: -part.score):
        if all(part.end <= other.start or part.start >= other.end for other in kept):
            kept.append(part)
    return sorted(kept, key=lambda part: part.start)


def _joined(series: FrameSeries, parts: list[SoftTransition]) -> list[SoftTransition]:
    """Make one transition of a fade out, a pause of that colour, and the fade in."""
    plain = is_uniform(series.grids)
    joined: list[SoftTransition] = []
    for part in parts:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.kind == part.kind == "fade"
            and bool(plain[last.end : part.start + 1].all())
        ):
            joined[-1] = replace(last, end=part.end, score=max(last.score, part.score), is_dip=True)
        else:
            joined.append(part)
    return [_stretched(part, plain) if part.kind == "fade" else part for part in joined]


def _stretched(part: SoftTransition, plain: NDArray[np.bool_]) -> SoftTransition:
    """Let a fade that has only one slope take in the plain frames on its other side."""
    start, end = part.start, part.end
    while plain[start] and start > 0:
        start -= 1
    while plain[end] and end < len(plain) - 1:
        end += 1
    return replace(part, start=start, end=end)


def _between_shots(series: FrameSeries, parts: list[SoftTransition]) -> list[SoftTransition]:
    """Leave out fades at the ends of the video, and flashes that dim to the picture they came from."""
    plain = is_uniform(series.grids)
    kept = []
    for part in parts:
        is_end = bool(plain[: part.start + 1].all()) or bool(plain[part.end :].all())
        old, new = series.grids[part.start], series.grids[part.end]
        returns = (
            part.kind == "fade" and not part.is_dip and picture_distance(old, new[None])[0] < 0.4 * part.score
        )
        if not (is_end or returns):
            kept.append(part)
    return kept
