"""The table of model families: ComfyUI's classes, names, and the ways a family offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WAYS: Mapping[str, str] = {
    "adapter": "IP-Adapter",
    "reference_latents": "reference latents",
    "style_model": "style model",
    "style_patch": "USO style",
    "photomaker": "PhotoMaker",
    "wan_phantom": "Phantom subjects",
    "wan_vace": "VACE reference",
    "wan_animate": "Animate reference",
    "prompt": "prompt",
    "lora": "LoRA",
}
"""The ways to put a character into a model, and how they are called."""

EVERY_FAMILY = ("prompt", "lora")


@dataclass(frozen=True, slots=True)
class Family:
    """A family of models.

    Parameters
    ----------
    name : str
        The key that automation relies on.
    label : str
        The name as people write it.
    ways : tuple of str
        Keys of `WAYS`, without those that every family has. Reference latents are left out: whether a
        model reads them is told from its functions.
    note : str
        What else to know, as a sentence.
    """

    name: str
    label: str
    ways: tuple[str, ...] = ()
    note: str = ""


_START_PICTURE = "A picture of the character is its start picture: connect it to the family's own node."
_OWN_NODE = "Its references go through ComfyUI's own node for it."

# ComfyUI's classes in their order of `comfy/supported_models.py`, then the family.
_ROWS: tuple[tuple[tuple[str, ...], Family], ...] = (
    (("SD15",), Family("sd15", "Stable Diffusion 1.5", ("adapter", "style_model"))),
    (("SD20", "SD21UNCLIP"), Family("sd2", "Stable Diffusion 2")),
    (("SDXLRefiner",), Family("sdxl_refiner", "SDXL Refiner")),
    (("SDXL",), Family("sdxl", "SDXL", ("adapter", "photomaker"))),
    (("Kolors",), Family("kolors", "Kolors", ("adapter",))),
    (("SVD_img2vid",), Family("svd", "Stable Video Diffusion", (), _START_PICTURE)),
    (("Stable_Cascade_C", "StableCascade_C"), Family("cascade", "Stable Cascade")),
    (("SD3",), Family("sd3", "Stable Diffusion 3")),
    (("AuraFlow",), Family("aura_flow", "AuraFlow")),
    (("PixArtAlpha", "PixArt"), Family("pixart", "PixArt")),
    (("HunyuanDiT",), Family("hunyuan_dit", "Hunyuan-DiT")),
    (("Flux",), Family("flux", "Flux", ("style_model", "style_patch"))),
    ((), Family("flux_fill", "Flux Fill", ("style_model",), "Canny and Depth are of its shape.")),
    (("Flux2",), Family("flux2", "Flux 2")),
    (("LongCatImage",), Family("longcat_image", "LongCat-Image")),
    (("Chroma",), Family("chroma", "Chroma")),
    (("GenmoMochi",), Family("mochi", "Mochi")),
    (("LTXV",), Family("ltxv", "LTX-Video", (), _START_PICTURE)),
    (("HunyuanVideo", "HunyuanVideo15"), Family("hunyuan_video", "HunyuanVideo", (), _START_PICTURE)),
    (("HunyuanImage21",), Family("hunyuan_image", "HunyuanImage 2.1")),
    (("CosmosT2V", "CosmosVideo"), Family("cosmos", "Cosmos", (), _START_PICTURE)),
    (("CosmosT2IPredict2", "CosmosPredict2"), Family("cosmos2", "Cosmos Predict 2", (), _START_PICTURE)),
    (("Anima",), Family("anima", "Anima")),
    (("Lumina2",), Family("lumina2", "Lumina 2")),
    (("ZImage",), Family("z_image", "Z-Image")),
    (("WAN21_T2V", "WAN21"), Family("wan_t2v", "Wan text-to-video", ("wan_phantom",))),
    (("WAN21_I2V",), Family("wan_i2v", "Wan image-to-video", (), _START_PICTURE)),
    (("WAN22_T2V", "WAN22"), Family("wan_ti2v", "Wan 2.2 5B", (), _START_PICTURE)),
    (("WAN21_FunControl2V",), Family("wan_fun", "Wan Fun Control", (), _OWN_NODE)),
    (("WAN21_Camera", "WAN22_Camera"), Family("wan_camera", "Wan Camera", (), _START_PICTURE)),
    (("WAN21_Vace",), Family("wan_vace", "Wan VACE", ("wan_vace",))),
    (("WAN22_Animate",), Family("wan_animate", "Wan Animate", ("wan_animate",))),
    (("WAN21_HuMo",), Family("wan_humo", "Wan HuMo", (), _OWN_NODE)),
    (("WAN22_S2V",), Family("wan_s2v", "Wan sound-to-video", (), _OWN_NODE)),
    (("WAN21_SCAIL", "WAN21_SCAIL2"), Family("wan_scail", "Wan SCAIL", (), _OWN_NODE)),
    (("WAN22_WanDancer",), Family("wan_dancer", "Wan Dancer", (), _OWN_NODE)),
    (("WAN21_FlowRVS",), Family("wan_flow_rvs", "Wan FlowRVS")),
    (("HiDream",), Family("hidream", "HiDream")),
    (("HiDreamO1",), Family("hidream_o1", "HiDream O1", (), _OWN_NODE)),
    (("Omnigen2",), Family("omnigen2", "OmniGen 2")),
    (("Boogu",), Family("boogu", "Boogu")),
    (("QwenImage",), Family("qwen_image", "Qwen-Image")),
    (("Kandinsky5",), Family("kandinsky5", "Kandinsky 5")),
    (("CogVideoX_T2V", "CogVideoX"), Family("cogvideox", "CogVideoX", (), _START_PICTURE)),
    (("ErnieImage",), Family("ernie_image", "ERNIE-Image")),
    (("Krea2",), Family("krea2", "Krea 2")),
)

CATALOG: Mapping[str, Family] = {family.name: family for _, family in _ROWS}
"""The known families by name."""

CLASSES: Mapping[str, str] = {known: family.name for classes, family in _ROWS for known in classes}
"""ComfyUI's class names, of configurations and of models, and the family of each."""
