"""Ensure consistency on workflows as people make them."""

from __future__ import annotations

import pytest
from support.graphs import BASIC_GUIDER, CFG_GUIDER, guided, hires, node, plain
from tower_anime.errors import InputError
from tower_anime.production.graphs.ensured import EnsureOptions
from tower_anime.production.graphs.ensuring import ensure_consistency

LOADER, INJECTOR = "TowerCharacterLoader", "TowerEmbeddingInjector"


def of_class(graph, class_type: str) -> dict[str, dict]:
    return {node_id: made["inputs"] for node_id, made in graph.items() if made["class_type"] == class_type}


def only(graph, class_type: str) -> tuple[str, dict]:
    [(node_id, inputs)] = of_class(graph, class_type).items()
    return node_id, inputs


def test_a_ksampler_is_given_what_comes_out_of_the_injector() -> None:
    ensured = ensure_consistency(plain(), "Paper Moon / Aki")
    loader, loaded = only(ensured.graph, LOADER)
    injector, given = only(ensured.graph, INJECTOR)
    assert loaded == {"character": "Paper Moon / Aki"}
    assert given == {
        **{"model": ["4", 0], "clip": ["4", 1], "positive": ["6", 0], "negative": ["7", 0]},
        **{"character": [loader, 0], "references": [loader, 1], "vae": ["4", 2]},
        **{"strength": 1.0, "on_missing": "stop"},
        **{"use_prompt": True, "use_lora": True, "use_reference_latents": True},
    }
    sampler = ensured.graph["3"]["inputs"]
    assert sampler == plain()["3"]["inputs"] | {
        "model": [injector, 0],
        "positive": [injector, 2],
        "negative": [injector, 3],
    }
    told = [(change.kind, change.node, change.input) for change in ensured.changes]
    assert told == [
        ("inserted", loader, None),
        ("inserted", injector, None),
        ("rewired", "3", "model"),
        ("rewired", "3", "positive"),
        ("rewired", "3", "negative"),
    ]
    assert ensured.changes[2].what == (
        f"KSampler 3: model is output 0 of {INJECTOR} {injector} "
        "instead of output 0 of CheckpointLoaderSimple 4."
    )


def test_a_second_pass_shares_the_injector() -> None:
    ensured = ensure_consistency(hires(), "Aki").graph
    injector, _ = only(ensured, INJECTOR)
    for sampler in ("3", "11"):
        links = [ensured[sampler]["inputs"][name] for name in ("model", "positive", "negative")]
        assert links == [[injector, 0], [injector, 2], [injector, 3]]


def test_a_refiner_has_an_injector_of_its_own_with_its_own_text_encoder() -> None:
    graph = plain(
        n20=node("CheckpointLoaderSimple", ckpt_name="refiner.safetensors"),
        n21=node("CLIPTextEncodeSDXLRefiner", text="a street", ascore=6.0, clip=["20", 1]),
        n22=node("CLIPTextEncodeSDXLRefiner", text="blurry", ascore=2.5, clip=["20", 1]),
        n23=node(
            "KSamplerAdvanced",
            **{"model": ["20", 0], "positive": ["21", 0], "negative": ["22", 0], "latent_image": ["3", 0]},
        ),
    )
    ensured = ensure_consistency(graph, "Aki").graph
    assert len(of_class(ensured, LOADER)) == 1
    clips = {tuple(given["model"]): given["clip"] for given in of_class(ensured, INJECTOR).values()}
    assert clips == {("4", 0): ["4", 1], ("20", 0): ["20", 1]}


def test_a_guider_is_what_is_rewired_and_the_scheduler_keeps_its_model() -> None:
    ensured = ensure_consistency(guided(CFG_GUIDER), "Aki").graph
    injector, _ = only(ensured, INJECTOR)
    assert ensured["21"]["inputs"] == {
        **{"model": [injector, 0], "positive": [injector, 2], "negative": [injector, 3]},
        "cfg": 7.0,
    }
    assert ensured["3"] == guided(CFG_GUIDER)["3"]
    assert ensured["23"]["inputs"]["model"] == ["4", 0]


def test_a_guider_without_a_negative() -> None:
    ensured = ensure_consistency(guided(BASIC_GUIDER), "Aki").graph
    injector, given = only(ensured, INJECTOR)
    assert ensured["21"]["inputs"] == {"model": [injector, 0], "conditioning": [injector, 2]}
    assert given["negative"] == given["positive"] == ["6", 0]


