"""Adapter files of the IP-Adapter family: read safely, and told from what they are not."""

from __future__ import annotations

import json
import math
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ModelFileError, NotFoundError, StorageError
from .other_files import describe_bytes, describe_tensors

if TYPE_CHECKING:
    from torch import Tensor

# Community files name the second group after the training script's module.
_GROUPS = {"image_proj": "image_proj", "ip_adapter": "layers", "adapter_modules": "layers"}
# Wrappers that trainers put around the two groups.
_WRAPPERS = ("state_dict.", "module.")
_DEEPEST = 4
# Adapters have some thousand tensors; 25 MiB of names and shapes is nonsense, not a header.
_LONGEST_HEADER = 25 * 2**20
# What torch and its unpickler raise on bytes that make no sense.
_DAMAGE = (
    *(RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError),
    *(AssertionError, OverflowError, MemoryError, struct.error),
)
_DAMAGED = "a damaged or incomplete PyTorch file, or one without weights"
_FETCH_AGAIN = "Download it again and compare its size with the one on the download page."


@dataclass(frozen=True)
class AdapterFile:
    """The tensors of one adapter, as published: two groups with their own names.

    Attributes
    ----------
    path : Path
        Where it was read.
    image_proj : mapping of str to Tensor
        Weights of the projection network, for example ``proj.weight`` or ``layers.0.0.to_q.weight``.
    layers : mapping of str to Tensor
        Per attention processor ``N``: ``N.to_k_ip.weight`` and ``N.to_v_ip.weight``, and in FaceID files
        ``N.to_q_lora.down.weight`` and its like.
    """

    path: Path
    image_proj: Mapping[str, Tensor]
    layers: Mapping[str, Tensor]


def read_adapter(path: Path) -> AdapterFile:
    """Read an adapter file onto the CPU, mapped into memory where its format allows.

    The format is told by the first bytes and not by the name. Pickles are read without running any code
    that they hold.

    Parameters
    ----------
    path : Path
        A safetensors file, or one that ``torch.save`` wrote, with the groups ``image_proj`` and
        ``ip_adapter`` (or ``adapter_modules``), nested or flattened.

    Returns
    -------
    AdapterFile
        Its tensors, of dtype float16, bfloat16, float32 or float64, all finite.

    Raises
    ------
    NotFoundError
        If there is no such file.
    StorageError
        If the disk does not give it.
    ModelFileError
        If it is empty, cut short, a web page, a Git LFS pointer, a refused pickle, a model of another kind,
        or if it holds numbers that are not finite.
    """
    if not path.is_file():
        raise NotFoundError(f"There is no adapter file {path}.", field="adapter")
    try:
        tensors = _read(path)
    except OSError as error:
        raise StorageError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    _check_numbers(path, tensors)
    return _grouped(path, tensors)


def _read(path: Path) -> dict[str, Tensor]:
    size = path.stat().st_size
    with path.open("rb") as stream:
        start = stream.read(512)
    found = describe_bytes(start)
    if found is not None:
        raise _refusal(path, found.what, found.remedy)
    # The length of a header may look like the start of a pickle, but never its ninth byte too.
    if not _may_be_safetensors(start) and start.startswith((b"PK\x03\x04", b"\x80")):
        return _read_pickle(path, size, is_zip=start.startswith(b"PK"))
    return _read_safetensors(path, size, start)


def _read_pickle(path: Path, size: int, *, is_zip: bool) -> dict[str, Tensor]:
    # torch would only say that a seek failed.
    if is_zip and not zipfile.is_zipfile(path):
        raise _refusal(path, _DAMAGED, _FETCH_AGAIN)
    try:
        saved = _unpickle(path, may_map=is_zip)
    except pickle.UnpicklingError as error:
        raise _refusal(
            path,
            "a pickle with more than tensors in it, which is refused because it could run any program",
            "Use the .safetensors version of this adapter.",
        ) from error
    except _DAMAGE as error:
        raise _refusal(path, _DAMAGED, _FETCH_AGAIN) from error
    if not isinstance(saved, Mapping):
        raise _refusal(
            path,
            f"a saved {type(saved).__name__} and not a dictionary of tensors",
            "Choose the adapter's weights.",
        )
    tensors = _flatten(saved)
    # A pickle may claim a tensor of any size over a storage of one number.
    if sum(t.numel() * t.element_size() for t in tensors.values()) > size:
        raise _refusal(path, f"a file of {size} bytes that claims more numbers than it holds", _FETCH_AGAIN)
    return tensors


def _unpickle(path: Path, *, may_map: bool) -> Any:
    import torch

    # By its name alone torch takes a file for safetensors, and then cannot read what is in it.
    if may_map and path.suffix != ".safetensors":
        return torch.load(str(path), map_location="cpu", weights_only=True, mmap=True)
    with path.open("rb") as stream:
        return torch.load(stream, map_location="cpu", weights_only=True)


