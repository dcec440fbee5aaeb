"""A named pose in a workflow: drawn by a ControlNet, else told in words."""

from __future__ import annotations

from .channels import NEGATIVE, POSITIVE, along
from .editing import GraphEditor
from .ensured import EnsureOptions
from .reading import Link, links_of, named, source_of
from .samplers import SamplerSite
from .sources import Sources

POSE, CONTROLNET_LOADER, APPLY = "TowerPose", "ControlNetLoader", "ControlNetApplyAdvanced"
_APPLIERS = frozenset({APPLY, "ControlNetApply", "ControlNetApplySD3"})
ENCODE, CONCAT = "CLIPTextEncode", "ConditioningConcat"
_IMAGE_OUTPUT, _WORDS_OUTPUT = 1, 2
_STRENGTH = 1.0


class PoseCast:
    """Puts one pose in front of samplers; another one that is there already is replaced by it.

    Parameters
    ----------
    editor : GraphEditor
        The workflow, with its characters.
    sources : Sources
        What is there to wire.
    pose : str
        Name of the pose.
    options : EnsureOptions
        The ControlNet and its strength.
    """

    def __init__(self, editor: GraphEditor, sources: Sources, pose: str, options: EnsureOptions) -> None:
        self._editor = editor
        self._sources = sources
        self._pose = pose
        self._options = options
        self._made: dict[tuple[Link | None, Link | None], str] = {}

    def ensure(self, site: SamplerSite) -> None:
        """Lead the conditioning of a sampler through the pose."""
        wanted = _APPLIERS if self._options.controlnet else frozenset({CONCAT})
        present = self._present(site, wanted)
        if present is not None:
            self._update(present)
            return
        links = links_of(self._editor.nodes[site.node_id])
        given = {
            channel: links[site.inputs[channel]] for channel in (POSITIVE, NEGATIVE) if channel in site.inputs
        }
        key = (given[POSITIVE], given.get(NEGATIVE) if self._options.controlnet else None)
        if key not in self._made:
            make = self._controlled if self._options.controlnet else self._told
            self._made[key] = make(site, given)
        for output, channel in enumerate(given if self._options.controlnet else [POSITIVE]):
            self._editor.set(site.node_id, site.inputs[channel], (self._made[key], output))

    def _present(self, site: SamplerSite, wanted: frozenset[str]) -> str | None:
        """Return the node through which a pose reaches a sampler already."""
        nodes = self._editor.nodes
        for node_id in along(nodes, site.link(nodes, POSITIVE), POSITIVE):
            if nodes[node_id]["class_type"] in wanted and self._pose_of(node_id) is not None:
                return node_id
        return None

    def _pose_of(self, node_id: str) -> str | None:
        """Return the Pose node behind a ControlNet's picture or an appended prompt."""
        nodes = self._editor.nodes
        link = None
        for name in ("image", "conditioning_from", "text"):
            link = links_of(nodes[node_id]).get(name)
            if link is not None:
                break
        if link is None:
            return None
        source = source_of(nodes, link)[0]
        if nodes[source]["class_type"] == POSE:
            return source
        return self._pose_of(source) if nodes[source]["class_type"] == ENCODE else None

    def _update(self, present: str) -> None:
        """Give what was there the pose, the ControlNet and the strength that are told."""
        pose = self._pose_of(present)
        if pose is not None:
            self._editor.set(pose, "pose", self._pose)
        if self._options.controlnet:
            self._editor.set(present, "control_net", self._loaded(self._options.controlnet))
        if self._options.pose_strength is not None:
            self._editor.set(present, "strength", self._options.pose_strength)

    def _controlled(self, site: SamplerSite, given: dict[str, Link]) -> str:
        strength, name = self._options.pose_strength, self._options.controlnet or ""
        inputs = {
            "positive": given[POSITIVE],
            "negative": given.get(NEGATIVE, given[POSITIVE]),
            "control_net": self._loaded(name),
            "image": (self._drawn(site), _IMAGE_OUTPUT),
            "strength": _STRENGTH if strength is None else strength,
            "start_percent": 0.0,
            "end_percent": 1.0,
        }
        where = named(self._editor.nodes, site.node_id)
        return self._editor.insert(APPLY, inputs, f"A ControlNet draws the pose {self._pose} for {where}.")

    def _told(self, site: SamplerSite, given: dict[str, Link]) -> str:
        nodes = self._editor.nodes
        where, clip = named(nodes, site.node_id), self._sources.clip(site)
        words = self._editor.insert(
            ENCODE,
            {"text": (self._drawn(site), _WORDS_OUTPUT), "clip": clip},
            f"The pose {self._pose} is told in words, since no ControlNet is named.",
        )
        inputs = {"conditioning_to": given[POSITIVE], "conditioning_from": (words, 0)}
        return self._editor.insert(CONCAT, inputs, f"The words are added to the prompt of {where}.")

    def _drawn(self, site: SamplerSite) -> str:
        """Return the Pose node, the only one of this pose; made at first use in the picture's size."""
        nodes = self._editor.nodes
        for node_id, node in nodes.items():
            # One that takes key points draws those, and may wait for the sampler.
            if node["class_type"] == POSE and node["inputs"].get("pose") == self._pose and not links_of(node):
                return node_id
        width, height = self._sources.size(site)
        inputs = {
            "pose": self._pose,
            "width": width,
            "height": height,
            "build": "as it is",
            "mirror": False,
            "margin": 0.12,
        }
        return self._editor.insert(POSE, inputs, f"A Pose node draws {self._pose}.")

    def _loaded(self, name: str) -> Link:
        nodes = self._editor.nodes
        for node_id, node in nodes.items():
            if node["class_type"] == CONTROLNET_LOADER and node["inputs"].get("control_net_name") == name:
                return node_id, 0
        inputs = {"control_net_name": name}
        return self._editor.insert(CONTROLNET_LOADER, inputs, f"A ControlNet Loader brings in {name}."), 0
