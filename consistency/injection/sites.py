"""The cross-attentions of a UNet: where they are, how wide, and which layer of an adapter belongs to each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from ...errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

# Attention processors are numbered encoder, decoder, middle in diffusers, whose order adapter files keep.
_FILE_ORDER = {"input": 0, "output": 1, "middle": 2}
_SHORT_NAMES = {"input": "in", "middle": "mid", "output": "out"}


@dataclass(frozen=True, slots=True)
class Site:
    """One cross-attention of a UNet.

    Parameters
    ----------
    block : str
        ``input``, ``middle`` or ``output``.
    number : int
        Which block of that kind; 0 in the middle.
    depth : int
        Which transformer block in it.
    transformer : int
        Which spatial transformer of the model it is in, in the order in which they run.
    width, context : int
        Features of queries and of the text tokens.
    path : str
        Name of the transformer block's module in the UNet.
    """

    block: str
    number: int
    depth: int
    transformer: int
    width: int
    context: int
    path: str

    @property
    def place(self) -> tuple[str, int, int]:
        """Under what the host looks replacements up."""
        return self.block, self.number, self.depth

    @property
    def block_name(self) -> str:
        """Short name of the block: ``in4``, ``mid``, ``out1``."""
        short = _SHORT_NAMES[self.block]
        return short if self.block == "middle" else f"{short}{self.number}"


def in_file_order(sites: Iterable[Site]) -> list[Site]:
    """Return sites as adapter files number them: encoder, decoder, middle."""
    return sorted(sites, key=lambda site: (_FILE_ORDER[site.block], site.number, site.depth))


def layer_numbers(layers: Mapping[str, Tensor]) -> list[int]:
    """Return the numbers of the layers that a file holds keys and values for, ascending."""
    return sorted(int(name.partition(".")[0]) for name in layers if name.endswith(".to_k_ip.weight"))


def pair_layers(layers: Mapping[str, Tensor], sites: Sequence[Site]) -> dict[Site, int]:
    """Find each cross-attention's layer in an adapter file.

    A file with as many layers as the model has cross-attentions is paired in order. A file made for the
    whole SDXL or SD 1.5 fits smaller models of the family, such as Segmind-Vega, by the name of the block.

    Parameters
    ----------
    layers : mapping of str to Tensor
        ``{n}.to_k_ip.weight`` and ``{n}.to_v_ip.weight``, each of the shape (width, context).
    sites : sequence of Site
        Those of the model.

    Returns
    -------
    dict of Site to int
        The number of its layer for every site.

    Raises
    ------
    InputError
        If layers and model do not fit.
    """
    numbers = layer_numbers(layers)
    pairs = dict(zip(in_file_order(sites), numbers, strict=False))
    if len(numbers) != len(sites):
        table = _FULL_TABLES.get(len(numbers), {})
        pairs = {site: table[site.place] for site in in_file_order(sites) if site.place in table}
        if len(pairs) != len(sites):
            raise InputError(
                f"The adapter has {len(numbers)} layers, this model {len(sites)} cross-attentions.",
                field="adapter",
                hint=f"Choose an adapter for {_family(sites)}.",
            )
    for site, number in pairs.items():
        _check(layers, site, number)
    return pairs


def _check(layers: Mapping[str, Tensor], site: Site, number: int) -> None:
    for name in ("to_k_ip", "to_v_ip"):
        shape = tuple(layers[f"{number}.{name}.weight"].shape)
        if shape != (site.width, site.context):
            raise InputError(
                f"Layer {number}.{name} of the adapter is {_sides(shape)}; block {site.block_name} of this "
                f"model needs {site.width} × {site.context}.",
                field="adapter",
                hint=f"Choose an adapter for {_family([site])}.",
            )


def _sides(shape: tuple[int, ...]) -> str:
    return " × ".join(str(side) for side in shape)


def _family(sites: Sequence[Site]) -> str:
    known = {768: "SD 1.5 (context 768)", 2048: "SDXL (context 2048)"}
    return known.get(sites[0].context, f"a context of {sites[0].context}") if sites else "another model"


def _table(depths: Sequence[tuple[str, int, int]]) -> dict[tuple[str, int, int], int]:
    places = chain.from_iterable(((block, number, d) for d in range(n)) for block, number, n in depths)
    return {place: 2 * order + 1 for order, place in enumerate(places)}


# Which layer belongs to which block of the whole model; block, number, transformer blocks in it.
_FULL_TABLES = {
    len(table): table
    for table in (
        _table(
            [("input", n, 1) for n in (1, 2, 4, 5, 7, 8)]
            + [("output", n, 1) for n in range(3, 12)]
            + [("middle", 0, 1)]
        ),
        _table(
            [("input", 4, 2), ("input", 5, 2), ("input", 7, 10), ("input", 8, 10)]
            + [("output", n, 10) for n in range(3)]
            + [("output", n, 2) for n in range(3, 6)]
            + [("middle", 0, 10)]
        ),
    )
}
