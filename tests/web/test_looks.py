"""Palettes, styles and poses over HTTP."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from support.media import TEAL, draw_figure

SIZE = (640, 640)


def png(look=TEAL, **options) -> bytes:
    stream = BytesIO()
    draw_figure(look, size=SIZE, **options).save(stream, "PNG")
    return stream.getvalue()


def warm() -> bytes:
    stream = BytesIO()
    values = np.random.default_rng(0).normal((200, 120, 70), 25, (200, 200, 3))
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def teal(shared_site) -> int:
    made = shared_site.call("POST", "/anime/characters", {"name": "Teal"}).json
    files = [(f"{n}.png", png(x=0.46 + 0.04 * n)) for n in range(3)]
    assert shared_site.upload(f"/anime/characters/{made['id']}/references", files).status == 201
    return made["id"]


@pytest.fixture(scope="module")
def dusk(shared_site) -> int:
    body = {
        "name": "Dusk", "prompt": "sunset light", "negative_prompt": "noon", "steps": 12, "cfg": 4.5,
        "sampler_name": "euler", "scheduler": "karras", "loras": [{"name": "ink.safetensors"}],
    }  # fmt: skip
    made = shared_site.call("POST", "/anime/styles", body)
    assert made.status == 201 and made.json["measured"] is None
    measured = shared_site.upload(f"/anime/styles/{made.json['id']}/pictures", [("a.png", warm())])
    assert measured.status == 200 and measured.json["measured"]["warmth"] > 0.05
    assert measured.json["settings"]["cfg"] == 4.5 and measured.json["n_images"] == 1
    return made.json["id"]


def test_a_palette_is_read_typed_and_taken_back(shared_site, teal) -> None:
    path = f"/anime/characters/{teal}/palette"
    shown = {swatch["name"]: swatch for swatch in shared_site.call("GET", path).json["swatches"]}
    assert (shown["hair"]["hex"], shown["outfit"]["hex"]) == ("#1e8c96", "#1e286e")
    typed = shared_site.call("PATCH", path, {"swatches": {"hair": "#ABCDEF"}}).json
    assert typed["typed"] == {"hair": "#abcdef"} and typed["swatches"][0]["hex"] == "#abcdef"
    back = shared_site.call("PATCH", path, {"swatches": {"hair": None}}).json
    assert back["typed"] == {} and back["swatches"][0]["hex"] == "#1e8c96"


@pytest.mark.parametrize("colour", ["teal", "#12345", 7])
def test_what_is_no_colour_changes_nothing(shared_site, teal, colour) -> None:
    path = f"/anime/characters/{teal}/palette"
    refused = shared_site.call("PATCH", path, {"swatches": {"hair": colour}})
    assert refused.status == 422
    assert shared_site.call("GET", path).json["typed"] == {}


def test_styles_are_listed(shared_site, dusk) -> None:
    items = shared_site.call("GET", "/anime/styles").json["items"]
    assert [(style["id"], style["prompt"]) for style in items if style["name"] == "Dusk"] == [
        (dusk, "sunset light")
    ]
    assert shared_site.call("POST", "/anime/styles", {"name": "Dusk"}).status == 409
    assert shared_site.call("POST", "/anime/styles", {"name": "Bad", "cfg": 500}).status == 422


def test_a_transferred_picture_is_an_asset_that_names_its_style(shared_site, dusk) -> None:
    sent = shared_site.upload(f"/anime/style-transfer/upload?style_id={dusk}&strength=1", [("a.png", png())])
    assert sent.status == 201, sent.body
    [told] = sent.json
    assert told["style_reference_id"] == dusk and told["fall"] > 0.5
    assert told["distance_after"] < 0.5 * told["distance_before"]
    asset = shared_site.call("GET", f"/anime/assets/{told['asset']['id']}").json
    assert asset["style_reference_id"] == dusk and asset["metadata"]["style"] == "Dusk"
    file = shared_site.call("GET", asset["url"])
    pixels = np.asarray(Image.open(BytesIO(file.body)))
    assert pixels.shape == (640, 640, 3) and not np.array_equal(pixels, np.asarray(draw_figure(size=SIZE)))
    again = shared_site.call(
        "POST", "/anime/style-transfer", {"asset_id": asset["id"], "style_id": dusk, "strength": 0.5}
    )
    assert again.status == 201, again.body
    assert again.json["asset"]["metadata"]["source_asset_id"] == asset["id"]
    assert again.json["asset"]["project_id"] == asset["project_id"]


def test_a_style_without_pictures_cannot_be_transferred(shared_site) -> None:
    words = shared_site.call("POST", "/anime/styles", {"name": "Words"}).json["id"]
    refused = shared_site.upload(f"/anime/style-transfer/upload?style_id={words}", [("a.png", png())])
    assert refused.status == 422 and "was stored without pictures" in refused.error["message"]
    missing = shared_site.call("POST", "/anime/style-transfer", {"asset_id": 1, "style_id": 99})
    assert missing.status == 404


def test_poses_are_listed_as_key_points(shared_site) -> None:
    poses = {pose["name"]: pose for pose in shared_site.call("GET", "/anime/poses").json}
    [frame] = poses["waving"]["keypoints"]
    assert (frame["canvas_width"], len(frame["people"][0]["pose_keypoints_2d"])) == (512, 54)
    assert poses["waving"]["id"] is None and "hand raised" in poses["waving"]["prompt"]


def test_a_pose_is_stored_and_drawn(shared_site) -> None:
    poses = {pose["name"]: pose for pose in shared_site.call("GET", "/anime/poses").json}
    body = {"name": "my wave", "keypoints": poses["waving"]["keypoints"], "prompt": "a wave"}
    stored = shared_site.call("POST", "/anime/poses", body)
    assert stored.status == 201 and stored.json["joints"] == 18
    pictures = [
        shared_site.call("GET", f"/anime/poses/{name}/picture?width=320&height=256").body
        for name in ("my%20wave", "waving", "waving")
    ]
    assert Image.open(BytesIO(pictures[0])).size == (320, 256)
    assert pictures[1] == pictures[2]
    difference = np.abs(
        np.asarray(Image.open(BytesIO(pictures[0]))).astype(int)
        - np.asarray(Image.open(BytesIO(pictures[1])))
    )
    assert difference.mean() < 1
    mirrored = shared_site.call("GET", "/anime/poses/waving/picture?mirror=true&build=chibi")
    assert mirrored.status == 200 and mirrored.headers["Content-Type"] == "image/png"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/anime/poses/handstand/picture", 404),
        ("/anime/poses/waving/picture?width=9", 422),
        ("/anime/poses/waving/picture?build=giant", 422),
    ],
)
def test_bad_pictures_are_refused(shared_site, path: str, status: int) -> None:
    assert shared_site.call("GET", path).status == status


@pytest.mark.parametrize(
    "body",
    [
        {"name": "standing", "keypoints": [{"people": []}]},
        {"name": "mine", "keypoints": [{"people": []}]},
        {"name": "mine", "keypoints": []},
        {"name": "mine", "keypoints": {"people": [{"pose_keypoints_2d": [1, 2, 3]}]}},
    ],
)
def test_bad_poses_are_refused_and_nothing_is_stored(shared_site, body) -> None:
    assert shared_site.call("POST", "/anime/poses", body).status in (409, 422)
    assert "mine" not in {pose["name"] for pose in shared_site.call("GET", "/anime/poses").json}
