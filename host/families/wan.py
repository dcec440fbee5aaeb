"""References for the Wan video models: Phantom subjects, VACE, Animate.

Pictures, masks and sizes are prepared here; the host's own nodes encode them.

References
----------
.. [1] L. Liu et al., "Phantom: Subject-Consistent Video Generation via Cross-Modal Alignment", 2025: up to
   four subjects, bordered in white.
.. [2] Z. Jiang et al., "VACE: All-in-One Video Creation and Editing", ICCV 2025: the reference on white,
   grey where there is nothing to follow.
.. [3] G. Cheng et al., "Wan-Animate: Unified Character Animation and Replacement with Holistic
   Replication", 2025: pictures bordered in black, faces at 512 x 512.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from ...errors import InputError
from ..injection_order import Generation, InjectionOrder, NotApplicableError, Step, VideoOrder
from .checks import require_references
from .family import family_of
from .host_nodes import run_host_node
from .pictures import BLACK, GREY, letterboxed, to_multiple, to_video_length

Prepare = Callable[[InjectionOrder, VideoOrder, Generation], tuple[Generation, str]]

_MOST_SUBJECTS = 4
_FACE_SIDE = 512
_LATENT_CHANNELS = 16


def wan_reference_steps(order: InjectionOrder) -> Iterator[Step]:
    """Yield the step that prepares the references as the model's kind of Wan takes them."""
    if order.video is not None:
        yield Step("Wan reference", partial(_apply, order, fitted(order.video)))


def fitted(video: VideoOrder) -> VideoOrder:
    """Return a video at the nearest size that Wan takes: sides of 16n, lengths of 4n + 1."""
    return replace(
        video,
        width=to_multiple(video.width),
        height=to_multiple(video.height),
        length=to_video_length(video.length),
    )


