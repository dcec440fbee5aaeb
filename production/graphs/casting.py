"""The Character Loader and the Embedding Injectors of one character in a workflow."""

from __future__ import annotations

from typing import Any

from ...consistency.character import split_version
from .channels import CHANNELS, MODEL, NEGATIVE, POSITIVE, along
from .editing import GraphEditor
from .ensured import EnsureOptions
from .reading import Link, links_of, literal, named, source_of, upstream
from .samplers import INJECTOR, SamplerSite
from .sources import Sources

LOADER, ADAPTER, VISION = "TowerCharacterLoader", "TowerAdapterLoader", "CLIPVisionLoader"

# Outputs of the nodes, as they declare them.
_CHARACTER_OUTPUT, _REFERENCES_OUTPUT, _ADAPTER_OUTPUT = 0, 1, 0
_OUTPUTS = {MODEL: 0, POSITIVE: 2, NEGATIVE: 3}
_DEFAULTS: dict[str, Any] = {
    "strength": 1.0,
    "on_missing": "stop",
    "use_prompt": True,
    "use_lora": True,
    "use_reference_latents": True,
}
# What a Character Region has of its own, instead of the injector that it is connected to.
_OF_MEMBER = ("strength", "region")


class CharacterCast:
    """Puts a character in front of samplers, with what the workflow already has of it.

    Parameters
    ----------
    editor : GraphEditor
        The workflow.
    sources : Sources
        What is there to wire.
    character : str
        Label of the character.
    options : EnsureOptions
        How it is put in.
    """

    def __init__(self, editor: GraphEditor, sources: Sources, character: str, options: EnsureOptions) -> None:
        self._editor = editor
        self._sources = sources
        self._character = character
        self._options = options
        self._name = split_version(character)[0]
        self._loader_id = next((node_id for node_id in editor.nodes if self._is_ours(node_id)), None)
        self._own = {node: self._given(node) for node in editor.nodes if self._member_of(node)}
        self._done: set[str] = set()

    def ensure(self, site: SamplerSite) -> None:
        """Lead every channel of a sampler through an injector of the character."""
        nodes = self._editor.nodes
        used: dict[str, str] = {}
        for channel in site.inputs:
            for node_id in along(nodes, site.link(nodes, channel), channel):
                if node_id in self._own:
                    used[channel] = node_id
                    break
        missing = [channel for channel in site.inputs if channel not in used]
        if missing:
            injector = self._matching(site) or self._insert(site)
            for channel in missing:
                self._editor.set(site.node_id, site.inputs[channel], (injector, _OUTPUTS[channel]))
                used[channel] = injector
        for injector in dict.fromkeys(used.values()):
            if injector not in self._done:
                self._update(injector, site)
                self._done.add(injector)

    def _member_of(self, node_id: str) -> tuple[str, str] | None:
        """Return the node in which an injector has our character, itself or a region, and its loader."""
        nodes = self._editor.nodes
        is_injector, holder = nodes[node_id]["class_type"] == INJECTOR, node_id
        while is_injector:
            loader = self._loaded_into(holder)
            if loader is not None:
                return holder, loader
            link = links_of(nodes[holder]).get("cast")
            if link is None:
                break
            holder = source_of(nodes, link)[0]
        return None

    def _loaded_into(self, node_id: str) -> str | None:
        """Return the loader from which a node has our character."""
        nodes = self._editor.nodes
        link = links_of(nodes[node_id]).get("character")
        while link is not None:
            source = source_of(nodes, link)[0]
            if self._is_ours(source):
                return source
            link = links_of(nodes[source]).get("character")
        return None

    def _is_ours(self, loader: str) -> bool:
        nodes = self._editor.nodes
        if nodes[loader]["class_type"] != LOADER:
            return False
        label = literal(nodes, nodes[loader]["inputs"].get("character"))
        return isinstance(label, str) and split_version(label)[0] == self._name

    def _given(self, injector: str) -> dict[str, Link]:
        """Return where the channels of an injector come from."""
        nodes = self._editor.nodes
        links = links_of(nodes[injector])
        return {channel: source_of(nodes, links[channel]) for channel in CHANNELS if channel in links}

    def _matching(self, site: SamplerSite) -> str | None:
        """Return an injector that is given just what the sampler is given."""
        nodes = self._editor.nodes
        wanted = {channel: source_of(nodes, site.link(nodes, channel)) for channel in site.inputs}
        for injector, given in self._own.items():
            # A mask or a picture may make the injector wait for the sampler itself.
            if wanted.items() <= given.items() and site.node_id not in upstream(nodes, injector):
                return injector
        return None

    def _insert(self, site: SamplerSite) -> str:
        nodes = self._editor.nodes
        positive = site.link(nodes, POSITIVE)
        inputs: dict[str, Any] = {
            MODEL: site.link(nodes, MODEL),
            "clip": self._sources.clip(site),
            POSITIVE: positive,
            # A guider without a negative leaves that output unused; the node wants the input all the same.
            NEGATIVE: site.link(nodes, NEGATIVE) if NEGATIVE in site.inputs else positive,
            "character": (self._loader(), _CHARACTER_OUTPUT),
            **_DEFAULTS,
            **self._chosen(),
        }
        # An adapter looks at the stored pictures, unless others are wired, such as these for latents.
        is_attached = self._options.use_reference_latents
        inputs.update(
            self._wired(site, self._options.adapter is None if is_attached is None else is_attached)
        )
        what = f"An Embedding Injector puts {self._character} in front of {named(nodes, site.node_id)}."
        injector = self._editor.insert(INJECTOR, inputs, what)
        self._own[injector] = self._given(injector)
        self._done.add(injector)
        return injector

    def _update(self, injector: str, site: SamplerSite) -> None:
        """Give an injector that was there the options that are told."""
        holder, loader = self._member_of(injector) or (injector, self._loader())
        for name, value in self._chosen().items():
            self._editor.set(holder if name in _OF_MEMBER else injector, name, value)
        self._set_version(loader)
        for name, link in self._wired(site, self._options.use_reference_latents is True).items():
            # Pictures that somebody wired stay.
            if name == "adapter" or name not in self._editor.nodes[injector]["inputs"]:
                self._editor.set(injector, name, link)

    def _chosen(self) -> dict[str, Any]:
        """Return the injector's own inputs that the options tell."""
        told = {name: getattr(self._options, name) for name in (*_DEFAULTS, "region")}
        return {name: value for name, value in told.items() if value is not None}

    def _wired(self, site: SamplerSite, is_attached: bool | None) -> dict[str, Link]:
        """Return links to a VAE and to the pictures that become latents, and to an adapter."""
        found: dict[str, Link] = {}
        vae = self._sources.vae(site) if is_attached and self._options.has_references else None
        if vae is not None:
            found = {"vae": vae, "references": (self._loader(), _REFERENCES_OUTPUT)}
        if self._options.adapter is not None:
            found["adapter"] = (self._adapter(self._options.adapter), _ADAPTER_OUTPUT)
        return found

    def _loader(self) -> str:
        """Return the character's only loader, made at first use and set to the version asked for."""
        if self._loader_id is None:
            version = {} if self._options.version is None else {"version": self._options.version}
            what = f"A Character Loader brings in {self._character}."
            self._loader_id = self._editor.insert(LOADER, {"character": self._character, **version}, what)
        self._set_version(self._loader_id)
        return self._loader_id

    def _set_version(self, loader: str) -> None:
        if self._options.version is not None:
            self._editor.set(loader, "version", self._options.version)

    def _adapter(self, name: str) -> str:
        """Return the adapter's loader, with the CLIP vision model that is told."""
        vision = self._options.clip_vision
        seen = {} if vision is None else {"clip_vision": (self._file(VISION, "clip_name", vision), 0)}
        adapter = self._file(ADAPTER, "adapter_name", name, variant="auto", **seen)
        for input_name, link in seen.items():
            self._editor.set(adapter, input_name, link)
        return adapter

    def _file(self, class_type: str, input_name: str, file: str, **inputs: Any) -> str:
        """Return the node that loads a file, made where there is none."""
        for node_id, node in self._editor.nodes.items():
            if node["class_type"] == class_type and node["inputs"].get(input_name) == file:
                return node_id
        return self._editor.insert(class_type, {input_name: file, **inputs}, f"A loader brings in {file}.")