def test_two_prompts_of_one_guider_get_the_character_on_the_first() -> None:
    guider = node("DualCFGGuider", model=["4", 0], cond1=["6", 0], cond2=["30", 0], negative=["7", 0])
    graph = guided(guider) | {"30": node("CLIPTextEncode", text="the picture", clip=["4", 1])}
    ensured = ensure_consistency(graph, "Aki").graph
    injector, _ = only(ensured, INJECTOR)
    assert ensured["21"]["inputs"]["cond1"] == [injector, 2]
    assert ensured["21"]["inputs"]["cond2"] == ["30", 0]


def test_the_gated_ksampler_is_a_sampler() -> None:
    links = {"model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}
    graph = plain(
        n3=node("TowerGatedKSampler", **links, vae=["4", 2], character=["30", 0]),
        n30=node(LOADER, character="Aki"),
    )
    ensured = ensure_consistency(graph, "Aki").graph
    injector, given = only(ensured, INJECTOR)
    assert given["character"] == ["30", 0] and len(of_class(ensured, LOADER)) == 1
    assert ensured["3"]["inputs"]["model"] == [injector, 0]
    assert ensured["3"]["inputs"]["character"] == ["30", 0]


def test_a_sampler_of_unknown_class_is_known_by_its_links() -> None:
    detailer = node(
        "FaceDetailer",
        **{"image": ["8", 0], "model": ["4", 0], "clip": ["4", 1], "vae": ["4", 2]},
        **{"positive": ["6", 0], "negative": ["7", 0]},
    )
    ensured = ensure_consistency(plain(n12=detailer), "Aki").graph
    injector, _ = only(ensured, INJECTOR)
    assert ensured["12"]["inputs"]["positive"] == [injector, 2]
    assert ensured["12"]["inputs"]["clip"] == ["4", 1]


def test_what_hands_model_and_prompts_on_is_no_sampler() -> None:
    graph = plain()
    graph["30"] = node(
        "ApplyInstantID", model=["4", 0], positive=["6", 0], negative=["7", 0], image=["33", 0]
    )
    graph["33"] = node("LoadImage", image="face.png")
    graph["3"]["inputs"] |= {"model": ["30", 0], "positive": ["30", 1], "negative": ["30", 2]}
    ensured = ensure_consistency(graph, "Aki").graph
    _, given = only(ensured, INJECTOR)
    assert ensured["30"] == graph["30"]
    assert [given[name] for name in ("model", "positive", "negative")] == [["30", 0], ["30", 1], ["30", 2]]
    assert given["clip"] == ["4", 1]


def test_a_pipe_is_followed_to_the_text_encoder() -> None:
    graph = plain()
    graph["30"] = node(
        "ToBasicPipe", model=["4", 0], clip=["31", 1], vae=["4", 2], positive=["6", 0], negative=["7", 0]
    )
    graph["31"] = node("LoraLoader", model=["4", 0], clip=["4", 1], lora_name="x.safetensors")
    graph["32"] = node("FromBasicPipe", basic_pipe=["30", 0])
    graph["3"]["inputs"] |= {"model": ["32", 0], "positive": ["32", 3], "negative": ["32", 4]}
    ensured = ensure_consistency(graph, "Aki").graph
    _, given = only(ensured, INJECTOR)
    assert given["clip"] == ["31", 1] and given["model"] == ["32", 0]
    assert ensured["30"] == graph["30"]


def test_reroutes_are_walked_through() -> None:
    graph = hires()
    graph["30"] = node("Reroute", **{"": ["4", 0]})
    graph["31"] = node("Reroute (rgthree)", **{"": ["6", 0]})
    graph["11"]["inputs"] |= {"model": ["30", 0], "positive": ["31", 0]}
    ensured = ensure_consistency(graph, "Aki").graph
    injector, given = only(ensured, INJECTOR)
    assert given["clip"] == ["4", 1]
    assert ensured["11"]["inputs"]["model"] == ensured["3"]["inputs"]["model"] == [injector, 0]


def test_prompts_without_an_encoder_use_the_one_of_the_checkpoint_behind_its_loras() -> None:
    graph = plain(
        n6=node("LoadConditioning", name="a"),
        n7=node("LoadConditioning", name="b"),
        n31=node("LoraLoader", model=["4", 0], clip=["4", 1], lora_name="x.safetensors"),
        n32=node("LoraLoaderModelOnly", model=["31", 0], lora_name="y.safetensors"),
    )
    graph["3"]["inputs"]["model"] = ["32", 0]
    assert only(ensure_consistency(graph, "Aki").graph, INJECTOR)[1]["clip"] == ["31", 1]


@pytest.mark.parametrize(
    "ids", [{"4": "10:4", "3": "10:3"}, {"3": "sampler"}, {"9": "99999999999999999999"}, {"4": "4.0.7"}]
)
def test_new_ids_are_new_whatever_the_others_look_like(ids) -> None:
    renamed = {
        ids.get(node_id, node_id): node(
            made["class_type"],
            **{
                name: [ids.get(value[0], value[0]), value[1]] if isinstance(value, list) else value
                for name, value in made["inputs"].items()
            },
        )
        for node_id, made in plain().items()
    }
    ensured = ensure_consistency(renamed, "Aki")
    inserted = [change.node for change in ensured.changes if change.kind == "inserted"]
    assert len(inserted) == 2 and not set(inserted) & renamed.keys()
    assert len(ensured.graph) == len(renamed) + 2
    assert all(node_id.isdigit() for node_id in inserted)


def test_other_options_change_the_injector_that_is_there() -> None:
    first = ensure_consistency(plain(), "Aki", EnsureOptions(strength=0.8)).graph
    injector, _ = only(first, INJECTOR)
    second = ensure_consistency(first, "Aki", EnsureOptions(strength=0.5, use_lora=False, version=2))
    told = {(change.node, change.input): (change.before, change.after) for change in second.changes}
    loader, _ = only(first, LOADER)
    assert told == {
        (injector, "strength"): (0.8, 0.5),
        (injector, "use_lora"): (True, False),
        (loader, "version"): (None, 2),
    }
    assert not ensure_consistency(second.graph, "Aki").changes, "what is not told stays"


def test_another_character_comes_after_the_first() -> None:
    first = ensure_consistency(plain(), "Aki", EnsureOptions(region="left"))
    both = ensure_consistency(first.graph, "Ben", EnsureOptions(region="right"))
    injectors = of_class(both.graph, INJECTOR)
    assert len(injectors) == 2 and len(of_class(both.graph, LOADER)) == 2
    [aki] = of_class(first.graph, INJECTOR)
    [ben] = injectors.keys() - {aki}
    assert injectors[ben]["positive"] == [aki, 2] and injectors[ben]["clip"] == ["4", 1]
    assert both.graph["3"]["inputs"]["model"] == [ben, 0]
    assert (injectors[aki]["region"], injectors[ben]["region"]) == ("left", "right")


def test_a_new_prompt_in_front_of_the_sampler_is_given_the_character_again() -> None:
    graph = ensure_consistency(plain(), "Aki").graph
    [first] = of_class(graph, INJECTOR)
    graph["40"] = node("CLIPTextEncode", text="a beach", clip=["4", 1])
    graph["3"]["inputs"]["positive"] = ["40", 0]
    again = ensure_consistency(graph, "Aki")
    [second] = of_class(again.graph, INJECTOR).keys() - {first}
    assert again.graph["3"]["inputs"]["positive"] == [second, 2]
    assert again.graph["3"]["inputs"]["model"] == [first, 0], "its LoRAs are not applied twice"
    assert not ensure_consistency(again.graph, "Aki").changes


def test_a_sampler_added_later_uses_the_injector_that_is_there() -> None:
    graph = ensure_consistency(plain(), "Aki").graph
    [injector] = of_class(graph, INJECTOR)
    again_sampled = hires()["11"]["inputs"] | {"latent_image": ["40", 0]}
    graph["40"] = node("LatentUpscale", samples=["3", 0], width=1664, height=2432)
    graph["41"] = node("KSampler", **again_sampled)
    again = ensure_consistency(graph, "Aki")
    assert list(of_class(again.graph, INJECTOR)) == [injector]
    assert [(change.node, change.input) for change in again.changes] == [
        ("41", "model"),
        ("41", "positive"),
        ("41", "negative"),
    ]


def test_an_injector_that_waits_for_the_sampler_is_not_put_in_front_of_it() -> None:
    graph = plain(
        n30=node(LOADER, character="Aki"),
        n31=node("DetectFigure", image=["8", 0]),
        n32=node(
            INJECTOR,
            **{"model": ["4", 0], "clip": ["4", 1], "positive": ["6", 0], "negative": ["7", 0]},
            **{"character": ["30", 0], "mask": ["31", 0]},
        ),
        n33=hires()["11"],
        n10=hires()["10"],
    )
    graph["33"]["inputs"] |= {"model": ["32", 0], "positive": ["32", 2], "negative": ["32", 3]}
    ensured = ensure_consistency(graph, "Aki")
    assert ensured.graph["3"]["inputs"]["model"] not in (["4", 0], ["32", 0])
    assert ensured.graph["33"] == graph["33"]
    assert not ensure_consistency(ensured.graph, "Aki").changes


def test_a_character_that_comes_through_preflight_and_a_primitive_is_known() -> None:
    graph = ensure_consistency(plain(), "Aki").graph
    given = only(graph, INJECTOR)[1]
    graph["40"] = node("PrimitiveString", value="Aki")
    graph["41"] = node(LOADER, character=["40", 0])
    graph["42"] = node("TowerPreflight", character=["41", 0], on_fail="stop", encoder="auto")
    given["character"] = ["42", 0]
    assert not ensure_consistency(graph, "Aki").changes
    assert ensure_consistency(graph, "Ben").changes


def test_a_character_in_a_region_of_an_injector_is_there_already() -> None:
    graph = ensure_consistency(plain(), "Aki").graph
    injector, given = only(graph, INJECTOR)
    graph["40"] = node(LOADER, character="Ben")
    graph["41"] = node(LOADER, character="Cho")
    graph["42"] = node("TowerCharacterRegion", character=["40", 0], region="left half", strength=1.0)
    graph["43"] = node("TowerCharacterRegion", character=["41", 0], region="right half", cast=["42", 0])
    given["cast"] = ["43", 0]
    for name in ("Aki", "Ben", "Cho"):
        assert not ensure_consistency(graph, name).changes
    changed = ensure_consistency(graph, "Ben", EnsureOptions(strength=0.5, use_lora=False, version=3))
    assert {(change.node, change.input) for change in changed.changes} == {
        ("42", "strength"),
        (injector, "use_lora"),
        ("40", "version"),
    }


def test_a_character_without_pictures_has_none_wired() -> None:
    ensured = ensure_consistency(plain(), "Aki", EnsureOptions(has_references=False)).graph
    _, given = only(ensured, INJECTOR)
    assert not {"vae", "references"} & given.keys()


def test_an_adapter_is_loaded_once_and_sees_the_stored_pictures() -> None:
    graph = plain(
        n30=node("CLIPTextEncode", text="b", clip=["4", 1]),
        n31=node(
            "KSampler",
            **{"model": ["4", 0], "positive": ["30", 0], "negative": ["7", 0], "latent_image": ["3", 0]},
        ),
    )
    options = EnsureOptions(adapter="plus.safetensors", clip_vision="h.safetensors")
    ensured = ensure_consistency(graph, "Aki", options)
    adapter, loaded = only(ensured.graph, "TowerAdapterLoader")
    vision, seen_through = only(ensured.graph, "CLIPVisionLoader")
    assert seen_through == {"clip_name": "h.safetensors"}
    assert loaded == {"adapter_name": "plus.safetensors", "variant": "auto", "clip_vision": [vision, 0]}
    injectors = of_class(ensured.graph, INJECTOR).values()
    assert len(injectors) == 2
    for given in injectors:
        assert given["adapter"] == [adapter, 0]
        assert not {"references", "vae"} & given.keys()


def test_an_adapter_is_put_on_an_injector_that_has_none() -> None:
    first = ensure_consistency(plain(), "Aki", EnsureOptions(use_reference_latents=False)).graph
    second = ensure_consistency(first, "Aki", EnsureOptions(adapter="a.safetensors"))
    [injector] = of_class(second.graph, INJECTOR)
    assert {change.input for change in second.changes if change.node == injector} == {"adapter"}
    third = ensure_consistency(second.graph, "Aki", EnsureOptions(adapter="b.safetensors"))
    assert [change.kind for change in third.changes] == ["inserted", "rewired"]


def test_a_pose_is_drawn_by_the_controlnet_in_the_latents_size() -> None:
    options = EnsureOptions(pose="sitting", controlnet="openpose.safetensors", pose_strength=0.7)
    ensured = ensure_consistency(hires(), "Aki", options).graph
    pose, drawn = only(ensured, "TowerPose")
    control, loaded = only(ensured, "ControlNetLoader")
    apply, given = only(ensured, "ControlNetApplyAdvanced")
    injector, _ = only(ensured, INJECTOR)
    assert (drawn["pose"], drawn["width"], drawn["height"]) == ("sitting", 832, 1216)
    assert loaded == {"control_net_name": "openpose.safetensors"}
    assert given == {
        **{"positive": [injector, 2], "negative": [injector, 3], "control_net": [control, 0]},
        **{"image": [pose, 1], "strength": 0.7, "start_percent": 0.0, "end_percent": 1.0},
    }
    for sampler in ("3", "11"):
        assert ensured[sampler]["inputs"]["positive"] == [apply, 0]
        assert ensured[sampler]["inputs"]["negative"] == [apply, 1]
        assert ensured[sampler]["inputs"]["model"] == [injector, 0]


def test_a_pose_without_a_controlnet_is_told_in_words() -> None:
    ensured = ensure_consistency(plain(), "Aki", EnsureOptions(pose="sitting"))
    pose, _ = only(ensured.graph, "TowerPose")
    words = next(
        node_id
        for node_id, given in of_class(ensured.graph, "CLIPTextEncode").items()
        if given["text"] == [pose, 2]
    )
    concat, given = only(ensured.graph, "ConditioningConcat")
    injector, _ = only(ensured.graph, INJECTOR)
    assert given == {"conditioning_to": [injector, 2], "conditioning_from": [words, 0]}
    assert ensured.graph["3"]["inputs"]["positive"] == [concat, 0]
    assert ensured.graph["3"]["inputs"]["negative"] == [injector, 3]
    assert any("no ControlNet is named" in change.what for change in ensured.changes)


@pytest.mark.parametrize("controlnet", [None, "openpose.safetensors"])
def test_another_pose_takes_the_place_of_the_first(controlnet) -> None:
    first = ensure_consistency(plain(), "Aki", EnsureOptions(pose="sitting", controlnet=controlnet)).graph
    second = ensure_consistency(first, "Ben", EnsureOptions(pose="standing", controlnet=controlnet))
    pose, drawn = only(second.graph, "TowerPose")
    assert drawn["pose"] == "standing"
    assert ("set", pose, "pose") in {(change.kind, change.node, change.input) for change in second.changes}


WITHOUT_CLIP = plain(
    n4=node("UNETLoader", unet_name="flux.safetensors"),
    n6=node("LoadConditioning", name="a"),
    n7=node("LoadConditioning", name="b"),
    n8=None,
    n9=None,
)
REFUSED = {
    "empty": ({}, "The workflow is empty"),
    "a list": ([PLAIN_NODE := plain()["4"]], "not list"),
    "the editor's form": (
        {"nodes": [{"id": 1, "type": "KSampler"}], "links": [], "version": 0.4},
        r"Workflow > Export \(API\)",
    ),
    "a body of /prompt": ({"prompt": plain()}, "under that key"),
    "no class": ({"1": {"inputs": {}}}, "'1' is not a node in API form"),
    "no inputs": ({"1": {"class_type": "KSampler"}}, "'1' is not a node in API form"),
    "extra data": ({**plain(), "version": 0.4}, "'version' is not a node in API form"),
    "number as id": ({1: PLAIN_NODE}, "'1' is not a node in API form"),
    "no sampler": (plain(n3=None, n8=None, n9=None), "has no sampler; it has CLIPTextEncode, Checkpoint"),
    "dangling": (plain(n7=None), "input negative of KSampler 3 is linked to node 7, which does not exist"),
    "circle": (
        plain(n30=node("Reroute", **{"": ["31", 0]}), n31=node("Reroute", **{"": ["30", 0]})),
        "in a circle: Reroute 30 ← Reroute 31 ← Reroute 30",
    ),
    "itself": (plain(n5=node("LatentFlip", samples=["5", 0])), "in a circle: LatentFlip 5 ← LatentFlip 5"),
    "no model": (
        plain(n3=node("KSampler", positive=["6", 0], negative=["7", 0], latent_image=["5", 0])),
        "KSampler 3 has no link in its input model",
    ),
    "guider of nothing": (
        guided(node("CFGGuider", positive=["6", 0], negative=["7", 0])),
        "guider of SamplerCustomAdvanced 3 has no link in its input model",
    ),
    "no text encoder": (WITHOUT_CLIP, "No text encoder can be reached from KSampler 3"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_changed_is_refused_in_a_sentence(case) -> None:
    graph, sentence = REFUSED[case]
    with pytest.raises(InputError, match=sentence) as refusal:
        ensure_consistency(graph, "Aki")
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"strength": 2.1}, "strength"),
        ({"strength": float("nan")}, "strength"),
        ({"version": -1}, "version"),
        ({"on_missing": "ignore"}, "on_missing"),
        ({"region": "center"}, "region"),
        ({"adapter": " "}, "adapter"),
        ({"controlnet": "openpose.safetensors"}, "pose"),
        ({"clip_vision": "h.safetensors"}, "adapter"),
    ],
)
def test_options_out_of_bounds_are_refused(options, field) -> None:
    with pytest.raises(InputError) as refusal:
        EnsureOptions(**options)
    assert refusal.value.field == field


def test_a_character_needs_a_name() -> None:
    with pytest.raises(InputError, match="no name"):
        ensure_consistency(plain(), " ")
