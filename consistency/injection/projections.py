"""The networks that turn what encoders see of a reference into tokens for cross-attention.

Their weights are loaded strictly: a tensor too many or too few is an error.

References
----------
Ye et al., "IP-Adapter", arXiv:2308.06721, with its authors' FaceID and Kolors networks; the resampler is that
of Alayrac et al., "Flamingo", arXiv:2204.14198.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ...errors import InputError
from .perceiver import Perceiver
from .variants import architecture_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .adapter_file import AdapterFile
    from .variants import AdapterKind

_PERCEIVER = "perceiver_resampler."


class Projection(nn.Module):
    """Tokens of a reference picture, by the network of one adapter.

    Parameters
    ----------
    kind : AdapterKind
        What the adapter takes and gives.
    """

    def __init__(self, kind: AdapterKind) -> None:
        super().__init__()
        self.kind = kind

    def forward(
        self, *, clip: Tensor | None = None, face: Tensor | None = None, shortcut_scale: float = 1.0
    ) -> Tensor:
        """Project references to tokens.

        Parameters
        ----------
        clip : Tensor, shape (n, width) or (n, positions, width), optional
            The CLIP model's image embeddings or penultimate hidden states, as the kind says.
        face : Tensor, shape (n, 512), optional
            ArcFace embeddings, of length 1 or raw, as the kind says.
        shortcut_scale : float
            Share of the picture beside the face for kinds with a shortcut; 1 as published.

        Returns
        -------
        Tensor, shape (n, n_tokens, token_width)
            In the dtype and on the device of the weights.

        Raises
        ------
        InputError
            If an input that the kind takes is absent or of another shape.
        """
        kind = self.kind
        clip = self._checked("clip", clip, kind.clip_width, 3 if kind.clip == "hidden" else 2)
        face = self._checked("face", face, kind.face_width, 2)
        if clip is not None and face is not None and len(clip) != len(face):
            raise InputError(f"{len(clip)} pictures and {len(face)} faces do not make pairs.", field="face")
        return self._tokens(clip, face, shortcut_scale)

    def _tokens(self, clip: Tensor | None, face: Tensor | None, shortcut_scale: float) -> Tensor:
        raise NotImplementedError

    def _checked(self, name: str, value: Tensor | None, width: int, n_axes: int) -> Tensor | None:
        if not width:
            return None
        if value is None or value.ndim != n_axes or value.shape[-1] != width:
            found = "nothing" if value is None else f"shape {list(value.shape)}"
            raise InputError(
                f"The {self.kind.variant} adapter takes {name} input {width} wide with {n_axes} axes, "
                f"and got {found}.",
                field=name,
                hint=f"It needs {self.kind.needs_clip_model}." if name == "clip" else None,
            )
        return value.to(next(self.parameters()))


class _Linear(Projection):
    def __init__(self, kind: AdapterKind, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(kind)
        values, width = shapes["proj.weight"]
        self.proj = nn.Linear(width, values)
        self.norm = nn.LayerNorm(kind.token_width)

    def _tokens(self, clip: Tensor | None, face: Tensor | None, shortcut_scale: float) -> Tensor:
        assert clip is not None
        return self.norm(self.proj(clip).unflatten(-1, (self.kind.n_tokens, -1)))


class _PositionMlp(Projection):
    """One token per hidden state (full face)."""

    def __init__(self, kind: AdapterKind, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(kind)
        self.proj = _mlp(shapes)
        self.proj.append(nn.LayerNorm(kind.token_width))

    def _tokens(self, clip: Tensor | None, face: Tensor | None, shortcut_scale: float) -> Tensor:
        return self.proj(clip)


class _FaceMlp(Projection):
    def __init__(self, kind: AdapterKind, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(kind)
        self.proj = _mlp(shapes)
        self.norm = nn.LayerNorm(kind.token_width)

    def _tokens(self, clip: Tensor | None, face: Tensor | None, shortcut_scale: float) -> Tensor:
        return self.norm(self.proj(face).unflatten(-1, (self.kind.n_tokens, -1)))


class _Resampler(Projection):
    """Learnt queries that read the hidden states, or one raw face embedding (unnormed portrait)."""

    def __init__(self, kind: AdapterKind, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(kind)
        self.latents = nn.Parameter(torch.empty(shapes["latents"]))
        self.perceiver_resampler = Perceiver(shapes)

    def _tokens(self, clip: Tensor | None, face: Tensor | None, shortcut_scale: float) -> Tensor:
        seen = face[:, None] if clip is None and face is not None else clip
        assert seen is not None
        return self.perceiver_resampler(self.latents.expand(len(seen), -1, -1), seen)


class _FacePerceiver(_FaceMlp):
    """Face tokens that read the hidden states of the face's crop (FaceID plus, Kolors)."""

    def __init__(self, kind: AdapterKind, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__(kind, shapes)
        inner = {name.removeprefix(_PERCEIVER): shape for name, shape in shapes.items() if _PERCEIVER in name}
        self.perceiver_resampler = Perceiver(inner)

    def _tokens(self, clip: Tensor | None, face: Tensor | None, shortcut_scale: float) -> Tensor:
        identity = super()._tokens(clip, face, shortcut_scale)
        seen = self.perceiver_resampler(identity, clip)
        return identity + shortcut_scale * seen if self.kind.shortcut else seen


_NETWORKS = {
    "linear": _Linear,
    "mlp": _PositionMlp,
    "face_mlp": _FaceMlp,
    "resampler": _Resampler,
    "face_perceiver": _FacePerceiver,
}


def build_projection(file: AdapterFile, kind: AdapterKind) -> Projection:
    """Build an adapter's projection network around the file's own tensors.

    Parameters
    ----------
    file : AdapterFile
        A file as read.
    kind : AdapterKind
        What `recognise` said of it.

    Returns
    -------
    Projection
        In evaluation mode, without gradients, in the file's dtype (the widest of them, where it mixes some).
    """
    shapes = {name: tuple(tensor.shape) for name, tensor in file.image_proj.items()}
    dtype = reduce(torch.promote_types, (tensor.dtype for tensor in file.image_proj.values()))
    architecture = architecture_of(file) or ""
    with torch.device("meta"):
        projection = _NETWORKS[architecture](kind, shapes)
    weights = {name: tensor.to(dtype) for name, tensor in file.image_proj.items()}
    if architecture == "resampler":
        weights = {name if name == "latents" else _PERCEIVER + name: weights[name] for name in weights}
    projection.load_state_dict(weights, strict=True, assign=True)
    return projection.train(mode=False).requires_grad_(False)


def _mlp(shapes: Mapping[str, tuple[int, ...]]) -> nn.Sequential:
    (hidden, width), (values, _) = shapes["proj.0.weight"], shapes["proj.2.weight"]
    return nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, values))
