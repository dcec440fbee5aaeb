"""What is wrong with one picture as a reference, in numbers and in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..figure.anatomy import Anatomy, read_anatomy
from .picture_quality import PictureQuality, measure_picture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..encoders.base import Box, IdentityEncoder, Sighting

# Below this the eyes of a full figure are smaller than what any encoder resolves.
MIN_SHORT_SIDE = 512
# A chosen figure smaller than this is scaled up by every encoder.
_MIN_FIGURE_SIDE = 256
# Of edges at 512 pixels: drawings reach 0.8, a Gaussian blur of two pixels leaves 0.2 to 0.26, one of
# four 0.16 to 0.19, and what has no edge at all 0.14.
_SOFT, _BLURRED = 0.26, 0.18
_BLANK_CONTRAST = 3.0
_MIN_HEAD = 0.05
# Two heads are two people if one is this sure beside the other, and this many radii away from it.
_AS_SURE, _APART = 0.8, 2.0


@dataclass(frozen=True, slots=True)
class ReferenceCheck:
    """What was found in one reference picture.

    Parameters
    ----------
    name : str
        The file's name.
    accepted : bool
        Whether it may define the character.
    errors, warnings : tuple of str
        Sentences: why it was refused; what makes it a poor reference.
    concerns : tuple of str
        What each warning is about: ``soft``, ``dark``, ``white``, ``small_figure``, ``no_figure``,
        ``small_head``, ``several_figures``, ``unlike`` or ``copy``.
    box : tuple of int or None
        The figure that was chosen in it.
    report : dict
        The measurements: those of `PictureQuality`, ``figures``, ``head_share``, ``figure_box``,
        ``figure_share``, ``encoder``, ``similarity`` to the other references, ``copy_of``.
    """

    name: str
    accepted: bool
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    box: Box | None = None
    report: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the fields for programs."""
        return {
            "name": self.name,
            "accepted": self.accepted,
            "errors": list(self.errors),
            "warnings": list(self.warnings),
            "concerns": list(self.concerns),
            "box": self.box,
            "report": self.report,
        }


def count_figures(image: NDArray[np.uint8]) -> tuple[int, Anatomy | None]:
    """Count the people in a picture by their heads, and return the surest of them."""
    figures = read_anatomy(image, limit=4)
    if not figures:
        return 0, None
    first = figures[0]
    others = [other for other in figures[1:] if _is_somebody_else(other, first)]
    return 1 + len(others), first


def _is_somebody_else(other: Anatomy, first: Anatomy) -> bool:
    radius = max(other.head.radius, first.head.radius)
    is_apart = abs(other.head.x - first.head.x) > _APART * radius
    return is_apart and other.head.score >= _AS_SURE * first.head.score


class ReferenceFindings:
    """Collects what is wrong with one picture, and what was measured."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.errors: list[str] = []
        self.warnings: list[tuple[str, str]] = []
        self.report: dict[str, Any] = {}

    def check(self, box: Box | None) -> ReferenceCheck:
        """Return what was found so far."""
        return ReferenceCheck(
            name=self.name,
            accepted=not self.errors,
            errors=tuple(self.errors),
            warnings=tuple(sentence for _, sentence in self.warnings),
            concerns=tuple(concern for concern, _ in self.warnings),
            box=box,
            report=self.report,
        )

    def _warn(self, concern: str, sentence: str) -> None:
        self.warnings.append((concern, sentence))

    def judge_quality(self, image: NDArray[np.uint8], part: NDArray[np.uint8]) -> None:
        """Measure size, sharpness and exposure, of the chosen part where there is one."""
        height, width = image.shape[:2]
        if min(height, width) < MIN_SHORT_SIDE:
            self.report |= {"width": width, "height": height}
            self.errors.append(
                f"{self.name} is {width}×{height} pixels; a reference needs {MIN_SHORT_SIDE} or more on its "
                "short side. Give a larger picture."
            )
            return
        quality = measure_picture(part)
        self.report |= {**quality.as_json(), "width": width, "height": height}
        self.report["photographic"] = quality.is_photographic
        if quality.contrast < _BLANK_CONTRAST:
            self.errors.append(f"{self.name} is blank. Give a picture of the character.")
        elif quality.sharpness < _BLURRED:
            self.errors.append(
                f"{self.name} is blurred (sharpness {quality.sharpness:.2f}, at least {_BLURRED} is needed). "
                "Give a sharper picture."
            )
        self.warnings += _exposure(self.name, quality)
        if min(part.shape[:2]) < _MIN_FIGURE_SIDE:
            self._warn(
                "small_figure",
                f"The figure chosen in {self.name} is only {part.shape[1]}×{part.shape[0]} pixels.",
            )

    def judge_figure(
        self, part: NDArray[np.uint8], box: Box | None, encoder: IdentityEncoder, seen: Sequence[Sighting]
    ) -> None:
        """Say whether the encoder sees anybody, how many there are, and how large."""
        n_figures, surest = count_figures(part)
        self.report |= {"figures": n_figures, "encoder": f"{encoder.name} {encoder.version}"}
        if seen:
            left, top, right, bottom = seen[0].box
            x, y = box[:2] if box else (0, 0)
            share = (right - left) * (bottom - top) / (part.shape[0] * part.shape[1])
            self.report |= {"figure_box": [left + x, top + y, right + x, bottom + y]}
            self.report |= {"figure_share": round(share, 4)}
        else:
            self._warn(
                "no_figure",
                f"No figure was found in {self.name} by {encoder.name}; it will not be used for comparison.",
            )
        if surest is not None:
            self._judge_head(2 * surest.head.radius / surest.scale / part.shape[0])
        if n_figures > 1 and box is None:
            self._warn(
                "several_figures",
                f"{self.name} shows {n_figures} figures; the surest is taken. Choose one with a box, or cut "
                "the picture.",
            )

    def _judge_head(self, share: float) -> None:
        self.report["head_share"] = round(share, 4)
        if share < _MIN_HEAD:
            self._warn(
                "small_head",
                f"The head in {self.name} takes {share:.0%} of its height; the face cannot be read well.",
            )

    def judge_likeness(self, similarity: float, *, is_outlier: bool) -> None:
        """Compare it with the other references; NaN where there is nothing to compare."""
        self.report["similarity"] = round(similarity, 4) if math.isfinite(similarity) else None
        if is_outlier:
            self._warn(
                "unlike",
                f"{self.name} is unlike the others (similarity {similarity:.2f}): another character, or "
                "another outfit, which wants a version of its own.",
            )

    def judge_copy(self, copy: tuple[int, str] | None, names: Sequence[str]) -> None:
        """Say which earlier picture it repeats, if any."""
        self.report["copy_of"] = None if copy is None else names[copy[0]]
        if copy is not None:
            how = "the same picture as" if copy[1] == "same" else "the mirror image of"
            self._warn("copy", f"{self.name} shows {how} {names[copy[0]]}; it adds nothing.")


def _exposure(name: str, quality: PictureQuality) -> list[tuple[str, str]]:
    if quality.contrast < _BLANK_CONTRAST:
        return []
    found = []
    if _BLURRED <= quality.sharpness < _SOFT:
        soft = f"{name} is soft (sharpness {quality.sharpness:.2f}); a sharper picture is better."
        found.append(("soft", soft))
    if quality.dark > 0.6 or quality.lightness < 25:
        found.append(("dark", f"{name} is very dark; colours cannot be read well."))
    elif quality.bright > 0.95:
        found.append(("white", f"{name} is almost entirely white."))
    return found
