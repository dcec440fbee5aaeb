"""The pictures in the docs: what is drawn is what the package does."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest
from support.unets import SD15, SDXL

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def block_maps() -> ModuleType:
    spec = importlib.util.spec_from_file_location("block_maps", ROOT / "benchmarks" / "block_maps.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pictures_in_the_docs_are_of_the_present_weights(block_maps):
    for name, svg in block_maps.pictures().items():
        assert (ROOT / "docs" / "images" / name).read_text("utf-8") == svg, (
            f"run benchmarks/block_maps.py: {name}"
        )


@pytest.mark.parametrize(("name", "blocks"), [("sd15", SD15), ("sdxl", SDXL)])
def test_the_drawn_unets_have_the_published_blocks(block_maps, name, blocks):
    places = [site.place for site in block_maps.UNETS[name].sites()]
    assert places == [(block, number, depth) for block, number, n in blocks for depth in range(n)]


def test_every_picture_is_whole_xml_with_a_title(block_maps):
    for svg in block_maps.pictures().values():
        root = ElementTree.fromstring(svg)
        title = root.find("{http://www.w3.org/2000/svg}title")
        assert title is not None and title.text
