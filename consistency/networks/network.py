"""ONNX files as networks: checked when they are loaded, run without threads that spin."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ...errors import MissingPackageError, ModelFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_I = TypeVar("_I")
_O = TypeVar("_O")

CPU, CUDA, ANY_DEVICE = "cpu", "cuda", "auto"

# What is left to the sampler on a GPU, beside the network itself.
_SPARE_BYTES = 2 << 30
# A network's activations and workspace, as a multiple of its file.
_WORKSPACE = 4
_MAX_WORKERS = 16
_BLOCK = 1 << 20

# First bytes of what is most often found under a model's name.
_IMPOSTORS = {
    b"version https://git-lfs": "is a Git LFS pointer, not the model itself",
    b"<!doctype": "is a web page, not a model",
    b"<html": "is a web page, not a model",
    b"<?xml": "is an XML file, not a model",
    b"{": "is a JSON file, not a model",
    b"pk\x03\x04": "is a ZIP archive (a PyTorch checkpoint, or a pack to be unpacked), not an ONNX model",
}


class Network:
    """One loaded ONNX file with a single input.

    Parameters
    ----------
    path : Path
        The file.
    sha256 : str, optional
        What it must hash to.
    device : str
        ``cpu``, ``cuda``, or ``auto``: CUDA where onnxruntime has it and memory is left for the sampler.

    Raises
    ------
    ModelFileError
        If the file cannot be read, is not the one that was pinned, is no ONNX model, or has more than
        one input.
    MissingPackageError
        If onnxruntime is not installed.
    """

    def __init__(self, path: Path, *, sha256: str | None = None, device: str = ANY_DEVICE) -> None:
        self.path = path
        self.digest = _checked_digest(path)
        if sha256 is not None and self.digest != sha256:
            raise ModelFileError(
                f"{path} has the SHA-256 {self.digest[:12]}…, not {sha256[:12]}… as when it was fetched.",
                hint=_FETCH_AGAIN,
                field="model",
            )
        self._session = _session(path, device)
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise ModelFileError(
                f"{path} has {len(inputs)} inputs; one is expected.", hint=_FETCH_AGAIN, field="model"
            )
        self._input = inputs[0]
        self._is_half = self._input.type == "tensor(float16)"
        self.input_shape: tuple[int | None, ...] = tuple(
            side if isinstance(side, int) and side > 0 else None for side in self._input.shape
        )

    @property
    def n_outputs(self) -> int:
        """Count its outputs."""
        return len(self._session.get_outputs())

    @property
    def is_on_gpu(self) -> bool:
        """Whether it runs on a GPU."""
        return self._session.get_providers()[0].startswith("CUDA")

    @property
    def max_batch(self) -> int | None:
        """Pictures that it takes at once; None for any number."""
        return self.input_shape[0] if self.input_shape else 1

    def require_pictures(self, side: int | None = None) -> None:
        """Check that it takes RGB pictures, of this side when given.

        Raises
        ------
        ModelFileError
            If it takes something else.
        """
        wanted = (None, 3, side, side)
        shape = self.input_shape
        fits = len(shape) == 4 and all(
            own is None or need is None or own == need for own, need in zip(shape, wanted, strict=True)
        )
        if not fits or self._input.type not in ("tensor(float)", "tensor(float16)"):
            size = f"{side}×{side}" if side else "any size"
            raise ModelFileError(
                f"{self.path} takes {self._input.type} of the shape {list(self._input.shape)}; RGB pictures "
                f"of {size}, [n, 3, height, width], are expected.",
                hint="This is another model: put the right file there.",
                field="model",
            )

    def run(self, batch: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run it.

        Parameters
        ----------
        batch : ndarray of float32, shape (n, 3, height, width)

        Returns
        -------
        list of ndarray
            The outputs, in the order of the file.

        Raises
        ------
        ModelFileError
            If it cannot be run.
        """
        given = batch.astype(np.float16) if self._is_half else batch
        try:
            outputs = self._session.run(None, {self._input.name: given})
        except _runtime_errors() as error:
            raise ModelFileError(
                f"{self.path} cannot be run ({_first_line(error)}).", hint=_FETCH_AGAIN, field="model"
            ) from error
        return [one.astype(np.float32) if one.dtype == np.float16 else one for one in outputs]

    def tried(self, shape: tuple[int, ...]) -> list[NDArray[np.float32]]:
        """Run it on grey, so that a file that only looks right is found when it is loaded.

        Raises
        ------
        ModelFileError
            If it fails or gives numbers that are none.
        """
        outputs = self.run(np.full(shape, 0.5, np.float32))
        if not all(np.isfinite(output).all() for output in outputs if output.dtype.kind == "f"):
            raise ModelFileError(
                f"{self.path} gives NaN for a plain grey picture, so its weights are damaged.",
                hint=_FETCH_AGAIN,
                field="model",
            )
        return outputs


