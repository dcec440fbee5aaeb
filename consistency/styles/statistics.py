"""What a style is on pixels: lines, contrast, colour and tone, and how far two styles are apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ..colour import oklab, to_linear
from ..figure.anatomy import shrink
from .line_weight import line_weight_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Long side at which pictures are measured; lines of two pixels at 1024 stay lines.
MEASURED_SIDE = 1024
_TONES = 33
# Direction of orange in OKLab's plane: hue 60 degrees, between red and yellow.
_WARM = (0.5, 0.866)
_FEATURES = ("line_weight", "contrast", "saturation", "warmth", "lightness", "tint_a", "tint_b")
# Fewer pictures tell no spread.
MIN_SPREAD_IMAGES = 4
_LEAST_SPREAD = {"line_weight": 3e-4, "contrast": 0.01, "saturation": 0.005, "warmth": 0.005}
_LEAST = 0.01


@dataclass(frozen=True, slots=True)
class StyleStatistics:
    """The statistics of one picture, or the mean of several.

    Parameters
    ----------
    mean : ndarray of float64, shape (3,)
        Mean OKLab.
    covariance : ndarray of float64, shape (3, 3)
        Covariance of OKLab.
    tones : ndarray of float64, shape (33,)
        Quantiles of lightness, evenly spaced from 0 to 1.
    saturation : float
        Mean chroma.
    line_weight : float or None
        Width of dark strokes as share of the long side; None where too few were found.
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    tones: NDArray[np.float64]
    saturation: float
    line_weight: float | None

    @property
    def contrast(self) -> float:
        """Standard deviation of lightness."""
        return float(np.sqrt(max(self.covariance[0, 0], 0.0)))

    @property
    def warmth(self) -> float:
        """Mean colour along the direction of orange: above 0 is warm, below cool."""
        return float(self.mean[1] * _WARM[0] + self.mean[2] * _WARM[1])

    def features(self) -> NDArray[np.float64]:
        """Return line weight, contrast, saturation, warmth and mean colour; NaN where unknown."""
        line_weight = np.nan if self.line_weight is None else self.line_weight
        return np.array([line_weight, self.contrast, self.saturation, self.warmth, *self.mean])

    def as_json(self) -> dict[str, Any]:
        """Return a dict for JSON."""
        return {
            "line_weight": self.line_weight,
            "contrast": self.contrast,
            "saturation": self.saturation,
            "warmth": self.warmth,
            "mean": self.mean.tolist(),
            "covariance": self.covariance.tolist(),
            "tones": self.tones.tolist(),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> StyleStatistics:
        """Read what `as_json` wrote.

        Raises
        ------
        InputError
            If it is anything else.
        """
        try:
            mean, covariance, tones = (
                np.array(stored[key], dtype=np.float64) for key in ("mean", "covariance", "tones")
            )
            line_weight = stored["line_weight"]
            if (mean.shape, covariance.shape, tones.shape) != ((3,), (3, 3), (_TONES,)):
                raise ValueError(f"shapes {mean.shape}, {covariance.shape}, {tones.shape}")
            return cls(mean, covariance, tones, float(stored["saturation"]), line_weight)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                "The style has no statistics that can be read.",
                field="style",
                hint="Add pictures to it: tower style add NAME IMAGE…",
            ) from error


def measure_style(image: NDArray[np.uint8]) -> StyleStatistics:
    """Measure the style of a picture.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    """
    small = shrink(image, MEASURED_SIDE)
    lab = oklab(to_linear(small)).reshape(-1, 3).astype(np.float64)
    mean = lab.mean(axis=0)
    centred = lab - mean
    return StyleStatistics(
        mean=mean,
        covariance=centred.T @ centred / len(lab),
        tones=np.quantile(lab[:, 0], np.linspace(0, 1, _TONES)),
        saturation=float(np.hypot(lab[:, 1], lab[:, 2]).mean()),
        line_weight=line_weight_of(lab[:, 0].reshape(small.shape[:2])),
    )


def combined(styles: Sequence[StyleStatistics]) -> StyleStatistics:
    """Combine the pictures of one style: the statistics of all their pixels, each picture counting once.

    Raises
    ------
    InputError
        If there is none.
    """
    if not styles:
        raise InputError("A style needs a picture.", field="images", hint="Give at least one.")
    means = np.array([style.mean for style in styles])
    mean = means.mean(axis=0)
    apart = means - mean
    widths = [style.line_weight for style in styles if style.line_weight is not None]
    return StyleStatistics(
        mean=mean,
        # Law of total covariance: within the pictures, and between them.
        covariance=np.mean([style.covariance for style in styles], axis=0) + apart.T @ apart / len(styles),
        tones=np.mean([style.tones for style in styles], axis=0),
        saturation=float(np.mean([style.saturation for style in styles])),
        line_weight=float(np.median(widths)) if widths else None,
    )


@dataclass(frozen=True, slots=True)
class StyleDistance:
    """How far a picture is from a style, relative to how much the project's own pictures differ.

    Parameters
    ----------
    value : float or None
        1 is as far as the project's pictures are from their mean; None (unknown) when there are too
        few to tell. Compare values of one project only; it is never a gate by itself.
    parts : dict of str to float
        The difference of each feature, in spreads.
    reason : str
        Why it is unknown; empty otherwise.
    """

    value: float | None
    parts: dict[str, float]
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return a dict for JSON."""
        rounded = {name: round(part, 3) for name, part in self.parts.items()}
        value = None if self.value is None else round(self.value, 3)
        return {"distance": value, "parts": rounded, "reason": self.reason}


def style_distance(
    style: StyleStatistics, other: StyleStatistics, project: Sequence[StyleStatistics]
) -> StyleDistance:
    """Measure how far two styles are apart, in spreads of a project's own pictures.

    The root mean square, over the features that both have, of their difference divided by the
    standard deviation of that feature within the project. Raw distances of style are not calibrated:
    the same number means another thing for another artist, so only this relative one is given.

    Parameters
    ----------
    style, other : StyleStatistics
        What is compared.
    project : sequence of StyleStatistics
        The project's own pictures, at least 4.
    """
    if len(project) < MIN_SPREAD_IMAGES:
        return StyleDistance(
            None, {}, f"The spread of {len(project)} pictures is not known; {MIN_SPREAD_IMAGES} are needed."
        )
    rows = np.array([one.features() for one in project])
    parts = {}
    for name, first, second, column in zip(
        _FEATURES, style.features(), other.features(), rows.T, strict=True
    ):
        known = column[np.isfinite(column)]
        if np.isfinite(first) and np.isfinite(second) and len(known) >= MIN_SPREAD_IMAGES:
            spread = max(float(known.std()), _LEAST_SPREAD.get(name, _LEAST))
            parts[name] = float(abs(first - second)) / spread
    value = float(np.sqrt(np.mean(np.square(list(parts.values())))))
    return StyleDistance(value, parts)
