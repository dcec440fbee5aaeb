"""Checks of adapters in real models and a real sampler; run like `checks_in_host.py`.

The UNets have the block layout of SD 1.5 and of Segmind-Vega, an SDXL model, in 320 channels and with weights
of noise, so that ComfyUI takes them for what they stand for and a CPU samples them in a second.
"""

import copy
import functools
import gc
import json
import math
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace

import checks_in_host as base

COMMON = {"image_size": 32, "in_channels": 4, "out_channels": 4, "model_channels": 320, "legacy": False}
NETWORKS = {
    "sd15": {
        **{"num_res_blocks": [2] * 4, "channel_mult": [1] * 4, "context_dim": 768, "num_heads": 8},
        **{"transformer_depth": [1] * 6 + [0] * 2, "transformer_depth_output": [1] * 9 + [0] * 3},
        "transformer_depth_middle": 1,
    },
    "sdxl": {
        **{"num_res_blocks": [2] * 3, "channel_mult": [1] * 3, "context_dim": 2048, "num_head_channels": 64},
        **{"transformer_depth": [0, 0, 1, 1, 2, 2], "transformer_depth_output": [0] * 3 + [1] * 3 + [2] * 3},
        **{"transformer_depth_middle": 2, "use_linear_in_transformer": True},
        **{"num_classes": "sequential", "adm_in_channels": 2816},
    },
    "micro": {
        **{"num_res_blocks": [1, 1], "channel_mult": [1, 1], "context_dim": 768, "num_heads": 8},
        **{"transformer_depth": [1, 1], "transformer_depth_output": [1] * 4, "transformer_depth_middle": 1},
    },
    # Attends in a quarter of each side only, for latents that are large.
    "wide": {
        **{"num_res_blocks": [1] * 3, "channel_mult": [1] * 3, "context_dim": 768, "num_heads": 8},
        **{"transformer_depth": [0, 0, 1], "transformer_depth_output": [0] * 4 + [1] * 2},
        "transformer_depth_middle": 1,
    },
}
N_SITES = {"sd15": 16, "sdxl": 17, "micro": 7}
CONTEXT = {"sd15": 768, "sdxl": 2048, "micro": 768, "wide": 768}


@functools.cache
def model_of(name):
    """Return a loaded model of noise."""
    import comfy.ops
    import comfy.sd
    import torch
    from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel

    network = {key: list(v) if isinstance(v, list) else v for key, v in NETWORKS[name].items()}
    empty = UNetModel(
        **COMMON,
        **network,
        use_spatial_transformer=True,
        dtype=torch.float32,
        device="meta",
        operations=comfy.ops.disable_weight_init,
    )
    generator, weights = torch.Generator().manual_seed(0), {}
    for key, value in empty.state_dict().items():
        if value.ndim > 1:
            drawn = torch.randn(value.shape, generator=generator) * (0.7 / value[0].numel() ** 0.5)
        else:
            drawn = (torch.ones if key.endswith("weight") else torch.zeros)(value.shape)
        weights[key] = drawn
    return comfy.sd.load_diffusion_model_state_dict(weights)


@functools.cache
def adapter_of(name, seed=3):
    """Return an adapter of noise for a model, as the loader gives it."""
    import torch
    from pack_in_check.consistency.injection.sites import in_file_order
    from pack_in_check.host.adapters.layers import AdapterLayers, managed
    from pack_in_check.host.adapters.sites import unet_sites

    generator, layers = torch.Generator().manual_seed(seed), {}
    for order, site in enumerate(in_file_order(unet_sites(model_of(name)))):
        for kind in "kv":
            drawn = torch.randn(site.width, site.context, generator=generator) / site.context**0.5
            layers[f"{2 * order + 1}.to_{kind}_ip.weight"] = drawn
    return SimpleNamespace(
        name=f"noise for {name}",
        file=SimpleNamespace(layers=layers),
        layers=managed(AdapterLayers(layers)),
    )


