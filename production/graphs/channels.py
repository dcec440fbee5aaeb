"""The three channels that reach a sampler: its model, its positive and its negative conditioning.

A channel is followed upstream by the names of inputs, since a workflow in API form does not tell types.
"""

from __future__ import annotations

from collections.abc import Iterator

from .reading import Link, Nodes, links_of, walk

MODEL, POSITIVE, NEGATIVE = "model", "positive", "negative"
CHANNELS = (MODEL, POSITIVE, NEGATIVE)

# Inputs that never carry a model or a conditioning; all others may, such as those of pipes and switches.
_OTHERS = frozenset(
    {
        *("audio", "character", "clip_vision", "clip_vision_output", "control_net", "guider", "image"),
        *("images", "keypoints", "latent", "latent_image", "latents", "mask", "noise", "pixels"),
        *("reference", "references", "sampler", "samples", "scheduler", "seed", "sigmas", "style_model"),
        *("text", "upscale_model", "vae"),
    }
)


def clip_link(links: dict[str, Link]) -> Link | None:
    """Return the link to a text encoder among a node's links."""
    names = sorted(name for name in links if name.startswith("clip") and "vision" not in name)
    return links["clip"] if "clip" in links else links[names[0]] if names else None


def along(nodes: Nodes, link: Link, channel: str, *, stop: frozenset[str] = frozenset()) -> Iterator[str]:
    """Visit the nodes that a channel comes through, the nearest first.

    Parameters
    ----------
    nodes : mapping
        The workflow.
    link : tuple of (str, int)
        Where the channel comes from.
    channel : str
        ``model``, ``positive`` or ``negative``.
    stop : frozenset of str
        Ids of nodes behind which nothing is looked for.
    """
    return walk(
        link[0], lambda node_id: [] if node_id in stop else _sources(links_of(nodes[node_id]), channel)
    )


def _sources(links: dict[str, Link], channel: str) -> list[str]:
    """Return the nodes that a node's output on this channel may come from."""
    names = _names(links, channel)
    if not names and clip_link(links) is not None:
        return []  # It encodes a text: here a conditioning begins.
    if not names:
        names = [name for name in links if name not in _OTHERS]
    return [links[name][0] for name in names]


def _names(links: dict[str, Link], channel: str) -> list[str]:
    if channel in links:
        return [channel]
    if channel == MODEL:
        return [name for name in links if name.startswith(("model", "unet"))]
    return [name for name in links if name.startswith(("cond", channel))]
