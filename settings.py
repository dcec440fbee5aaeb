"""Settings: the only reader of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import InputError

# Not resolved: a pack that is linked into custom_nodes belongs to that ComfyUI.
PACK_ROOT = Path(__file__).absolute().parent


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a person or a host can set.

    Parameters
    ----------
    home : Path
        ``TOWER_HOME``: folder of the database and of the stored reference pictures. Default:
        ComfyUI's user directory ``__tower``, else the platform's user data folder.
    database_url : str
        ``TOWER_DATABASE_URL``: an SQLAlchemy URL. Default: SQLite, ``tower.db`` in `home`.
    output : Path or None
        The host's output directory, under which projects get their folders; None outside a host.
    encoder : str
        ``TOWER_ENCODER``: name of the identity encoder, or ``auto`` for the best installed one.
    """

    home: Path
    database_url: str
    output: Path | None = None
    encoder: str = "auto"

    @property
    def references(self) -> Path:
        """Folder of the stored reference pictures."""
        return self.home / "references"


def load_settings(
    environ: Mapping[str, str] | None = None,
    *,
    host_user_directory: Path | None = None,
    output: Path | None = None,
) -> Settings:
    """Read the settings from the environment.

    Parameters
    ----------
    environ : mapping of str to str, optional
        The environment; ``os.environ`` when omitted.
    host_user_directory : Path, optional
        ComfyUI's user directory, when running inside ComfyUI.
    output : Path, optional
        ComfyUI's output directory, when running inside ComfyUI.

    Raises
    ------
    InputError
        If ``TOWER_DATABASE_URL`` is neither an SQLite nor a PostgreSQL URL.
    """
    environ = os.environ if environ is None else environ
    home = _home(environ, host_user_directory)
    url = environ.get("TOWER_DATABASE_URL", "").strip() or f"sqlite:///{home / 'tower.db'}"
    return Settings(home, _database_url(url), output, environ.get("TOWER_ENCODER", "").strip() or "auto")


def _home(environ: Mapping[str, str], host_user_directory: Path | None) -> Path:
    chosen = environ.get("TOWER_HOME", "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    user = host_user_directory or _surrounding_comfyui()
    if user is not None:
        return user.absolute() / "__tower"
    from platformdirs import user_data_path

    return user_data_path("tower", appauthor=False)


def _surrounding_comfyui() -> Path | None:
    """User directory of the ComfyUI whose custom_nodes folder holds this pack, if any."""
    custom_nodes = PACK_ROOT.parent
    user = custom_nodes.parent / "user"
    return user if custom_nodes.name == "custom_nodes" and user.is_dir() else None


def _database_url(url: str) -> str:
    if url.startswith("sqlite:///") or url.startswith("postgresql+psycopg://"):
        return url
    for plain in ("postgres://", "postgresql://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url[len(plain) :]
    scheme = url.split(":", 1)[0]
    raise InputError(
        f"TOWER_DATABASE_URL has the scheme {scheme!r}.",
        field="TOWER_DATABASE_URL",
        hint="Use sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME.",
    )
