"""What holds for every workflow that a character is put into."""

from __future__ import annotations

import copy

from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import graphs
from tower_anime.errors import InputError
from tower_anime.production.graphs.ensured import EnsureOptions
from tower_anime.production.graphs.ensuring import ensure_consistency
from tower_anime.production.graphs.reading import check_graph, upstream

MANY = settings(max_examples=150, deadline=None, derandomize=True)
CHANNELS = {"model", "positive", "negative", "conditioning"}
SAMPLING = {
    *("KSampler", "KSamplerAdvanced", "SamplerCustom", "Somebody's sampler", "CFGGuider", "BasicGuider"),
}
OPTIONS = st.builds(
    EnsureOptions,
    strength=st.none() | st.floats(0, 2),
    use_reference_latents=st.none() | st.booleans(),
    has_references=st.booleans(),
    adapter=st.none() | st.just("plus.safetensors"),
    region=st.none() | st.sampled_from(["left", "right"]),
    version=st.none() | st.integers(0, 3),
) | st.builds(
    EnsureOptions,
    pose=st.sampled_from(["standing", "sitting"]),
    controlnet=st.none() | st.just("openpose.safetensors"),
)


@MANY
@given(graph=graphs(), options=OPTIONS)
def test_a_second_time_changes_nothing(graph, options) -> None:
    once = ensure_consistency(graph, "Aki", options)
    twice = ensure_consistency(once.graph, "Aki", options)
    assert once.changes and not twice.changes
    assert twice.graph == once.graph


@MANY
@given(graph=graphs(), options=OPTIONS)
def test_what_comes_in_is_not_touched_nor_shared(graph, options) -> None:
    before = copy.deepcopy(graph)
    ensured = ensure_consistency(graph, "Aki", options).graph
    assert graph == before
    for node in ensured.values():
        node["inputs"].clear()
    assert graph == before


@MANY
@given(graph=graphs(), options=OPTIONS)
def test_only_what_samplers_are_given_is_rewired(graph, options) -> None:
    ensured = ensure_consistency(graph, "Aki", options).graph
    for node_id, node in graph.items():
        differing = {
            name
            for name in node["inputs"].keys() | ensured[node_id]["inputs"].keys()
            if node["inputs"].get(name) != ensured[node_id]["inputs"].get(name)
        }
        assert ensured[node_id]["class_type"] == node["class_type"]
        is_sampling = node["class_type"] in SAMPLING
        assert differing == (CHANNELS & node["inputs"].keys() if is_sampling else set())


@MANY
@given(graph=graphs(), options=OPTIONS)
def test_the_result_is_a_whole_workflow_of_which_the_changes_tell_all(graph, options) -> None:
    ensured = ensure_consistency(graph, "Aki", options)
    check_graph(ensured.graph)
    rebuilt = copy.deepcopy(graph)
    for change in ensured.changes:
        if change.kind == "inserted":
            assert change.node not in rebuilt
            rebuilt[change.node] = {"class_type": change.class_type, "inputs": dict(change.after)}
        else:
            assert rebuilt[change.node]["inputs"].get(change.input) == change.before
            rebuilt[change.node]["inputs"][change.input] = change.after
        assert change.node in change.what or change.kind == "inserted"
    assert rebuilt == ensured.graph


@MANY
@given(graph=graphs())
def test_one_loader_and_one_injector_for_each_set_of_links(graph) -> None:
    ensured = ensure_consistency(graph, "Aki").graph
    kinds = [node["class_type"] for node in ensured.values()]
    assert kinds.count("TowerCharacterLoader") == 1
    injectors = [
        node["inputs"] for node in ensured.values() if node["class_type"] == "TowerEmbeddingInjector"
    ]
    sets = {(*node["model"], *node["positive"], *node["negative"]) for node in injectors}
    assert len(sets) == len(injectors)


@MANY
@given(graph=graphs(), names=st.permutations(["Aki", "Ben", "Cho"]))
def test_all_of_several_characters_reach_every_sampler(graph, names) -> None:
    ensured = graph
    for name in names:
        ensured = ensure_consistency(ensured, name).graph
    for node_id, node in ensured.items():
        if node["class_type"] in SAMPLING:
            reached = {
                ensured[other]["inputs"]["character"]
                for other in upstream(ensured, node_id)
                if ensured[other]["class_type"] == "TowerCharacterLoader"
            }
            assert reached == set(names)
    for name in names:
        assert not ensure_consistency(ensured, name).changes


NAMES = st.sampled_from(
    ["model", "positive", "negative", "guider", "clip", "vae", "latent_image", "", "cast"]
)
CLASSES = st.sampled_from(
    [
        *SAMPLING,
        *("SamplerCustomAdvanced", "Reroute", "TowerEmbeddingInjector", "TowerCharacterLoader", "LoraLoader"),
        *("CheckpointLoaderSimple", "CLIPTextEncode", "ControlNetApplyAdvanced", "TowerCharacterRegion"),
    ]
)
IDENTIFIERS = st.sampled_from(["1", "2", "3", "4", "5", "1:2", "\u00b2"])
VALUES = st.tuples(IDENTIFIERS, st.integers(-1, 3)).map(list) | st.floats() | st.just("Aki") | st.none()
ANY_NODES = st.dictionaries(
    IDENTIFIERS,
    st.fixed_dictionaries({"class_type": CLASSES, "inputs": st.dictionaries(NAMES, VALUES, max_size=4)}),
    max_size=6,
)
ANYTHING = st.recursive(
    VALUES | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(IDENTIFIERS | NAMES, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(graph=ANY_NODES | ANYTHING, options=OPTIONS)
def test_whatever_comes_in_is_refused_in_words_or_ensured_for_good(graph, options) -> None:
    before = copy.deepcopy(graph)
    try:
        once = ensure_consistency(graph, "Aki", options)
    except InputError as refusal:
        assert refusal.hint and refusal.field
        return
    finally:
        assert repr(graph) == repr(before)
    check_graph(once.graph)
    assert not ensure_consistency(once.graph, "Aki", options).changes
