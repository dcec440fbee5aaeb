"""Model files: fetched on request, resumed, checked, and found again."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.hub import COMMIT, Hub, hub_server
from support.networks import write_boxes, write_ccip
from tower_anime.consistency.encoders.catalog import RemoteFile, known_model
from tower_anime.errors import ModelFileError, NotFoundError, ProviderError
from tower_anime.services.encoders import open_encoders
from tower_anime.services.models import ModelStore
from tower_anime.settings import Settings

# Pinned to a commit, but not to a digest: that is asked for.
CCIP = "ccip-caformer-5_fp32"
REMOTE = f"deepghs/ccip_onnx/{CCIP}/model_feat.onnx"
PINNED = "ccip-caformer-24-randaug-pruned"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with hub_server() as hub:
        yield hub


@pytest.fixture
def settings(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "nobody")
    return Settings(tmp_path, "sqlite://", model_folders=(tmp_path / "tower",), model_hub=hub.url)


@pytest.fixture
def store(settings: Settings) -> ModelStore:
    return ModelStore(settings)


@pytest.fixture
def model(tmp_path: Path, hub: Hub) -> bytes:
    """A model of three megabytes on the hub."""
    data = write_ccip(tmp_path / "source.onnx").read_bytes() + bytes(3 << 20)
    hub.files[REMOTE] = data
    return data


def wait(store: ModelStore, name: str) -> Any:
    deadline = time.monotonic() + 20
    while (state := store.state(name)).state == "fetching" and time.monotonic() < deadline:
        time.sleep(0.02)
    return state


def target(settings: Settings) -> Path:
    return settings.model_folders[0] / "ccip" / CCIP / "model_feat.onnx"


def test_a_fetched_model_is_whole_pinned_and_fetched_once(store, settings, hub, model) -> None:
    seen: list[tuple[int, int]] = []
    state = store.get(CCIP, lambda done, total: seen.append((done, total)))
    assert target(settings).read_bytes() == model
    assert state.installed == (str(target(settings)),) and seen[-1] == (len(model), len(model))
    lock = json.loads(target(settings).with_name("model_feat.onnx.lock.json").read_text())
    assert lock["sha256"] == hashlib.sha256(model).hexdigest() and len(lock["revision"]) == 40
    n_requests = len(hub.requests)
    assert store.get(CCIP).state == "installed" and len(hub.requests) == n_requests
    assert sorted(path.name for path in target(settings).parent.iterdir()) == [
        "model_feat.onnx",
        "model_feat.onnx.lock.json",
    ]


def test_the_newest_commit_is_asked_for_and_kept_where_none_is_pinned(store, monkeypatch, hub) -> None:
    known = known_model("auraface")
    assert known is not None
    loose = replace(known, revision=None, files=tuple(RemoteFile(file.path) for file in known.files))
    monkeypatch.setattr("tower_anime.services.models.known_model", lambda name: loose)
    hub.files |= {"fal/AuraFace-v1/scrfd_10g_bnkps.onnx": b"one", "fal/AuraFace-v1/glintr100.onnx": b"two"}
    state = store.get("auraface")
    assert [Path(path).read_bytes() for path in state.installed] == [b"one", b"two"]
    locks = [json.loads(Path(path + ".lock.json").read_text()) for path in state.installed]
    assert {lock["revision"] for lock in locks} == {COMMIT}


def test_a_broken_download_goes_on_where_it_stopped(store, settings, hub, model) -> None:
    hub.cut_after = 1_500_000
    with pytest.raises(ProviderError, match="stopped after 1500000 of"):
        store.get(CCIP)
    assert not target(settings).exists() and store.state(CCIP).state == "absent"
    hub.cut_after = None
    store.get(CCIP)
    assert target(settings).read_bytes() == model
    assert hub.downloads() == ["", "bytes=1500000-"]


def test_a_server_without_ranges_sends_the_whole_again(store, settings, hub, model) -> None:
    hub.cut_after, hub.has_ranges = 1_500_000, False
    with pytest.raises(ProviderError):
        store.get(CCIP)
    hub.cut_after = None
    store.get(CCIP)
    assert target(settings).read_bytes() == model


def test_a_wrong_digest_leaves_nothing_behind(store, settings, hub, model) -> None:
    hub.digests[REMOTE] = "0" * 64
    with pytest.raises(ProviderError, match="SHA-256") as caught:
        store.get(CCIP)
    assert "deleted" in str(caught.value)
    assert list(target(settings).parent.iterdir()) == []


def test_a_known_digest_is_not_the_hubs_to_change(store, settings, hub, model) -> None:
    hub.files[f"deepghs/ccip_onnx/{PINNED}/model_feat.onnx"] = model
    with pytest.raises(ProviderError, match="150248245"):
        store.get(PINNED)
    assert not any("/api/" in path for path, _ in hub.requests)


@pytest.mark.parametrize("fault", ["login page", "404", "no network"])
def test_what_cannot_be_fetched_says_which_file_belongs_where(settings, hub, model, fault) -> None:
    hub.is_login_page = fault == "login page"
    if fault == "404":
        hub.files.clear()
    store = ModelStore(
        settings if fault != "no network" else replace(settings, model_hub="http://127.0.0.1:9")
    )
    with pytest.raises(ProviderError) as caught:
        store.get(CCIP)
    told = str(caught.value)
    assert f"{CCIP}/model_feat.onnx of https://huggingface.co/deepghs/ccip_onnx" in told
    assert str(target(settings).parent) in told and "\n" not in told


def test_a_fetched_file_that_has_changed_is_refused_when_it_is_loaded(settings, store, hub, tmp_path) -> None:
    hub.files[REMOTE] = write_ccip(tmp_path / "source.onnx").read_bytes()
    store.get(CCIP)
    table = np.zeros((5, 60), np.float32)
    write_boxes(settings.model_folders[0] / "head" / "head_detect_v2.0_s" / "model.onnx", table)
    encoders = open_encoders(settings)
    assert encoders.get(f"ccip:{CCIP}").views == ("head",)
    encoders.unload_all()
    write_ccip(target(settings), seed=5)
    with pytest.raises(ModelFileError, match="SHA-256"):
        encoders.get(f"ccip:{CCIP}")


def test_a_new_model_is_used_at_once(settings, hub, tmp_path) -> None:
    store = ModelStore(settings)
    encoders = open_encoders(settings, store)
    table = np.zeros((5, 60), np.float32)
    write_boxes(settings.model_folders[0] / "person" / "mine.onnx", table)
    write_ccip(settings.model_folders[0] / "ccip" / "mine.onnx")
    assert "mine" in encoders.resolve("auto").version
    hub.files[REMOTE] = write_ccip(tmp_path / "source.onnx").read_bytes()
    store.get(CCIP)
    assert CCIP in encoders.resolve("auto").version


def test_a_download_in_the_background_tells_how_it_goes(store, hub, model) -> None:
    events: list[tuple[str, dict[str, Any]]] = []
    store.announce_by(lambda event, payload: events.append((event, payload)))
    hub.gate = threading.Event()
    assert store.start(CCIP).state == "fetching"
    assert store.start(CCIP).state == "fetching"
    hub.gate.set()
    assert wait(store, CCIP).state == "installed"
    assert len(hub.downloads()) == 1
    assert {event for event, _ in events} == {"tower.model"}
    assert events[-1][1]["state"] == "installed" and events[-1][1]["name"] == CCIP
    done = [payload["done"] for _, payload in events]
    assert done == sorted(done) and events[-2][1]["total"] == len(model)


def test_a_failed_download_says_why_and_may_be_tried_again(store, hub, model) -> None:
    hub.is_login_page = True
    store.start(CCIP)
    state = wait(store, CCIP)
    assert state.state == "failed" and "login page" in state.error
    hub.is_login_page = False
    store.start(CCIP)
    assert wait(store, CCIP).state == "installed"


def test_an_unknown_model_is_answered_with_the_known_ones(store) -> None:
    for ask in (store.get, store.start, store.state):
        with pytest.raises(NotFoundError, match=PINNED):
            ask("../../etc/passwd")


def test_files_of_the_hubs_own_cache_are_used(settings, tmp_path) -> None:
    cache = tmp_path / "hub"
    write_ccip(cache / "models--deepghs--ccip_onnx" / "snapshots" / COMMIT / CCIP / "model_feat.onnx")
    store = ModelStore(replace(settings, hub_cache=cache))
    assert store.state(CCIP).state == "installed"
    assert [model.name for model in store.installed("ccip")] == [CCIP]
