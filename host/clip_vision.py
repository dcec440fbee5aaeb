"""A CLIP_VISION of the host: a function from pictures to vectors, and what image adapters take."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

Embed = Callable[[Sequence["NDArray[np.uint8]"]], "NDArray[np.float32]"]

# Enough of each weight to tell two trainings of one architecture apart.
_SAMPLED_VALUES = 16
_ID_LENGTH = 12
# Pictures that the model is given at once: ViT-bigG takes 0.3 GB for so many.
_BATCH = 8
# What is taken from the host's output under the names of `VisionInput.clip`.
_OUTPUTS = {"embeds": "image_embeds", "hidden": "penultimate_hidden_states"}
# Models by the widths of image embedding and of hidden states.
_NAMES = {(768, 1024): "CLIP-ViT-L", (1024, 1280): "CLIP-ViT-H", (1280, 1664): "CLIP-ViT-bigG"}


def as_embedder(clip_vision: Any) -> tuple[str, Embed]:
    """Return an id of the model, equal wherever it is loaded, and a function that embeds pictures.

    Parameters
    ----------
    clip_vision : CLIP_VISION
        What a Load CLIP Vision node gives.

    Returns
    -------
    str
        A digest of the model's weights.
    callable
        Takes RGB pictures, arrays of uint8 of the shape (height, width, 3), and returns one vector each,
        float32 of the shape (n, dimension). Each picture is stretched to the model's square, so that nothing
        of a figure is cut away. The host loads the model onto its device when it is called.
    """
    return _fingerprint(clip_vision), lambda images: _embedded(clip_vision, images)


def _fingerprint(clip_vision: Any) -> str:
    digest = hashlib.sha256()
    for name, weight in sorted(clip_vision.model.state_dict().items()):
        sample = weight.detach().flatten()[:_SAMPLED_VALUES].float().cpu().numpy()
        digest.update(f"{name} {tuple(weight.shape)}".encode())
        digest.update(sample.tobytes())
    return digest.hexdigest()[:_ID_LENGTH]


def _embedded(clip_vision: Any, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    import torch

    rows = []
    for image in images:
        pixels = torch.from_numpy(np.ascontiguousarray(image)).float().div_(255.0)[None]
        with torch.no_grad():
            embeds = clip_vision.encode_image(pixels, crop=False)["image_embeds"]
        if embeds is None or embeds.ndim != 2:
            raise InputError(
                "This CLIP_VISION gives no single vector for a picture.",
                field="clip_vision",
                hint="Load a CLIP vision model such as CLIP-ViT-H-14.",
            )
        rows.append(embeds[0].detach().float().cpu().numpy())
    return np.stack(rows)


class VisionInput(Protocol):
    """What an adapter takes of a CLIP vision model; an `AdapterKind` says so."""

    @property
    def clip(self) -> str | None:
        """``embeds`` for projected image embeddings, ``hidden`` for hidden states before the last layer."""
        ...

    @property
    def clip_width(self) -> int:
        """Numbers of each."""
        ...

    @property
    def clip_positions(self) -> int:
        """Hidden states of a picture; 0 for any number."""
        ...

    @property
    def needs_clip_model(self) -> str | None:
        """The model that the adapter was trained with, in words."""
        ...


def encode_for_adapter(
    clip_vision: Any,
    pictures: Sequence[NDArray[np.uint8] | Tensor],
    kind: VisionInput,
    *,
    is_centred: bool = False,
) -> Tensor:
    """Encode pictures with the host's own preparation: bicubic to the model's square, CLIP's statistics.

    Parameters
    ----------
    clip_vision : CLIP_VISION
        What a Load CLIP Vision node gives; the host loads it onto its device.
    pictures : sequence of ndarray of uint8 or Tensor, shape (height, width, 3)
        RGB; tensors have values in [0, 1]. An IMAGE batch will do.
    kind : VisionInput
        What the adapter takes.
    is_centred : bool
        Whether the host cuts out the middle of what is not square, as its CLIP Vision Encode does by default;
        otherwise it is stretched, so that squares made before stay whole.

    Returns
    -------
    Tensor of float32, shape (n, width) or (n, positions, width)
        In the order of the pictures, on the host's intermediate device.

    Raises
    ------
    InputError
        If the model is another than the adapter's, gives what is no number, or if there is no picture.
    """
    import torch

    if len(pictures) == 0:
        raise InputError("There is no picture to encode.", field="references")
    pixels = [_pixels(picture) for picture in pictures]
    rows: dict[int, Tensor] = {}
    for group in _equal_sizes(pixels):
        batch = torch.stack([pixels[at] for at in group])
        with torch.no_grad():
            output = clip_vision.encode_image(batch, crop=is_centred)
        rows.update(zip(group, _checked(output, kind), strict=True))
    return torch.stack([rows[at] for at in range(len(pixels))])


def empty_input(clip_vision: Any, kind: VisionInput, *, is_black: bool = False) -> Tensor:
    """Encode an empty picture: the unconditional of adapters that take hidden states.

    As published and trained, it is nought once it is normalised, which is a picture of CLIP's mean colour.

    Parameters
    ----------
    clip_vision : CLIP_VISION
        What the adapter looks through.
    kind : VisionInput
        What the adapter takes.
    is_black : bool
        Whether it is black before it is normalised, as in older packs.

    Returns
    -------
    Tensor of float32, shape (1, width) or (1, positions, width)
    """
    side = int(getattr(clip_vision, "image_size", 224))
    seeing = clip_vision
    if not is_black:
        # The host rounds pictures to 8 bits, which miss the mean colour; without a mean, black is nought.
        seeing = copy.copy(clip_vision)
        seeing.image_mean = [0.0, 0.0, 0.0]
    return encode_for_adapter(seeing, [np.zeros((side, side, 3), np.uint8)], kind)


def _pixels(picture: NDArray[np.uint8] | Tensor) -> Tensor:
    import torch

    if isinstance(picture, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(picture)).float().div_(255.0)
    return picture.detach().float()


def _equal_sizes(pixels: Sequence[Tensor]) -> list[list[int]]:
    """Group pictures that can go into one batch."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for at, one in enumerate(pixels):
        groups.setdefault(tuple(one.shape), []).append(at)
    return [
        group[start : start + _BATCH] for group in groups.values() for start in range(0, len(group), _BATCH)
    ]


