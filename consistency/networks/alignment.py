"""Faces turned and scaled so that eyes, nose and mouth are where a face recogniser expects them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Eyes, nose tip and mouth corners in a face of 112 pixels, as ArcFace networks are trained (Deng et al.
# 2019).
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)


def template(side: int) -> NDArray[np.float64]:
    """Return where the five landmarks belong in a face of `side` pixels.

    Multiples of 128 keep the proportions of 112 and a margin of 8 at both sides, as insightface's do.

    Returns
    -------
    ndarray of float64, shape (5, 2)
    """
    if side % 112 and side % 128 == 0:
        return np.add(TEMPLATE, (8.0, 0.0)) * (side / 128.0)
    return TEMPLATE * (side / 112.0)


def similarity_transform(source: NDArray[np.floating], target: NDArray[np.floating]) -> NDArray[np.float64]:
    """Fit a rotation, one scale and a shift by least squares.

    In two dimensions the solution is closed: with both sets centred and ``z`` the points as complex
    numbers, rotation and scale are ``sum(conj(source) * target) / sum(|source|²)``.

    Parameters
    ----------
    source, target : ndarray of float, shape (n, 2)

    Returns
    -------
    ndarray of float64, shape (2, 3)
        Maps ``(x, y, 1)`` of the source to the target.

    References
    ----------
    Umeyama (1991), "Least-squares estimation of transformation parameters between two point patterns",
    of which this is the two-dimensional case without reflection.
    """
    start, end = np.asarray(source, np.float64), np.asarray(target, np.float64)
    start_mean, end_mean = start.mean(axis=0), end.mean(axis=0)
    z, w = ((points - mean) @ [1, 1j] for points, mean in ((start, start_mean), (end, end_mean)))
    turn = (z.conj() @ w) / max(float((z.conj() @ z).real), 1e-12)
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack([matrix, end_mean - matrix @ start_mean])


def aligned_face(image: NDArray[np.uint8], keypoints: NDArray[np.floating], side: int) -> NDArray[np.uint8]:
    """Cut a face out so that its landmarks lie on the template.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    keypoints : ndarray of float, shape (5, 2)
        Landmarks in pixels of the picture.
    side : int
        Width and height of the result.

    Returns
    -------
    ndarray of uint8, shape (3, side, side)
        Bilinear; black where the face leaves the picture.
    """
    matrix = similarity_transform(keypoints, template(side))
    turn, shift = matrix[:, :2], matrix[:, 2]
    if abs(np.linalg.det(turn)) < 1e-12:
        return np.zeros((3, side, side), np.uint8)
    back = np.linalg.inv(turn)
    # Sums of a row and a column, not a matrix product, for which BLAS would start its threads.
    places = np.arange(side)
    x, y = (
        (back[axis, 0] * (places - shift[0]))[None, :] + (back[axis, 1] * (places - shift[1]))[:, None]
        for axis in (0, 1)
    )
    return _bilinear(image, x.ravel(), y.ravel()).reshape(3, side, side)


def _bilinear(image: NDArray[np.uint8], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Look up a picture between its pixels, shape (3, n); what lies outside is black."""
    height, width = image.shape[:2]
    colours = np.ascontiguousarray(image).reshape(-1, 3)
    left, top = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
    right_share, low_share = (x - left).astype(np.float32), (y - top).astype(np.float32)
    total = np.zeros((3, len(left)), np.float32)
    for column, column_share in ((left, 1 - right_share), (left + 1, right_share)):
        for row, row_share in ((top, 1 - low_share), (top + 1, low_share)):
            is_inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            found = colours.take(np.where(is_inside, row * width + column, 0), axis=0)
            total += found.T * (column_share * row_share * is_inside)
    return np.rint(total).astype(np.uint8)
