"""Checks of what goes into adapters, and of LoRAs, in the host's own Python; run like `checks_in_host.py`.

UNets of the real shapes of SD 1.5 and SDXL stand on the meta device, so that their names and shapes are the
published ones and take no memory.
"""

import functools
import json
import shutil
import sys
import tempfile
import traceback
from pathlib import Path
from types import SimpleNamespace

import checks_in_host as base

SD15 = {
    **{"image_size": 32, "in_channels": 4, "out_channels": 4, "model_channels": 320, "num_heads": 8},
    **{"num_res_blocks": [2] * 4, "channel_mult": [1, 2, 4, 4], "context_dim": 768, "legacy": False},
    **{"transformer_depth": [1, 1, 1, 1, 1, 1, 0, 0], "transformer_depth_output": [1] * 9 + [0] * 3},
    **{"transformer_depth_middle": 1, "use_spatial_transformer": True},
}
SDXL = {
    **{"image_size": 32, "in_channels": 4, "out_channels": 4, "model_channels": 320, "num_head_channels": 64},
    **{"num_res_blocks": [2] * 3, "channel_mult": [1, 2, 4], "context_dim": 2048, "legacy": False},
    **{"transformer_depth": [0, 0, 2, 2, 10, 10], "transformer_depth_output": [0, 0, 0, 2, 2, 2, 10, 10, 10]},
    **{"transformer_depth_middle": 10, "use_spatial_transformer": True, "use_linear_in_transformer": True},
    **{"num_classes": "sequential", "adm_in_channels": 2816},
}
LORAS = Path(tempfile.mkdtemp(prefix="tower-loras-"))


@functools.cache
def unet(family):
    """Return a MODEL whose UNet has the published names and shapes, and no weights."""
    import comfy.model_patcher
    import comfy.ops
    import torch
    from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel

    config = {"sd15": SD15, "sdxl": SDXL}[family]
    model = torch.nn.Module()
    # The constructor takes the lists apart.
    copied = {key: list(value) if isinstance(value, list) else value for key, value in config.items()}
    model.diffusion_model = UNetModel(
        **copied, dtype=torch.float16, device="meta", operations=comfy.ops.disable_weight_init
    )
    model.model_config = SimpleNamespace(unet_config=config)
    cpu = torch.device("cpu")
    return comfy.model_patcher.ModelPatcher(model, load_device=cpu, offload_device=cpu)


def attention_weights(family):
    """Return names and shapes of the attention weights, as kohya's scripts choose them."""
    return {
        name[len("diffusion_model.") :]: tuple(weight.shape)
        for name, weight in unet(family).model.state_dict().items()
        if ".transformer_blocks." in name and name.endswith(".weight") and weight.ndim == 2
    }


def drawn(*shape, seed=0):
    import torch

    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def pair(shape, rank=1):
    return drawn(shape[0], rank), drawn(rank, shape[1])


def lora_of(family, naming="kohya", limit=None):
    """Return the tensors of a LoRA of rank 1 for all attention weights of a family."""
    import comfy.utils

    diffusers = comfy.utils.unet_to_diffusers({"sd15": SD15, "sdxl": SDXL}[family])
    back = {value: key for key, value in diffusers.items()}
    tensors = {}
    for name, shape in list(attention_weights(family).items())[:limit]:
        up, down = pair(shape)
        stem = back[name][: -len(".weight")]
        if naming == "kohya":  # kohya's scripts name SD 1.5 as diffusers does, SDXL as its checkpoint.
            stem = stem if family == "sd15" else name[: -len(".weight")]
            stem = "lora_unet_" + stem.replace(".", "_")
            tensors |= {f"{stem}.lora_up.weight": up, f"{stem}.lora_down.weight": down}
        elif naming == "peft":
            tensors |= {f"unet.{stem}.lora_B.weight": up, f"unet.{stem}.lora_A.weight": down}
        elif naming == "peft model":
            stem = f"base_model.model.{stem}"
            tensors |= {f"{stem}.lora_B.default.weight": up, f"{stem}.lora_A.default.weight": down}
        elif naming == "host":
            stem = f"diffusion_model.{name[: -len('.weight')]}"
            tensors |= {f"{stem}.lora_B.weight": up, f"{stem}.lora_A.weight": down}
        elif naming == "diffusers" and ".attn" in stem:
            stem = stem.replace(".to_", ".processor.to_").removesuffix(".0")
            tensors |= {f"unet.{stem}_lora.up.weight": up, f"unet.{stem}_lora.down.weight": down}
    return tensors