_FETCH_AGAIN = "Delete the file and fetch it again (tower models list says what is known)."


def wrong_shape(network: Network, shape: Sequence[int | None], expected: str) -> ModelFileError:
    """Return the error for a network whose output has another shape than its kind."""
    return ModelFileError(
        f"{network.path} gives the shape {list(shape)}; {expected} is expected.",
        hint="This is another model: put the right file there.",
        field="model",
    )


def n_workers() -> int:
    """Count the pictures that are worked on at the same time: one a core that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    n_cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(n_cores, _MAX_WORKERS))


def in_order(function: Callable[[_I], _O], items: Sequence[_I], workers: int) -> Iterator[_O]:
    """Map a function over items in several threads, with at most two items a thread begun.

    Networks run on one thread each, since pools of threads that wait by spinning cost more than the
    networks themselves. An item of a lazy sequence is looked up by the thread that needs it.

    Parameters
    ----------
    function : callable
    items : sequence
    workers : int
        Threads; with one, all is done in this thread.

    Yields
    ------
    object
        ``function(items[0])``, ``function(items[1])``, …
    """
    if workers <= 1 or len(items) <= 1:
        for index in range(len(items)):
            yield function(items[index])
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="tower-encoder") as pool:
        begun: list[Future[_O]] = []
        try:
            for index in range(len(items)):
                begun.append(pool.submit(lambda at: function(items[at]), index))
                if len(begun) >= 2 * workers:
                    yield begun.pop(0).result()
            while begun:
                yield begun.pop(0).result()
        finally:
            for future in begun:
                future.cancel()


def _checked_digest(path: Path) -> str:
    """Return the file's SHA-256, unless its first bytes say that it is no model."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            head = file.read(_BLOCK)
            _refuse_impostor(path, head)
            while head:
                digest.update(head)
                head = file.read(_BLOCK)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}.", field="model") from error
    return digest.hexdigest()


def _refuse_impostor(path: Path, head: bytes) -> None:
    if not head:
        raise ModelFileError(f"{path} is empty.", hint=_FETCH_AGAIN, field="model")
    start = head[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for magic, what in _IMPOSTORS.items():
        if start.startswith(magic):
            raise ModelFileError(f"{path} {what}.", hint=_FETCH_AGAIN, field="model")


def _session(path: Path, device: str) -> Any:
    runtime = _runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Its warnings about nodes and providers are for developers of models.
    options.log_severity_level = 3
    try:
        return runtime.InferenceSession(str(path), options, providers=_providers(runtime, path, device))
    except _runtime_errors() as error:
        raise ModelFileError(
            f"{path} is not an ONNX model that onnxruntime {runtime.__version__} can load "
            f"({_first_line(error)}).",
            hint=_FETCH_AGAIN,
            field="model",
        ) from error


def _runtime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingPackageError(
            "This encoder needs the package onnxruntime, which is not installed.",
            field="encoder",
            hint="Run `python -m pip install onnxruntime-gpu` for an NVIDIA GPU, else "
            "`python -m pip install onnxruntime`, with the Python that runs Tower; never both.",
        ) from error
    return onnxruntime


def _runtime_errors() -> tuple[type[Exception], ...]:
    """Return what onnxruntime raises; its exceptions have no base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state  # pyright: ignore[reportAttributeAccessIssue]

    own = [kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    return (*own, RuntimeError, ValueError)


def _providers(runtime: Any, path: Path, device: str) -> list[Any]:
    known = runtime.get_available_providers()
    needed = path.stat().st_size * _WORKSPACE
    if device == CPU or "CUDAExecutionProvider" not in known:
        return ["CPUExecutionProvider"]
    if device != CUDA and _free_gpu_bytes() < needed + _SPARE_BYTES:
        return ["CPUExecutionProvider"]
    limits = {
        "arena_extend_strategy": "kSameAsRequested",
        "gpu_mem_limit": str(max(needed, _SPARE_BYTES)),
        "cudnn_conv_algo_search": "HEURISTIC",
    }
    return [("CUDAExecutionProvider", limits), "CPUExecutionProvider"]


def _free_gpu_bytes() -> int:
    """Return what is free on the GPU, as torch or NVIDIA's driver says; 0 where nobody can tell."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return int(torch.cuda.mem_get_info()[0])
    try:
        import pynvml
    except ImportError:
        return 0
    try:
        pynvml.nvmlInit()
        try:
            return int(pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByIndex(0)).free)
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError:
        return 0


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0].rstrip(".")[:160] or type(error).__name__
