"""Which layer of an adapter file belongs to which cross-attention of a model."""

from __future__ import annotations

import numpy as np
import pytest
from support.unets import SD15, SDXL, VEGA, sites_of
from tower_anime.consistency.injection.sites import in_file_order, pair_layers
from tower_anime.errors import InputError


def layers_of(numbers, context, width=4):
    names = ("to_k_ip", "to_v_ip")
    return {f"{n}.{name}.weight": np.zeros((width, context)) for n in numbers for name in names}


@pytest.mark.parametrize(
    ("blocks", "context", "known"),
    [
        (SD15, 768, "input 1 0: 1, input 8 0: 11, output 3 0: 13, output 11 0: 29, middle 0 0: 31"),
        (
            SDXL,
            2048,
            "input 4 1: 3, input 7 0: 9, input 8 9: 47, output 0 0: 49, output 2 9: 107, output 3 0: 109, "
            "output 5 1: 119, middle 0 9: 139",
        ),
    ],
    ids=["SD 1.5", "SDXL"],
)
def test_layers_are_numbered_down_up_mid(blocks, context, known):
    sites = sites_of(blocks, context)
    pairs = pair_layers(layers_of(range(1, 2 * len(sites), 2), context), sites)
    assert len(pairs) == len(sites)
    numbers = {" ".join(map(str, site.place)): number for site, number in pairs.items()}
    for one in known.split(", "):
        place, _, number = one.partition(": ")
        assert numbers[place] == int(number), place


def test_a_whole_sdxl_file_fits_vega_by_block():
    sites = sites_of(VEGA, 2048)
    pairs = pair_layers(layers_of(range(1, 140, 2), 2048), sites)
    numbers = [pairs[site] for site in in_file_order(sites)]
    assert numbers == [1, 5, 9, 11, 29, 31, 49, 51, 69, 71, 89, 91, 109, 113, 117, 121, 123]


def test_a_file_of_vegas_own_is_taken_in_order():
    sites = sites_of(VEGA, 2048)
    pairs = pair_layers(layers_of(range(1, 34, 2), 2048), sites)
    assert [pairs[site] for site in in_file_order(sites)] == list(range(1, 34, 2))


@pytest.mark.parametrize(
    ("numbers", "context", "sentence"),
    [
        (range(1, 140, 2), 2048, "70 layers, this model 16"),
        (range(1, 12, 2), 768, "6 layers, this model 16"),
        (range(1, 32, 2), 1024, "4 × 1024; block in1 of this model needs 4 × 768"),
    ],
)
def test_what_does_not_fit_is_said(numbers, context, sentence):
    with pytest.raises(InputError, match=sentence) as raised:
        pair_layers(layers_of(numbers, context), sites_of(SD15, 768))
    assert "SD 1.5" in str(raised.value)


def test_a_transposed_layer_is_said():
    layers = layers_of(range(1, 32, 2), 768)
    layers["5.to_v_ip.weight"] = layers["5.to_v_ip.weight"].T
    with pytest.raises(InputError, match=r"Layer 5\.to_v_ip of the adapter is 768 × 4"):
        pair_layers(layers, sites_of(SD15, 768))