def _checked(output: Any, kind: VisionInput) -> Tensor:
    """Return what the adapter takes of the host's output, if it is that."""
    given: dict[str, Tensor | None] = {name: output[key] for name, key in _OUTPUTS.items()}
    taken = given[kind.clip or "embeds"]
    if taken is None or not _fits(taken, kind):
        raise InputError(
            f"This adapter wants {kind.needs_clip_model}; the connected model gives {_in_words(given)}.",
            field="clip_vision",
            hint="Load the CLIP vision model that the adapter was trained with.",
        )
    if not bool(taken.isfinite().all()):
        raise InputError(
            "The CLIP_VISION gives values that are no numbers.",
            field="clip_vision",
            hint="Its file is damaged, or a reference holds NaN: load it again, or look at the pictures.",
        )
    return taken.float()


def _fits(taken: Tensor, kind: VisionInput) -> bool:
    if taken.shape[-1] != kind.clip_width or taken.ndim != (2 if kind.clip == "embeds" else 3):
        return False
    return kind.clip == "embeds" or kind.clip_positions in (0, taken.shape[1])


def _in_words(given: dict[str, Tensor | None]) -> str:
    embeds, hidden = given["embeds"], given["hidden"]
    widths = _width(embeds), _width(hidden)
    n_positions = f"{hidden.shape[1]} hidden states of " if hidden is not None and hidden.ndim == 3 else ""
    name = f", as {_NAMES[widths]} does" if widths in _NAMES else ""
    return f"embeddings of {widths[0]} and {n_positions}{widths[1]} numbers{name}"


def _width(rows: Tensor | None) -> int:
    return 0 if rows is None else int(rows.shape[-1])
