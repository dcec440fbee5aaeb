"""Model families in small: ComfyUI's own classes with small networks of noise, to detect and to sample."""

import tempfile
from pathlib import Path
from types import SimpleNamespace

import comfy.model_base
import comfy.model_detection
import comfy.supported_models as supported
import torch
from safetensors.torch import save_file

FLUX = {
    **{"image_model": "flux", "in_channels": 16, "out_channels": 16, "patch_size": 2, "vec_in_dim": 32},
    **{"context_in_dim": 64, "hidden_size": 128, "mlp_ratio": 4.0, "num_heads": 1, "depth": 1},
    **{"depth_single_blocks": 1, "axes_dim": [16, 56, 56], "theta": 10000, "qkv_bias": True},
    "guidance_embed": True,
}
QWEN = {
    **{"image_model": "qwen_image", "in_channels": 64, "num_layers": 1, "attention_head_dim": 128},
    **{"num_attention_heads": 1, "joint_attention_dim": 64},
}
OMNIGEN = {
    **{"image_model": "omnigen2", "axes_dim_rope": [40, 40, 40], "axes_lens": [1024, 1664, 1664]},
    **{"ffn_dim_multiplier": None, "hidden_size": 120, "in_channels": 16, "multiple_of": 32},
    **{"norm_eps": 1e-5, "num_attention_heads": 1, "num_kv_heads": 1, "num_layers": 1},
    **{"num_refiner_layers": 1, "out_channels": None, "patch_size": 2, "text_feat_dim": 64},
    "timestep_scale": 1000.0,
}
WAN = {
    **{"image_model": "wan2.1", "dim": 128, "out_dim": 16, "num_heads": 1, "ffn_dim": 128, "num_layers": 1},
    **{"patch_size": (1, 2, 2), "freq_dim": 256, "window_size": (-1, -1), "qk_norm": True},
    **{"cross_attn_norm": True, "eps": 1e-6, "in_dim": 16},
}
# ComfyUI's class of the configuration, and the network; a value of the table overrides one of WAN.
WANS = {
    "wan_t2v": ("WAN21_T2V", {"model_type": "t2v"}),
    "wan_i2v": ("WAN21_I2V", {"model_type": "i2v", "in_dim": 36}),
    "wan_ti2v": ("WAN22_T2V", {"model_type": "t2v", "out_dim": 48, "in_dim": 48}),
    "wan_fun": ("WAN21_FunControl2V", {"model_type": "i2v", "in_dim": 48}),
    "wan_vace": ("WAN21_Vace", {"model_type": "vace", "vace_layers": 1, "vace_in_dim": 96}),
    "wan_animate": ("WAN22_Animate", {"model_type": "animate", "in_dim": 36, "num_layers": 5}),
}


def build(kind, network, device="meta"):
    """Return a model of a class of `comfy.supported_models`, with a network of noise unless on ``meta``."""
    config = getattr(supported, kind)({**network, **_later(network)})
    config.set_inference_dtype(torch.float32, None)
    model = config.get_model({}, device=device)
    if device != "meta":
        generator = torch.Generator().manual_seed(1)
        weights = {
            name: _drawn(name, value, generator) for name, value in model.diffusion_model.state_dict().items()
        }
        model.diffusion_model.load_state_dict(weights)
    return model


def _later(network):
    """Return the fields of a network that later versions of ComfyUI ask for."""
    from comfy.ldm.flux.model import FluxParams

    is_flux = network.get("image_model") == "flux"
    return {"txt_ids_dims": []} if is_flux and "txt_ids_dims" in FluxParams.__dataclass_fields__ else {}


def _drawn(name, value, generator):
    if not value.is_floating_point():
        return value.clone()
    if value.ndim == 1:
        is_scale = name.endswith(("weight", "scale"))
        return torch.ones(value.shape) if is_scale else torch.randn(value.shape, generator=generator) * 0.02
    fan_in = max(1, value[0].numel())
    return torch.randn(value.shape, generator=generator) * (0.7 / fan_in**0.5)


def detected(model):
    """Return the model that ComfyUI makes of the names and shapes of another one's weights."""
    weights = {f"model.{name}": value for name, value in model.diffusion_model.state_dict().items()}
    config = comfy.model_detection.model_config_from_unet(weights, "model.")
    config.set_inference_dtype(torch.float32, None)
    return wrapped(config.get_model(weights, "model.", device="meta"))


def wrapped(model):
    """Return what detection looks at of a MODEL."""
    return SimpleNamespace(model=model, get_model_object=lambda name: getattr(model, name))


def patcher(model):
    """Return a MODEL that can be sampled, on the CPU."""
    from comfy.model_patcher import ModelPatcher

    return ModelPatcher(model, load_device=torch.device("cpu"), offload_device=torch.device("cpu"))


def from_file(model):
    """Return the MODEL that ComfyUI loads from a file of another one's weights, as its loader does."""
    import comfy.sd

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save_file(model.diffusion_model.state_dict(), path)
        return comfy.sd.load_diffusion_model(str(path))


def reads_widths_of_flux():
    """Return whether this ComfyUI reads the widths of Flux; the older one takes them for granted."""
    return bool(_later(FLUX))


def conditioning(width, n_tokens=6, seed=5, **fields):
    """Return a conditioning of noise."""
    tokens = torch.randn((1, n_tokens, width), generator=torch.Generator().manual_seed(seed))
    return [[tokens, fields]]


def image_vae():
    """Return a stand-in for an image VAE of 16 channels: each latent pixel repeats a pixel of the picture."""

    def encode(pixels):
        small = pixels.movedim(-1, 1)[:, :, ::8, ::8]
        return small.repeat(1, 6, 1, 1)[:, :16] - 0.5

    return SimpleNamespace(encode=encode, latent_channels=16, latent_dim=2)


def video_vae():
    """Return a stand-in for Wan's VAE: 16 channels, a latent frame for the first frame and each four more."""

    def encode(pixels):
        small = pixels[::4].movedim(-1, 1)[:, :, ::8, ::8].movedim(0, 1)[None]
        return small.repeat(1, 6, 1, 1, 1)[:, :16] - 0.5

    return SimpleNamespace(encode=encode, latent_channels=16, latent_dim=3)


def clip_vision(width=48, n_layers=24):
    """Return a SigLIP of 2 x 2 patches and random weights, as the host's loader makes one."""
    import json

    import comfy.clip_vision

    config = {
        **{"num_channels": 3, "hidden_act": "gelu_pytorch_tanh", "hidden_size": width, "image_size": 28},
        **{"intermediate_size": 32, "model_type": "siglip_vision_model", "num_attention_heads": 2},
        **{"num_hidden_layers": n_layers, "patch_size": 14},
        **{"image_mean": [0.5] * 3, "image_std": [0.5] * 3},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        path.write_text(json.dumps(config))
        made = comfy.clip_vision.ClipVisionModel(str(path))
    generator = torch.Generator().manual_seed(2)
    weights = {
        name: torch.arange(value.numel()).reshape(value.shape)
        if not value.is_floating_point()
        else torch.randn(value.shape, generator=generator) * 0.2
        for name, value in made.model.state_dict().items()
    }
    made.model.load_state_dict(weights)
    return made
