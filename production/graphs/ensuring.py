"""*Ensure consistency*: a workflow changed so that its samplers are given a character."""

from __future__ import annotations

from typing import Any

from ...errors import InputError
from .casting import CharacterCast
from .editing import GraphEditor
from .ensured import EnsuredGraph, EnsureOptions
from .posing import PoseCast
from .reading import check_graph
from .samplers import find_samplers
from .sources import Sources

_AS_IT_IS = EnsureOptions()


def ensure_consistency(graph: Any, character: str, options: EnsureOptions = _AS_IT_IS) -> EnsuredGraph:
    """Put a character in front of every sampler of a workflow.

    A Character Loader and one Embedding Injector for each distinct set of model and conditionings go between
    these and the samplers; other users of the model and of the prompts keep what they have. Nothing is found
    by its id, only by class and links. Applied twice, the second time changes nothing. Another character is
    put in front of the same samplers, behind the one before, so that both act.

    An injector of the character that is there already, wherever it is upstream, is kept; of its inputs those
    that `options` tells are set. A pose belongs to the picture and not to a character: naming another one
    replaces it.

    Parameters
    ----------
    graph : mapping
        The workflow in ComfyUI's API form; it is not changed.
    character : str
        Label of the character, as the Character Loader lists it.
    options : EnsureOptions
        How it is put in.

    Returns
    -------
    EnsuredGraph
        The changed workflow, and what was changed.

    Raises
    ------
    InputError
        If it is not a whole workflow in API form, has no sampler, or one whose model, conditioning or text
        encoder cannot be found.
    """
    if not character.strip():
        raise InputError("The character has no name.", field="character")
    check_graph(graph)
    editor = GraphEditor(graph)
    sites = find_samplers(editor.nodes)
    sources = Sources(graph, sites)
    cast = CharacterCast(editor, sources, character, options)
    for site in sites:
        cast.ensure(site)
    if options.pose is not None:
        posing = PoseCast(editor, sources, options.pose, options)
        for site in sites:
            posing.ensure(site)
    return editor.result()
