"""Sampling as the host's KSampler does it, with somebody who watches each step and may stop it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from torch import Tensor

# Latents above this short side are scaled down before they are decoded early: at eight pixels a latent
# pixel that is a picture of 512, which is what encoders look at anyway.
_EARLY_SIDE = 64
_KEY = "tower_watch"

OnStep = Callable[[int, int, Tensor], None]


@dataclass(frozen=True, slots=True)
class Sampling:
    """What a sampler is given, but for its seed."""

    model: Any
    positive: list[Any]
    negative: list[Any]
    latent: dict[str, Any]
    steps: int
    cfg: float
    sampler_name: str
    scheduler: str
    denoise: float


class SampleStoppedError(Exception):
    """The one who watched had seen enough."""


def sample(sampling: Sampling, seed: int, on_step: OnStep) -> dict[str, Any]:
    """Sample a latent, bit for bit as the host's KSampler does.

    Parameters
    ----------
    on_step : callable
        Takes after each step how many are done, how many there are, and the predicted clean latent as the
        model has it; what it raises ends the sampling and reaches the caller.

    Returns
    -------
    dict
        A LATENT.
    """
    from comfy.patcher_extension import WrappersMP

    def watch(executor: Any, guider: Any, sigmas: Tensor, extra: Any, _callback: Any, *rest: Any) -> Any:
        def callback(step: int, x0: Tensor, _x: Tensor, total: int) -> None:
            on_step(step + 1, total, x0)

        return executor(guider, sigmas, extra, callback, *rest)

    model = sampling.model.clone()
    model.add_wrapper_with_key(WrappersMP.SAMPLER_SAMPLE, _KEY, watch)
    [latent] = _host_nodes().common_ksampler(
        model,
        seed,
        sampling.steps,
        sampling.cfg,
        sampling.sampler_name,
        sampling.scheduler,
        sampling.positive,
        sampling.negative,
        sampling.latent,
        denoise=sampling.denoise,
    )
    return latent


def decode(vae: Any, latent: dict[str, Any]) -> Tensor:
    """Decode a latent as the host's VAE Decode does; an IMAGE."""
    return _host_nodes().VAEDecode().decode(vae, latent)[0]


class AttemptProgress:
    """Moves the bar of the running node over all steps of all attempts, with the host's preview.

    Its `small_decoder` is the host's TAESD where previews are made with it, else None.
    """

    def __init__(self, model: Any, n_attempts: int) -> None:
        from comfy.utils import ProgressBar
        from latent_preview import get_previewer

        self._previewer = get_previewer(model.load_device, model.model.latent_format)
        decoder = getattr(self._previewer, "taesd", None)
        # The decoders of video latents share the name but not the interface.
        self.small_decoder = decoder if type(decoder).__name__ == "TAESD" else None
        self._bar = ProgressBar(n_attempts)
        self._n_attempts = n_attempts
        self._attempt = 0

    def begin(self) -> None:
        """Begin the next attempt."""
        self._attempt += 1

    def show(self, done: int, total: int, x0: Tensor) -> None:
        """Show a step; raises the host's own exception when the user has pressed Cancel."""
        from comfy import model_management

        # Newer versions throttle the bar, and only look for a cancel when they redraw it.
        model_management.throw_exception_if_processing_interrupted()
        preview = None
        if self._previewer is not None:
            preview = self._previewer.decode_latent_to_preview_image("JPEG", x0)
        self._bar.update_absolute((self._attempt - 1) * total + done, self._n_attempts * total, preview)


def decode_early(model: Any, vae: Any, x0: Tensor, small_decoder: Any = None) -> Tensor | None:
    """Decode a predicted clean latent cheaply while the model is sampling.

    The host's small decoder (TAESD) where it shows previews with it; else the VAE, on a latent scaled
    to at most 64 on its short side, and only if it fits beside the model: were the model moved out of
    the way, sampling could not go on.

    Returns
    -------
    Tensor or None
        An IMAGE on the CPU; None for latents of video, or where memory is short.
    """
    if x0.ndim != 4:
        return None
    if small_decoder is not None:
        return (small_decoder.decode(x0).movedim(1, -1).float().cpu() * 0.5 + 0.5).clamp(0.0, 1.0)
    latent = _shrunk(model.model.process_latent_out(x0.float()))
    return vae.decode(latent) if _fits(vae, latent) else None


def model_key(model: Any) -> str:
    """Name a diffusion model by its weights: 16 hex digits, the same whatever LoRAs are on it.

    A digest of the names, shapes and first values of eight weights spread over the network.
    """
    weights = sorted(model.model.diffusion_model.named_parameters(), key=lambda named: named[0])
    digest = hashlib.sha256(str(len(weights)).encode())
    for name, weight in weights[:: max(1, len(weights) // 8)][:8]:
        values = weight.detach().flatten()[:64].float().cpu().numpy()
        digest.update(f"{name}{tuple(weight.shape)}".encode() + values.tobytes())
    return digest.hexdigest()[:16]


def _host_nodes() -> Any:
    # Not by an import statement: type checkers would take our own `nodes` for the host's.
    return import_module("nodes")


def _shrunk(latent: Tensor) -> Tensor:
    from torch.nn.functional import interpolate

    scale = _EARLY_SIDE / min(latent.shape[-2:])
    return latent if scale >= 1 else interpolate(latent, scale_factor=scale, mode="area")


def _fits(vae: Any, latent: Tensor) -> bool:
    from comfy import model_management

    device = model_management.get_torch_device()
    needed = vae.memory_used_decode(latent.shape, vae.vae_dtype) + vae.patcher.model_size()
    return model_management.cpu_mode() or model_management.get_free_memory(device) > 1.2 * needed
