"""A sequence of frames against one character: read, scored and watched as it streams by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ..consistency.character import Character

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..consistency.encoders.base import IdentityEncoder, Sighting
    from ..consistency.scores.copies import CopyWatch
    from ..consistency.scores.identity import Identity
    from ..consistency.scores.scoring import Judge
    from ..consistency.scores.sequence import SequenceScore
    from ..consistency.verdict import Verdict
    from .gallery import Gallery

    Picture = NDArray[np.uint8] | None

Progress = Callable[[int], None]


def score_frames(
    judge: Judge, watch: CopyWatch, images: Iterable[Picture], batch_size: int, progress: Progress
) -> SequenceScore:
    """Judge frame after frame, holding one batch of them.

    Parameters
    ----------
    progress : callable
        Told after each batch how many frames are done.
    """
    from ..consistency.scores.sequence import sequence_score

    verdicts: list[Verdict] = []
    source = iter(images)
    while batch := list(islice(source, max(batch_size, 1))):
        for image, sightings in zip(batch, sight_all(judge.encoder, batch), strict=True):
            verdict = judge.of_best(sightings)
            if image is not None:
                watch.watch(len(verdicts), image, _judged(verdict, sightings))
            verdicts.append(verdict)
        progress(len(verdicts))
    return sequence_score(verdicts, copies=watch.copies, longest_hold=watch.longest_hold)


def sight_all(
    encoder: IdentityEncoder, images: Sequence[Picture], n_figures: int | None = None
) -> list[list[Sighting] | None]:
    """Encode the figures of each picture; None where there is no picture to look at."""
    pictures = [image for image in images if image is not None]
    seen = iter(encoder.sight(pictures, n_figures=n_figures) if pictures else [])
    return [None if image is None else next(seen) for image in images]


def drift_curve(score: SequenceScore) -> NDArray[np.uint8]:
    """Draw the drift of a sequence with its trend and threshold; shape (height, width, 3), RGB."""
    from ..consistency.scores.drift_curve import draw_drift_curve

    return draw_drift_curve(score)


def _judged(verdict: Verdict, sightings: Sequence[Sighting] | None) -> Sighting | None:
    return next((sighting for sighting in sightings or () if sighting.box == verdict.box), None)


def watch_for_copies(
    gallery: Gallery, character: Character, encoder: IdentityEncoder, identity: Identity
) -> CopyWatch:
    """Return who tells frames that repeat one of the character's references; nothing is encoded for it."""
    from ..consistency.images import read_image
    from ..consistency.scores.copies import CopyWatch, figure_look

    sightings, looks = gallery.sightings(character, encoder), []
    for reference in character.references:
        seen = sightings[reference.key]
        looks.append(None if seen.box is None else figure_look(read_image(reference.path), seen.box))
    return CopyWatch(identity, looks, len(encoder.views))


def iterate_pictures(paths: Sequence[Path]) -> Iterator[NDArray[np.uint8]]:
    """Decode pictures and clips one frame after the other; none is kept.

    Raises
    ------
    UnreadableImageError, UnreadableVideoError
        If a file cannot be decoded.
    """
    from ..consistency.images import read_image
    from ..production.clip import clip_shape, iterate_frames, to_frame, to_rgb
    from ..production.frames import is_clip

    for path in paths:
        if not is_clip(path):
            yield read_image(path)
            continue
        shape = clip_shape(path)
        for _, frame in iterate_frames(path):
            if shape.pixel_aspect == 1.0:
                yield to_rgb(frame, shape.quarter_turns)
            else:
                yield to_frame(frame, shape.shown_size, shape)


def holds_clip(paths: Sequence[Path]) -> bool:
    """Tell whether one of the files is a clip."""
    from ..production.frames import is_clip

    return any(is_clip(path) for path in paths if path.is_file())


def count_pictures(paths: Sequence[Path]) -> int:
    """Count pictures and frames of clips without decoding them."""
    from ..production.clip import probe
    from ..production.frames import is_clip

    return sum(probe(path).n_frames if is_clip(path) else 1 for path in paths)