def tokens_of(name, n=1, n_tokens=4, seed=7):
    import torch
    from pack_in_check.host.adapters.injection import Tokens

    generator = torch.Generator().manual_seed(seed)
    return Tokens(*(torch.randn(n, n_tokens, CONTEXT[name], generator=generator) for _ in range(2)))


def placed(name, model=None, mask=None, tokens=None, adapter=None, **settings):
    from pack_in_check.host.adapters.apply import AdapterSettings, place_adapter

    return place_adapter(
        model or model_of(name),
        adapter or adapter_of(name),
        tokens or tokens_of(name),
        AdapterSettings(**{"weight": 1.0, **settings}),
        mask,
    )


def sampled(name, model=None, *, size=(8, 8), n=1, steps=1, cfg=4.0, sampler="euler"):
    """Return the latent of a short run of the host's own sampling."""
    import comfy.sample
    import torch

    generator = torch.Generator().manual_seed(5)
    latent = torch.zeros(n, 4, *size)

    def conditioning():
        fields = {"pooled_output": torch.randn(1, 1280, generator=generator)} if name == "sdxl" else {}
        return [[torch.randn(1, 77, CONTEXT[name], generator=generator), fields]]

    with torch.inference_mode():
        return comfy.sample.sample(
            model or model_of(name),
            comfy.sample.prepare_noise(latent, 11),
            *(steps, cfg, sampler, "normal", conditioning(), conditioning(), latent),
            disable_pbar=True,
            seed=11,
        )


@functools.cache
def bare(name):
    return sampled(name)


def patches_of(model):
    return model.model_options["transformer_options"]["patches_replace"]["attn2"]


def attended(q, k, v, n_heads):
    """Attention in float64, head by head, as it is written in the paper."""
    import torch

    q, k, v = (part.double() for part in (q, k, v))
    width = q.shape[-1] // n_heads
    heads = []
    for start in range(0, q.shape[-1], width):
        part = slice(start, start + width)
        scores = q[..., part] @ k[..., part].transpose(-1, -2) / math.sqrt(width)
        heads.append(torch.exp(scores - torch.logsumexp(scores, -1, keepdim=True)) @ v[..., part])
    return torch.cat(heads, -1)


def published(name, place, q, k, v, options, *, weight, tokens=None, mask=None):
    """The whole of a patched cross-attention by its formula, in float64."""
    import torch
    from pack_in_check.consistency.injection.sites import in_file_order
    from pack_in_check.host.adapters.sites import unet_sites

    places = [site.place for site in in_file_order(unet_sites(model_of(name)))]
    number = 2 * places.index(place) + 1
    layers = adapter_of(name).file.layers
    made = tokens or tokens_of(name)
    chunks = options["cond_or_uncond"]
    rows = []
    for kind, part in zip(chunks, q.chunk(len(chunks)), strict=True):
        side = (made.conditional, made.unconditional)[kind].double().expand(len(part), -1, -1)
        keys, values = (side @ layers[f"{number}.to_{x}_ip.weight"].double().T for x in "kv")
        rows.append(attended(part, keys, values, options["n_heads"]))
    added = torch.cat(rows)
    return attended(q, k, v, options["n_heads"]) + weight * (added if mask is None else added * mask)


def largest_error(name, **settings):
    """Sample with every patch watched; return how often each was called, and the largest relative error."""
    model = placed(name, **settings).model
    calls, errors = {}, []

    def watch(patch):
        def watched(q, k, v, options):
            out = patch(q, k, v, options)
            place = (*options["block"], options["block_index"])
            wanted = published(name, place, q, k, v, options, weight=settings.get("weight", 1.0))
            calls[place] = calls.get(place, 0) + 1
            errors.append(((out - wanted).abs().max() / wanted.abs().max()).item())
            return out

        return watched

    patches = patches_of(model)
    for place in list(patches):
        patches[place] = watch(patches[place])
    sampled(name, model)
    return calls, max(errors)


