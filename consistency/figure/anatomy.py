"""The parts of a figure: hair, face, upper and lower clothes, each told from the background."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..colour import oklab, to_linear
from .heads import BACKGROUND, Head, find_heads
from .labels import Labelling
from .placing import place_head
from .regions import group_colours
from .salience import find_salience

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Pixels, and the longest side, at which pictures are analysed; the head of a full figure is still about a
# dozen pixels wide.
WORKING_AREA, WORKING_SIDE = 12_000, 192

_COLOURS = 12
_GREY_LEVEL = 0.6
# Log odds, by the evidence that a head is found by, from which it is one, and from which one more is, which
# is less likely (benchmarks/identity.py says how often that errs). Those below are looked at more closely,
# down to these.
_SURE, _SURE_OF_MORE = -1.6, 0.5
_WORTH_A_LOOK, _WORTH_A_LOOK_FOR_MORE = -4.0, -1.5
# What a closer look must tell: two in a hundred backgrounds without anybody reach it.
_SURE_AT_CLOSE = 0.7
# Perceptual difference of neighbours above which there is an edge; smooth gradients stay below 4.
_EDGE = 5.0


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The parts of one figure in a picture.

    Parameters
    ----------
    linear : ndarray of float32, shape (height, width, 3)
        The picture at working size, linear light.
    parts : ndarray of float32, shape (5, height, width)
        How likely each pixel is background, hair, face, upper and lower clothes; sums to 1.
    head : Head
        The head, in working pixels.
    scale : float
        Working pixels a picture pixel.

    Attributes
    ----------
    grey : ndarray of float32, shape (3,)
        What grey is in the light of the picture: a power mean of each channel over the figure [1]_.
    neutral : ndarray of float32, shape (height, width, 3)
        The picture under neutral light: what `grey` says is made grey.

    References
    ----------
    .. [1] G. Finlayson, E. Trezzi, "Shades of gray and colour constancy", CIC 12, 2004.
    """

    linear: NDArray[np.float32]
    parts: NDArray[np.float32]
    head: Head
    scale: float
    grey: NDArray[np.float32] = field(init=False)
    neutral: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        grey = _grey(self.linear, self.figure)
        object.__setattr__(self, "grey", grey)
        object.__setattr__(self, "neutral", self.linear / grey)

    @property
    def figure(self) -> NDArray[np.float32]:
        """How likely each pixel belongs to the figure, in [0, 1]."""
        return 1 - self.parts[BACKGROUND]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The figure: left, top, right, bottom in pixels of the picture."""
        rows, columns = np.nonzero(self.figure > 0.5)
        if not len(rows):
            return (0, 0, 0, 0)
        left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        return (
            round(left / self.scale), round(top / self.scale),
            round(right / self.scale), round(bottom / self.scale),
        )  # fmt: skip


def _grey(linear: NDArray[np.float32], figure: NDArray[np.float32]) -> NDArray[np.float32]:
    power = (linear * linear) ** 2
    mean = np.einsum("yxc,yx->c", power, figure) / max(float(figure.sum()), 1e-6)
    return ((mean**0.25 + 1e-3) / _GREY_LEVEL).astype(np.float32)


def shrink(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Scale a picture down so that its long side is at most `side` pixels; never up."""
    return _scale(image, side / max(image.shape[:2]))


def _scale(image: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    from PIL import Image

    if scale >= 1:
        return image
    height, width = image.shape[:2]
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    # Whole blocks first, which is several times faster; what remains is scaled exactly.
    block = int(0.5 / scale)
    if block > 1 and min(height, width) > 4 * block:
        # Of large blocks every second row will do.
        step = 2 if block % 2 == 0 and block > 2 else 1
        picture = Image.fromarray(image[::step]).reduce((block, block // step))
    else:
        picture = Image.fromarray(image)
    return np.asarray(picture.resize(size, Image.Resampling.BOX))


def perceptual(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale a picture's exposure to its brightest light and convert it so that distances are perceived ones.

    Parameters
    ----------
    linear : ndarray of float32, shape (height, width, 3)
        Linear light.

    Returns
    -------
    ndarray of float32, shape (height, width, 3)
        OKLab times (60, 200, 200): one unit is about one just noticeable difference, and lightness,
        which shading changes within one colour, counts less than hue.
    """
    brightest = float(np.quantile(linear[::2, ::2].max(axis=-1), 0.97))
    gain = np.float32(np.clip(0.85 / max(brightest, 1e-3), 1.0, 8.0))
    return oklab(linear * gain) * np.array([60, 200, 200], dtype=np.float32)


def read_anatomy(image: NDArray[np.uint8], *, limit: int = 1) -> list[Anatomy]:
    """Find the figures in a picture and tell their parts apart.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    limit : int
        How many figures to look for at most.

    Returns
    -------
    list of Anatomy
        The surest first; empty where nobody is seen.
    """
    area = image.shape[0] * image.shape[1]
    small = _scale(image, min((WORKING_AREA / area) ** 0.5, WORKING_SIDE / max(image.shape[:2])))
    linear = to_linear(small)
    colours = perceptual(linear)
    if not _has_edges(colours):
        return []
    salience = find_salience(colours)
    groups, _ = group_colours(colours, _COLOURS)
    heads = find_heads(linear, colours, groups, salience, limit=limit)
    scale = small.shape[0] / image.shape[0]
    found: list[Anatomy] = []
    labelling = Labelling(colours)
    for number, head in enumerate(heads):
        sure, worth = (_SURE_OF_MORE, _WORTH_A_LOOK_FOR_MORE) if number else (_SURE, _WORTH_A_LOOK)
        if head.score >= worth:
            placed = place_head(labelling, head, beside=found[0].head if found else None)
            if head.score >= sure or placed.surety >= _SURE_AT_CLOSE:
                found.append(Anatomy(linear, placed.parts(), placed.head, scale))
    return found


def _has_edges(colours: NDArray[np.float32]) -> bool:
    """Return whether anything in the picture has an outline, as a gradient has not."""
    steps = np.abs(np.diff(colours, axis=1)).sum(axis=-1)
    return bool(steps.size) and float(np.quantile(steps, 0.99)) > _EDGE
