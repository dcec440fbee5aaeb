"""Palette Enforcer, Pose, Style Template and Style Transfer in a real ComfyUI."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from support.comfy import LORA, PromptRefusedError

pytestmark = pytest.mark.host

ENFORCER = {
    "strength": 1.0, "limit": 5.0, "ignore_lightness": False, "enforce_hair": True, "enforce_eyes": True,
    "enforce_skin": False, "enforce_outfit": False, "enforce_accent": False, "palette": "",
}  # fmt: skip
POSE = {"pose": "waving", "width": 320, "height": 256, "build": "as it is", "mirror": False, "margin": 0.12}
TEMPLATE = {
    "style": "(no style: name one in save_as)", "save_as": "", "prompt": "", "negative_prompt": "",
    "lora": "(none)", "lora_strength": 1.0, "sampler_name": "euler", "scheduler": "normal", "steps": 20,
    "cfg": 7.0, "text": "a street", "negative_text": "blurry",
}  # fmt: skip


def saved(studio, run, node) -> np.ndarray:
    [image] = run.history["outputs"][node.id]["images"]
    with Image.open(studio.comfy.output / image["subfolder"] / image["filename"]) as picture:
        return np.asarray(picture.convert("RGB"))


def warm(studio) -> str:
    values = np.random.default_rng(0).normal((200, 120, 70), 25, (160, 200, 3))
    return studio.picture("warm.png", Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)))


def test_off_model_hair_is_moved_and_the_rest_stays(studio, graph, drawn, aki, looks):
    off = {**looks["Aki"], "hair": (230, 90, 150)}
    source = Image.fromarray(np.asarray(recoloured_hair(drawn("Aki"), looks["Aki"]["hair"], off["hair"])))
    name = studio.picture("pink_aki.png", source)
    character = graph.add("TowerCharacterLoader", character="Aki")
    picture = graph.add("LoadImage", image=name)
    mask = graph.add("SolidMask", value=1.0, width=64, height=64)
    enforcer = graph.add("TowerPaletteEnforcer", images=picture, character=character, mask=mask, **ENFORCER)
    image = graph.add("SaveImage", images=enforcer, filename_prefix="enforced")
    graph.add("PreviewImage", images=enforcer.out(1))
    report = graph.add("PreviewAny", source=enforcer.out(3))
    run = studio.run(graph)
    [told] = run.json(report)
    [hair] = [change for change in told["changes"] if change["name"] == "hair"]
    assert hair["delta_e_after"] < 0.6 * hair["delta_e_before"] and hair["ssim"] >= 0.95
    before, after = np.asarray(source), saved(studio, run, image)
    was_hair = np.abs(before.astype(int) - off["hair"]).max(axis=-1) < 40
    assert (before != after).any(axis=-1)[was_hair].mean() > 0.8
    assert np.array_equal(before[:40], after[:40])


def recoloured_hair(image, old, new) -> Image.Image:
    pixels = np.asarray(image).copy()
    pixels[np.abs(pixels.astype(int) - old).max(axis=-1) < 4] = new
    return Image.fromarray(pixels)


def test_typed_swatches_do_and_bad_ones_are_refused_in_words(studio, graph_class, drawn):
    name = studio.picture("plain_aki.png", drawn("Aki"))
    for palette, sentence in (
        ('{"hair": "silver"}', "'silver' of 'hair' is not a hex colour"),
        ("hair", "is no JSON object"),
        ("", "There is no palette"),
    ):
        graph = graph_class()
        picture = graph.add("LoadImage", image=name)
        enforcer = graph.add("TowerPaletteEnforcer", images=picture, **{**ENFORCER, "palette": palette})
        graph.add("PreviewImage", images=enforcer)
        assert sentence in studio.run(graph).error["exception_message"]


def test_masks_that_do_not_fit_the_batch_are_refused(studio, graph, drawn):
    picture = graph.add("LoadImage", image=studio.picture("plain_aki.png", drawn("Aki")))
    pictures = graph.add("RepeatImageBatch", image=picture, amount=3)
    masks = graph.add(
        "ImageToMask", image=graph.add("RepeatImageBatch", image=picture, amount=2), channel="red"
    )
    typed = {**ENFORCER, "palette": '{"hair": "#c4cad6"}'}
    graph.add("PreviewImage", images=graph.add("TowerPaletteEnforcer", images=pictures, mask=masks, **typed))
    message = studio.run(graph).error["exception_message"]
    assert "for 3 pictures" in message and "one for each" in message


def test_a_pose_is_drawn_and_goes_on_as_key_points(studio, graph):
    first = graph.add("TowerPose", **POSE)
    image = graph.add("SaveImage", images=first.out(1), filename_prefix="pose")
    words = graph.add("PreviewAny", source=first.out(2))
    second = graph.add(
        "TowerPose", **{**POSE, "width": 640}, keypoints=first, save_as="host wave", prompt="hi"
    )
    report = graph.add("PreviewAny", source=second.out(3))
    run = studio.run(graph)
    assert saved(studio, run, image).shape == (256, 320, 3) and "hand raised" in run.text(words)
    told = run.json(report)
    assert told["nearest"][0]["pose"] in ("waving", "host wave") and told["nearest"][0]["distance"] < 0.01
    assert studio.services.poses.named("host wave").prompt == "hi"


def test_a_pose_that_is_not_there_is_refused_in_words(studio, graph):
    graph.add("PreviewAny", source=graph.add("TowerPose", **{**POSE, "pose": "handstand"}).out(2))
    with pytest.raises(PromptRefusedError) as refused:
        studio.run(graph)
    [error] = refused.value.answer["node_errors"]["1"]["errors"]
    assert "There is no pose 'handstand'" in error["details"] + error["message"]


def test_a_style_saved_from_one_image_steers_the_next_job(studio, graph_class, sampler_class):
    first = graph_class()
    picture = first.add("LoadImage", image=warm(studio))
    style = {
        **TEMPLATE, "save_as": "Host Dusk", "prompt": "sunset light", "negative_prompt": "noon", "lora": LORA,
        "lora_strength": 0.8, "sampler_name": "dpmpp_2m", "scheduler": "karras", "steps": 1, "cfg": 3.5,
    }  # fmt: skip
    first.add("PreviewAny", source=first.add("TowerStyleTemplate", images=picture, **style).out(8))
    assert studio.run(first).succeeded

    sampler = sampler_class(graph_class())
    graph = sampler.graph
    chosen = {**TEMPLATE, "style": "Host Dusk"}
    template = graph.add("TowerStyleTemplate", model=sampler.model, clip=sampler.clip, **chosen)
    positive = graph.add("CLIPTextEncode", text=template.out(2), clip=template.out(1))
    negative = graph.add("CLIPTextEncode", text=template.out(3), clip=template.out(1))
    latent = graph.add(
        "KSampler",
        model=template,
        positive=positive,
        negative=negative,
        latent_image=sampler.latent,
        sampler_name=template.out(4),
        scheduler=template.out(5),
        steps=template.out(6),
        cfg=template.out(7),
        seed=1,
        denoise=1.0,
    )
    graph.add("SaveLatent", samples=latent, filename_prefix="latents/styled")
    shown = [graph.add("PreviewAny", source=template.out(index)) for index in range(2, 9)]
    run = studio.run(graph, timeout=300)
    assert run.succeeded, run.error
    texts = [run.text(node) for node in shown]
    assert texts[:4] == ["a street, sunset light", "blurry, noon", "dpmpp_2m", "karras"]
    assert [float(text) for text in texts[4:6]] == [1, 3.5]
    told = json.loads(texts[6])
    assert told["settings"]["loras"][0]["name"] == LORA and told["measured"]["warmth"] > 0.05
    used = studio.job(run).workflow_params
    assert "Host Dusk" in json.dumps(used)


def test_pictures_take_on_a_style_and_say_how_far(studio, graph, drawn):
    picture = graph.add("LoadImage", image=studio.picture("plain_aki.png", drawn("Aki")))
    style = graph.add("LoadImage", image=warm(studio))
    transfer = graph.add(
        "TowerStyleTransfer", images=picture, style=TEMPLATE["style"], strength=1.0, style_images=style
    )
    image = graph.add("SaveImage", images=transfer, filename_prefix="styled")
    report = graph.add("PreviewAny", source=transfer.out(2))
    run = studio.run(graph)
    [told] = run.json(report)
    assert told["fall"] > 0.5 and told["distance_after"] < 0.5 * told["distance_before"]
    assert not np.array_equal(saved(studio, run, image), np.asarray(drawn("Aki")))


def test_pictures_with_nan_stay_as_they_are_and_are_told(studio, graph, drawn):
    picture = graph.add("LoadImage", image=studio.picture("plain_aki.png", drawn("Aki")))
    batch = graph.add("RepeatImageBatch", image=picture, amount=2)
    broken = graph.add("TowerProbeBrokenPicture", images=batch, at=1)
    style = graph.add("LoadImage", image=warm(studio))
    typed = {**ENFORCER, "palette": '{"hair": "#c02020"}'}
    enforcer = graph.add("TowerPaletteEnforcer", images=broken, **typed)
    transfer = graph.add(
        "TowerStyleTransfer", images=broken, style=TEMPLATE["style"], strength=1.0, style_images=style
    )
    shown = [graph.add("PreviewAny", source=enforcer.out(3)), graph.add("PreviewAny", source=transfer.out(2))]
    run = studio.run(graph)
    (moved, left), (styled, unstyled) = (run.json(node) for node in shown)
    assert moved["changed_pixels"] > 0 and styled["fall"] > 0.3
    assert left["changed_pixels"] == 0 and "not numbers (NaN)" in left["reason"]
    assert unstyled["fall"] is None and "not numbers (NaN)" in unstyled["reason"]


def test_no_style_is_learnt_from_a_picture_with_nan(studio, graph, drawn):
    picture = graph.add("LoadImage", image=studio.picture("plain_aki.png", drawn("Aki")))
    broken = graph.add("TowerProbeBrokenPicture", images=picture, at=0)
    template = {**TEMPLATE, "save_as": "Host Broken"}
    graph.add("PreviewAny", source=graph.add("TowerStyleTemplate", images=broken, **template).out(8))
    assert (
        "Picture 1 of images holds values that are not numbers"
        in studio.run(graph).error["exception_message"]
    )
    assert "Host Broken" not in studio.services.styles.labels()


def test_without_a_style_the_remedy_is_said(studio, graph, drawn):
    picture = graph.add("LoadImage", image=studio.picture("plain_aki.png", drawn("Aki")))
    graph.add(
        "PreviewImage",
        images=graph.add("TowerStyleTransfer", images=picture, style=TEMPLATE["style"], strength=1.0),
    )
    assert (
        "No style is chosen. Save one with a Style Template" in studio.run(graph).error["exception_message"]
    )


def test_a_model_draws_in_the_style_of_pictures_and_the_one_upstream_does_not(
    studio, graph_class, sampler_class
):
    sampler = sampler_class(graph_class())
    graph = sampler.graph
    style = graph.add("LoadImage", image=warm(studio))
    models = {"plain": sampler.model}
    for name, strength in (("off", 0.0), ("on", 0.6)):
        options = {"style": TEMPLATE["style"], "strength": strength, "style_images": style}
        transfer = graph.add("TowerStyleTransfer", model=sampler.model, vae=sampler.vae, **options)
        models[name] = transfer.out(3)
    prompts = [graph.add("CLIPTextEncode", text=text, clip=sampler.clip) for text in ("a street", "")]
    for name, model in models.items():
        latent = graph.add(
            "KSampler",
            model=model,
            positive=prompts[0],
            negative=prompts[1],
            latent_image=sampler.latent,
            sampler_name="euler",
            scheduler="normal",
            steps=1,
            cfg=4.0,
            seed=1,
            denoise=1.0,
        )
        graph.add("SaveLatent", samples=latent, filename_prefix=f"latents/style_{name}")
    run = studio.run(graph, timeout=300)
    assert run.succeeded, run.error
    plain, off, on = (latent_values(studio, f"style_{name}") for name in ("plain", "off", "on"))
    assert off == plain and on != plain


def latent_values(studio, prefix: str) -> bytes:
    content = max((studio.comfy.output / "latents").glob(f"{prefix}_*.latent")).read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    first, end = json.loads(content[8:start])["latent_tensor"]["data_offsets"]
    return content[start + first : start + end]


def test_a_model_without_style_pictures_is_refused_in_words(studio, sampler_class, graph_class):
    sampler = sampler_class(graph_class())
    transfer = sampler.graph.add(
        "TowerStyleTransfer", model=sampler.model, style=TEMPLATE["style"], strength=0.5
    )
    sampler.graph.add("PreviewAny", source=transfer.out(3))
    assert "Connect vae and style_images too" in studio.run(sampler.graph).error["exception_message"]
