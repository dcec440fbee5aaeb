"""Properties of adapters in real models: random shapes and settings, and what surrounds them in a host.

Run like `checks_in_host.py`; models and adapters are those of `adapter_checks_in_host.py`.
"""

import json
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import adapter_checks_in_host as checks

N_DRAWS = 120


def closed_form(name, place, q, k, v, options, case):
    """The whole of a patched cross-attention in float64, row by row."""
    import torch
    from pack_in_check.consistency.injection.sites import in_file_order
    from pack_in_check.host.adapters.sites import unet_sites

    places = [site.place for site in in_file_order(unet_sites(checks.model_of(name)))]
    layers = checks.adapter_of(name).file.layers
    k_ip, v_ip = (
        layers[f"{2 * places.index(place) + 1}.to_{x}_ip.weight"].to(q.dtype).double() for x in "kv"
    )
    n, n_heads = q.shape[0] // len(case.chunks), options["n_heads"]
    rows = []
    for row in range(q.shape[0]):
        kind, frame = case.chunks[row // n], case.frames[row % n]
        side = (case.tokens.conditional, case.tokens.unconditional)[kind].to(q.dtype).double()
        side = side[min(frame, len(side) - 1)][None]
        keys, values, w = side @ k_ip.T, side @ v_ip.T, case.weight
        if "penalty" in case.scaling:
            w *= q.shape[-1] / 1280
        if case.scaling == "K+mean(V) w/ C penalty":
            apart = values.unflatten(1, (-1, case.tokens.n_per_picture))
            mean = apart.mean(2, keepdim=True)
            values = (apart - mean + w * mean).flatten(1, 2)
        else:
            values = w * values
        keys = keys if case.scaling == "V only" else w * keys
        own = slice(row, row + 1)
        added = checks.attended(q[own], keys, values, n_heads)
        if case.mask is not None:
            plane = case.mask[min(frame, len(case.mask) - 1)][None, None]
            fitted = torch.nn.functional.interpolate(plane, size=case.size, mode="bilinear")
            added = added * fitted.double().reshape(1, -1, 1)
        rows.append(checks.attended(q[own], k[own], v[own], n_heads) + added)
    return torch.cat(rows)


def drawn(generator):
    """Draw what a patch may meet: chunks in any order, any size, masks and tokens for all frames or each."""
    import torch
    from pack_in_check.host.adapters.apply import SCALINGS
    from pack_in_check.host.adapters.injection import Tokens

    def number(low, high):
        return int(torch.randint(low, high + 1, (1,), generator=generator))

    n_per_picture = number(1, 4)

    def tokens(n):
        return torch.randn(n, n_per_picture * number(1, 4), 768, generator=generator)

    n, total = number(1, 4), 9
    is_window = number(0, 3) == 0
    mask = torch.rand(number(1, 9), number(1, 40), number(1, 40), generator=generator)
    mask = (mask > 0.5).float() if number(0, 1) else mask
    return SimpleNamespace(
        n=n,
        chunks=[number(0, 1) for _ in range(number(1, 4))],
        size=(number(1, 9), number(1, 9)),
        frames=sorted(number(0, total - 1) for _ in range(n)) if is_window else list(range(n)),
        is_window=is_window,
        tokens=Tokens(tokens(number(1, 9) if number(0, 1) else 1), tokens(number(1, 3)), n_per_picture),
        mask=mask if number(0, 2) else None,
        weight=(number(1, 30) - 10.5) / 10,
        scaling=SCALINGS[number(0, len(SCALINGS) - 1)],
        place=[("input", 1, 0), ("middle", 0, 0), ("output", 3, 0)][number(0, 2)],
    )


def check_any_batch_is_the_closed_form():
    import torch

    generator = torch.Generator().manual_seed(31)
    for draw in range(N_DRAWS):
        case = drawn(generator)
        model = checks.placed(
            "micro", mask=case.mask, tokens=case.tokens, weight=case.weight, scaling=case.scaling
        ).model
        n_rows, length = case.n * len(case.chunks), case.size[0] * case.size[1]
        q, k, v = (torch.randn(n_rows, rows, 320, generator=generator) for rows in (length, 77, 77))
        options = {
            **{"n_heads": 8, "cond_or_uncond": case.chunks, "sigmas": torch.tensor([5.0] * n_rows)},
            **{"block": case.place[:2], "block_index": case.place[2]},
            **{"activations_shape": [n_rows, 320, *case.size], "original_shape": [n_rows, 4, *case.size]},
        }
        if case.is_window:
            options["ad_params"] = {"sub_idxs": case.frames, "full_length": 9}
        kept = [part.clone() for part in (q, k, v)]
        out = checks.patches_of(model)[case.place](q, k, v, options)
        wanted = closed_form("micro", case.place, q, k, v, options, case)
        error = (out - wanted).abs().max() / wanted.abs().max()
        assert error < 1e-5, (draw, float(error), case)
        assert all(torch.equal(part, before) for part, before in zip((q, k, v), kept, strict=True)), draw


def check_what_another_pack_keeps_is_not_written_to():
    import torch

    place = ("middle", 0, 0)
    kept = torch.zeros(2, 12, 320)
    theirs = checks.model_of("micro").clone()
    theirs.set_model_attn2_replace(lambda q, k, v, options: kept, *place)
    # The first of ours has no part in the step, so that what it returns is theirs.
    first = checks.placed("micro", model=theirs, start=0.0, end=0.5).model
    second = checks.placed("micro", model=first).model
    q, k, v = torch.randn(3, 2, 12, 320)
    options = {"n_heads": 8, "cond_or_uncond": [0, 1], "sigmas": torch.tensor([0.1])}
    assert checks.patches_of(second)[place](q, k, v, options).any() and not kept.any()


def check_a_users_choice_of_attention_holds():
    def counted(model):
        calls = []

        def override(function, *arguments, **options):
            calls.append(arguments[0].shape)
            return function(*arguments, **options)

        chosen = model.clone()
        chosen.model_options["transformer_options"]["optimized_attention_override"] = override
        checks.sampled("micro", chosen)
        return len(calls)

    n_bare = counted(checks.model_of("micro"))
    n_patched = counted(checks.placed("micro").model)
    assert n_bare > 0 and n_patched == n_bare + checks.N_SITES["micro"], (n_bare, n_patched)


def check_guiders_with_three_conditionings_keep_their_sides():
    """Whatever their order, what is called negative is unconditional."""
    import comfy.samplers
    import torch
    from comfy_extras.nodes_custom_sampler import Guider_DualCFG
    from comfy_extras.nodes_perpneg import Guider_PerpNeg

    def conditioning(seed):
        generator = torch.Generator().manual_seed(seed)
        return [[torch.randn(1, 77, 768, generator=generator), {}]]

    made = checks.placed("micro").model
    place, told = ("middle", 0, 0), []

    for guider_class, third, numbers in (
        (Guider_DualCFG, {"positive"}, (3.0, 1.5)),
        (Guider_PerpNeg, {"positive"}, (3.0, 1.0)),
    ):
        watched, told = made.clone(), []
        patch = checks.patches_of(watched)[place]

        def watch(q, k, v, options, patch=patch, told=told):
            kinds = patch.injection._chunks.are_unconditional(options)
            told += zip(options["uuids"], kinds, strict=True)
            return patch(q, k, v, options)

        checks.patches_of(watched)[place] = watch
        guider = guider_class(watched)
        guider.set_conds(conditioning(1), conditioning(2), conditioning(3))
        guider.set_cfg(*numbers)
        sampler, latent = comfy.samplers.sampler_object("euler"), torch.zeros(1, 4, 8, 8)
        with torch.inference_mode():
            guider.sample(latent + 1, latent, sampler, torch.tensor([5.0, 0.0]), seed=1, disable_pbar=True)
        names = {entry["uuid"]: name for name, entries in guider.original_conds.items() for entry in entries}
        conditional = {names[uuid] for uuid, kind in told if not kind}
        assert conditional == third and len({uuid for uuid, _ in told}) == 3, (guider_class, conditional)


def check_conditional_and_unconditional_apart_are_as_together():
    made = checks.placed("micro").model
    together = checks.sampled("micro", made)
    apart = made.clone()
    real, apart.model.memory_required = apart.model.memory_required, lambda *a, **k: 1e20
    batches = []
    try:
        patches = checks.patches_of(apart)
        patch = patches["middle", 0, 0]
        patches["middle", 0, 0] = lambda q, k, v, options: (
            batches.append(options["cond_or_uncond"]) or patch(q, k, v, options)
        )
        alone = checks.sampled("micro", apart)
    finally:
        apart.model.memory_required = real
    assert sorted(batches) == [[0], [1]], batches
    assert (alone - together).abs().max() < 1e-5 * together.abs().max()


def check_models_in_half_precision_are_near_those_in_full():
    import comfy.sd
    import torch

    weights = checks.model_of("micro").model.diffusion_model.state_dict()
    full = checks.sampled("micro", checks.placed("micro").model)
    bare = checks.sampled("micro")
    for dtype, most in ((torch.float16, 0.02), (torch.bfloat16, 0.1)):
        model = comfy.sd.load_diffusion_model_state_dict(dict(weights), model_options={"dtype": dtype})
        assert model.model.get_dtype() == dtype
        for stored in (torch.float16, torch.bfloat16, torch.float32):
            half = checks.sampled(
                "micro", checks.placed("micro", model=model, adapter=_stored_as(stored)).model
            )
            assert (half - full).abs().max() < most * (full - bare).abs().max() + most * full.abs().max()
            assert (half - full).abs().mean() < 0.2 * (full - bare).abs().mean(), (dtype, stored)


def _stored_as(dtype):
    from pack_in_check.host.adapters.layers import AdapterLayers, managed

    layers = {name: weight.to(dtype) for name, weight in checks.adapter_of("micro").file.layers.items()}
    return SimpleNamespace(
        name=str(dtype), file=SimpleNamespace(layers=layers), layers=managed(AdapterLayers(layers))
    )


def check_weights_that_are_partly_loaded_or_unloaded_give_the_same():
    import torch

    made = checks.placed("micro").model
    wanted = checks.sampled("micro", made)
    [layers] = {id(one): one for one in made.model_patches_models()}.values()
    device = torch.device("cpu")
    for act in (
        lambda: layers.load(device, lowvram_model_memory=1),
        lambda: layers.partially_unload(device, 1e9),
        lambda: layers.partially_load(device, 1e9),
        layers.detach,
    ):
        act()
        assert torch.equal(checks.sampled("micro", made), wanted)
    assert layers.model_size() == sum(
        weight.nbytes for weight in checks.adapter_of("micro").file.layers.values()
    )


def check_thirty_three_frames_with_a_mask_each_are_sampled():
    import torch

    masks = torch.zeros(33, 16, 16)
    masks[::2, :, :8] = 1
    made = checks.placed("micro", mask=masks).model
    latent = checks.sampled("micro", made, n=33, cfg=1.0)
    bare = checks.sampled("micro", n=33, cfg=1.0)
    for frame in (1, 15, 31):
        assert torch.allclose(latent[frame], bare[frame], rtol=1e-4, atol=1e-5 * float(bare.abs().max()))
    assert all((latent[frame] - bare[frame]).abs().max() > 1e-3 for frame in range(0, 33, 2))


def check_a_latent_of_2048_by_512_is_sampled():
    import torch

    made, sizes = checks.placed("wide", mask=_left()).model, []
    for place, patch in checks.patches_of(made).items():
        checks.patches_of(made)[place] = lambda q, k, v, options, patch=patch: (
            sizes.append(tuple(options["activations_shape"][-2:])) or patch(q, k, v, options)
        )
    latent = checks.sampled("wide", made, size=(64, 256), cfg=1.0)
    assert latent.shape == (1, 4, 64, 256) and torch.isfinite(latent).all()
    assert set(sizes) == {(16, 64)} and len(sizes) == 4, sizes


def check_models_without_a_unet_are_named():
    from pack_in_check.errors import InputError
    from pack_in_check.host.adapters.apply import AdapterSettings
    from pack_in_check.host.adapters.steps import AdapterOrder
    from pack_in_check.host.injection import Generation, InjectionOrder, inject

    tiny = checks.base.load("tiny_families", Path(__file__).with_name("tiny_families.py"))

    def never():
        raise AssertionError("A picture was looked at.")

    adapter = SimpleNamespace(name="plus.safetensors")
    order = InjectionOrder(adapter=AdapterOrder(adapter, never, AdapterSettings()))
    for kind, network in (("Flux", tiny.FLUX), ("QwenImage", tiny.QWEN)):
        given = Generation(tiny.patcher(tiny.build(kind, network)), None, [], [])
        same, report = inject(given, order, ["adapter"], stop_on_missing=False)
        assert same is given and not report.applied
        assert f"A {kind} model has no UNet" in report.degraded[-1]["reason"], report.degraded
        try:
            inject(given, order, ["adapter"], stop_on_missing=True)
        except InputError as error:
            assert "has no UNet" in str(error)
        else:
            raise AssertionError(kind)


def check_prompts_with_an_area_of_their_own_see_their_part_of_the_mask():
    import comfy.sample
    import torch
    from pack_in_check.host.adapters.patch import host_attention

    made, place, seen = checks.placed("micro", mask=_left()).model, ("middle", 0, 0), {}
    patch = checks.patches_of(made)[place]

    def watched(q, k, v, options):
        out, bare = patch(q, k, v, options), host_attention(q, k, v, options)
        parts = patch.injection._chunks.parts(options)
        for part, rows, others in zip(parts, out.chunk(len(parts)), bare.chunk(len(parts)), strict=True):
            seen[part and (part.left, part.right)] = (rows != others).any(-1).float().mean().item()
        return out

    checks.patches_of(made)[place] = watched
    generator, latent = torch.Generator().manual_seed(2), torch.zeros(1, 4, 8, 16)
    tokens = [torch.randn(1, 77, 768, generator=generator) for _ in range(4)]
    positive = [[tokens[0], {}]]
    positive += [[tokens[side], {"area": (8, 8, 0, 8 * (side - 1))}] for side in (1, 2)]
    mask = torch.zeros(1, 64, 128)
    mask[:, :, 96:] = 1
    positive += [[tokens[2], {"mask": mask, "mask_strength": 1.0, "set_area_to_bounds": True}]]
    with torch.inference_mode():
        comfy.sample.sample(
            made,
            comfy.sample.prepare_noise(latent, 1),
            *(1, 4.0, "euler", "normal", positive, [[tokens[3], {}]], latent),
            disable_pbar=True,
            seed=1,
        )
    assert seen == {None: 0.5, (0.0, 0.5): 1.0, (0.5, 1.0): 0.0, (0.75, 1.0): 0.0}, seen


def check_regions_of_prompts_lie_within_masks_that_are_there():
    """Frames may have a mask each on either side; the last stands for those that lack."""
    import torch
    from pack_in_check.host.regional import add_regional_prompt

    class Clip:
        def tokenize(self, text):
            return text

        def encode_from_tokens_scheduled(self, tokens):
            return [[torch.ones(1, 3, 768), {}]]

    scene = torch.ones(3, 8, 8)
    scene[1] = 0
    conditioning = [[torch.zeros(1, 3, 768), {"mask": scene, "mask_strength": 0.5}]]
    left = torch.zeros(5, 16, 16)
    left[:, :, :8] = 1
    kept, added = add_regional_prompt(Clip(), conditioning, "a girl", left)
    assert kept is conditioning[0] and torch.equal(kept[1]["mask"], scene)
    mask = added[1]["mask"]
    assert mask.shape == (5, 8, 8) and not mask[1].any() and not mask[:, :, 4:].any()
    assert mask[[0, 2, 3, 4], :, :4].all()


def _left():
    from pack_in_check.consistency.injection.masks import REGIONS, box_mask

    return box_mask(REGIONS["left half"])


def _read(variant, folder):
    """Return an adapter of noise as the loader gives it, for the micro model."""
    from pack_in_check.consistency.injection.adapter_file import read_adapter
    from pack_in_check.consistency.injection.projections import build_projection
    from pack_in_check.consistency.injection.variants import recognise
    from pack_in_check.host.adapters.files import Adapter
    from pack_in_check.host.adapters.layers import AdapterLayers, managed
    from support.adapters import random_adapter, write_adapter

    adapter = random_adapter(variant, widths=[320] * checks.N_SITES["micro"])
    path = write_adapter(Path(folder), adapter, variant)
    file = read_adapter(path)
    kind = recognise(file)
    projection = managed(build_projection(file, kind))
    return Adapter(path.name, file, kind, projection, managed(AdapterLayers(file.layers)), _Vision(kind))


class _Vision:
    """A CLIP vision model that sees what is in the corners."""

    image_size = 224

    def __init__(self, kind):
        self.kind = kind

    def encode_image(self, pixels, crop=True):
        import torch

        generator = torch.Generator().manual_seed(4)
        looked = pixels[:, ::75, ::75].flatten(1)[:, :27]
        width = self.kind.clip_width
        positions = torch.randn(27, self.kind.clip_positions * width, generator=generator)
        states = (looked @ positions).reshape(len(pixels), -1, width) if self.kind.clip_positions else None
        embeds = looked @ torch.randn(27, width, generator=generator)
        return {"image_embeds": embeds, "penultimate_hidden_states": states}


def _stepped(adapter, model, n=1, n_negatives=0, mask=None, **settings):
    """Put an adapter into a model by its step, as the node does; return the model and what is said."""
    import numpy as np
    from pack_in_check.host.adapters.apply import AdapterSettings
    from pack_in_check.host.adapters.steps import AdapterOrder, Shown, adapter_steps
    from pack_in_check.host.injection_order import Generation, InjectionOrder

    random = np.random.default_rng(n + 10 * n_negatives)
    pictures = random.integers(0, 256, (n + n_negatives, 224, 224, 3)).astype(np.uint8)
    faces = random.normal(size=(n, 512)).astype(np.float32) / 512**0.5
    shown = Shown(pictures[:n], faces if adapter.kind.face else faces[:0], (), (), pictures[n:])
    order = InjectionOrder(
        adapter=AdapterOrder(adapter, lambda: shown, AdapterSettings(**settings)), mask=mask
    )
    [step] = adapter_steps(order)
    generation, said = step.apply(Generation(model, None, [], []))
    return generation.model, said


def check_negative_references_may_be_any_number():
    import torch

    with tempfile.TemporaryDirectory() as folder:
        plus, faceid = _read("plus", folder), _read("faceid", folder)
        model = checks.model_of("micro")
        latents = {
            (n, n_negatives, is_compatible): checks.sampled(
                "micro", _stepped(plus, model, n, n_negatives, compatible=is_compatible)[0]
            )
            for n, n_negatives in ((3, 2), (2, 3), (1, 2))
            for is_compatible in (False, True)
        }
        assert len({latent.numpy().tobytes() for latent in latents.values()}) == len(latents)
        assert all(torch.isfinite(latent).all() for latent in latents.values())
        _, said = _stepped(faceid, model, 1, 1)
        assert "Negative references have no effect" in said, said


def check_the_lora_of_faceid_is_on_the_model_once():
    import comfy.lora
    import torch

    with tempfile.TemporaryDirectory() as folder:
        adapter, model = _read("faceid", folder), checks.model_of("micro")

        def change(patched):
            key = "diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_q.weight"
            weight = patched.model.state_dict()[key]
            return comfy.lora.calculate_weight(patched.patches[key], weight.clone(), key) - weight

        strong, said = _stepped(adapter, model, lora_strength=0.6)
        n_weights = 8 * checks.N_SITES["micro"]
        assert f"with its LoRA on {n_weights} weights of the whole model at 0.6" in said, said
        wanted = change(strong)
        up, down = (adapter.file.layers[f"13.to_q_lora.{part}.weight"] for part in ("up", "down"))
        assert torch.allclose(wanted, 0.6 * up @ down, atol=1e-5)
        again, said = _stepped(adapter, strong, lora_strength=0.4, mask=_left())
        assert torch.equal(change(again), wanted) and "on the model at 0.6 already" in said, said
        weak, _ = _stepped(adapter, model, lora_strength=0.2)
        raised, _ = _stepped(adapter, weak, lora_strength=0.6)
        assert torch.allclose(change(raised), wanted, atol=1e-5)
        assert torch.allclose(change(weak), wanted / 3, atol=1e-5)
        nowhere, said = _stepped(adapter, model, mask=torch.zeros(1, 8, 8))
        assert "in 0 of 7" in said and torch.equal(checks.sampled("micro", nowhere), checks.bare("micro"))


def main(comfy, pack):
    checks.prepare(comfy, pack)
    print(json.dumps(checks.told(globals())))  # noqa: T201 - the answer


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
