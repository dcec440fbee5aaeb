"""Tensors to arrays and back: the only place that knows how ComfyUI lays out pictures and sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ..errors import InputError
from ..services.audio_samples import is_audio_rate, unpacked

# Reference pictures larger than this are scaled down: eight of 2048 x 2048 are 400 MB as float32.
_LONGEST_SIDE = 2048
# Rows of a picture that are turned into bytes at a time, so that they stay in the processor's cache.
_ROWS = 16


def to_image_arrays(images: Tensor) -> list[NDArray[np.uint8]]:
    """Turn an IMAGE batch into RGB pictures.

    Parameters
    ----------
    images : Tensor, shape (n, height, width, channels)
        Values in [0, 1]; 1 channel is grey, 4 channels are put on white.

    Returns
    -------
    list of ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    InputError
        If the tensor has no picture, or another number of axes or channels.
    """
    check_images(images)
    return [to_image_array(image) for image in images]


def check_images(images: Tensor) -> None:
    """Refuse what is no IMAGE batch.

    Raises
    ------
    InputError
        If the tensor has no picture, or another number of axes or channels.
    """
    if images.ndim != 4 or 0 in images.shape or images.shape[-1] not in (1, 3, 4):
        raise InputError(
            f"The images have the shape {tuple(images.shape)}.",
            field="images",
            hint="Connect an IMAGE: a batch of pictures with 1, 3 or 4 channels.",
        )


def to_measurable_arrays(images: Tensor) -> list[NDArray[np.uint8] | None]:
    """Turn an IMAGE batch into RGB pictures; None for each that holds NaN, of which nothing can be said.

    A decoder that overflowed leaves NaN, and black in its place would be judged as a picture.
    """
    pictures = to_image_arrays(images)
    return [
        None if is_broken else picture
        for picture, is_broken in zip(pictures, holding_nan(images), strict=True)
    ]


def to_finite_arrays(images: Tensor, field: str) -> list[NDArray[np.uint8]]:
    """Turn an IMAGE batch into RGB pictures that something is to be learnt from.

    Raises
    ------
    InputError
        If one holds NaN: as black it would be taken for what it is not.
    """
    for number, is_broken in enumerate(holding_nan(images), 1):
        if is_broken:
            raise InputError(
                f"Picture {number} of {field} holds values that are not numbers (NaN).",
                field=field,
                hint="A VAE in half precision does that: start ComfyUI with --fp32-vae.",
            )
    return to_image_arrays(images)


def holding_nan(images: Tensor) -> list[bool]:
    """Tell for each picture of an IMAGE batch whether it holds a value that is not a number."""
    # One NaN makes the sum one, and a sum is quick; infinities of both signs do so too.
    return [bool(torch.isnan(image.sum())) and bool(torch.isnan(image).any()) for image in images]


def to_image_array(image: Tensor) -> NDArray[np.uint8]:
    """Turn one picture of an IMAGE, shape (height, width, channels), into RGB."""
    values = image.detach().float().cpu().numpy()
    if values.shape[-1] == 4:
        clean = np.clip(np.nan_to_num(values), 0.0, 1.0)
        values = clean[..., :3] * clean[..., 3:] + (1.0 - clean[..., 3:])
    return np.ascontiguousarray(np.broadcast_to(_to_bytes(values), (*values.shape[:2], 3)))


def _to_bytes(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Round values of 0 to 1 to bytes, NaN to 0, a few rows at a time: a sixth of the time of whole passes.

    Rounded, not truncated: n / 255 as float32 can lie a hair below n / 255.
    """
    pixels = np.empty(values.shape, np.uint8)
    scratch = np.empty((_ROWS, *values.shape[1:]), np.float32)
    for top in range(0, len(values), _ROWS):
        rows = values[top : top + _ROWS]
        part = np.multiply(rows, np.float32(255), out=scratch[: len(rows)])
        np.rint(part, out=part)
        np.fmin(np.fmax(part, 0, out=part), 255, out=part)
        np.copyto(pixels[top : top + _ROWS], part, casting="unsafe")
    return pixels


def to_mask_arrays(masks: Tensor, images: Tensor) -> list[NDArray[np.float32]]:
    """Turn a MASK into one mask for each picture of an IMAGE, of the picture's size.

    Parameters
    ----------
    masks : Tensor, shape (n, height, width) or (height, width)
        Values in [0, 1]. One mask serves all pictures; one of another size is scaled.
    images : Tensor, shape (n, height, width, channels)
        The pictures.

    Returns
    -------
    list of ndarray of float32, shape (height, width)
        In [0, 1]; NaN counts as 0.

    Raises
    ------
    InputError
        If there are neither one nor as many masks as pictures, or the shape is another.
    """
    batch = masks[None] if masks.ndim == 2 else masks
    if batch.ndim != 3 or 0 in batch.shape or batch.shape[0] not in (1, images.shape[0]):
        raise InputError(
            f"The mask has the shape {tuple(masks.shape)}, for {images.shape[0]} pictures.",
            field="mask",
            hint="Connect one MASK for all pictures, or one for each.",
        )
    height, width = images.shape[1:3]
    values = torch.nan_to_num(batch.detach().float().cpu()).clamp(0.0, 1.0)
    scaled = torch.nn.functional.interpolate(values[None], (height, width), mode="bilinear")[0].numpy()
    return [scaled[number % len(scaled)] for number in range(images.shape[0])]


