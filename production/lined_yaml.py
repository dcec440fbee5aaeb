"""YAML that remembers on which line each value stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from ..errors import SpecError

Location = tuple[str | int, ...]

# An episode of 500 shots is about 60 kB.
MAX_BYTES = 1_000_000
# Aliases are copied, so a small file can describe a huge tree.
MAX_VALUES = 100_000
MAX_DEPTH = 20


@dataclass
class LinedYaml:
    """A YAML document as plain values, and the line of each.

    Parameters
    ----------
    path : Path
        The file, as the user named it.
    value : object
        Mappings, lists and scalars.
    lines : dict
        Line (from 1) of every key and list item, by its path from the root.
    """

    path: Path
    value: Any = None
    lines: dict[Location, int] = field(default_factory=dict)

    def line(self, location: Location) -> int:
        """Return the line of `location`, or of its nearest ancestor that is written out."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)


def read_lined_yaml(path: Path) -> LinedYaml:
    """Read one YAML document of plain values.

    Parameters
    ----------
    path : Path
        A UTF-8 file of at most 1 MB.

    Returns
    -------
    LinedYaml
        Its values and their lines.

    Raises
    ------
    SpecError
        If the file is missing, too large, not text, not YAML, names a key twice, or uses a tag.
    """
    try:
        root = yaml.compose(_read_text(path), Loader=yaml.SafeLoader)
        document = LinedYaml(path)
        if root is not None:
            document.lines[()] = root.start_mark.line + 1
            document.value = _Builder(document).build(root, (), 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = error.problem or error.context or "unreadable structure"
        raise SpecError(
            f"{where}: this is not YAML ({problem}).", hint="Mend the line or the one before it."
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise SpecError(
            f"{path}:1: this is not YAML ({error}).", hint="Write plain text in UTF-8."
        ) from error
    return document


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SpecError(
            f"{path}: the episode file cannot be read ({error.strerror}).", hint="Check its name and rights."
        ) from error
    if len(content) > MAX_BYTES:
        raise SpecError(
            f"{path}: the episode file is larger than {MAX_BYTES // 1000} kB.",
            hint="Give a YAML shot list, not a media file.",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SpecError(f"{path}:{line}: this is not UTF-8 text.", hint="Save the file as UTF-8.") from error


class _Builder:
    """Turns composed nodes into values and notes their lines."""

    def __init__(self, document: LinedYaml) -> None:
        self._document = document
        self._scalars = SafeConstructor()
        self._n_values = 0

    def build(self, node: yaml.Node, location: Location, depth: int) -> Any:
        self._n_values += 1
        if self._n_values > MAX_VALUES or depth > MAX_DEPTH:
            raise self._error(
                node, "the values nest too deep or repeat too often", "Write them out, or fewer."
            )
        if isinstance(node, yaml.MappingNode) and node.tag.endswith(":map"):
            return self._mapping(node, location, depth)
        if isinstance(node, yaml.SequenceNode) and node.tag.endswith(":seq"):
            return self._sequence(node, location, depth)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        raise self._error(node, f"the tag {node.tag!r} is not allowed", "Write plain values.")

    def _mapping(self, node: yaml.MappingNode, location: Location, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.build(key_node, location, depth + 1)
            if not isinstance(key, str):
                raise self._error(
                    key_node, f"the name {key!r} is not text", f"Put it in quotes: {str(key)!r}."
                )
            if key in values:
                first = self._document.lines[(*location, key)]
                raise self._error(
                    key_node, f"{key!r} stands here and in line {first}", "Keep one of the two."
                )
            self._document.lines[(*location, key)] = key_node.start_mark.line + 1
            values[key] = self.build(value_node, (*location, key), depth + 1)
        return values

    def _sequence(self, node: yaml.SequenceNode, location: Location, depth: int) -> list[Any]:
        values = []
        for index, item in enumerate(node.value):
            self._document.lines[(*location, index)] = item.start_mark.line + 1
            values.append(self.build(item, (*location, index), depth + 1))
        return values

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        try:
            return self._scalars.construct_object(node)
        except ValueError as error:  # 2024-13-45 looks like a date and is none
            raise self._error(
                node, f"{node.value!r} cannot be read ({error})", "Put it in quotes."
            ) from error

    def _error(self, node: yaml.Node, problem: str, hint: str) -> SpecError:
        return SpecError(f"{self._document.path}:{node.start_mark.line + 1}: {problem}.", hint=hint)