def _every_cross_attention_is_the_published_formula(name):
    calls, error = largest_error(name, weight=0.7)
    assert len(calls) == N_SITES[name] and set(calls.values()) == {1}, calls
    assert ("middle", 0, 0) in calls
    assert error < 1e-5, error


def check_every_cross_attention_of_sd15_is_the_published_formula():
    _every_cross_attention_is_the_published_formula("sd15")


def check_every_cross_attention_of_sdxl_is_the_published_formula():
    _every_cross_attention_is_the_published_formula("sdxl")


def check_the_whole_sdxl_has_seventy():
    import comfy.ops
    import torch
    from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
    from pack_in_check.consistency.injection.sites import in_file_order, pair_layers
    from pack_in_check.host.adapters.sites import unet_sites
    from support.adapters import SDXL_WIDTHS

    network = {
        **NETWORKS["sdxl"],
        **{"num_res_blocks": [2] * 3, "channel_mult": [1, 2, 4], "transformer_depth_middle": 10},
        **{
            "transformer_depth": [0, 0, 2, 2, 10, 10],
            "transformer_depth_output": [0] * 3 + [2] * 3 + [10] * 3,
        },
    }
    unet = UNetModel(
        **COMMON,
        **network,
        use_spatial_transformer=True,
        dtype=torch.float16,
        device="meta",
        operations=comfy.ops.disable_weight_init,
    )
    sites = unet_sites(SimpleNamespace(model=SimpleNamespace(diffusion_model=unet)))
    assert [site.width for site in in_file_order(sites)] == SDXL_WIDTHS
    layers = {
        f"{2 * order + 1}.to_{kind}_ip.weight": torch.empty(width, 2048, device="meta")
        for order, width in enumerate(SDXL_WIDTHS)
        for kind in "kv"
    }
    numbers = {site.place: number for site, number in pair_layers(layers, sites).items()}
    assert numbers["input", 8, 9] == 47 and numbers["output", 3, 0] == 109 and numbers["middle", 0, 9] == 139
    assert {site.transformer for site in sites if site.block_name == "out1"} == {6}


def check_what_acts_on_nothing_changes_nothing():
    import torch

    for name in ("sd15", "sdxl"):
        for settings in (
            {"weight": 0.0},
            {"start": 0.4, "end": 0.4},
            {"mask": torch.zeros(1, 16, 16)},
            {"curve": "0: 0"},
            {"block_weights": "mid: 0"},
        ):
            assert torch.equal(sampled(name, placed(name, **settings).model), bare(name)), (name, settings)


def check_the_same_inputs_give_the_same_latent_and_the_model_upstream_stays():
    import torch

    made = placed("sd15")
    first = sampled("sd15", made.model)
    assert not torch.equal(first, bare("sd15"))
    assert torch.equal(sampled("sd15", made.model), first)
    assert torch.equal(sampled("sd15", placed("sd15").model), first)
    assert torch.equal(sampled("sd15"), bare("sd15"))


def check_every_weight_type_differs_from_every_other():
    from pack_in_check.consistency.injection.weights import WEIGHT_TYPES

    latents = {}
    for weight_type in WEIGHT_TYPES:
        latent = sampled("sd15", placed("sd15", weight_type=weight_type, weight_composition=0.3).model)
        latents[latent.numpy().tobytes()] = weight_type
    assert len(latents) == len(WEIGHT_TYPES), latents.values()


def check_ten_clones_hold_one_set_of_weights():
    import torch

    made = placed("sd15").model
    sampled("sd15", made)
    gc.collect()
    before = _bytes_of_tensors()
    clones = [made]
    for _ in range(10):
        clones.append(clones[-1].clone())
    gc.collect()
    assert _bytes_of_tensors() - before < 1e5
    modules = {id(one.model) for clone in clones for one in clone.model_patches_models()}
    assert modules == {id(adapter_of("sd15").layers.model)}
    assert torch.equal(sampled("sd15", clones[-1]), sampled("sd15", made))
    copied = copy.deepcopy(patches_of(made))
    assert next(iter(copied.values())).injection is next(iter(patches_of(made).values())).injection