def save(name, tensors):
    import folder_paths
    import safetensors.torch

    folder_paths.add_model_folder_path("loras", str(LORAS))
    safetensors.torch.save_file({key: value.contiguous() for key, value in tensors.items()}, LORAS / name)
    folder_paths.filename_list_cache.clear()
    return name


def load(family, name, tensors, **strengths):
    from pack_in_check.host.loras import LoraOrder, load_lora

    return load_lora(unet(family), None, LoraOrder(save(name, tensors), **strengths))


def check_a_lora_of_its_own_family_fits_whole_by_every_naming():
    for family, namings in (("sd15", 5), ("sdxl", 5)):
        n_all, n_attention = len(attention_weights(family)), 0
        for naming in ("kohya", "peft", "peft model", "host", "diffusers")[:namings]:
            tensors = lora_of(family, naming)
            loaded = load(family, f"{family} {naming}.safetensors", tensors)
            n_attention = len(tensors) // 2
            assert loaded.n_weights == loaded.n_fitting == loaded.n_model_keys == n_attention, (
                naming,
                loaded,
            )
            assert loaded.note == "" and loaded.model is not unet(family) and not unet(family).patches
            assert naming == "diffusers" or n_attention == n_all


def check_a_lora_of_another_family_is_refused_although_part_of_it_fits():
    to_sd15 = base.raised(load, "sd15", "xl.safetensors", lora_of("sdxl"))
    to_sdxl = base.raised(load, "sdxl", "15.safetensors", lora_of("sd15"))
    for told, name in ((to_sd15, "xl"), (to_sdxl, "15")):
        assert told.startswith("InputError: Only ") and f"'{name}.safetensors'" in told, told
        assert "another model family" in told
    n_fitting, n_all = (int(word) for word in to_sd15.split() if word.isdigit())
    assert (n_fitting, n_all) == (40, 700) and "Only 40 of the 160 weights" in to_sdxl
    assert not unet("sd15").patches and not unet("sdxl").patches


