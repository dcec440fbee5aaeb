"""Make model files small enough for tests: ``python … COMFYUI_FOLDER OUT_FOLDER``.

A Stable Diffusion 1.5 checkpoint, a LoRA and two IP-Adapters for it.

Runs in ComfyUI's own Python. ComfyUI tells a model family by names and shapes of weights: 320 base channels,
768 context features and convolutions around the attention blocks make it SD 1.5 whatever the depth, so two
levels with one attention block each are enough. The weights are noise of a scale that keeps activations
finite; pictures are meaningless but differ by seed, prompt and LoRA, which is what tests look at.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path

CHECKPOINT = "tower_tiny_sd15.safetensors"
LORA = "tower_tiny_lora.safetensors"
# Both look through a CLIP vision model of the width 24, which the probe node gives when asked.
ADAPTER = "tower_tiny_plus.safetensors"
BASE_ADAPTER = "tower_tiny_base.safetensors"
ADAPTERS = {ADAPTER: "plus", BASE_ADAPTER: "base"}
N_CROSS_ATTENTIONS = 7
UNET = {
    "image_size": 32,
    "in_channels": 4,
    "out_channels": 4,
    "model_channels": 320,
    "num_res_blocks": [1, 1],
    "channel_mult": [1, 1],
    "transformer_depth": [1, 1],
    "transformer_depth_output": [1, 1, 1, 1],
    "transformer_depth_middle": 1,
    "context_dim": 768,
    "num_heads": 8,
    "use_spatial_transformer": True,
    "legacy": False,
}
LORA_RANK = 4


def random_weights(module, generator, prefix):
    """Draw half-precision weights for a module on the meta device, named under `prefix`."""
    import torch

    weights = {}
    for name, value in module.state_dict().items():
        if name.startswith("vae_") or not value.is_floating_point():
            continue
        if value.ndim > 1:
            fan_in = value[0].numel()
            drawn = torch.randn(value.shape, generator=generator) * (0.7 / fan_in**0.5)
        else:
            drawn = (torch.ones if name.endswith("weight") else torch.zeros)(value.shape)
        weights[prefix + name] = drawn.half().contiguous()
    return weights


def build_checkpoint(root, generator):
    """Return the weights of UNet, TAESD (standing in for the VAE) and CLIP-L."""
    import comfy.clip_model
    import comfy.ops
    import torch
    from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
    from comfy.taesd.taesd import TAESD

    operations = comfy.ops.disable_weight_init
    unet = UNetModel(**UNET, dtype=torch.float32, device="meta", operations=operations)
    clip_shape = json.loads((root / "comfy" / "sd1_clip_config.json").read_text("utf-8"))
    clip = comfy.clip_model.CLIPTextModel(clip_shape, torch.float32, "meta", operations)
    return {
        **random_weights(unet, generator, "model.diffusion_model."),
        **random_weights(TAESD(), generator, "first_stage_model."),
        **random_weights(clip, generator, "cond_stage_model.transformer."),
    }


def build_lora(checkpoint, generator):
    """Return a LoRA for the attention weights of the UNet and of the first text layer, in kohya's names."""
    import torch

    unet, text = "model.diffusion_model.", "cond_stage_model.transformer."
    weights = {}
    for name, value in checkpoint.items():
        if name.startswith(unet) and ".attn" in name and name.endswith(".weight"):
            module = "lora_unet_" + diffusers_name(name[len(unet) : -len(".weight")])
        elif name.startswith(text) and ".layers.0.self_attn." in name and name.endswith(".weight"):
            module = "lora_te_" + name[len(text) : -len(".weight")].replace(".", "_")
        else:
            continue
        out_features, in_features = value.shape
        down = torch.randn(LORA_RANK, in_features, generator=generator) / in_features**0.5
        up = torch.randn(out_features, LORA_RANK, generator=generator)
        weights[f"{module}.lora_down.weight"] = down.half()
        weights[f"{module}.lora_up.weight"] = up.half()
        weights[f"{module}.alpha"] = torch.tensor(float(LORA_RANK)).half()
    return weights


def diffusers_name(name):
    """Translate the place of an attention block in this UNet into the name that LoRA files use."""
    places = {
        "input_blocks.1.1": "down_blocks_0_attentions_0",
        "input_blocks.3.1": "down_blocks_1_attentions_0",
        "middle_block.1": "mid_block_attentions_0",
        "output_blocks.0.1": "up_blocks_0_attentions_0",
        "output_blocks.1.1": "up_blocks_0_attentions_1",
        "output_blocks.2.1": "up_blocks_1_attentions_0",
        "output_blocks.3.1": "up_blocks_1_attentions_1",
    }
    place = next(place for place in places if name.startswith(place + "."))
    return f"{places[place]}{name[len(place) :]}".replace(".", "_")


def build_adapters():
    """Return the weights of an IP-Adapter of each kind, by file name."""
    import torch

    # By path: another package on the host's Python may have the name.
    spec = importlib.util.spec_from_file_location("tower_adapters", Path(__file__).with_name("adapters.py"))
    adapters = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(adapters)
    widths = [UNET["model_channels"]] * N_CROSS_ATTENTIONS
    return {
        name: adapters.random_adapter(variant, widths=widths, seed=seed, dtype=torch.half).flat()
        for seed, (name, variant) in enumerate(ADAPTERS.items())
    }


def main(root, folder):
    sys.path[0] = str(root)  # Instead of this folder, whose comfy.py is another module.
    from comfy.cli_args import args

    args.cpu = True  # Before anything else of comfy: it asks torch for CUDA when first imported.
    import safetensors.torch
    import torch

    generator = torch.Generator().manual_seed(20)
    checkpoint = build_checkpoint(root, generator)
    folder.mkdir(parents=True, exist_ok=True)
    files = {LORA: build_lora(checkpoint, generator), **build_adapters(), CHECKPOINT: checkpoint}
    for name, weights in files.items():
        # Another worker may be making the same.
        part = folder / f"{name}.{os.getpid()}.part"
        safetensors.torch.save_file(weights, part)
        part.replace(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