def _bytes_of_tensors():
    import torch

    storages = {}
    for thing in gc.get_objects():
        if type(thing) in {torch.Tensor, torch.nn.Parameter}:
            storage = thing.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())


def check_keys_and_values_are_computed_once_in_a_run():
    from pack_in_check.host.adapters.layers import AdapterLayers

    made, calls = placed("sd15").model, []
    original = AdapterLayers.keys_and_values

    def counted(self, number, tokens):
        calls.append(number)
        return original(self, number, tokens)

    AdapterLayers.keys_and_values = counted
    try:
        sampled("sd15", made, steps=4)
        assert len(calls) == 2 * 16, len(calls)
        sampled("sd15", made, steps=2)
        assert len(calls) == 4 * 16, len(calls)
    finally:
        AdapterLayers.keys_and_values = original
    patch = next(iter(patches_of(made).values()))
    assert not patch.injection._pairs and not patch.injection._masks


def check_the_noise_level_is_read_once_a_step():
    import torch
    from pack_in_check.host.adapters.clock import Clock

    reads = []

    class Sigmas(torch.Tensor):
        def max(self):
            reads.append(1)
            return torch.Tensor.max(self)

    clock = Clock(model_of("sd15").get_model_object("model_sampling"))
    for _ in range(3):
        sigmas = torch.tensor([2.0]).as_subclass(Sigmas)
        for _ in range(16):
            clock.is_within({"sigmas": sigmas}, 0.2, 0.8)
            clock.fraction({"sigmas": sigmas})
    assert len(reads) == 3


def check_start_and_end_are_parts_of_sampling():
    import torch

    sampling = model_of("sd15").get_model_object("model_sampling")
    from pack_in_check.host.adapters.clock import Clock

    clock = Clock(sampling)
    for percent in (0.1, 0.35, 0.5, 0.9):
        options = {"sigmas": torch.tensor([float(sampling.percent_to_sigma(percent))])}
        assert abs(clock.fraction(options) - percent) < 2e-3
        assert clock.is_within(options, 0.0, percent + 0.01) and clock.is_within(options, percent - 0.01, 1.0)
        assert not clock.is_within(options, percent + 0.01, 1.0)
        assert not clock.is_within(options, 0.0, percent - 0.01)
    spans = ({"start": 0.5}, {"end": 0.5}, {}, {"weight": 0.0})
    latents = [sampled("micro", placed("micro", **span).model, steps=2) for span in spans]
    assert len({latent.numpy().tobytes() for latent in latents}) == 4


def _call(name, place, chunks, n=1, size=(6, 10), frames=None, **settings):
    """Call one patch by hand; return what it gives, and what the formula of everything but the mask gives."""
    import torch

    patch = patches_of(placed(name, **settings).model)[place]
    generator = torch.Generator().manual_seed(sum(size) + n)
    width, length = 320, size[0] * size[1]
    q, k, v = (torch.randn(n * len(chunks), rows, width, generator=generator) for rows in (length, 77, 77))
    options = {
        **{"n_heads": 8, "cond_or_uncond": chunks, "sigmas": torch.tensor([5.0]), "block": place[:2]},
        **{"activations_shape": [n * len(chunks), 320, *size], "block_index": place[2]},
        "original_shape": [n * len(chunks), 4, *size],
    }
    if frames is not None:
        options["ad_params"] = {"sub_idxs": frames, "full_length": 33}
    return patch(q, k, v, options), (q, k, v, options)


def check_chunks_are_told_by_their_kind_in_any_order():
    place = ("input", 4, 0)
    for chunks in ([0], [1], [0, 1], [1, 0], [0, 0, 1], [1, 0, 1, 0]):
        for n in (1, 3):
            out, given = _call("sd15", place, chunks, n)
            assert (out - published("sd15", place, *given, weight=1.0)).abs().max() < 1e-5, chunks


