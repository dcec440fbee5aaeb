"""The project's other characters: whether a figure looks more like one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .similarity import over_views

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
        Mean of each one's references by view; NaN for a view that no reference shows.
    thresholds : ndarray of float64, shape (n_rivals, n_views)
        The similarity at which each one passes.
    """

    labels: tuple[str, ...]
    identities: tuple[Identity, ...]
    means: NDArray[np.float64]
    thresholds: NDArray[np.float64]

    def similarities(self, figures: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean cosine of figures, by `split_views`, to each rival.

        Returns
        -------
        ndarray of float64, shape (n, n_rivals, n_views)
            NaN where the figure or the rival does not show that view.
        """
        views = range(figures.shape[1])
        found = np.stack([figures[:, view] @ self.means[:, view].T for view in views], axis=2)
        is_unseen = np.logical_not(figures.any(axis=2))[:, None, :]
        found[np.broadcast_to(is_unseen, found.shape)] = np.nan
        return found

    def reached(self, similarities: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell whom each figure is similar enough to; by `similarities`, shape (n, n_rivals)."""
        limits = np.where(np.isfinite(similarities), self.thresholds, np.nan)
        emphasis = self.identities[0].emphasis
        return over_views(similarities, emphasis) >= over_views(limits, emphasis)


def margins(
    own: NDArray[np.float64], rivals: NDArray[np.float64], emphasis: float = 1.0
) -> NDArray[np.float64]:
    """Measure how much more each figure looks like its own character than like each rival.

    Parameters
    ----------
    own : ndarray of float64, shape (n, n_views)
        Similarity to the character, NaN where a view is not seen.
    rivals : ndarray of float64, shape (n, n_rivals, n_views)
        Similarity to each rival, by `Rivals.similarities`.

    emphasis : float
        How the encoder combines views; see `over_views`.

    Returns
    -------
    ndarray of float64, shape (n, n_rivals)
        Over the views that all three show, in [-2, 2]; below 0 the figure looks more like the rival.
        NaN where none is shared.
    """
    shared = np.isfinite(own)[:, None, :] & np.isfinite(rivals)
    ours = np.where(shared, own[:, None, :], np.nan)
    return over_views(ours, emphasis) - over_views(np.where(shared, rivals, np.nan), emphasis)


def rivals_of(others: Mapping[str, Identity]) -> Rivals | None:
    """Gather other characters by label; None where nobody of them has a figure in any reference."""
    usable = {label: identity for label, identity in others.items() if identity.is_usable}
    if not usable:
        return None
    identities = tuple(usable.values())
    means = np.stack([identity.means for identity in identities])
    return Rivals(tuple(usable), identities, means, np.array([one.thresholds for one in identities]))
