"""Networks that turn a picture of one figure or face into a vector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...errors import ModelFileError
from ..networks.network import Network, in_order, n_workers, wrong_shape
from ..networks.resampling import Scaling
from .base import Sighting

if TYPE_CHECKING:
    from numpy.typing import NDArray

# On a GPU a network is given this many pictures at once; on a CPU one, which is as fast, takes the least
# memory, and gives every picture the same numbers whatever is beside it.
_GPU_BATCH = 16
_GPU_PICTURES = 8
# Pictures that a thread takes at once on a CPU, and that all threads have at hand together.
_CPU_PICTURES, _PICTURES_AT_HAND = 4, 16


class FeatureNetwork:
    """A network that gives one vector a picture.

    Parameters
    ----------
    network : Network
        The loaded file, of the form ``[n, 3, side, side]`` → ``[n, dimension]``.
    scaling : Scaling
        Of the pictures' numbers.
    side : int or None
        Width and height that it must take; None for what the file says.
    dimension : int or None
        Length of the vector that it must give; None for what it gives.

    Raises
    ------
    ModelFileError
        If the file takes or gives something else.
    """

    def __init__(
        self, network: Network, scaling: Scaling, *, side: int | None, dimension: int | None = None
    ) -> None:
        network.require_pictures(side)
        known = side or network.input_shape[2]
        if known is None:
            raise wrong_shape(network, network.input_shape, "an input of fixed size")
        self.side: int = known
        self._network = network
        self._scaling = scaling
        output = network.tried((1, 3, self.side, self.side))[0]
        if output.ndim != 2 or output.shape[0] != 1 or dimension not in (None, output.shape[1]):
            raise wrong_shape(network, output.shape, f"[1, {dimension or 'dimension'}]")
        self.dimension: int = output.shape[1]
        self._batch = min(_GPU_BATCH if network.is_on_gpu else 1, network.max_batch or _GPU_BATCH)

    def embed(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Turn pictures into vectors.

        Parameters
        ----------
        pictures : sequence of ndarray of uint8, shape (3, side, side)

        Returns
        -------
        ndarray of float32, shape (n, dimension)
            As the network gives them, of any length.
        """
        vectors = np.zeros((len(pictures), self.dimension), np.float32)
        for start in range(0, len(pictures), self._batch):
            some = pictures[start : start + self._batch]
            batch = np.empty((len(some), 3, self.side, self.side), np.float32)
            for planes, row in zip(some, batch, strict=True):
                self._scaling.apply(planes, row)
            vectors[start : start + len(some)] = self._network.run(batch)[0]
        if not np.isfinite(vectors).all():
            raise ModelFileError(
                f"{self._network.path} gives NaN for a picture, so its weights are damaged.",
                hint="Delete the file and fetch it again.",
                field="model",
            )
        return vectors


def spread(
    sight_some: Callable[[list[NDArray[np.uint8]], int], list[list[Sighting]]],
    images: Sequence[NDArray[np.uint8]],
    *,
    is_on_gpu: bool,
) -> list[list[Sighting]]:
    """Look at pictures in as many threads as there are cores; on a GPU in one, several at once.

    A thread takes a few pictures and does each step with all of them before the next one: a network's pass
    drives our own code and numpy's out of the processor's caches, so that the first picture after it costs
    twice what the following ones do.

    Parameters
    ----------
    sight_some : callable
        Looks at a few pictures, in this many threads of its own.
    images : sequence of ndarray of uint8, shape (height, width, 3)
        RGB; a lazy sequence is looked up as it is needed.
    is_on_gpu : bool
        Whether the networks run on a GPU.
    """
    n_images, cores = len(images), n_workers()
    workers = 1 if is_on_gpu else cores
    parts = [range(at, at + _GPU_PICTURES) for at in range(0, n_images, _GPU_PICTURES)]
    inner = max(1, cores // max(n_images, 1))

    def some(part: range) -> list[list[Sighting]]:
        return sight_some([images[at] for at in part if at < n_images], inner)

    found: Iterator[list[list[Sighting]]] = in_order(
        some, parts if is_on_gpu else _parts(n_images, cores), workers
    )
    return [sightings for part in found for sightings in part]


def _parts(n_images: int, workers: int) -> list[range]:
    """Deal pictures out to threads, fewer at a time towards the end, so that all end together."""
    most = max(1, min(_CPU_PICTURES, _PICTURES_AT_HAND // workers))
    parts, start = [], 0
    while start < n_images:
        end = start + min(most, -((start - n_images) // (2 * workers)))
        parts.append(range(start, end))
        start = end
    return parts
