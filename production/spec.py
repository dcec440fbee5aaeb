"""Reading an episode file, and saying in one sentence what is wrong with it."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..errors import SpecError
from .lined_yaml import LinedYaml, Location, read_lined_yaml
from .spec_models import CameraSpec, CharacterSpec, DialogueSpec, EpisodeSpec, ShotSpec

__all__ = ["CameraSpec", "CharacterSpec", "DialogueSpec", "EpisodeSpec", "ShotSpec", "load_spec"]

# What a value of the wrong type should have been, by pydantic's name of the error.
WANTED = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text",
    "tuple_type": "a list",
    "dict_type": "a table of names",
    "model_type": "a table of fields",
    "model_attributes_type": "a table of fields",
    "finite_number": "a finite number",
}


def load_spec(path: Path) -> EpisodeSpec:
    """Read an episode file and check everything that can be checked without decoding media.

    Parameters
    ----------
    path : Path
        A YAML file; the paths in it are relative to its folder.

    Returns
    -------
    EpisodeSpec
        The episode, with absolute paths that exist.

    Raises
    ------
    SpecError
        If the file is not YAML or breaks the schema: one sentence with file, line, field and
        remedy of the first problem, and how many more there are.
    """
    document = read_lined_yaml(path)
    value = document.value
    if not isinstance(value, dict):
        raise SpecError(
            f"{path}:1: this is no episode: it holds {_kind(value)} instead of fields.",
            hint="Start with project:, music: and shots:.",
        )
    value = {"title": path.stem, **value}
    try:
        return EpisodeSpec.model_validate(value, context={"folder": path.absolute().parent})
    except ValidationError as error:
        raise _first_problem(document, error.errors(include_url=False)) from error


def _first_problem(document: LinedYaml, problems: list[ErrorDetails]) -> SpecError:
    places = [_written_location(document, problem) for problem in problems]
    order = sorted(range(len(problems)), key=lambda index: document.line(places[index]))
    first = order[0]
    problem, hint = _sentence(problems[first], places[first])
    rest = len(problems) - 1
    more = f" ({rest} more problem{'s' if rest > 1 else ''} after this one.)" if rest else ""
    return SpecError(
        f"{document.path}:{document.line(places[first])}: {problem}.",
        field=_dotted(places[first]),
        hint=hint + more,
    )


def _written_location(document: LinedYaml, problem: ErrorDetails) -> Location:
    """Return where the problem stands in the file.

    A single dialogue or camera word is wrapped before validation, so pydantic's path may have
    steps that nobody wrote.
    """
    place: Location = ()
    steps = [*problem["loc"], *problem.get("ctx", {}).get("below", ())]
    for step in steps:
        if step == "[key]":
            continue
        is_wrapping = (*place, step) not in document.lines and (
            isinstance(step, int) or (place[-1:] == ("camera",) and step == "move")
        )
        if not is_wrapping:
            place = (*place, step)
    return place


def _sentence(problem: ErrorDetails, place: Location) -> tuple[str, str]:
    """Return what is wrong, and the remedy."""
    name, context = _dotted(place), problem.get("ctx", {})
    match problem["type"]:
        case "tower":
            return f"{name} {context['problem']}", context["remedy"]
        case "extra_forbidden":
            return _unknown_field(place)
        case "missing":
            owner = _dotted(place[:-1]) or "the episode"
            return f"{owner} has no '{place[-1]}'", f"Add it{_example(place)}."
        case "undefined_character":
            who = f"{name} names {context['name']}, who is not defined under characters"
            return who, f"Defined: {context['known']}."
        case "late_dialogue":
            late = f"{name} is {context['at']:g} s, but the shot is over after {context['seconds']:g} s"
            return late, "Start the line earlier or lengthen the shot."
        case kind:
            return _wrong_value(kind, problem["input"], context, place)


def _wrong_value(kind: str, value: Any, context: dict[str, Any], place: Location) -> tuple[str, str]:
    name = _dotted(place)
    if value is None:
        return f"{name} has no value", f"Fill it in{_example(place)}, or delete it."
    if kind == "literal_error":
        return f"{name} is {_short(value)}, which is no camera move", f"Known: {context['expected']}."
    fault = f"is not {WANTED[kind]}" if kind in WANTED else _limit(kind, context)
    return f"{name} is {_short(value)}, which {fault}", f"Write{_example(place)}."


def _limit(kind: str, context: dict[str, Any]) -> str:
    sentences = {
        "greater_than": "is not above {gt:g}",
        "greater_than_equal": "is less than {ge:g}",
        "less_than_equal": "is more than {le:g}",
        "multiple_of": "is not even",
        "string_too_short": "is empty",
        "string_too_long": "is longer than {max_length} letters",
        "too_short": "has fewer than {min_length}",
        "too_long": "has more than {max_length}",
    }
    return sentences.get(kind, "does not fit").format(**context)


def _unknown_field(place: Location) -> tuple[str, str]:
    known = list(_model_at(place[:-1]).model_fields)
    close = difflib.get_close_matches(str(place[-1]), known, n=1)
    hint = f"Did you mean '{close[0]}'? " if close else ""
    return f"{_dotted(place)} is no field of an episode file", f"{hint}Known here: {', '.join(known)}."


def _model_at(location: Location) -> type[BaseModel]:
    match [step for step in location if isinstance(step, str)]:
        case ["shots", "camera", *_]:
            return CameraSpec
        case ["shots", "dialogue", *_]:
            return DialogueSpec
        case ["shots", *_]:
            return ShotSpec
        case ["characters", _, *_]:
            return CharacterSpec
        case _:
            return EpisodeSpec


def _example(place: Location) -> str:
    """Return ``, for example seconds: 3.0`` for the field that `place` lies in."""
    while place:
        field = _model_at(place[:-1]).model_fields.get(str(place[-1]))
        if field is not None and field.examples:
            return f", for example {place[-1]}: {field.examples[0]}"
        place = place[:-1]
    return " another value"


def _dotted(location: Location) -> str:
    """Return ``shots[2].seconds``; lists count from 0 as in the JSON of the report."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.lstrip(".")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {'list' if isinstance(value, list) else 'single value'}"
