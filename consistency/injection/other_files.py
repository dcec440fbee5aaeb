"""What a file is that was chosen as an adapter and is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_FETCH_FILE = "Download the file itself, with the download button or `git lfs pull`."
_CHOOSE_ADAPTER = "Choose an IP-Adapter file, such as ip-adapter-plus_sdxl_vit-h.safetensors."


@dataclass(frozen=True)
class OtherFile:
    """A kind of file that is no adapter.

    Attributes
    ----------
    what : str
        The kind, with its article.
    remedy : str
        What to do instead, a sentence.
    """

    what: str
    remedy: str


# Keys as their trainers write them; the first line that matches decides, so the narrower come first.
_KINDS: tuple[tuple[OtherFile, tuple[str, ...]], ...] = (
    (
        OtherFile("a PuLID file", "PuLID is no IP-Adapter. " + _CHOOSE_ADAPTER),
        ("id_adapter.", "id_adapter_attn_layers.", "pulid_encoder.", "pulid_ca."),
    ),
    (
        OtherFile("a PhotoMaker file", "Load it with the PhotoMaker loader. " + _CHOOSE_ADAPTER),
        ("id_encoder.", "lora_weights."),
    ),
    (
        OtherFile("an IP-Adapter for Flux", "It fits neither SD 1.5 nor SDXL. " + _CHOOSE_ADAPTER),
        ("ip_adapter_proj_model.", "double_blocks.*ip_adapter"),
    ),
    (
        OtherFile(
            "a LoRA",
            "Load it with a LoRA loader; a FaceID adapter has its LoRA inside already. " + _CHOOSE_ADAPTER,
        ),
        (
            "lora_te",
            "*lora_up",
            "*lora_down",
            "*lora_A",
            "*lora_B",
            "*.lora.",
            "*_lora.",
            "*hada_w1",
            "*lokr_w",
        ),
    ),
    (
        OtherFile("a ControlNet", "Load it with a ControlNet loader. " + _CHOOSE_ADAPTER),
        ("control_model.", "controlnet_", "input_hint_block.", "zero_convs.", "*.input_hint_block."),
    ),
    (
        OtherFile("a whole checkpoint", "Load it with a checkpoint loader. " + _CHOOSE_ADAPTER),
        ("model.diffusion_model.", "first_stage_model.", "cond_stage_model.", "conditioner."),
    ),
    (
        OtherFile(
            "a CLIP vision model",
            "It is the encoder that an adapter needs beside it, in models/clip_vision. " + _CHOOSE_ADAPTER,
        ),
        ("vision_model.", "visual.", "vision_tower."),
    ),
    (OtherFile("a text encoder", _CHOOSE_ADAPTER), ("text_model.", "encoder.block.", "shared.")),
    (
        OtherFile("a diffusion model", "Load it with a model loader. " + _CHOOSE_ADAPTER),
        ("input_blocks.", "down_blocks.", "double_blocks.", "joint_blocks.", "transformer_blocks."),
    ),
    (OtherFile("a VAE", "Load it with a VAE loader. " + _CHOOSE_ADAPTER), ("decoder.", "encoder.")),
)


def describe_bytes(start: bytes) -> OtherFile | None:
    """Tell by its first bytes a file that holds no tensors.

    Parameters
    ----------
    start : bytes
        The first 512 bytes, or all of a shorter file.

    Returns
    -------
    OtherFile or None
        None where the bytes may begin a file of tensors.
    """
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        return OtherFile("empty (0 bytes)", "Download it again.")
    if text.startswith(b"version https://git-lfs"):
        return OtherFile("a Git LFS pointer, a text that stands for the file", _FETCH_FILE)
    if text.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<!--")):
        return OtherFile("a web page that was saved in place of the file", _FETCH_FILE)
    if text.startswith(b"{"):
        return OtherFile("a JSON text", _FETCH_FILE)
    if start.startswith(b"GGUF"):
        return OtherFile("a GGUF file", _CHOOSE_ADAPTER)
    return None


def describe_tensors(names: Iterable[str]) -> OtherFile:
    """Tell by the names of its tensors a model that is no adapter.

    Parameters
    ----------
    names : iterable of str
        Names of all its tensors, nested groups joined by dots.

    Returns
    -------
    OtherFile
        The kind; where nothing is known by such names, one that quotes some of them.
    """
    names = sorted(names)
    if not names:
        return OtherFile("a file without tensors", _CHOOSE_ADAPTER)
    for kind, patterns in _KINDS:
        if any(_matches(name, pattern) for name in names for pattern in patterns):
            return kind
    quoted = ", ".join(repr(name) for name in names[:3])
    return OtherFile(
        f"no adapter: its {len(names)} tensors are named like {quoted}, "
        "where an adapter's begin with 'image_proj.' and 'ip_adapter.'",
        _CHOOSE_ADAPTER,
    )


def _matches(name: str, pattern: str) -> bool:
    """Match a prefix, ``*part`` anywhere, or ``prefix*part``."""
    prefix, _, part = pattern.partition("*")
    return name.startswith(prefix) and part in name