def check_outside_its_mask_a_character_adds_exactly_nothing():
    from pack_in_check.consistency.injection.masks import REGIONS, box_mask

    place = ("middle", 0, 0)
    for size in ((10, 14), (5, 7), (1, 9), (64, 16), (16, 64)):
        out, (q, k, v, options) = _call(
            "sd15", place, [0, 1], 2, size, mask=box_mask(REGIONS["left half"]), weight=0.8
        )
        from pack_in_check.host.adapters.patch import host_attention

        base_out = host_attention(q, k, v, options)
        changed = (out != base_out).any(-1).reshape(4, *size)
        half = size[1] // 2
        assert not changed[:, :, half + size[1] % 2 :].any(), size
        assert changed[:, :, :half].all(), size


def check_two_characters_do_not_bleed():
    import torch
    from pack_in_check.consistency.injection.masks import REGIONS, box_mask

    place = ("output", 6, 0)
    masks = [box_mask(REGIONS[name]) for name in ("left half", "right half")]
    first = placed("sd15", mask=masks[0]).model
    other = tokens_of("sd15", seed=8)
    both = placed("sd15", model=first, mask=masks[1], tokens=other, adapter=adapter_of("sd15", 4)).model
    outs = []
    for model in (first, both):
        generator = torch.Generator().manual_seed(1)
        q, k, v = (torch.randn(2, rows, 320, generator=generator) for rows in (140, 77, 77))
        options = {
            **{"n_heads": 8, "cond_or_uncond": [0, 1], "sigmas": torch.tensor([5.0]), "block": place[:2]},
            **{"activations_shape": [2, 320, 10, 14], "block_index": 0},
        }
        outs.append(patches_of(model)[place](q, k, v, options).reshape(2, 10, 14, 320))
    assert torch.equal(outs[0][:, :, :7], outs[1][:, :, :7])
    assert (outs[0][:, :, 7:] != outs[1][:, :, 7:]).any(-1).all()


def check_thirty_three_frames_have_a_mask_each():
    import torch
    from pack_in_check.consistency.injection.masks import mask_for_layer

    generator = torch.Generator().manual_seed(2)
    masks = (torch.rand(33, 12, 20, generator=generator) > 0.5).float()
    place, size = ("input", 1, 0), (6, 10)
    out, given = _call("sd15", place, [0, 1], 33, size, mask=masks)
    scaled = mask_for_layer(masks, *size).repeat(2, 1, 1).double()
    assert (out - published("sd15", place, *given, weight=1.0, mask=scaled)).abs().max() < 1e-5
    window = [30, 31, 32, 2]
    out, given = _call("sd15", place, [1, 0], 4, size, frames=window, mask=masks)
    scaled = mask_for_layer(masks[window], *size).repeat(2, 1, 1).double()
    assert (out - published("sd15", place, *given, weight=1.0, mask=scaled)).abs().max() < 1e-5


def check_a_wide_latent_and_sixty_four_references():
    place = ("output", 11, 0)
    many = tokens_of("sd15", n_tokens=64 * 4)
    out, given = _call("sd15", place, [0, 1], 1, (64, 256), tokens=many)
    assert (out - published("sd15", place, *given, weight=1.0, tokens=many)).abs().max() < 1e-5


def check_each_frame_may_have_its_own_reference():
    import torch
    from pack_in_check.host.adapters.injection import Tokens

    made, place = tokens_of("sd15", n=3), ("input", 2, 0)
    own = Tokens(made.conditional, made.unconditional[:1])
    out, (q, k, v, options) = _call("sd15", place, [0, 1], 3, tokens=own)
    for frame in range(3):
        alone = Tokens(made.conditional[frame : frame + 1], made.unconditional[:1])
        rows = [frame, frame + 3]
        wanted = published("sd15", place, q[rows], k[rows], v[rows], options, weight=1.0, tokens=alone)
        assert (out[rows] - wanted).abs().max() < 1e-5
    assert torch.isfinite(out).all()


