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
        Bilinear; black where the face leaves the picture, or the landmarks are no numbers.
    """
    if not np.isfinite(keypoints).all():
        return np.zeros((3, side, side), np.uint8)
    matrix = similarity_transform(keypoints, template(side))
    turn, shift = matrix[:, :2], matrix[:, 2]
    if abs(np.linalg.det(turn)) < 1e-12:
        return np.zeros((3, side, side), np.uint8)
    back = np.linalg.inv(turn)
    # Sums of a row and a column, not a matrix product, for which BLAS would start its threads.
    places = np.arange(side)
    across, down = back[:, 0, None] * (places - shift[0]), back[:, 1, None] * (places - shift[1])
    part, corner = _cut_out(image, across, down)
    x, y = (
        np.clip(across[axis] - corner[axis] + down[axis][:, None], 0, part.shape[1 - axis] - 2).ravel()
        for axis in (0, 1)
    )
    return _bilinear(part, x, y).reshape(3, side, side)


def _cut_out(
    image: NDArray[np.uint8], across: NDArray[np.float64], down: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Copy the part in which all sums of `across` and `down`, shape (2, side), lie, and a pixel around it.

    Beside the picture it is black, of which one pixel is enough. Returns the part and where it begins.
    """
    size = image.shape[1::-1]
    left, top = np.clip(np.floor(across.min(axis=1) + down.min(axis=1)), -1, size).astype(int)
    right, bottom = np.clip(np.floor(across.max(axis=1) + down.max(axis=1)), -1, size).astype(int) + 3
    part = np.zeros((bottom - top, right - left, 3), np.uint8)
    within = image[max(top, 0) : bottom, max(left, 0) : right]
    low = max(-top, 0), max(-left, 0)
    part[low[0] : low[0] + within.shape[0], low[1] : low[1] + within.shape[1]] = within
    return part, np.array([left, top])


def _bilinear(image: NDArray[np.uint8], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Look up a picture between its pixels, none of them in the last row or column; shape (3, n)."""
    row = image.shape[1] * 3
    left, top = x.astype(np.int32), y.astype(np.int32)
    right_share, low_share = (x - left).astype(np.float32), (y - top).astype(np.float32)
    first = (top * row + left * 3).astype(np.intp)
    colours, found = image.reshape(-1), np.empty((3, len(x)), np.uint8)
    above, below = np.empty((2, 2, len(x)), np.float32)
    for colour, target in enumerate(found):
        # A pixel and its neighbour, in the row above and in the one below.
        for values, start in ((above, colour), (below, colour + row)):
            np.copyto(values[0], colours[start:].take(first))
            np.copyto(values[1], colours[start + 3 :].take(first))
        upright = _between(above, below, low_share)
        np.copyto(target, np.rint(_between(upright[0], upright[1], right_share)), casting="unsafe")
    return found


def _between(
    start: NDArray[np.float32], end: NDArray[np.float32], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Interpolate linearly; `end` is overwritten."""
    end -= start
    end *= share
    end += start
    return end
