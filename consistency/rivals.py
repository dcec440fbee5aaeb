"""The project's other characters: whether a figure looks more like one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .similarity import mean_of_seen, split_views

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .identity import Identity


@dataclass(frozen=True, slots=True)
class Rivals:
    """Other characters as the same encoder sees them.

    Parameters
    ----------
    labels : tuple of str
        Their names.
    identities : tuple of Identity
        They themselves, in the same order.
    means : ndarray of float64, shape (n_rivals, n_views, view_dimension)
        Weighted mean of each one's references, those of length 1, so that the product with a figure
        is its mean cosine to them; NaN for a view that no reference shows.
    """

    labels: tuple[str, ...]
    identities: tuple[Identity, ...]
    means: NDArray[np.float64]

    def margins(
        self, embeddings: NDArray[np.float32], similarities: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Measure how much more each figure looks like its own character than like each rival.

        Parameters
        ----------
        embeddings : ndarray of float32, shape (n, n_views * view_dimension)
            Figures.
        similarities : ndarray of float64, shape (n, n_views)
            Of each figure to its own character, NaN where a view is not seen.

        Returns
        -------
        ndarray of float64, shape (n, n_rivals)
            Similarity to the own character minus that to the rival, over the views that all three
            show, in [-2, 2]; below 0 the figure looks more like the rival. NaN where none is shared.
        """
        figures = split_views(embeddings, similarities.shape[1])
        rival_similarities = np.einsum("nvd,rvd->nrv", figures, self.means)
        return mean_of_seen(similarities[:, None, :] - rival_similarities)


def rivals_of(others: Mapping[str, Identity], n_views: int) -> Rivals | None:
    """Gather other characters by label; None where nobody of them has a figure in any reference."""
    usable = {label: identity for label, identity in others.items() if identity.is_usable}
    if not usable:
        return None
    means = np.stack([_mean_views(identity, n_views) for identity in usable.values()])
    return Rivals(tuple(usable), tuple(usable.values()), means)


def _mean_views(identity: Identity, n_views: int) -> NDArray[np.float64]:
    views = split_views(identity.embeddings, n_views)
    shares = (np.linalg.norm(views, axis=2) > 0.5) * identity.weights[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        return (views * shares[..., None]).sum(axis=0) / shares.sum(axis=0)[:, None]
