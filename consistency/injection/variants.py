"""Which member of the IP-Adapter family a file is, told from the shapes of its tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import InputError, ModelFileError
from .adapter_kind import AdapterKind
from .layout import best_layout, disagreements, layer_layout, measure, projection_layouts

if TYPE_CHECKING:
    from .adapter_file import AdapterFile

AUTO = "auto"
VARIANTS = (
    "base",
    "base_vit_g",
    "plus",
    "full_face",
    "faceid",
    "faceid_plus",
    "faceid_plus_v2",
    "faceid_portrait",
    "faceid_portrait_unnorm",
    "kolors_plus",
    "kolors_faceid",
)
# Files as their authors named them. Plus, plus-face and composition are one network; so are base and light.
PUBLISHED = {
    ("base", "sd15"): ("ip-adapter_sd15", "ip-adapter_sd15_light_v11"),
    ("base", "sdxl"): ("ip-adapter_sdxl_vit-h",),
    ("base_vit_g", "sd15"): ("ip-adapter_sd15_vit-G",),
    ("base_vit_g", "sdxl"): ("ip-adapter_sdxl",),
    ("plus", "sd15"): ("ip-adapter-plus_sd15", "ip-adapter-plus-face_sd15", "ip_plus_composition_sd15"),
    ("plus", "sdxl"): (
        "ip-adapter-plus_sdxl_vit-h",
        "ip-adapter-plus-face_sdxl_vit-h",
        "ip_plus_composition_sdxl",
    ),
    ("full_face", "sd15"): ("ip-adapter-full-face_sd15",),
    ("faceid", "sd15"): ("ip-adapter-faceid_sd15",),
    ("faceid", "sdxl"): ("ip-adapter-faceid_sdxl",),
    ("faceid_plus", "sd15"): ("ip-adapter-faceid-plus_sd15",),
    ("faceid_plus_v2", "sd15"): ("ip-adapter-faceid-plusv2_sd15",),
    ("faceid_plus_v2", "sdxl"): ("ip-adapter-faceid-plusv2_sdxl",),
    ("faceid_portrait", "sd15"): ("ip-adapter-faceid-portrait-v11_sd15",),
    ("faceid_portrait", "sdxl"): ("ip-adapter-faceid-portrait_sdxl",),
    ("faceid_portrait_unnorm", "sdxl"): ("ip-adapter-faceid-portrait_sdxl_unnorm",),
    ("kolors_plus", "kolors"): ("Kolors-IP-Adapter-Plus",),
    ("kolors_faceid", "kolors"): ("Kolors-IP-Adapter-FaceID-Plus",),
}
# Width of the text tokens that cross-attention takes: CLIP-L, and CLIP-L beside bigG.
_FAMILIES = {768: "sd15", 2048: "sdxl"}
# Width of ChatGLM's states, which Kolors projects to 2048 inside its UNet.
_CHATGLM = 4096
_ARCFACE = 512
_KOLORS_RESAMPLER = 2048
_DIM_HEAD = 64
# By architecture: what feeds it, and which variants share its names and shapes.
_CLIP_INPUT = {"linear": "embeds", "mlp": "hidden", "resampler": "hidden", "face_perceiver": "hidden"}
_SHOWN = 3


def recognise(file: AdapterFile, override: str = AUTO) -> AdapterKind:
    """Tell the variant of an adapter by its shapes, and check every shape on the way.

    Two cases have the same shapes and are told by the file's name: FaceID plus v1 and v2 for SD 1.5, and
    InstantID beside the unnormed portrait. `override` decides them.

    Parameters
    ----------
    file : AdapterFile
        A file as read.
    override : str
        A variant, or ``"auto"``.

    Returns
    -------
    AdapterKind
        With all widths and counts as the tensors have them.

    Raises
    ------
    InputError
        If `override` is unknown or impossible for these shapes.
    ModelFileError
        If tensors are missing, unexpected or misshapen, or if neither shapes nor name tell the variant.

    References
    ----------
    Ye et al., "IP-Adapter: Text Compatible Image Prompt Adapter for Text-to-Image Diffusion Models",
    arXiv:2308.06721, and the published weights of its authors and of Kolors.
    """
    if override not in {AUTO, *VARIANTS}:
        raise InputError(
            f"{override!r} is no variant of an adapter.",
            field="variant",
            hint=f"Known: {', '.join(VARIANTS)}.",
        )
    architecture, sizes = _measured(file)
    possible = _possible(architecture, sizes)
    if override == AUTO:
        variant = _by_name(file, possible, sizes)
    elif override in possible:
        variant = override
    else:
        raise InputError(
            f"{file.path.name} cannot be {override!r}: its shapes allow only {' or '.join(possible)}.",
            field="variant",
            hint="Choose one of these, or 'auto'.",
        )
    return _kind(variant, architecture, sizes)


def architecture_of(file: AdapterFile) -> str | None:
    """Return the projection architecture that shares most names with the file's tensors."""
    return best_layout(projection_layouts(file.image_proj), file.image_proj)


