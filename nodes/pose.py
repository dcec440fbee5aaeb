"""The Pose node."""

from __future__ import annotations

import json
from typing import Any

from comfy_api.latest import io, ui

from .. import services
from ..consistency.poses.pose import Pose as NamedPose
from ..errors import InputError, TowerError
from .choices import LiveList
from .convert import to_image_batch
from .sockets import CHARACTER

PoseKeypoints = io.Custom("POSE_KEYPOINT")
BUILDS = ["as it is", "adult", "teen", "chibi"]


def _names() -> list[str]:
    return services.current().poses.names()


pose_names = LiveList(_names, "standing")


class Pose(io.ComfyNode):
    """Gives a pose by its name, for any ControlNet."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerPose",
            display_name="Pose",
            category=CHARACTER,
            description=(
                "A pose by its name or from detected key points: as key points, as an OpenPose picture for "
                "any ControlNet, and as words for a prompt where there is none."
            ),
            inputs=_inputs(),
            outputs=[
                PoseKeypoints.Output(
                    "pose_keypoint", display_name="keypoints", tooltip="The pose as POSE_KEYPOINT, in pixels."
                ),
                io.Image.Output(
                    "pose_image", display_name="image", tooltip="The pose, drawn as OpenPose does."
                ),
                io.String.Output(
                    "pose_prompt",
                    display_name="prompt",
                    tooltip="The pose in words: what remains when no ControlNet is at hand.",
                ),
                io.String.Output(
                    "report",
                    display_name="report",
                    tooltip='JSON: {"pose", "joints", "nearest": [{"pose", "distance"}]}.',
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, pose: str | None = None) -> bool | str:
        # Naming the input takes the place of ComfyUI's own check against the list.
        try:
            if pose is not None:
                services.current().poses.named(pose)
        except TowerError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, pose: str | None = None, **_inputs: Any) -> str:
        # A stored pose can change under its name.
        return "" if pose is None else repr(services.current().poses.named(pose))

    @classmethod
    def execute(
        cls,
        *,
        pose: str,
        width: int,
        height: int,
        build: str,
        mirror: bool,
        margin: float,
        keypoints: Any = None,
        build_from: Any = None,
        save_as: str = "",
        prompt: str = "",
    ) -> io.NodeOutput:
        poses = services.current().poses
        chosen = _chosen(pose, keypoints, save_as, prompt)
        points = poses.fitted(
            chosen,
            width,
            height,
            build=build,
            build_keypoints=build_from,
            is_mirrored=mirror,
            margin=margin,
        )
        image = to_image_batch([poses.drawn(points, width, height)])
        report, words = _report(chosen), prompt.strip() or chosen.prompt
        found = poses.keypoints(points, width, height)
        return io.NodeOutput(found, image, words, report, ui=ui.PreviewText(words or chosen.name))


def _inputs() -> list[io.Input]:
    side = {"default": 768, "min": 64, "max": 8192, "step": 8}
    return [
        io.Combo.Input(
            "pose", options=pose_names(), tooltip="The pose. Press R to see one that was just saved."
        ),
        io.Int.Input("width", **side, tooltip="Width of the picture in pixels; use the latent's."),
        io.Int.Input("height", **side, tooltip="Height of the picture in pixels; use the latent's."),
        io.Combo.Input(
            "build",
            options=BUILDS,
            default=BUILDS[0],
            tooltip="Whose limbs: an adult's of 7.5 heads, a teenager's of 6.5, or a chibi's of 2.5.",
        ),
        io.Boolean.Input("mirror", default=False, tooltip="Exchange left and right."),
        io.Float.Input(
            "margin",
            default=0.12,
            min=0.0,
            max=0.45,
            step=0.01,
            tooltip="Share of the picture left free on each side; larger makes the figure smaller.",
        ),
        PoseKeypoints.Input(
            "keypoints", optional=True, tooltip="Detected key points; they take the place of the named pose."
        ),
        PoseKeypoints.Input(
            "build_from",
            optional=True,
            tooltip="Key points of the character standing, seen from the front: its limbs go before build.",
        ),
        io.String.Input(
            "save_as",
            default="",
            optional=True,
            tooltip="When filled: the connected key points are saved under this name for every workflow.",
        ),
        io.String.Input(
            "prompt",
            default="",
            optional=True,
            tooltip="The pose in words, in place of its own; saved with it.",
        ),
    ]


def _chosen(name: str, keypoints: Any, save_as: str, prompt: str) -> NamedPose:
    poses = services.current().poses
    if keypoints is None:
        if save_as.strip():
            raise InputError(
                f"There is nothing to save as {save_as.strip()!r}.",
                field="save_as",
                hint="Connect key points, or leave save_as empty.",
            )
        return poses.named(name)
    return poses.store(save_as, keypoints, prompt=prompt) if save_as.strip() else poses.read(keypoints)


def _report(pose: NamedPose) -> str:
    nearest = [
        {"pose": name, "distance": round(distance, 4)}
        for name, distance in services.current().poses.nearest(pose)[:3]
    ]
    return json.dumps({"pose": pose.name, "joints": pose.n_joints, "nearest": nearest}, ensure_ascii=False)
