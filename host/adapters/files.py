"""Adapter files of the host: found, read once, and their weights given to its memory management."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...consistency.injection.adapter_file import AdapterFile, read_adapter
from ...consistency.injection.adapter_kind import AdapterKind
from ...consistency.injection.projections import build_projection
from ...consistency.injection.variants import VARIANTS, recognise
from ...errors import MissingModelError
from .layers import AdapterLayers, compute_dtype, managed

FOLDER = "ipadapter"
__all__ = ["VARIANTS", "Adapter", "adapter_names", "adapter_state", "describe", "load_adapter"]


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter that is read: shared by all models it is put into.

    Parameters
    ----------
    name : str
        File name in the host's folder.
    file : AdapterFile
        Its tensors.
    kind : AdapterKind
        What it is.
    projection, layers : ModelPatcher
        Around `Projection` and `AdapterLayers`; the host loads and offloads both.
    clip_vision : CLIP_VISION or None
        What it looks through.
    """

    name: str
    file: AdapterFile
    kind: AdapterKind
    projection: Any
    layers: Any
    clip_vision: Any = None

    @property
    def is_of_faces(self) -> bool:
        """Whether it was trained on faces; of plus-face files only the names tell."""
        return self.kind.face is not None or "face" in self.name.lower()

    @property
    def face_models(self) -> str:
        """The ArcFace models that it was trained with."""
        return "antelopev2" if self.kind.family == "kolors" else "buffalo_l"


def adapter_names() -> list[str]:
    """Return the adapter files that the host lists, from its cache."""
    import folder_paths

    _register()
    return [
        name
        for name in folder_paths.get_filename_list(FOLDER)
        if name.lower().endswith((".safetensors", ".bin", ".pt", ".pth", ".ckpt"))
    ]


def load_adapter(name: str, variant: str = "auto", clip_vision: Any = None) -> Adapter:
    """Read an adapter file.

    Parameters
    ----------
    name : str
        As `adapter_names` lists it.
    variant : str
        ``auto``, or the variant where only the file's name could tell.
    clip_vision : CLIP_VISION, optional
        What it looks through.

    Raises
    ------
    MissingModelError
        If the file is not there.
    InputError
        If it is no adapter, is damaged, or cannot be the variant.
    """
    import folder_paths

    path = _path(name)
    if path is None:
        folder = Path(folder_paths.get_folder_paths(FOLDER)[0])
        raise MissingModelError(
            f"There is no adapter {name!r} in {folder}.",
            field="adapter",
            hint="Put the file there and press R.",
        )
    file = read_adapter(Path(path))
    kind = recognise(file, variant)
    projection = build_projection(file, kind).to(compute_dtype())
    return Adapter(name, file, kind, managed(projection), managed(AdapterLayers(file.layers)), clip_vision)


def describe(adapter: Adapter) -> str:
    """Return what an adapter is, in words."""
    kind = adapter.kind
    lora = ", with a LoRA" if kind.has_lora else ""
    looks = f"looks through {kind.needs_clip_model}" if kind.clip else "needs no CLIP vision model"
    face = " and ArcFace embeddings" if kind.face else ""
    return (
        f"{adapter.name}: {kind.variant} for {kind.family}, {kind.n_layers} layers, {kind.n_tokens} tokens a "
        f"picture{lora}; {looks}{face}."
    )


def adapter_state(name: str) -> str:
    """Return what changes whenever the file of that name does."""
    path = _path(name)
    if path is None:
        return ""
    state = Path(path).stat()
    return f"{path} {state.st_size} {state.st_mtime_ns}"


def _path(name: str) -> str | None:
    import folder_paths

    _register()
    return folder_paths.get_full_path(FOLDER, name)


def _register() -> None:
    """Make the folder known to the host, as other packs do; what is known already stays."""
    import folder_paths

    default = str(Path(folder_paths.models_dir) / FOLDER)
    if FOLDER not in folder_paths.folder_names_and_paths:
        folder_paths.folder_names_and_paths[FOLDER] = ([default], folder_paths.supported_pt_extensions)
