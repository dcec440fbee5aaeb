"""The samplers of a workflow, found by their class and their links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...errors import InputError
from .channels import CHANNELS, MODEL, NEGATIVE, POSITIVE, along
from .reading import Link, Nodes, is_reroute, links_of, named, source_of

KNOWN = frozenset({"KSampler", "KSamplerAdvanced", "SamplerCustom", "TowerGatedKSampler"})
INJECTOR = "TowerEmbeddingInjector"

_POSITIVE_NAMES = ("positive", "conditioning", "cond1")
_NEGATIVE_NAMES = ("negative", "neg_conditioning")
LATENT_NAMES = ("latent_image", "latent", "samples")


@dataclass(frozen=True, slots=True)
class SamplerSite:
    """Where the model and the conditioning of a sampler come in: itself, or its guider.

    Parameters
    ----------
    node_id : str
        The node whose inputs they are.
    inputs : mapping of str to str
        Names of its inputs by channel; no negative where it has none.
    sampler_id : str
        The sampler; another node when this one is its guider.
    """

    node_id: str
    inputs: Mapping[str, str]
    sampler_id: str

    def link(self, nodes: Nodes, channel: str) -> Link:
        """Return where a channel comes from."""
        return links_of(nodes[self.node_id])[self.inputs[channel]]


def find_samplers(nodes: Nodes) -> list[SamplerSite]:
    """Find every sampler of a workflow.

    Samplers are the classes in `KNOWN`, what guides a node with a link ``guider``, and nodes of any other
    class with links for a model and conditionings, unless they hand these on to another sampler.

    Raises
    ------
    InputError
        If there is none, or one lacks a model or a positive conditioning.
    """
    sites = {site.node_id: site for site in (*_by_class(nodes), *_guided(nodes))}
    for site in _by_links(nodes):
        sites.setdefault(site.node_id, site)
    known = frozenset(node_id for node_id, node in nodes.items() if node["class_type"] in KNOWN)
    handed_on = {
        visited
        for site in sites.values()
        for channel in site.inputs
        for visited in along(nodes, site.link(nodes, channel), channel, stop=known)
    } - known
    found = [site for site in sites.values() if site.node_id not in handed_on]
    if not found:
        classes = sorted({node["class_type"][:60] for node in nodes.values()})
        shown = ", ".join(classes[:12]) + (", …" if len(classes) > 12 else "")
        raise InputError(
            f"The workflow has no sampler; it has {shown}.",
            field="prompt",
            hint="A sampler is a KSampler, a guided sampler, or a node with links for model, positive and "
            "negative.",
        )
    return found


def _by_class(nodes: Nodes) -> Iterator[SamplerSite]:
    for node_id, node in nodes.items():
        if node["class_type"] in KNOWN:
            yield _site(nodes, node_id, node_id, [MODEL, POSITIVE])


def _guided(nodes: Nodes) -> Iterator[SamplerSite]:
    """Find the guider of each node that has one, through reroutes and switches."""
    for sampler_id, node in nodes.items():
        link = links_of(node).get("guider")
        if link is None or is_reroute(node):
            continue
        guiders, pending = [], [source_of(nodes, link)[0]]
        for guider in pending:
            links = links_of(nodes[guider])
            if MODEL in links:
                guiders.append(guider)
            else:
                pending += [source for source, _ in links.values() if source not in pending]
        if not guiders:
            raise InputError(
                f"The guider of {named(nodes, sampler_id)} has no link in its input model.",
                field=f"prompt.{sampler_id}.guider"[:80],
                hint="Connect a CFGGuider or a BasicGuider.",
            )
        for guider in guiders:
            yield _site(nodes, guider, sampler_id, [MODEL, POSITIVE])


def _by_links(nodes: Nodes) -> Iterator[SamplerSite]:
    for node_id, node in nodes.items():
        if node["class_type"].startswith("Tower") or node["class_type"] in KNOWN:
            continue
        links = links_of(node)
        inputs = _inputs(links)
        is_sampler = NEGATIVE in inputs or any(name in links for name in LATENT_NAMES)
        if MODEL in inputs and POSITIVE in inputs and is_sampler:
            yield SamplerSite(node_id, inputs, node_id)


def _site(nodes: Nodes, node_id: str, sampler_id: str, needed: list[str]) -> SamplerSite:
    inputs = _inputs(links_of(nodes[node_id]))
    for channel in needed:
        if channel not in inputs:
            raise InputError(
                f"{named(nodes, node_id)} has no link in its input {channel}.",
                field=f"prompt.{node_id}.{channel}"[:80],
                hint="Connect it before a character can be put in between.",
            )
    return SamplerSite(node_id, inputs, sampler_id)


def _inputs(links: Mapping[str, Link]) -> dict[str, str]:
    """Return the input of each channel, for those that have one."""
    names = {MODEL: (MODEL,), POSITIVE: _POSITIVE_NAMES, NEGATIVE: _NEGATIVE_NAMES}
    found = {channel: next((name for name in names[channel] if name in links), None) for channel in CHANNELS}
    return {channel: name for channel, name in found.items() if name is not None}
