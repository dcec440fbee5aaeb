"""What a user gets: dependencies, a light import, and a complete wheel."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

if sys.version_info >= (3, 11):
    import tomllib
else:  # the standard library has it from 3.11 on
    from pip._vendor import tomli as tomllib


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_requirements_say_what_pyproject_says(project: dict) -> None:
    stated = (ROOT / "requirements.txt").read_text(encoding="utf-8").split("\n")
    assert [line for line in stated if line] == project["project"]["dependencies"]


def test_every_package_is_declared(project: dict) -> None:
    declared = set(project["tool"]["setuptools"]["packages"])
    present = {
        ".".join(["tower_anime", *path.parent.relative_to(ROOT).parts])
        for path in ROOT.rglob("__init__.py")
        if path.parent.relative_to(ROOT).parts[:1]
        not in [("tests",), ("build",), (".venv",), ("benchmarks",)]
        and "example_workflows" not in path.parts
        and not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    }
    assert present == declared


def test_importing_the_pack_is_light() -> None:
    code = (
        "import sys, time; start = time.perf_counter(); import tower_anime; "
        "seconds = time.perf_counter() - start; "
        "heavy = [name for name in ('torch', 'numpy', 'sqlalchemy', 'av') if name in sys.modules]; "
        "import json; print(json.dumps([seconds, heavy]))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, heavy = json.loads(printed.stdout)
    assert heavy == []
    assert seconds < 0.3


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    # A copy of what git would ship, so that the build leaves nothing in the checkout.
    source = tmp_path_factory.mktemp("source")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if name.startswith(("tests/", "example_workflows/demo/")) or not (ROOT / name).is_file():
            continue
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "-w", str(out), str(source)]
    subprocess.run(command, check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    return next(out.glob("*.whl"))


def test_the_wheel_holds_migrations_static_files_and_locales(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert any(name.startswith("tower_anime/db/migrations/versions/0001") for name in names)
    shipped = [
        path
        for folder in ("web/static", "locales")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.is_file()
    ]
    assert shipped
    missing = [str(p) for p in shipped if f"tower_anime/{p.relative_to(ROOT).as_posix()}" not in names]
    assert missing == []


def test_a_plain_install_runs_from_an_empty_home(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)],
        check=True,
    )
    environment = {**os.environ, "PYTHONPATH": str(target), "TOWER_HOME": str(tmp_path / "home")}
    run = subprocess.run(
        [sys.executable, "-m", "tower_anime", "db", "upgrade", "--json"],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["after"]
    assert (tmp_path / "home" / "tower.db").is_file()
