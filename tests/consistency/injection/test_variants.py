"""Every published variant is told by its shapes, and everything else is refused with the reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from support.adapters import (  # noqa: E402
    FULL,
    PUBLISHED,
    SD15_WIDTHS,
    TELLING_NAMES,
    VEGA_WIDTHS,
    RandomAdapter,
    Sizes,
    random_adapter,
)
from tower_anime.consistency.injection.adapter_file import AdapterFile  # noqa: E402
from tower_anime.consistency.injection.variants import VARIANTS, recognise  # noqa: E402
from tower_anime.errors import InputError, ModelFileError  # noqa: E402


def as_file(adapter: RandomAdapter, name: str | None = None) -> AdapterFile:
    name = name or TELLING_NAMES.get(adapter.variant, "adapter")
    return AdapterFile(Path(f"{name}.safetensors"), dict(adapter.image_proj), dict(adapter.layers))


@pytest.fixture
def plus() -> AdapterFile:
    return as_file(random_adapter("plus", "sdxl"))


@pytest.mark.parametrize(("variant", "family"), PUBLISHED)
def test_every_published_variant_is_told(variant, family):
    adapter = random_adapter(variant, family)
    kind = recognise(as_file(adapter))
    assert (kind.variant, kind.family) == (variant, family)
    assert kind.context == {"sd15": 768, "sdxl": 2048, "kolors": 2048}[family]
    assert kind.token_width == (4096 if variant == "kolors_faceid" else kind.context)
    assert kind.n_layers == 3
    assert kind.has_lora == (variant in {"faceid", "faceid_plus", "faceid_plus_v2"})


def test_the_tests_know_every_variant():
    assert {variant for variant, _ in PUBLISHED} == set(VARIANTS)


@pytest.mark.parametrize(
    ("variant", "family", "expected"),
    [
        ("base", "sd15", ("embeds", 1024, 4, None, None, False)),
        ("base_vit_g", "sdxl", ("embeds", 1280, 4, None, None, False)),
        ("plus", "sd15", ("hidden", 1280, 16, None, None, True)),
        ("full_face", "sd15", ("hidden", 1280, 257, None, None, True)),
        ("faceid", "sd15", (None, 0, 4, "normed", None, False)),
        ("faceid_portrait", "sd15", (None, 0, 16, "normed", None, False)),
        ("faceid_plus", "sd15", ("hidden", 1280, 4, "normed", 224, True)),
        ("faceid_plus_v2", "sd15", ("hidden", 1280, 4, "normed", 224, True)),
        ("faceid_plus_v2", "sdxl", ("hidden", 1280, 4, "normed", 256, True)),
        ("faceid_portrait_unnorm", "sdxl", (None, 0, 16, "raw", None, False)),
        ("kolors_plus", "kolors", ("hidden", 1024, 16, None, None, True)),
        ("kolors_faceid", "kolors", ("hidden", 1024, 6, "raw", 336, False)),
    ],
)
def test_inputs_are_those_of_the_published_files(variant, family, expected):
    sizes = Sizes(clip=None, depth=1)
    kind = recognise(as_file(random_adapter(variant, family, sizes=sizes, widths=[8])))
    assert (
        kind.clip,
        kind.clip_width,
        kind.n_tokens,
        kind.face,
        kind.crop_side,
        kind.empty_uncond,
    ) == expected
    assert kind.face_width == (512 if kind.face else 0)
    assert kind.shortcut == (variant in {"faceid_plus_v2", "kolors_faceid"})
    assert kind.through_encoder_hid_proj == (variant == "kolors_faceid")


@pytest.mark.parametrize(
    ("variant", "clip", "named"),
    [
        ("base", 1024, "ViT-H-14"),
        ("base_vit_g", 1280, "bigG-14"),
        ("plus", 1280, "ViT-H-14"),
        ("plus", 1664, "bigG-14"),
        ("plus", 999, "999 numbers"),
    ],
)
def test_the_encoder_that_is_needed_is_named(variant, clip, named):
    kind = recognise(as_file(random_adapter(variant, sizes=Sizes(clip=clip), widths=[8])))
    assert named in kind.needs_clip_model


def test_faceid_needs_no_encoder():
    assert recognise(as_file(random_adapter("faceid"))).needs_clip_model is None


def test_full_size_files_are_told():
    file = as_file(random_adapter("plus", sizes=FULL, widths=SD15_WIDTHS, dtype=torch.float16))
    kind = recognise(file)
    assert (kind.n_layers, kind.n_tokens, kind.clip_width, kind.family) == (16, 16, 1280, "sd15")


def test_a_file_for_a_smaller_unet_is_an_adapter_too():
    kind = recognise(as_file(random_adapter("base", "sdxl", widths=VEGA_WIDTHS)))
    assert (kind.n_layers, kind.family) == (17, "sdxl")


@settings(max_examples=25, deadline=None)
@given(
    variant=st.sampled_from(PUBLISHED),
    n_layers=st.integers(1, 12),
    depth=st.integers(1, 5),
    n_heads=st.integers(1, 3),
    tokens=st.integers(1, 20),
    ff=st.integers(1, 90),
)
def test_depth_heads_tokens_and_layers_are_read_from_the_tensors(
    variant, n_layers, depth, n_heads, tokens, ff
):
    name, family = variant
    sizes = Sizes(depth=depth, n_heads=n_heads, tokens=tokens, ff=ff)
    kind = recognise(as_file(random_adapter(name, family, widths=[8] * n_layers, sizes=sizes)), override=name)
    assert kind.n_layers == n_layers
    assert kind.n_tokens == (257 if name == "full_face" else tokens)


# --- what only the name tells ---


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("ip-adapter-faceid-plus_sd15", "faceid_plus"),
        ("ip-adapter-faceid-plusv2_sd15", "faceid_plus_v2"),
        ("IP-Adapter FaceID-Plus-V2", "faceid_plus_v2"),
    ],
)
def test_the_name_tells_faceid_plus_v1_from_v2(name, variant):
    assert recognise(as_file(random_adapter("faceid_plus"), name)).variant == variant


def test_a_name_that_does_not_tell_needs_the_users_word():
    file = as_file(random_adapter("faceid_plus"), "model")
    with pytest.raises(ModelFileError, match=r"name does not say.*faceid_plus or faceid_plus_v2"):
        recognise(file)
    assert recognise(file, "faceid_plus").shortcut is False
    assert recognise(file, "faceid_plus_v2").shortcut is True


def test_sdxl_has_only_v2():
    assert recognise(as_file(random_adapter("faceid_plus_v2", "sdxl"), "model")).variant == "faceid_plus_v2"


def test_the_users_word_outweighs_the_name():
    file = as_file(random_adapter("faceid_plus"), "ip-adapter-faceid-plusv2_sd15")
    assert recognise(file, "faceid_plus").variant == "faceid_plus"


@pytest.mark.parametrize("place", ["InstantID/ip-adapter", "ip-adapter", "x/instantid_adapter"])
def test_instantid_is_no_portrait(place):
    file = as_file(random_adapter("faceid_portrait_unnorm", "sdxl"), place)
    with pytest.raises(ModelFileError, match="InstantID"):
        recognise(file)


def test_an_impossible_word_is_answered_with_what_is_possible():
    with pytest.raises(InputError, match=r"cannot be 'plus'.*only faceid_plus or faceid_plus_v2"):
        recognise(as_file(random_adapter("faceid_plus")), "plus")


def test_an_unknown_word_is_answered_with_the_known_ones():
    with pytest.raises(InputError, match=r"'plsu'.*kolors_faceid"):
        recognise(as_file(random_adapter("plus")), "plsu")


def test_faceid_without_its_lora_is_still_faceid():
    kind = recognise(as_file(random_adapter("faceid", has_lora=False)))
    assert (kind.variant, kind.has_lora) == ("faceid", False)


# --- what does not fit ---


@pytest.mark.parametrize(("variant", "family"), PUBLISHED)
@pytest.mark.parametrize("group", ["image_proj", "layers"])
def test_each_missing_tensor_is_named(variant, family, group):
    whole = as_file(random_adapter(variant, family))
    tensors = getattr(whole, group)
    for name in tensors:
        del (less := dict(tensors))[name]
        file = AdapterFile(
            whole.path, **{"image_proj": whole.image_proj, "layers": whole.layers, group: less}
        )
        with pytest.raises(ModelFileError, match=re.escape(name)):
            recognise(file, override=variant)


@pytest.mark.parametrize(("variant", "family"), PUBLISHED)
@pytest.mark.parametrize("group", ["image_proj", "layers"])
def test_each_transposed_tensor_is_named_alone(variant, family, group):
    whole = as_file(random_adapter(variant, family))
    tensors = getattr(whole, group)
    for name, tensor in tensors.items():
        if tensor.ndim != 2 or tensor.shape[0] == tensor.shape[1]:
            continue
        wrong = {**tensors, name: tensor.T}
        file = AdapterFile(
            whole.path, **{"image_proj": whole.image_proj, "layers": whole.layers, group: wrong}
        )
        said = rf"fits: (image_proj|ip_adapter)\.{re.escape(name)} is transposed: \[[^;]*\]\."
        with pytest.raises(ModelFileError, match=said):
            recognise(file, override=variant)


@pytest.mark.parametrize(("variant", "family"), PUBLISHED)
def test_a_renamed_tensor_is_missing_and_unexpected(variant, family):
    whole = as_file(random_adapter(variant, family))
    for name in list(whole.image_proj):
        renamed = {f"{key}x" if key == name else key: tensor for key, tensor in whole.image_proj.items()}
        with pytest.raises(ModelFileError, match=re.escape(f"{name} is missing")):
            recognise(AdapterFile(whole.path, renamed, whole.layers), override=variant)


UNEXPECTED = ["33.to_k_ip.weight", "2.to_k_ip.weight", "1.to_k_ip.bias", "stranger", "1.to_q_ip.weight"]


@pytest.mark.parametrize("name", UNEXPECTED)
def test_an_unexpected_layer_is_named(plus, name):
    file = AdapterFile(plus.path, plus.image_proj, {**plus.layers, name: torch.zeros(8, 2048)})
    with pytest.raises(ModelFileError, match=re.escape(f"{name} is unexpected")):
        recognise(file)


def test_layers_all_transposed_are_called_so(plus):
    layers = {name: tensor.T for name, tensor in plus.layers.items()}
    with pytest.raises(ModelFileError, match=r"1\.to_k_ip\.weight is transposed.*and 3 more"):
        recognise(AdapterFile(plus.path, plus.image_proj, layers))


def test_a_projection_of_one_family_with_layers_of_the_other(plus):
    layers = random_adapter("plus", "sd15").layers
    with pytest.raises(ModelFileError, match=r"1\.to_k_ip\.weight is \[16, 768\], expected \[16, 2048\]"):
        recognise(AdapterFile(plus.path, plus.image_proj, layers))


def test_what_would_fit_is_named(plus):
    file = AdapterFile(plus.path, {**plus.image_proj, "stranger": torch.zeros(1)}, plus.layers)
    with pytest.raises(ModelFileError, match="ip-adapter-plus_sdxl_vit-h"):
        recognise(file)


def test_v_of_another_width_than_k(plus):
    layers = {**plus.layers, "3.to_v_ip.weight": torch.zeros(25, 2048)}
    with pytest.raises(ModelFileError, match=r"3\.to_v_ip\.weight is \[25, 2048\], expected \[24, 2048\]"):
        recognise(AdapterFile(plus.path, plus.image_proj, layers))


def test_a_context_of_no_family():
    image_proj = {
        "proj.weight": torch.zeros(4096, 1024),
        "proj.bias": torch.zeros(4096),
        "norm.weight": torch.zeros(1024),
        "norm.bias": torch.zeros(1024),
    }
    layers = {f"1.to_{part}_ip.weight": torch.zeros(320, 1024) for part in "kv"}
    with pytest.raises(ModelFileError, match=r"1024 wide, expected 768 \(SD 1\.5\) or 2048"):
        recognise(AdapterFile(Path("sd21.bin"), image_proj, layers))


def test_tokens_that_do_not_divide():
    whole = random_adapter("base")
    proj = {**whole.image_proj, "proj.weight": torch.zeros(1000, 24), "proj.bias": torch.zeros(1000)}
    with pytest.raises(ModelFileError, match="1000 numbers, no multiple of 768"):
        recognise(AdapterFile(Path("x.bin"), proj, whole.layers))


def test_heads_that_do_not_divide():
    whole = random_adapter("plus", sizes=Sizes(depth=1))
    proj = dict(whole.image_proj)
    for name, shape in (("to_q", (60, 32)), ("to_kv", (120, 32)), ("to_out", (32, 60))):
        proj[f"layers.0.0.{name}.weight"] = torch.zeros(shape)
    with pytest.raises(ModelFileError, match="60 wide, expected a multiple of 64"):
        recognise(AdapterFile(Path("x.bin"), proj, whole.layers))


def test_a_resampler_without_layers():
    whole = random_adapter("plus", sizes=Sizes(depth=0))
    with pytest.raises(ModelFileError, match="no attention layers"):
        recognise(as_file(whole))


@pytest.mark.parametrize(
    ("image_proj", "layers", "said"),
    [
        ({"head.w": (2, 2)}, {"1.to_k_ip.weight": (8, 768)}, "'head.w'"),
        ({"proj.weight": (3072, 24)}, {"down.to_k": (8, 768)}, "'down.to_k'"),
    ],
)
def test_tensors_of_no_adapter_are_quoted(image_proj, layers, said):
    groups = [{name: torch.zeros(shape) for name, shape in group.items()} for group in (image_proj, layers)]
    with pytest.raises(ModelFileError, match=said):
        recognise(AdapterFile(Path("x.bin"), *groups))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_tensor_of_any_other_shape_is_refused(data):
    variant, family = data.draw(st.sampled_from(PUBLISHED))
    whole = random_adapter(variant, family, widths=[8, 8])
    group = data.draw(st.sampled_from(["image_proj", "layers"]))
    tensors = getattr(whole, group)
    # The one free axis of a projection, the width of its input, may be anything.
    names = sorted(
        set(tensors) - {"proj_in.weight", "perceiver_resampler.proj_in.weight", "latents", "proj.weight"}
    )
    name = data.draw(st.sampled_from(names))
    shape = data.draw(st.lists(st.integers(0, 40), max_size=3).map(tuple))
    if shape == tuple(tensors[name].shape):
        return
    groups = {
        "image_proj": whole.image_proj,
        "layers": whole.layers,
        group: {**tensors, name: torch.zeros(shape)},
    }
    with pytest.raises(ModelFileError, match="fit"):
        recognise(AdapterFile(Path("x.bin"), **groups), override=variant)