def check_precise_types_give_the_reference_to_the_unconditional_side():
    from pack_in_check.host.adapters.injection import Tokens

    made, place = tokens_of("sd15"), ("input", 8, 0)
    out, given = _call("sd15", place, [0, 1], weight_type="style transfer precise")
    reversed_sides = Tokens(0 * made.conditional, made.conditional)
    wanted = published("sd15", place, *given, weight=1.0, tokens=reversed_sides)
    assert (out - wanted).abs().max() < 1e-5


def check_batches_are_what_their_pictures_are_alone():
    made = placed("micro").model
    together = sampled("micro", made, n=3)
    alone = sampled("micro", made, n=1)
    assert (together[:1] - alone).abs().max() / alone.abs().max() < 1e-4


def check_half_precisions_work():
    import torch

    for dtype, most in ((torch.float16, 2e-2), (torch.bfloat16, 1e-1)):
        place = ("input", 4, 0)
        patch = patches_of(placed("sd15").model)[place]
        generator = torch.Generator().manual_seed(1)
        q, k, v = (torch.randn(2, rows, 320, generator=generator).to(dtype) for rows in (60, 77, 77))
        options = {"n_heads": 8, "cond_or_uncond": [0, 1], "sigmas": torch.tensor([5.0])}
        out = patch(q, k, v, options)
        assert out.dtype == dtype
        wanted = published("sd15", place, q, k, v, options, weight=1.0)
        assert (out - wanted).abs().max() < most, dtype


class OlderPatch:
    """What a pack of the older convention puts in place: a list that others add to."""

    def __init__(self, callback, **settings):
        self.callbacks = [(callback, settings)]

    def add(self, callback, **settings):
        self.callbacks.append((callback, settings))

    def __call__(self, q, k, v, options):
        from comfy.ldm.modules.attention import optimized_attention

        out = optimized_attention(q, k, v, options["n_heads"])
        for callback, settings in self.callbacks:
            out = out + callback(out, q, k, v, options, **settings)
        return out


def older_pack(model, places):
    """Patch a clone as packs of the older convention do: add to what is there, or set what is not."""
    patched = model.clone()

    def shifted(out, q, k, v, options, shift=0.0, **settings):
        return q * shift

    for place in places:
        existing = (
            patched.model_options["transformer_options"]
            .get("patches_replace", {})
            .get("attn2", {})
            .get(place)
        )
        settings = {"shift": 0.01, "sigma_start": 1e9, "sigma_end": 0.0}
        if existing is None:
            patched.set_model_attn2_replace(OlderPatch(shifted, **settings), *place)
        else:
            existing.add(shifted, **settings)
    return patched


def plain_pack(model, place):
    """Patch a clone as a careful pack does: a function that calls what stood there."""
    from comfy.ldm.modules.attention import optimized_attention

    patched = model.clone()
    existing = (
        patched.model_options["transformer_options"].get("patches_replace", {}).get("attn2", {}).get(place)
    )

    def replaced(q, k, v, options):
        out = existing(q, k, v, options) if existing else optimized_attention(q, k, v, options["n_heads"])
        return out + q * 0.01

    patched.set_model_attn2_replace(replaced, *place)
    return patched


