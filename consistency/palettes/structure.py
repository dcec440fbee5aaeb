"""Whether two pictures have the same structure: SSIM of their luma."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIGMA, _RADIUS = 1.5, 5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
Window = tuple[slice, slice]
# Rec. 601 luma of sRGB codes, what "grey" means to most programs.
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def luma(codes: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the Rec. 601 luma of sRGB codes, shape (..., 3), in [0, 255]."""
    return codes.astype(np.float32) @ _LUMA


def ssim_map(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Measure the structural similarity around each pixel.

    Means, variances and covariance are those under a Gaussian window of 11 by 11 pixels with a
    standard deviation of 1.5; K1 is 0.01, K2 is 0.03 and the dynamic range 255. At the borders the
    pictures are continued by their last pixels.

    Parameters
    ----------
    first, second : ndarray of float32, shape (height, width)
        Luma in [0, 255].

    Returns
    -------
    ndarray of float32, shape (height, width)
        In [-1, 1]; 1 where the two are equal.

    Raises
    ------
    InputError
        If the sizes differ.

    References
    ----------
    .. [1] Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality assessment: from
       error visibility to structural similarity", IEEE Trans. Image Processing 13(4), 2004.
    """
    if first.shape != second.shape:
        raise InputError(
            f"A picture of {first.shape[1]}×{first.shape[0]} pixels cannot be compared with one of "
            f"{second.shape[1]}×{second.shape[0]}.",
            hint="Compare pictures of one size.",
        )
    # In float64: the variance is a small difference of large squares.
    a, b = first.astype(np.float64), second.astype(np.float64)
    mean_a, mean_b = _window(a), _window(b)
    variances = _window(a * a) - mean_a**2 + _window(b * b) - mean_b**2
    covariance = _window(a * b) - mean_a * mean_b
    above = (2 * mean_a * mean_b + _C1) * (2 * covariance + _C2)
    below = (mean_a**2 + mean_b**2 + _C1) * (variances + _C2)
    return (above / below).astype(np.float32)


class StructureWatch:
    """Tells how much of its structure each region keeps while one after the other is changed.

    What is changed next to a region takes from its structure too, so all of them are measured again,
    each over those of its pixels that differ, against the picture as it was first.

    Parameters
    ----------
    original : ndarray of uint8, shape (height, width, 3)
        The picture before anything is changed.
    """

    def __init__(self, original: NDArray[np.uint8]) -> None:
        self._original, self._luma = original, luma(original)
        self._similarity = np.ones(original.shape[:2], np.float32)
        self._is_changed = np.zeros(original.shape[:2], np.bool_)
        self._regions: list[NDArray[np.bool_]] = []

    def kept(self, window: Window, piece: NDArray[np.uint8], region: NDArray[np.bool_]) -> float:
        """Return the mean SSIM of the region that keeps least, were `piece` put into `window`.

        Parameters
        ----------
        window : tuple of slice
            Rows and columns; five pixels or more around what differs in `piece`.
        piece : ndarray of uint8, shape (rows, columns, 3)
        region : ndarray of bool, shape (height, width)
            The region that `piece` is about; the accepted ones are measured too.
        """
        fresh = self._with(window, piece)
        return min(_mean(*fresh, one) for one in (*self._regions, region))

    def accept(self, window: Window, piece: NDArray[np.uint8], region: NDArray[np.bool_]) -> None:
        """Take the piece for the picture from now on."""
        self._similarity, self._is_changed = self._with(window, piece)
        self._regions.append(region)

    def of_each(self) -> list[float]:
        """Return the mean SSIM of each region in the order in which they were accepted."""
        return [_mean(self._similarity, self._is_changed, region) for region in self._regions]

    def _with(
        self, window: Window, piece: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        similarity, is_changed = self._similarity.copy(), self._is_changed.copy()
        similarity[window] = ssim_map(self._luma[window], luma(piece))
        is_changed[window] = (piece != self._original[window]).any(axis=-1)
        return similarity, is_changed


def _mean(similarity: NDArray[np.float32], is_changed: NDArray[np.bool_], region: NDArray[np.bool_]) -> float:
    counting = region & is_changed
    return float(similarity[counting].mean()) if counting.any() else 1.0


def _window(values: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy import ndimage

    return np.asarray(
        ndimage.gaussian_filter(values, _SIGMA, mode="nearest", radius=_RADIUS), dtype=np.float64
    )