def empty_latent(model: Any, video: VideoOrder) -> dict[str, Any]:
    """Return the latent of an empty video at its fitted size, for a model of any family.

    Parameters
    ----------
    model : ModelPatcher
        Its latent format says how many channels there are, and whether there is time.
    video : VideoOrder
        The size.
    """
    from comfy.model_management import intermediate_device

    video, latent_format = fitted(video), model.get_model_object("latent_format")
    side = getattr(latent_format, "spacial_downscale_ratio", 8)
    # 0.3.64 does not tell the size of Wan 2.2's latent, which alone has 48 channels.
    side = 16 if latent_format.latent_channels == 48 else side
    time = [(video.length - 1) // 4 + 1] if latent_format.latent_dimensions == 3 else []
    size = [*time, video.height // side, video.width // side]
    samples = torch.zeros(
        (video.batch_size, latent_format.latent_channels, *size), device=intermediate_device()
    )
    return {"samples": samples}


def _apply(order: InjectionOrder, video: VideoOrder, generation: Generation) -> tuple[Generation, str]:
    offer = family_of(generation.model)
    way = next((way for way in offer.ways if way in _PREPARE), None)
    if way is None:
        raise NotApplicableError(
            f"this model family ({offer.label}) is no Wan that takes references. {offer.family.note}".strip()
        )
    require_references(order, "a video")
    _check_vae(order.vae)
    changed, detail = _PREPARE[way](order, video, generation)
    return changed, f"{detail}; {video.width} x {video.height}, {video.length} frames"


def _check_vae(vae: Any) -> None:
    if vae is None:
        raise NotApplicableError("references came in without a VAE; connect both.")
    channels, axes = getattr(vae, "latent_channels", _LATENT_CHANNELS), getattr(vae, "latent_dim", 3)
    if channels != _LATENT_CHANNELS or axes != 3:
        raise InputError(
            f"This VAE gives {channels} channels over {axes} axes; Wan's gives {_LATENT_CHANNELS} over 3.",
            field="vae",
            hint="Load the VAE of Wan 2.1.",
        )


def _size(video: VideoOrder) -> dict[str, int]:
    return {
        "width": video.width,
        "height": video.height,
        "length": video.length,
        "batch_size": video.batch_size,
    }


def _phantom(order: InjectionOrder, video: VideoOrder, generation: Generation) -> tuple[Generation, str]:
    subjects = letterboxed(order.references[:_MOST_SUBJECTS], video.width, video.height)
    positive, middle, negative, latent = run_host_node(
        "WanPhantomSubjectToVideo",
        **{"positive": generation.positive, "negative": generation.negative, "vae": order.vae},
        **_size(video),
        images=subjects,
    )
    changed = replace(generation, positive=positive, negative=negative, middle=middle, latent=latent)
    return changed, f"Phantom: {len(subjects)} of {len(order.references)} references as subjects"


def _vace(order: InjectionOrder, video: VideoOrder, generation: Generation) -> tuple[Generation, str]:
    control = video.control_video
    positive, negative, latent, trim = run_host_node(
        "WanVaceToVideo",
        **{"positive": generation.positive, "negative": generation.negative, "vae": order.vae},
        **_size(video),
        strength=order.strength,
        control_video=_fitted_video(control, video, border=GREY),
        control_masks=_fitted_masks(video.control_masks, control, video, "control", border=1.0),
        reference_image=letterboxed(order.references[:1], video.width, video.height),
    )
    changed = replace(
        generation, positive=positive, negative=negative, middle=negative, latent=latent, trim_latent=trim
    )
    beside = "no control video" if control is None else f"{len(control)} frames to follow"
    return changed, f"VACE: the first of {len(order.references)} references at {order.strength:g}, {beside}"


def _animate(order: InjectionOrder, video: VideoOrder, generation: Generation) -> tuple[Generation, str]:
    reference = letterboxed(order.references[:1], video.width, video.height, border=BLACK)
    clip_vision = order.models.clip_vision if order.models else None
    face, background = video.face_video, video.background_video
    positive, negative, latent, trim, _, _ = run_host_node(
        "WanAnimateToVideo",
        **{"positive": generation.positive, "negative": generation.negative, "vae": order.vae},
        **_size(video),
        continue_motion_max_frames=5,
        video_frame_offset=0,
        reference_image=reference,
        clip_vision_output=None if clip_vision is None else clip_vision.encode_image(reference, crop=False),
        pose_video=_fitted_video(video.pose_video, video, border=BLACK),
        face_video=None if face is None else letterboxed(face, _FACE_SIDE, _FACE_SIDE, border=BLACK),
        background_video=_fitted_video(background, video, border=BLACK),
        character_mask=_fitted_masks(video.character_masks, background, video, "background", border=0.0),
    )
    changed = replace(
        generation, positive=positive, negative=negative, middle=negative, latent=latent, trim_latent=trim
    )
    given = {"a pose video": video.pose_video, "a face video": face, "a background": background}
    given["CLIP vision"] = clip_vision
    parts = [what for what, thing in given.items() if thing is not None] or ["nothing else"]
    return changed, f"Animate: the first of {len(order.references)} references, with {', '.join(parts)}"


def _fitted_video(frames: Any, video: VideoOrder, *, border: float) -> Any:
    return None if frames is None else letterboxed(frames, video.width, video.height, border=border)


def _fitted_masks(masks: Any, frames: Any, video: VideoOrder, what: str, *, border: float) -> Any:
    """Return masks at the video's size, one for each frame that they lie on; None without either."""
    if masks is None or frames is None:
        return None
    masks = masks.reshape(-1, *masks.shape[-2:], 1)
    if masks.shape[1:3] != frames.shape[1:3]:
        raise InputError(
            f"The masks are {masks.shape[2]} x {masks.shape[1]}, "
            f"the {what} video {frames.shape[2]} x {frames.shape[1]}.",
            field="control_masks" if what == "control" else "character_masks",
            hint="Give them the same size, so that they lie on one another.",
        )
    if len(masks) == 1:
        masks = masks.expand(len(frames), -1, -1, -1)
    return letterboxed(masks, video.width, video.height, border=border)[..., 0]


_PREPARE: Mapping[str, Prepare] = {"wan_vace": _vace, "wan_animate": _animate, "wan_phantom": _phantom}
