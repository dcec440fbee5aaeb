"""Numbers from 0 to 1 as vectors whose product tells how near they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEVELS = 8


def code_length(n_shares: int) -> int:
    """Return the length of `share_code` of that many shares."""
    return 2 * _LEVELS * n_shares


def share_code(shares: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Write shares as a vector; the product of two is one minus their weighted mean difference.

    A thermometer code of eight levels, and its complement, square-rooted; exact for shares at the ends of
    levels, and a little more alike between. Differences count as such and not as their squares, so one part
    that is seen wrongly does not outweigh all others.

    Parameters
    ----------
    shares : ndarray of float64, shape (n,)
        In [0, 1].
    weights : ndarray of float64, shape (n,)
        How much each counts, 0 or more.

    Returns
    -------
    ndarray of float64, shape (16 * n,)
        Of length 1.
    """
    full = np.clip(shares[:, None] * _LEVELS - np.arange(_LEVELS), 0, 1)
    code = np.sqrt(np.concatenate([full, 1 - full], axis=1) / _LEVELS)
    return (code * np.sqrt(weights / weights.sum())[:, None]).ravel()