def _measured(file: AdapterFile) -> tuple[str, dict[str, int]]:
    """Return the architecture and the value of every symbol, or say all that does not fit."""
    architecture = architecture_of(file)
    if architecture is None:
        quoted = ", ".join(repr(name) for name in sorted(file.image_proj)[:_SHOWN])
        raise _mismatch(file, f"its projection has tensors like {quoted}, which no published adapter has")
    shapes = {f"image_proj.{name}": tuple(tensor.shape) for name, tensor in file.image_proj.items()}
    projection = projection_layouts(file.image_proj)[architecture]
    own = measure({f"image_proj.{name}": axes for name, axes in projection.items()}, shapes)
    through = architecture == "face_perceiver" and own.get("token") == _CHATGLM
    layers = layer_layout(file.layers, context="context" if through else "token")
    if not layers:
        quoted = ", ".join(repr(name) for name in sorted(file.layers)[:_SHOWN])
        raise _mismatch(file, f"its layers are named like {quoted}, expected '1.to_k_ip.weight' and so on")
    layout = {f"image_proj.{name}": axes for name, axes in projection.items()}
    layout |= {f"ip_adapter.{name}": axes for name, axes in layers.items()}
    shapes |= {f"ip_adapter.{name}": tuple(tensor.shape) for name, tensor in file.layers.items()}
    sizes = measure(layout, shapes)
    wrong = disagreements(layout, shapes, sizes) or _misfits(architecture, sizes, through=through)
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise _mismatch(file, "; ".join(wrong[:_SHOWN]) + more, architecture, own.get("token"))
    sizes["layers"] = sum(name.endswith(".to_k_ip.weight") for name in layers)
    sizes["lora"] = sizes.get("rank", 0)
    sizes.setdefault("context", sizes["token"])
    return architecture, sizes


def _misfits(architecture: str, sizes: dict[str, int], *, through: bool) -> list[str]:
    """Say which sizes agree with each other but with nothing that was published."""
    wrong = []
    context = sizes["context" if through else "token"]
    if context not in _FAMILIES:
        wrong.append(f"K and V take tokens {context} wide, expected 768 (SD 1.5) or 2048 (SDXL, Kolors)")
    if sizes.get("values", 0) % sizes["token"]:
        wrong.append(f"the projection gives {sizes['values']} numbers, no multiple of {sizes['token']}")
    if architecture in {"resampler", "face_perceiver"} and "inner" not in sizes:
        wrong.append("the projection has no attention layers")
    if sizes.get("inner", 0) % _DIM_HEAD:
        wrong.append(f"the attention is {sizes['inner']} wide, expected a multiple of {_DIM_HEAD}")
    if architecture in {"face_mlp", "face_perceiver"} and sizes["face"] != _ARCFACE:
        wrong.append(f"the face embedding has {sizes['face']} numbers, expected {_ARCFACE} (ArcFace)")
    return wrong


def _possible(architecture: str, sizes: dict[str, int]) -> tuple[str, ...]:
    """Return the variants that have these names and shapes, the likeliest first."""
    if architecture == "linear":
        return ("base_vit_g",) if sizes["clip"] == 1280 else ("base",)
    if architecture == "mlp":
        return ("full_face",)
    if architecture == "face_mlp":
        # Portraits were published without a LoRA and with 16 tokens, FaceID with 4.
        is_portrait = not sizes["lora"] and sizes["values"] // sizes["token"] > 4
        return ("faceid_portrait", "faceid") if is_portrait else ("faceid", "faceid_portrait")
    if architecture == "face_perceiver":
        return ("kolors_faceid",) if sizes["token"] == _CHATGLM else ("faceid_plus", "faceid_plus_v2")
    if sizes["clip"] == _ARCFACE:
        return ("faceid_portrait_unnorm",)
    is_kolors = sizes["dim"] == _KOLORS_RESAMPLER and sizes["token"] == 2048
    return ("kolors_plus", "plus") if is_kolors else ("plus",)