def check_other_packs_are_kept_in_any_order():
    import torch

    flat = [("input", n) for n in (1, 2, 4, 5, 7, 8)] + [("output", n) for n in range(3, 12)]
    packs = {
        "older, by block": lambda model: older_pack(model, flat),
        "older, by depth": lambda model: older_pack(model, [(*place, 0) for place in flat]),
        "a function": lambda model: plain_pack(model, ("input", 4, 0)),
    }
    for label, pack in packs.items():
        alone = pack(model_of("sd15"))
        theirs_first = placed("sd15", model=alone).model
        ours = placed("sd15").model
        upstream = sampled("sd15", ours)
        ours_first = pack(ours)
        latents = [sampled("sd15", model) for model in (theirs_first, ours_first)]
        assert torch.allclose(*latents, rtol=1e-3, atol=1e-2 * latents[0].abs().max()), label
        assert torch.equal(sampled("sd15", ours), upstream), f"{label} changed the model upstream"
        for lone in (alone, ours):
            assert not torch.equal(sampled("sd15", lone), latents[0]), label
        twice = placed("sd15", model=ours_first, tokens=tokens_of("sd15", seed=9)).model
        assert not torch.equal(sampled("sd15", twice), latents[1]), label
        assert torch.equal(sampled("sd15", ours_first), latents[1]), (
            f"{label} was changed by a later injection"
        )


def check_two_adapters_add_up():
    import torch

    one = {"tokens": tokens_of("sd15", seed=1), "weight": 0.5}
    two = {"tokens": tokens_of("sd15", seed=2), "weight": 0.3, "adapter": adapter_of("sd15", 4)}
    forth = placed("sd15", model=placed("sd15", **one).model, **two).model
    back = placed("sd15", model=placed("sd15", **two).model, **one).model
    first, second = sampled("sd15", forth), sampled("sd15", back)
    assert torch.allclose(first, second, rtol=1e-3, atol=1e-3 * first.abs().max())
    assert len({id(one.model) for one in forth.model_patches_models()}) == 2


def check_older_packs_are_reproduced_on_request():
    import torch

    made = placed("sd15", compatible=True)
    assert made.n_acting == 15
    assert not any(place[0] == "middle" for place in patches_of(made.model))
    assert not torch.equal(sampled("sd15", made.model), sampled("sd15", placed("sd15").model))


def check_what_does_not_fit_is_told_before_sampling():
    told = base.raised(lambda: placed("sd15", adapter=adapter_of("sdxl")))
    assert "noise for sdxl does not fit" in told and "17 layers, this model 16" in told, told
    for settings, sentence in (
        ({"start": 0.6, "end": 0.2}, "0.6 to 0.2 is no part of sampling"),
        ({"scaling": "V"}, "There is no scaling 'V'"),
        ({"weight_type": "x"}, "no weight type 'x'"),
        ({"block_weights": "in6: 1"}, "no attention block 'in6'"),
    ):
        told = base.raised(lambda settings=settings: placed("sd15", **settings))
        assert told.startswith("InputError") and sentence in told, told


def check_the_random_state_is_left_alone():
    import torch

    torch.manual_seed(4)
    wanted = torch.rand(3)
    torch.manual_seed(4)
    made = placed("micro").model
    assert torch.equal(torch.rand(3), wanted)
    state = torch.get_rng_state()
    sampled("micro")
    after_bare = torch.get_rng_state()
    torch.set_rng_state(state)
    sampled("micro", made)
    assert torch.equal(torch.get_rng_state(), after_bare)


def prepare(comfy, pack):
    """Make ComfyUI and the pack importable, on one thread: others would wait for it by spinning."""
    sys.path[0] = str(comfy)
    sys.path.append(str(pack / "tests"))
    from comfy.cli_args import args

    args.cpu = True  # Before anything else of comfy: it asks torch for CUDA when first imported.
    launch = base.load("launch", Path(__file__).parents[1] / "support" / "launch.py")
    kept.append(launch._declare_torchvision_operators())
    base.load("pack_in_check", pack / "__init__.py", submodule_search_locations=[str(pack)])
    import torch

    torch.set_num_threads(1)


kept = []  # What has to live until the process ends.


def told(names):
    """Run the checks among `names`; return null or the traceback of each."""
    answers = {}
    for name, check in list(names.items()):
        if name.startswith("check_"):
            try:
                check()
                answers[name] = None
            except Exception:
                answers[name] = traceback.format_exc()
    return answers


def main(comfy, pack):
    prepare(comfy, pack)
    print(json.dumps(told(globals())))  # noqa: T201 - the answer


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
