"""What the editor and its users are told about each node."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NODES = [
    "TowerAdapterLoader",
    "TowerAppleMusicSearch",
    "TowerAudioAnalysis",
    "TowerAudioMixer",
    "TowerBPMSync",
    "TowerBeatSchedule",
    "TowerCharacterExport",
    "TowerCharacterImport",
    "TowerCharacterLoader",
    "TowerCharacterRegion",
    "TowerCharacterStudio",
    "TowerConsistencyGate",
    "TowerEmbeddingInjector",
    "TowerGatedKSampler",
    "TowerIdentityScore",
    "TowerInjectionSettings",
    "TowerMusicCheck",
    "TowerMusicMatcher",
    "TowerPaletteEnforcer",
    "TowerPlaceholderBed",
    "TowerPose",
    "TowerPreflight",
    "TowerProjectLoader",
    "TowerProjectSaver",
    "TowerReferenceModels",
    "TowerStyleTemplate",
    "TowerStyleTransfer",
    "TowerThemePlanner",
    "TowerTrackLibrary",
    "TowerVideoTempo",
    "TowerWanReference",
]
JAPANESE = json.loads((ROOT / "locales/ja/nodeDefs.json").read_text("utf-8"))


@pytest.fixture
def described(comfy, request):
    return comfy.object_info(request.param)


def inputs_of(described: dict) -> dict[str, tuple]:
    return {**described["input"].get("required", {}), **described["input"].get("optional", {})}


@pytest.mark.host
@pytest.mark.parametrize("described", NODES, indirect=True)
class TestEveryNode:
    def test_has_a_description_and_a_place_in_the_menu(self, described):
        assert described["description"] and described["category"].startswith("Tower/")
        assert described["name"] == "Tower" + described["display_name"].replace(" ", "")

    def test_has_a_tooltip_on_every_input_and_output(self, described):
        for name, (_, options) in inputs_of(described).items():
            assert options.get("tooltip"), name
        assert all(described["output_tooltips"])

    def test_bounds_every_number(self, described):
        for name, (kind, options) in inputs_of(described).items():
            if kind in ("INT", "FLOAT"):
                assert {"default", "min", "max", "step"} <= options.keys(), name
                assert options["min"] <= options["default"] <= options["max"], name

    def test_names_every_output(self, described):
        assert all(
            name != kind for name, kind in zip(described["output_name"], described["output"], strict=True)
        )

    def test_has_a_help_page_that_names_all_of_it(self, comfy, described):
        status, page = comfy.request("GET", f"/extensions/tower-anime/docs/{described['name']}.md")
        assert status == 200
        text = page.decode()
        missing = [name for name in [*inputs_of(described), *described["output_name"]] if name not in text]
        assert missing == []
        assert "## When something is wrong" in text and "## Example" in text

    def test_is_translated_whole(self, described):
        translated = JAPANESE[described["name"]]
        assert translated["inputs"].keys() == inputs_of(described).keys()
        assert list(translated["outputs"]) == [str(index) for index in range(len(described["output"]))]
        texts = [translated["display_name"], translated["description"]]
        texts += [entry["tooltip"] for part in ("inputs", "outputs") for entry in translated[part].values()]
        assert all(any(ord(letter) > 0x3000 for letter in text) for text in texts)


@pytest.mark.host
def test_there_are_no_other_nodes(comfy):
    known = [name for name in comfy.get("/object_info") if name.startswith("Tower")]
    assert sorted(name for name in known if not name.startswith("TowerProbe")) == NODES


@pytest.mark.host
def test_the_host_serves_the_translation(comfy):
    assert comfy.get("/i18n")["ja"]["nodeDefs"]["TowerBPMSync"]["display_name"] == "BPM同期"


def test_no_translation_is_left_over():
    assert sorted(JAPANESE) == NODES