def _by_name(file: AdapterFile, possible: tuple[str, ...], sizes: dict[str, int]) -> str:
    name = file.path.stem.lower().replace("-", "").replace("_", "")
    if possible == ("faceid_portrait_unnorm",):
        _refuse_instantid(file, name)
    if "faceid_plus_v2" not in possible:
        return possible[0]
    # Only v2 was published for SDXL.
    if "plusv2" in name or sizes["token"] == 2048:
        return "faceid_plus_v2"
    if "plus" in name:
        return "faceid_plus"
    raise ModelFileError(
        f"{file.path.name} is FaceID plus v1 or v2: their shapes are alike, and its name does not say which.",
        field="variant",
        hint="Set the variant to faceid_plus or faceid_plus_v2, or give the file its published name.",
    )


def _refuse_instantid(file: AdapterFile, name: str) -> None:
    places = (name, file.path.parent.name.lower())
    if "unnorm" in name or not (name == "ipadapter" or any("instantid" in place for place in places)):
        return
    raise ModelFileError(
        f"{file.path.name} is InstantID's adapter by its name and its shapes.",
        field="adapter",
        hint="InstantID works only with its own ControlNet. "
        "If it is the unnormed portrait adapter, set the variant to faceid_portrait_unnorm.",
    )


def _kind(variant: str, architecture: str, sizes: dict[str, int]) -> AdapterKind:
    is_kolors = variant.startswith("kolors")
    is_face = variant.startswith("faceid") or variant == "kolors_faceid"
    takes_clip = variant != "faceid_portrait_unnorm"
    clip = _CLIP_INPUT.get(architecture) if takes_clip else None
    width = sizes["clip"] if clip else 0
    positions = (577 if is_kolors else 257) if clip == "hidden" else 0
    tokens = sizes["values"] // sizes["token"] if "values" in sizes else sizes.get("tokens", positions)
    sides = {"sd15": 224, "sdxl": 256, "kolors": 336}
    family = "kolors" if is_kolors else _FAMILIES[sizes["context"]]
    # Kolors' authors feed the embedding as the network gives it, and zeros as the unconditional.
    face = "raw" if variant in {"faceid_portrait_unnorm", "kolors_faceid"} else "normed"
    return AdapterKind(
        variant=variant,
        family=family,
        context=sizes["context"],
        token_width=sizes["token"],
        n_tokens=tokens,
        n_layers=sizes["layers"],
        clip=clip,
        clip_width=width,
        clip_positions=positions,
        face=face if is_face else None,
        face_width=sizes["face" if takes_clip else "clip"] if is_face else 0,
        crop_side=sides[family] if architecture == "face_perceiver" else None,
        empty_uncond=clip == "hidden" and variant != "kolors_faceid",
        shortcut=variant in {"faceid_plus_v2", "kolors_faceid"},
        has_lora=bool(sizes["lora"]),
        through_encoder_hid_proj=variant == "kolors_faceid",
    )


def _mismatch(
    file: AdapterFile, found: str, architecture: str | None = None, token: int | None = None
) -> ModelFileError:
    return ModelFileError(
        f"{file.path.name} is no adapter that fits: {found}.",
        field="adapter",
        hint=f"Files that fit are {', '.join(_fitting(architecture, token))}.",
    )


def _fitting(architecture: str | None, token: int | None) -> list[str]:
    """Return published files of the same network and family, or one per family."""
    alike = {
        "linear": ("base", "base_vit_g"),
        "mlp": ("full_face",),
        "face_mlp": ("faceid", "faceid_portrait"),
        "resampler": ("plus", "faceid_portrait_unnorm", "kolors_plus"),
        "face_perceiver": ("faceid_plus", "faceid_plus_v2", "kolors_faceid"),
    }
    variants = alike.get(architecture or "", ("plus",))
    family = _FAMILIES.get(token or 0)
    names = [files[0] for key, files in PUBLISHED.items() if key[0] in variants and family in {None, key[1]}]
    return names or [files[0] for key, files in PUBLISHED.items() if key[0] in variants]
