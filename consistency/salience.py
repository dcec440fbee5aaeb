"""What stands out from the border of a picture: a first guess at where the figure is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .regions import Superpixels, cut_superpixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PIECES = 220

# Colour differences below this are shading, not edges (perceptual units, about one L*).
_SHADING = 3.0

# How far, in colour, a way from the border may go and still be background.
_GEODESIC_SPREAD = 7.0

_COLOUR_SPREAD = 10.0
_BORDER_SPREAD = 8.0
_PLACE_SPREAD = 0.25
_PLACE_WEIGHT = 20.0


def find_salience(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Estimate how likely each pixel belongs to a figure, from colour and the border alone.

    Background is what is connected to the border, along ways without an edge, over much of its
    length; figure is what contrasts with that near the centre. Both are evidence for one smooth
    labelling of superpixels, which is found by least squares.

    Parameters
    ----------
    colours : ndarray of float32, shape (height, width, 3)
        Perceptual colours, see `anatomy.perceptual`.

    Returns
    -------
    ndarray of float32, shape (height, width)
        In [0, 1].

    References
    ----------
    .. [1] W. Zhu, S. Liang, Y. Wei, J. Sun, "Saliency optimization from robust background
       detection", CVPR 2014.
    """
    pieces = cut_superpixels(colours, _PIECES)
    edges = _neighbours(pieces)
    border = _border_share(pieces)
    gaps = _distances(pieces.colours)
    background = _boundary_connectivity(pieces, edges, border, gaps)
    likeness = _border_likeness(pieces, border, gaps, background)
    contrast = _contrast(pieces, gaps, background) * (1 - likeness)
    level = _smooth_labels(edges, gaps, contrast, background + likeness)
    level = (level - level.min()) / max(float(np.quantile(level, 0.97) - level.min()), 1e-9)
    return np.clip(level, 0, 1).astype(np.float32)[pieces.labels]


def _neighbours(pieces: Superpixels) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    labels, count = pieces.labels, len(pieces.areas)
    across = (labels[:, :-1] * count + labels[:, 1:]).ravel()
    down = (labels[:-1] * count + labels[1:]).ravel()
    pairs = np.unique(np.concatenate([across, down]))
    first, second = pairs // count, pairs % count
    return first[first != second], second[first != second]


def _border_share(pieces: Superpixels) -> NDArray[np.float64]:
    """Length of picture border in each piece; the bottom, where figures are cut, counts little."""
    height, width = pieces.labels.shape
    weights = np.zeros((height, width))
    weights[-2:] = 0.3
    weights[:, :2] = weights[:, -2:] = np.linspace(1.0, 0.5, height)[:, None]
    weights[:2] = 1.0
    return np.bincount(pieces.labels.ravel(), weights.ravel(), minlength=len(pieces.areas)) / 2


def _distances(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.sqrt(((rows[:, None] - rows[None]) ** 2).sum(axis=-1))


def _boundary_connectivity(
    pieces: Superpixels,
    edges: tuple[NDArray[np.int64], NDArray[np.int64]],
    border: NDArray[np.float64],
    gaps: NDArray[np.float32],
) -> NDArray[np.float64]:
    from scipy import sparse
    from scipy.sparse.csgraph import dijkstra

    rim = np.nonzero(border > 0.5)[0]
    # Pieces of the border count as neighbours: a background may be cut in two by the figure.
    across, along = np.triu_indices(len(rim), 1)
    first = np.concatenate([edges[0], rim[across]])
    second = np.concatenate([edges[1], rim[along]])
    steps = np.maximum(gaps[first, second] - _SHADING, 0) + 1e-6
    count = len(border)
    graph = sparse.csr_matrix((steps, (first, second)), shape=(count, count))
    ways = dijkstra(graph, directed=False)
    same = np.exp(-(ways**2) / (2 * _GEODESIC_SPREAD**2))
    connectivity = (same @ border) / np.sqrt(np.maximum(same @ pieces.areas, 1))
    return 1 - np.exp(-(connectivity**2) / 2)


def _border_likeness(
    pieces: Superpixels,
    border: NDArray[np.float64],
    gaps: NDArray[np.float32],
    background: NDArray[np.float64],
) -> NDArray[np.float64]:
    rim = np.nonzero(border > 0.5)[0]
    if not len(rim):
        return np.zeros(len(border))
    places = _distances(pieces.places / max(pieces.labels.shape))
    away = gaps[:, rim] ** 2 + (_PLACE_WEIGHT * places[:, rim]) ** 2
    return (np.exp(-away / (2 * _BORDER_SPREAD**2)) * background[rim]).max(axis=1)


def _contrast(
    pieces: Superpixels, gaps: NDArray[np.float32], background: NDArray[np.float64]
) -> NDArray[np.float64]:
    height, width = pieces.labels.shape
    places = _distances(pieces.places / max(height, width))
    nearness = np.exp(-(places**2) / (2 * _PLACE_SPREAD**2))
    contrast = (gaps * nearness * (background * pieces.areas)).sum(axis=1)
    contrast = (contrast - contrast.min()) / max(float(np.ptp(contrast)), 1e-9)
    y, x = pieces.places[:, 0] / height, pieces.places[:, 1] / width
    return contrast * np.exp(-0.5 * (((x - 0.5) / 0.36) ** 2 + ((y - 0.55) / 0.55) ** 2))


def _smooth_labels(
    edges: tuple[NDArray[np.int64], NDArray[np.int64]],
    gaps: NDArray[np.float32],
    figure: NDArray[np.float64],
    background: NDArray[np.float64],
) -> NDArray[np.float64]:
    from scipy import sparse
    from scipy.sparse.linalg import spsolve

    count = len(figure)
    strength = np.exp(-(gaps[edges] ** 2) / (2 * _COLOUR_SPREAD**2)) + 0.05
    one_way = sparse.csr_matrix((strength, edges), shape=(count, count))
    ties = one_way.maximum(one_way.T)
    own = figure + background + np.asarray(ties.sum(axis=1)).ravel() + 1e-6
    return np.asarray(spsolve((sparse.diags(own) - ties).tocsc(), figure), dtype=np.float64)
