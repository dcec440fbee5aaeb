"""Where Tower keeps its things, and which database it takes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tower_anime.errors import InputError
from tower_anime.settings import load_settings

ROOT = Path(__file__).resolve().parent.parent


def test_home_is_what_the_user_says(tmp_path: Path) -> None:
    settings = load_settings({"TOWER_HOME": str(tmp_path)}, host_user_directory=Path("/elsewhere"))
    assert settings.home == tmp_path
    assert settings.database_url == f"sqlite:///{tmp_path / 'tower.db'}"


def test_home_is_in_the_hosts_user_directory(tmp_path: Path) -> None:
    assert load_settings({}, host_user_directory=tmp_path).home == tmp_path / "__tower"


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_the_command_line_finds_the_comfyui_around_the_pack(tmp_path: Path) -> None:
    (tmp_path / "user").mkdir()
    (tmp_path / "custom_nodes").mkdir()
    (tmp_path / "custom_nodes" / "tower-anime").symlink_to(ROOT)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TOWER_")}
    run = subprocess.run(
        [sys.executable, "-m", "tower-anime", "db", "upgrade"],
        cwd=tmp_path / "custom_nodes",
        env=environment,
        check=False,
    )
    assert run.returncode == 0
    assert (tmp_path / "user" / "__tower" / "tower.db").is_file()


@pytest.mark.parametrize(
    "url", ["postgres://u:p@h/n", "postgresql://u:p@h/n", "postgresql+psycopg://u:p@h/n"]
)
def test_every_spelling_of_postgresql_means_psycopg(url: str) -> None:
    settings = load_settings({"TOWER_HOME": "/x", "TOWER_DATABASE_URL": url})
    assert settings.database_url == "postgresql+psycopg://u:p@h/n"


def test_another_database_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="mysql"):
        load_settings({"TOWER_HOME": "/x", "TOWER_DATABASE_URL": "mysql://u:p@h/n"})


def test_models_are_looked_for_where_the_user_says_then_in_the_hosts_folders(tmp_path: Path) -> None:
    environment = {"TOWER_HOME": str(tmp_path), "TOWER_MODELS": os.pathsep.join(["/a", "/b"])}
    settings = load_settings(environment, host_model_folders=[Path("/host/tower"), Path("/b")])
    assert settings.model_folders == (Path("/a"), Path("/b"), Path("/host/tower"))
    assert load_settings({"TOWER_HOME": str(tmp_path)}).model_folders == (tmp_path / "models",)


@pytest.mark.parametrize(
    ("name", "value"), [("TOWER_MODEL_HUB", "ftp://x"), ("TOWER_MODEL_HUB", "/etc"), ("TOWER_DEVICE", "tpu")]
)
def test_a_hub_without_http_and_an_unknown_device_are_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(InputError, match=value) as caught:
        load_settings({"TOWER_HOME": "/x", name: value})
    assert caught.value.field == name