def with_changes(
    images: Tensor,
    pictures: Sequence[NDArray[np.uint8] | None],
    changed: Sequence[NDArray[np.bool_] | None],
) -> Tensor:
    """Put changed pixels into a copy of an IMAGE; all others, and an alpha channel, stay bit for bit.

    Parameters
    ----------
    images : Tensor, shape (n, height, width, channels)
        The pictures as they came; grey ones become RGB.
    pictures : sequence of ndarray of uint8, shape (height, width, 3), or None
        The pictures as they shall be; None for one that stays as it is.
    changed : sequence of ndarray of bool, shape (height, width), or None
        Where.
    """
    result = images.detach().cpu().repeat(1, 1, 1, 3 if images.shape[-1] == 1 else 1)
    for number, (picture, where) in enumerate(zip(pictures, changed, strict=True)):
        if picture is None or where is None:
            continue
        codes = torch.from_numpy(picture[where].astype(np.float32) / 255.0)
        result[number, ..., :3][torch.from_numpy(where)] = codes.to(result.dtype)
    return result


def to_image_batch(pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Turn RGB pictures into one IMAGE batch, letterboxed on white to the size of the largest.

    Returns
    -------
    Tensor of float32, shape (n, height, width, 3)
        Values in [0, 1].
    """
    height, width = max((picture.shape[:2] for picture in pictures), key=lambda size: size[0] * size[1])
    scale = min(1.0, _LONGEST_SIDE / max(height, width))
    size = (round(width * scale), round(height * scale))
    batch = np.stack([_letterbox(picture, size) for picture in pictures])
    return torch.from_numpy(batch.astype(np.float32) / 255.0)


def _letterbox(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    width, height = size
    scale = min(width / picture.shape[1], height / picture.shape[0])
    inner = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    scaled = Image.fromarray(picture)
    if inner != scaled.size:
        scaled = scaled.resize(inner, Image.Resampling.LANCZOS)
    canvas = Image.new("RGB", size, "white")
    canvas.paste(scaled, ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return np.asarray(canvas)


def to_samples(audio: Mapping[str, Any], take: int = 0) -> tuple[NDArray[np.float32], int]:
    """Turn one take of an AUDIO into plain samples.

    Parameters
    ----------
    audio : mapping
        ``waveform``, shape (n, channels, length) or with fewer axes, of any float or integer
        type, and ``sample_rate``.
    take : int
        Which one of a batch.

    Returns
    -------
    ndarray of float32, shape (channels, length)
        Nominally in [-1, 1].
    int
        Samples per second.

    Raises
    ------
    InputError
        If there is no sample, or the sample rate is none of a sound.
    """
    waveform, sample_rate = audio["waveform"], int(audio["sample_rate"])
    chosen = waveform[take] if waveform.ndim == 3 and waveform.shape[0] else waveform
    if chosen.ndim not in (1, 2) or chosen.numel() == 0 or not is_audio_rate(sample_rate):
        raise InputError(
            f"The audio has the shape {tuple(waveform.shape)} at {sample_rate} Hz, so nothing can be heard.",
            field="audio",
            hint="Connect an AUDIO with at least one sample, at 1 to 768 kHz.",
        )
    samples = torch.nan_to_num(chosen.detach().cpu().float(), posinf=0.0, neginf=0.0)
    if waveform.is_floating_point():
        return np.atleast_2d(samples.numpy()).astype(np.float32, copy=False), sample_rate
    channels = np.atleast_2d(_full_scale(samples, waveform.dtype).numpy()).astype(np.float32, copy=False)
    # The sound that ComfyUI 0.3.64 takes out of a video is integers, its two channels as one.
    return unpacked(channels), sample_rate


def to_audio(samples: NDArray[np.float32], sample_rate: int) -> dict[str, Any]:
    """Turn samples, shape (channels, length), into an AUDIO of one take."""
    return {"waveform": torch.from_numpy(np.ascontiguousarray(samples))[None], "sample_rate": sample_rate}


def _full_scale(samples: Tensor, dtype: torch.dtype) -> Tensor:
    """Map the range of an integer type onto [-1, 1]."""
    limits = torch.iinfo(dtype)
    if limits.min == 0:
        return samples / ((limits.max + 1) / 2) - 1.0
    return samples / -float(limits.min)


def n_takes(audio: Mapping[str, Any]) -> int:
    """Count the takes of a batched AUDIO."""
    waveform = audio["waveform"]
    return max(1, int(waveform.shape[0])) if waveform.ndim == 3 else 1
