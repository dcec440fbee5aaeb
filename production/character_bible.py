"""The character bible: who a character is, as one document with a fixed form."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ..errors import InputError

_MAX_ENTRIES = 100


def _clean(value: str) -> str:
    for letter in value:
        if unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\n\t":
            raise ValueError(f"it contains U+{ord(letter):04X}, which a text may not")
    return value


Text = Annotated[str, Field(max_length=20_000), AfterValidator(_clean)]
Line = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_clean)]
Lines = Annotated[list[Line], Field(max_length=_MAX_ENTRIES)]
Named = Annotated[dict[Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_clean)], Line],
                  Field(max_length=_MAX_ENTRIES)]  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True)


class Personality(_Part):
    """What the character is like."""

    summary: Text = ""
    traits: Lines = []
    strengths: Lines = []
    flaws: Lines = []
    likes: Lines = []
    dislikes: Lines = []
    fears: Lines = []
    goals: Lines = []


class Voice(_Part):
    """How the character sounds."""

    description: Text = ""
    engine: Line | None = Field(default=None, description="The voice engine that speaks for them.")
    name: Line | None = Field(default=None, description="The engine's name of the voice.")
    language: Line | None = Field(default=None, description="A language tag such as ja or en-GB.")
    pitch_semitones: Annotated[float, Field(ge=-24, le=24)] | None = None
    speed: Annotated[float, Field(ge=0.25, le=4)] | None = Field(default=None, description="1 is normal.")


class Behaviour(_Part):
    """How the character acts and talks."""

    speech: Text = ""
    habits: Lines = []
    mannerisms: Lines = []
    catchphrases: Lines = []
    reactions: Named = Field(default={}, description="What they do when something happens, by occasion.")


class CharacterBible(_Part):
    """All that is known of a character; what is left out is not known."""

    age: Line | None = None
    gender: Line | None = None
    pronouns: Line | None = None
    occupation: Line | None = None
    personality: Personality | None = None
    backstory: Text | None = None
    visual_traits: Named | None = Field(default=None, description="Such as hair: teal, long.")
    voice: Voice | None = None
    behaviour: Behaviour | None = None
    notes: Text | None = None
    licence: Line | None = Field(default=None, description="What others may do with the pictures.")


def checked_bible(content: Mapping[str, Any]) -> dict[str, Any]:
    """Check a bible against its form and return it as it is stored: equal to what was given.

    Parameters
    ----------
    content : mapping
        Fields of `CharacterBible`; a field that is None is left out.

    Raises
    ------
    InputError
        If a field is unknown or has a value that it cannot have; it names the field.
    """
    known = {name: value for name, value in content.items() if value is not None}
    try:
        return CharacterBible.model_validate(known).model_dump(exclude_unset=True)
    except ValidationError as error:
        raise _refusal(error) from error


def merged_bible(content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a bible with the fields of `changes` in place of its own; None takes a field out.

    Raises
    ------
    InputError
        If the outcome has not the form of a bible.
    """
    return checked_bible({**content, **changes})


def bible_text(name: str, content: Mapping[str, Any]) -> str:
    """Tell who a character is, as a text that a person or a language model reads.

    One line a fact, plain facts first and then section by section, in the order of the form; the same
    bible gives the same text.

    Parameters
    ----------
    name : str
        The character's name.
    content : mapping
        A bible as stored.
    """
    bible = CharacterBible.model_validate(dict(content))
    facts, sections = [f"# {name}"], []
    for field, value in bible.model_dump(exclude_unset=True, exclude_none=True).items():
        if isinstance(value, dict):
            within = [_fact(key, entry) for key, entry in value.items() if entry not in ("", [], {}, None)]
            sections += [f"## {_title(field)}", *within] if within else []
        elif value:
            facts.append(_fact(field, value))
    return "\n".join([*facts, *sections]) + "\n"


def _fact(field: str, value: Any) -> str:
    if isinstance(value, dict):
        value = [f"{key}: {entry}" for key, entry in value.items()]
    shown = (
        "; ".join(value) if isinstance(value, list) else f"{value:g}" if isinstance(value, float) else value
    )
    return f"- {_title(field)}: {shown}"


def _title(field: str) -> str:
    return field.replace("_", " ").capitalize()


def _refusal(error: ValidationError) -> InputError:
    finding = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part)[:80] for part in ("bible", *finding["loc"]))
    if finding["type"] == "extra_forbidden":
        return InputError(f"A character bible has no field {field!r}.", field=field, hint=_KNOWN)
    fault = finding["msg"].removeprefix("Value error, ")
    return InputError(f"{field} is refused: {fault[:1].lower()}{fault[1:]}.", field=field)


_KNOWN = f"Known: {', '.join(CharacterBible.model_fields)}."
