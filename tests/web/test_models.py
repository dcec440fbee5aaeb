"""The routes of models, with a hub of the test's own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hub import Hub, hub_server
from support.networks import write_ccip
from tower_anime import services
from tower_anime.services import Services
from tower_anime.settings import Settings

CCIP = "ccip-caformer-5_fp32"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with hub_server() as hub:
        yield hub


@pytest.fixture
def opened(tmp_path: Path, hub: Hub) -> Iterator[Services]:
    home = tmp_path / "home"
    settings = Settings(home, f"sqlite:///{home / 'tower.db'}", tmp_path / "output", model_hub=hub.url)
    opened = services.open_services(settings)
    yield opened
    opened.close()


def test_a_model_is_fetched_on_request_only(site, hub, tmp_path) -> None:
    hub.files[f"deepghs/ccip_onnx/{CCIP}/model_feat.onnx"] = write_ccip(tmp_path / "m.onnx").read_bytes()
    listed = {model["name"]: model for model in site.call("GET", "/anime/models").json["items"]}
    assert listed[CCIP]["state"] == "absent" and listed[CCIP]["licence"] == "OpenRAIL"
    assert Path(listed[CCIP]["folder"]).is_relative_to(tmp_path)
    assert hub.requests == []
    begun = site.call("POST", f"/anime/models/{CCIP}/download", {})
    assert begun.status == 202 and begun.json["state"] == "fetching"
    deadline = time.monotonic() + 20
    while (state := site.call("GET", f"/anime/models/{CCIP}").json)["state"] == "fetching":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert state["state"] == "installed" and Path(state["installed"][0]).is_file()


def test_a_foreign_page_cannot_start_a_download(site, hub) -> None:
    plain = site.call(
        "POST", f"/anime/models/{CCIP}/download", body=b"{}", headers={"Content-Type": "text/plain"}
    )
    assert plain.status == 415 and hub.requests == []


@pytest.mark.parametrize("name", ["unknown", "..%2F..%2Fetc", "a b"])
def test_no_other_name_reaches_the_disk(site, hub, name) -> None:
    name = name.replace(" ", "%20")
    assert site.call("GET", f"/anime/models/{name}").status in (404, 422)
    assert site.call("POST", f"/anime/models/{name}/download", {}).status in (404, 422)
    assert hub.requests == []