def check_a_lora_that_fits_in_most_is_loaded_and_says_how_much():
    tensors = lora_of("sd15")
    names = [name for name in tensors if name.endswith("lora_up.weight")]
    for name in names[: len(names) // 4]:
        tensors[name] = drawn(tensors[name].shape[0] + 1, 1)
    loaded = load("sd15", "mostly.safetensors", tensors)
    n_bad, n_all = len(names) // 4, len(names)
    assert loaded.n_fitting == loaded.n_model_keys == n_all - n_bad and loaded.n_weights == n_all
    assert loaded.note == f"{n_all - n_bad} of its {n_all} weights fit."
    for name in names[n_all // 4 : n_all * 3 // 4]:
        tensors[name] = drawn(tensors[name].shape[0] + 1, 1)
    assert "Only" in base.raised(load, "sd15", "half.safetensors", tensors)


def check_text_encoders_that_families_share_do_not_save_a_wrong_lora():
    import comfy.sd
    from pack_in_check.host.loras import LoraOrder, load_lora

    clip = comfy.sd.load_checkpoint_guess_config(str(base.CHECKPOINT), output_vae=False, output_clip=True)[1]
    text = {}
    for layer in range(12):
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            stem = f"lora_te_text_model_encoder_layers_{layer}_self_attn_{part}"
            text |= {f"{stem}.lora_up.weight": drawn(768, 1), f"{stem}.lora_down.weight": drawn(1, 768)}
    own = load_lora(unet("sd15"), clip, LoraOrder(save("own.safetensors", {**lora_of("sd15"), **text})))
    assert own.n_clip_keys == 48 and own.n_fitting == own.n_weights and own.clip is not clip
    few = dict(list(lora_of("sd15").items())[:40])
    wrong = LoraOrder(save("wrong.safetensors", {**few, **text}))
    told = base.raised(load_lora, unet("sdxl"), clip, wrong)
    assert "Only" in told and "of the 20 weights" in told, told
    alone = load_lora(unet("sdxl"), clip, LoraOrder(save("text.safetensors", text)))
    assert (alone.n_clip_keys, alone.n_model_keys, alone.n_fitting) == (48, 0, 48)
    assert alone.model is unet("sdxl")
    muted = load_lora(unet("sd15"), clip, LoraOrder("own.safetensors", 1.0, 0.0))
    assert muted.clip is clip and muted.n_clip_keys == 0 and muted.n_fitting == own.n_fitting


def check_every_kind_of_lora_is_judged_by_the_shape_that_it_makes():
    """Each kind in the right shape, applied by the host itself, and in a wrong one."""
    import comfy.lora
    import torch
    from pack_in_check.host.lora_shapes import fits

    def made(tensors, shape):
        full = {f"x.{part}": tensor for part, tensor in tensors.items()}
        [patch] = comfy.lora.load_lora(full, {"x": "w"}, log_missing=False).values()
        weight = torch.ones(shape)
        before = weight.clone()
        changed = comfy.lora.calculate_weight([(1.0, patch, 1.0, None, None)], weight, "w")
        return patch, not torch.equal(changed, before)

    linear, kernel = (24, 36), (24, 36, 3, 3)
    dora = drawn(24, 1).abs()
    kinds = {
        "lora": ({"lora_up.weight": drawn(24, 4), "lora_down.weight": drawn(4, 36)}, linear),
        "lora with alpha": (
            {"lora_up.weight": drawn(24, 4), "lora_down.weight": drawn(4, 36), "alpha": torch.tensor(2.0)},
            linear,
        ),
        "locon": ({"lora_up.weight": drawn(24, 4, 1, 1), "lora_down.weight": drawn(4, 36, 3, 3)}, kernel),
        "locon, tucker": (
            {
                **{"lora_up.weight": drawn(24, 4, 1, 1), "lora_down.weight": drawn(4, 36, 1, 1)},
                "lora_mid.weight": drawn(4, 4, 3, 3),
            },
            kernel,
        ),
        "dora": (
            {"lora_up.weight": drawn(24, 4), "lora_down.weight": drawn(4, 36), "dora_scale": dora},
            linear,
        ),
        "dora by input": (
            {
                **{"lora_up.weight": drawn(24, 4), "lora_down.weight": drawn(4, 36)},
                "dora_scale": drawn(1, 36).abs(),
            },
            linear,
        ),
        "loha": (
            {
                **{"hada_w1_a": drawn(24, 4), "hada_w1_b": drawn(4, 36)},
                **{"hada_w2_a": drawn(24, 4), "hada_w2_b": drawn(4, 36)},
            },
            linear,
        ),
        "loha, kernel": (
            {
                **{"hada_w1_a": drawn(24, 4), "hada_w1_b": drawn(4, 324)},
                **{"hada_w2_a": drawn(24, 4), "hada_w2_b": drawn(4, 324)},
            },
            kernel,
        ),
        "loha, tucker": (
            {
                **{"hada_w1_a": drawn(4, 24), "hada_w1_b": drawn(4, 36), "hada_t1": drawn(4, 4, 3, 3)},
                **{"hada_w2_a": drawn(4, 24), "hada_w2_b": drawn(4, 36), "hada_t2": drawn(4, 4, 3, 3)},
            },
            kernel,
        ),
        "lokr": ({"lokr_w1": drawn(4, 6), "lokr_w2": drawn(6, 6)}, linear),
        "lokr, factors": (
            {
                **{"lokr_w1_a": drawn(4, 2), "lokr_w1_b": drawn(2, 6)},
                **{"lokr_w2_a": drawn(6, 2), "lokr_w2_b": drawn(2, 6), "alpha": torch.tensor(2.0)},
            },
            linear,
        ),
        "lokr, kernel": ({"lokr_w1": drawn(4, 6), "lokr_w2": drawn(6, 6, 3, 3)}, kernel),
        "lokr, tucker": (
            {
                **{"lokr_w1": drawn(4, 6), "lokr_t2": drawn(2, 2, 3, 3)},
                **{"lokr_w2_a": drawn(2, 6), "lokr_w2_b": drawn(2, 6)},
            },
            kernel,
        ),
        "oft": ({"oft_blocks": drawn(6, 4, 4), "alpha": torch.tensor(1.0)}, linear),
        "boft": ({"oft_blocks": drawn(2, 6, 4, 4), "alpha": torch.tensor(1.0)}, linear),
        "glora": (
            {
                **{"a1.weight": drawn(36, 4), "a2.weight": drawn(4, 36)},
                **{"b1.weight": drawn(24, 4), "b2.weight": drawn(4, 36)},
            },
            linear,
        ),
        "diff": ({"diff": drawn(24, 36)}, linear),
        "set": ({"set_weight": drawn(24, 36)}, linear),
    }
    for name, (tensors, shape) in kinds.items():
        patch, acts = made(tensors, shape)
        # The host's own product of that kind fails with some versions of torch, and it goes on without.
        assert acts or name == "lokr, tucker", name
        assert fits(patch, shape), name
        for wrong in ((shape[0] + 1, *shape[1:]), (shape[0], shape[1] + 1, *shape[2:])):
            # An OFT turns outputs and asks nothing of inputs.
            if name not in ("oft", "boft") or wrong[0] != shape[0]:
                assert not fits(patch, wrong), (name, wrong)
        assert fits(patch, None)
    transposed, _ = made({"lora_up.weight": drawn(4, 4), "lora_down.weight": drawn(4, 4)}, (4, 4))
    assert not fits(transposed, (2, 8))
    half = {"lora_up.weight": drawn(24, 3), "lora_down.weight": drawn(4, 36)}
    assert not fits(made(half, linear)[0], linear)
    scaled = {**kinds["lora"][0], "dora_scale": drawn(7, 1)}
    assert not fits(made(scaled, linear)[0], linear)


def check_a_patch_of_a_part_of_a_weight_is_judged_by_that_part():
    from pack_in_check.host.lora_shapes import patched_shape

    shapes = {"qkv": (96, 32)}
    assert patched_shape("qkv", shapes) == (96, 32) and patched_shape("other", shapes) is None
    assert patched_shape(("qkv", (0, 32, 32)), shapes) == (32, 32)
    assert patched_shape(("qkv", (1, 0, 8)), shapes) == (96, 8)


def check_broken_loras_say_what_is_wrong_and_change_nothing():
    import torch
    from pack_in_check.host.loras import LoraOrder, load_lora

    tensors = lora_of("sd15", limit=8)
    first = next(name for name in tensors if name.endswith("lora_down.weight"))
    lacking = {name: tensor for name, tensor in tensors.items() if name != first}
    told = base.raised(load, "sd15", "lacking.safetensors", lacking)
    assert told.startswith("InputError") and "not whole" in told and first in told, told
    told = base.raised(load, "sd15", "nan.safetensors", {**tensors, first: tensors[first] * float("nan")})
    assert "no numbers" in told and first in told, told
    told = base.raised(load, "sd15", "nothing.safetensors", {"emb_params": torch.zeros(4, 768)})
    assert "None of the 0 weights" in told, told
    (LORAS / "page.safetensors").write_text("<!DOCTYPE html>")
    told = base.raised(load_lora, unet("sd15"), None, LoraOrder("page.safetensors"))
    assert told.startswith("InputError") and "cannot be read" in told, told
    told = base.raised(load_lora, unet("sd15"), None, LoraOrder("absent.safetensors"))
    assert told.startswith("MissingModelError") and "absent.safetensors" in told
    # Nothing is asked of a LoRA at strength 0, not even that it is there.
    muted = load_lora(unet("sd15"), None, LoraOrder("absent.safetensors", 0.0, 0.0))
    assert muted.model is unet("sd15") and (muted.n_weights, muted.note) == (0, "")
    assert not unet("sd15").patches


def check_a_file_that_is_ordered_twice_acts_once():
    from pack_in_check.host.loras import LoraOrder, without_doubles

    orders = [LoraOrder("a", 0.5), LoraOrder("b"), LoraOrder("a", 1.0), LoraOrder("a")]
    kept, doubled = without_doubles(orders)
    assert kept == orders[:2] and doubled == ["a"]


def check_a_weight_named_twice_in_a_file_is_counted_as_twice_named():
    tensors = {**lora_of("sd15", limit=4), **lora_of("sd15", "host", limit=4)}
    loaded = load("sd15", "twice.safetensors", tensors)
    assert (loaded.n_weights, loaded.n_fitting, loaded.n_model_keys) == (8, 8, 4)


def check_a_face_lora_adds_up_times_down_and_leaves_the_model_alone():
    import comfy.sd
    import torch
    from pack_in_check.host.face_lora import apply_face_lora

    model = comfy.sd.load_checkpoint_guess_config(str(base.CHECKPOINT), output_vae=False, output_clip=False)[
        0
    ]
    place = "input_blocks.1.1.transformer_blocks.0"
    before = {name: weight.float().clone() for name, weight in model.model.state_dict().items()}
    pairs = {
        f"{place}.attn1.to_q.weight": pair((320, 320), 4),
        f"diffusion_model.{place}.attn2.to_k.weight": pair((320, 768), 4),
    }
    patched, n_weights = apply_face_lora(model, pairs, 0.5)
    assert n_weights == 2 and not model.patches and len(patched.patches) == 2
    patched.patch_model()
    after = {name: weight.float().clone() for name, weight in patched.model.state_dict().items()}
    patched.unpatch_model()
    for name, (up, down) in pairs.items():
        full = name if name.startswith("diffusion_model.") else f"diffusion_model.{name}"
        expected = before[full].double() + 0.5 * (up.double() @ down.double())
        # The weights are of half precision.
        torch.testing.assert_close(after[full].double(), expected, rtol=2e-3, atol=2e-3)
    assert sum(not torch.equal(after[name], before[name]) for name in before) == 2
    assert all(torch.equal(w.float(), before[name]) for name, w in model.model.state_dict().items())
    assert apply_face_lora(model, pairs, 0.0) == (model, 0)
    wrong = {**pairs, f"{place}.attn1.to_v.weight": pair((640, 640))}
    told = base.raised(apply_face_lora, model, wrong)
    assert told.startswith("InputError: 1 of the 3 weights") and "attn1.to_v" in told and not model.patches
    told = base.raised(apply_face_lora, model, {"input_blocks.9.1.to_q.weight": pair((320, 320))})
    assert "input_blocks.9.1.to_q.weight" in told


def kind(clip, width, positions=0):
    named = f"a model of {width}"
    return SimpleNamespace(clip=clip, clip_width=width, clip_positions=positions, needs_clip_model=named)


def check_pictures_are_encoded_as_the_hosts_own_node_does():
    import comfy.clip_vision
    import numpy as np
    import torch
    from pack_in_check.host.clip_vision import empty_input, encode_for_adapter

    vision = base._tiny_clip_vision(1)
    generator = np.random.default_rng(0)
    sizes = [(40, 70), (32, 32), (40, 70), (70, 40)] + [(32, 32)] * 9
    pictures = [generator.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]
    for is_centred in (False, True):
        embeds = encode_for_adapter(vision, pictures, kind("embeds", 24), is_centred=is_centred)
        hidden = encode_for_adapter(vision, pictures, kind("hidden", 32, 5), is_centred=is_centred)
        assert embeds.shape == (13, 24) and hidden.shape == (13, 5, 32)
        assert embeds.dtype == hidden.dtype == torch.float32
        for at, picture in enumerate(pictures):
            own = vision.encode_image(torch.from_numpy(picture).float()[None] / 255, crop=is_centred)
            torch.testing.assert_close(embeds[at], own["image_embeds"][0].float(), atol=1e-5, rtol=1e-5)
            told = own["penultimate_hidden_states"][0].float()
            torch.testing.assert_close(hidden[at], told, atol=1e-5, rtol=1e-5)
    # Before the last layer of two: that of the first one, by the model itself.
    pixels = comfy.clip_vision.clip_preprocess(
        torch.from_numpy(pictures[1]).float()[None] / 255, size=32
    ).float()
    layered = vision.model(pixel_values=pixels, intermediate_output=0)[1][0].float()
    torch.testing.assert_close(hidden[1], layered, atol=1e-5, rtol=1e-5)
    floats = torch.from_numpy(np.stack(pictures[4:7])).float() / 255
    same = encode_for_adapter(vision, floats, kind("embeds", 24))
    torch.testing.assert_close(same, embeds[4:7], atol=1e-5, rtol=1e-5)
    black = vision.encode_image(torch.zeros(1, 32, 32, 3), crop=False)["penultimate_hidden_states"]
    empty = vision.model(pixel_values=torch.zeros(1, 3, 32, 32), intermediate_output=-2)[1]
    assert not torch.allclose(black, empty, atol=1e-2)
    for is_black, wanted in ((True, black), (False, empty)):
        made = empty_input(vision, kind("hidden", 32), is_black=is_black)
        torch.testing.assert_close(made, wanted.float(), atol=1e-5, rtol=1e-5)


def check_another_clip_vision_than_the_adapters_is_named_with_what_it_gives():
    import numpy as np
    from pack_in_check.host.clip_vision import empty_input, encode_for_adapter

    vision, grey = base._tiny_clip_vision(1), [np.full((32, 32, 3), 99, np.uint8)]
    told = base.raised(encode_for_adapter, vision, grey, kind("hidden", 1280, 257))
    assert told.startswith("InputError: This adapter wants a model of 1280; the connected model gives"), told
    assert "embeddings of 24 and 5 hidden states of 32 numbers" in told
    assert "InputError" in base.raised(encode_for_adapter, vision, grey, kind("embeds", 1024))
    assert "InputError" in base.raised(encode_for_adapter, vision, grey, kind("hidden", 32, 257))
    assert "InputError" in base.raised(empty_input, vision, kind("embeds", 1024))
    assert "no picture" in base.raised(encode_for_adapter, vision, [], kind("embeds", 24))
    broken = base._tiny_clip_vision(1)
    broken.model.visual_projection.weight.data.fill_(float("nan"))
    assert "no numbers" in base.raised(encode_for_adapter, broken, grey, kind("embeds", 24))


def main(comfy, pack):
    sys.path[0] = str(comfy)
    from comfy.cli_args import args

    args.cpu = True  # Before anything else of comfy: it asks torch for CUDA when first imported.
    launch = base.load("launch", Path(__file__).parents[1] / "support" / "launch.py")
    kept = launch._declare_torchvision_operators()  # noqa: F841 - until the process ends
    base.load("pack_in_check", pack / "__init__.py", submodule_search_locations=[str(pack)])
    import torch

    told = {}
    for name, check in list(globals().items()):
        if name.startswith("check_"):
            try:
                with torch.inference_mode():  # As the host runs nodes.
                    check()
                told[name] = None
            except Exception:
                told[name] = traceback.format_exc()
    shutil.rmtree(LORAS)
    print(json.dumps(told))  # noqa: T201 - the answer


if __name__ == "__main__":
    base.CHECKPOINT = Path(sys.argv.pop())
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
