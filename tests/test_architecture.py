"""Who may import whom, read off the source and not off the comments."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("cli", "consistency", "music", "story", "production", "db", "host", "services", "nodes", "web")
FOUNDATION = {"errors", "settings"}

# Value types: modules that hold data and no work, which any room may know.
VALUES = {
    "consistency.character",
    "consistency.poses.pose",
    "consistency.styles.style",
    "consistency.gates.gate_report",
    "consistency.verdict",
    "music.catalog.catalog_track",
    "music.catalog.ledger",
    "music.catalog.library_file",
    "music.catalog.playlist",
    "music.track",
    "production.asset",
    "production.bible_markdown",
    "production.early_score",
    "production.character_bible",
    "production.episode",
    "production.graphs.ensured",
    "production.job",
    "production.project",
    "production.studio_run",
}

# For each room: the rooms and modules inside the pack that it may import, and third-party roots it may not.
RULES = {
    "consistency": (FOUNDATION, {"aiohttp", "sqlalchemy", "comfy", "typer", "rich"}),
    "music": (FOUNDATION, {"aiohttp", "sqlalchemy", "comfy", "typer", "rich"}),
    "story": (FOUNDATION, {"sqlalchemy", "comfy", "typer", "rich"}),
    "production": (FOUNDATION | VALUES, {"aiohttp", "sqlalchemy", "comfy", "typer", "rich"}),
    "db": (FOUNDATION | VALUES, {"aiohttp", "comfy", "typer", "rich", "torch"}),
    # What injection computes is pure torch; only the host can bring it into a model.
    "host": (FOUNDATION | {"consistency.injection"}, {"aiohttp", "sqlalchemy", "typer", "rich"}),
    "services": (
        FOUNDATION | {*ROOMS} - {"nodes", "web", "cli", "host"},
        {"comfy", "torch", "typer", "rich"},
    ),
    "nodes": (FOUNDATION | VALUES | {"host", "services"}, {"aiohttp", "sqlalchemy"}),
    "web": (FOUNDATION | VALUES | {"services"}, {"sqlalchemy", "comfy", "torch"}),
    "cli": (FOUNDATION | VALUES | {"services"}, {"aiohttp", "sqlalchemy", "comfy", "torch"}),
}
COMFY = {"comfy", "comfy_api", "comfy_execution", "comfy_extras", "execution", "folder_paths", "server"}


def modules_of(room: str) -> list[Path]:
    return [path for path in sorted((ROOT / room).rglob("*.py")) if "versions" not in path.parts]


def imports_of(path: Path) -> list[tuple[int, str]]:
    """Return (line, dotted target): ``.x`` for inside the pack, plain for third party."""
    package = path.relative_to(ROOT).parts[:-1]
    found = []
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {id(n) for block in ast.walk(tree) if _is_typing_block(block) for n in ast.walk(block)}
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.append((node.lineno, node.module or ""))
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1]
            target = ".".join([*base, *([node.module] if node.module else [])])
            names = [alias.name for alias in node.names]
            found += [(node.lineno, "." + _deepest(target, name)) for name in names]
    return found


def _is_typing_block(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _deepest(target: str, name: str) -> str:
    """Name the module that ``from target import name`` loads."""
    child = f"{target}.{name}" if target else name
    path = ROOT.joinpath(*child.split("."))
    return child if path.with_suffix(".py").is_file() or path.is_dir() else target


def is_allowed(target: str, room: str, allowed: set[str]) -> bool:
    inside = target.removeprefix(".")
    parts = inside.split(".")
    prefixes = {".".join(parts[: n + 1]) for n in range(len(parts))}
    return parts[0] == room or bool(prefixes & allowed)


@pytest.mark.parametrize("room", [room for room in RULES if (ROOT / room).is_dir()])
def test_rooms_import_only_what_the_architecture_allows(room: str) -> None:
    allowed, banned = RULES[room]
    broken = []
    for path in modules_of(room):
        for line, target in imports_of(path):
            where = f"{path.relative_to(ROOT)}:{line} imports {target}"
            if target.startswith("."):
                if not is_allowed(target, room, allowed):
                    broken.append(where)
                continue
            root = target.split(".")[0]
            if root in banned or (root in COMFY and room not in {"host", "nodes"}):
                broken.append(where)
    assert not broken, "\n".join(broken)


def test_every_room_has_a_rule() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "build"}
    assert rooms == {room for room in RULES if (ROOT / room).is_dir()}


def test_nothing_touches_the_import_path_or_evaluates_text() -> None:
    calls = re.compile(
        r"\bsys\.path\b|(?<!\.)\beval\(|\bexec\(|pickle\.load|yaml\.load\(|torch\.load\((?!.*weights_only=True)"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for room in ROOMS
        for path in modules_of(room)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if calls.search(line)
    ]
    assert not found, "\n".join(found)


def test_only_settings_reads_the_environment() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in modules_of(room)
        if re.search(r"os\.environ|os\.getenv|getenv\(", path.read_text(encoding="utf-8"))
    ]
    assert readers == []


def test_every_module_has_a_caller() -> None:
    everything = [ROOT / "__init__.py", ROOT / "__main__.py", ROOT / "settings.py"]
    everything += [path for room in ROOMS for path in modules_of(room)]
    imported = {target.removeprefix(".") for path in everything for _line, target in typed_imports(path)}
    orphans = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for room in ROOMS
        for path in modules_of(room)
        if path.name not in {"__init__.py", "env.py"}
    ]
    assert [name for name in orphans if name not in imported] == []


def typed_imports(path: Path) -> list[tuple[int, str]]:
    """Like `imports_of`, with the imports that only type checkers see."""
    source = path.read_text(encoding="utf-8").replace("if TYPE_CHECKING:", "if True:")
    package = path.relative_to(ROOT).parts[:-1]
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            target = ".".join([*base, *([node.module] if node.module else [])])
            found += [(node.lineno, "." + _deepest(target, alias.name)) for alias in node.names]
    return found