def _flatten(saved: Mapping[Any, Any], prefix: str = "", depth: int = 0) -> dict[str, Tensor]:
    import torch

    flat: dict[str, Tensor] = {}
    for key, value in saved.items():
        name = f"{prefix}{key}"
        if isinstance(value, torch.Tensor) and value.layout == torch.strided:
            flat[name] = value.detach()
        elif isinstance(value, Mapping) and depth < _DEEPEST:
            flat |= _flatten(value, f"{name}.", depth + 1)
    return flat


def _read_safetensors(path: Path, size: int, start: bytes) -> dict[str, Tensor]:
    from safetensors import SafetensorError, safe_open

    _check_header(path, size, start)
    try:
        with safe_open(path, framework="pt", device="cpu") as opened:
            names = list(opened.keys())
            _check_kind(path, names)
            return {name: opened.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise _refusal(path, f"a damaged safetensors file ({error})", _FETCH_AGAIN) from error


def _check_header(path: Path, size: int, start: bytes) -> None:
    """Refuse what is no safetensors file, or less of one than its header promises."""
    if not _may_be_safetensors(start):
        raise _refusal(
            path,
            "neither a safetensors file nor a PyTorch file",
            "Choose an adapter file (.safetensors, .bin, .pt, .pth or .ckpt).",
        )
    length = _header_length(start)
    with path.open("rb") as stream:
        header = stream.read(8 + length)[8:]
    if len(header) < length:
        raise _cut_short(path, size, 8 + length)
    try:
        entries = json.loads(header)
        ends = [entry["data_offsets"][1] for name, entry in entries.items() if name != "__metadata__"]
        needed = 8 + length + int(max(ends, default=0))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise _refusal(path, "a safetensors file whose header cannot be read", _FETCH_AGAIN) from error
    if needed > size:
        raise _cut_short(path, size, needed)


def _may_be_safetensors(start: bytes) -> bool:
    return _header_length(start) <= _LONGEST_HEADER and start[8:9] == b"{"


def _header_length(start: bytes) -> int:
    return int.from_bytes(start[:8], "little")


def _cut_short(path: Path, size: int, needed: int) -> ModelFileError:
    return _refusal(path, f"an incomplete safetensors file ({size} of {needed} bytes)", _FETCH_AGAIN)


def _check_kind(path: Path, names: list[str]) -> None:
    """Refuse a model of another kind by the names of its tensors."""
    if any(_without_wrapper(name).split(".")[0] in _GROUPS for name in names):
        return
    found = describe_tensors(names)
    raise _refusal(path, found.what, found.remedy)


def _check_numbers(path: Path, tensors: Mapping[str, Tensor]) -> None:
    import torch

    _check_kind(path, list(tensors))
    computed = {torch.float16, torch.bfloat16, torch.float32, torch.float64}
    for name, tensor in tensors.items():
        if tensor.dtype not in computed:
            raise _refusal(
                path,
                f"an adapter stored in {str(tensor.dtype).removeprefix('torch.')} numbers ({name})",
                "Use the float16 or float32 version of this adapter.",
            )
        if tensor.numel() and not _is_finite(tensor, torch.aminmax):
            raise _refusal(path, f"an adapter with NaN or infinite numbers in {name}", _FETCH_AGAIN)


def _is_finite(tensor: Tensor, aminmax: Callable[[Tensor], tuple[Tensor, Tensor]]) -> bool:
    # The extremes tell it without a mask as large as the tensor; both are NaN where any number is.
    low, high = aminmax(tensor)
    return math.isfinite(low) and math.isfinite(high)


def _grouped(path: Path, tensors: Mapping[str, Tensor]) -> AdapterFile:
    groups: dict[str, dict[str, Tensor]] = {"image_proj": {}, "layers": {}}
    strangers = []
    for name, tensor in tensors.items():
        group, _, key = _without_wrapper(name).partition(".")
        if group in _GROUPS and key:
            groups[_GROUPS[group]][key] = tensor
        else:
            strangers.append(name)
    lacking = [name for name, members in groups.items() if not members]
    if lacking or strangers:
        raise _refusal(path, _misgrouped(lacking, strangers), "Choose the adapter file as it was published.")
    return AdapterFile(path, groups["image_proj"], groups["layers"])


def _misgrouped(lacking: list[str], strangers: list[str]) -> str:
    published = {"image_proj": "image_proj", "layers": "ip_adapter"}
    parts = [f"without tensors under {published[name]!r}" for name in lacking]
    if strangers:
        parts.append(f"with {len(strangers)} tensors that belong to no adapter, such as {strangers[0]!r}")
    return "an adapter " + " and ".join(parts)


def _without_wrapper(name: str) -> str:
    for wrapper in _WRAPPERS:
        name = name.removeprefix(wrapper)
    return name


def _refusal(path: Path, what: str, remedy: str) -> ModelFileError:
    return ModelFileError(f"{path.name} is {what}.", field="adapter", hint=remedy)
