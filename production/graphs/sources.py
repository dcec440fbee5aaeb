"""What an injector needs besides a sampler's own links: the text encoder, the VAE and the size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...errors import InputError
from .channels import MODEL, NEGATIVE, POSITIVE, along, clip_link
from .reading import Link, Nodes, links_of, literal, named, upstream, users_of, walk
from .samplers import LATENT_NAMES, SamplerSite

_CLIP_OUTPUT, _VAE_OUTPUT = 1, 2
_DEFAULT_SIZE = (768, 768)
_LARGEST_SIDE = 8192


class Sources:
    """What the samplers of a workflow can be given besides their own links.

    Parameters
    ----------
    nodes : mapping
        The workflow as it came in.
    sites : sequence of SamplerSite
        All its samplers.
    """

    def __init__(self, nodes: Nodes, sites: Sequence[SamplerSite]) -> None:
        self._samplers = {node_id for site in sites for node_id in (site.node_id, site.sampler_id)}
        self._nodes = nodes
        self._users = users_of(nodes)
        self._has_vae = any("vae" in links_of(node) for node in nodes.values())

    def clip(self, site: SamplerSite) -> Link:
        """Find the text encoder that a sampler's prompts were encoded with, else that of its checkpoint.

        Raises
        ------
        InputError
            If none can be reached.
        """
        nodes = self._nodes
        for channel in (POSITIVE, NEGATIVE):
            if channel in site.inputs:
                for node_id in along(nodes, site.link(nodes, channel), channel):
                    found = clip_link(links_of(nodes[node_id]))
                    if found is not None:
                        return found
        for node_id in along(nodes, site.link(nodes, MODEL), MODEL):
            found = clip_link(links_of(nodes[node_id]))
            if found is not None:
                is_lora = nodes[node_id]["class_type"] == "LoraLoader"
                return (node_id, _CLIP_OUTPUT) if is_lora else found
            if _is_checkpoint(nodes, node_id):
                return node_id, _CLIP_OUTPUT
        raise InputError(
            f"No text encoder can be reached from {named(nodes, site.node_id)}.",
            field=f"prompt.{site.node_id}"[:80],
            hint="Encode its prompts in the workflow, with a CLIP Text Encode node.",
        )

    def vae(self, site: SamplerSite) -> Link | None:
        """Find the VAE that decodes what a sampler makes, else that of its checkpoint; None without one."""
        nodes = self._nodes
        for node_id in self._around(site) if self._has_vae else ():
            link = links_of(nodes[node_id]).get("vae")
            # A VAE that waits for a sampler could close a circle.
            if link is not None and self._samplers.isdisjoint(upstream(nodes, link[0])):
                return link
        for node_id in along(nodes, site.link(nodes, MODEL), MODEL):
            if _is_checkpoint(nodes, node_id):
                return node_id, _VAE_OUTPUT
        return None

    def size(self, site: SamplerSite) -> tuple[int, int]:
        """Return width and height in pixels of what is sampled; 768 if only a run can tell."""
        nodes = self._nodes
        links = links_of(nodes[site.sampler_id])
        start = next((links[name][0] for name in LATENT_NAMES if name in links), None)
        for node_id in upstream(nodes, start) if start else ():
            inputs = nodes[node_id]["inputs"]
            width, height = (literal(nodes, inputs.get(side)) for side in ("width", "height"))
            if _is_side(width) and _is_side(height):
                return int(width), int(height)
        return _DEFAULT_SIZE

    def _around(self, site: SamplerSite) -> Iterator[str]:
        """Visit a sampler, what comes of it, then what it comes from."""
        yield site.node_id
        yield from walk(site.sampler_id, lambda node_id: self._users.get(node_id, []))
        yield from upstream(self._nodes, site.sampler_id)


def _is_checkpoint(nodes: Nodes, node_id: str) -> bool:
    """Whether a node loads model, text encoder and VAE, in this order."""
    name = nodes[node_id]["class_type"].casefold().replace(" ", "")
    return name.startswith(("checkpointloader", "unclipcheckpointloader"))


def _is_side(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 64 <= value <= _LARGEST_SIDE
