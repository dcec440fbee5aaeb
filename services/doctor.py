"""A look at the installation: what is there, what is missing, and what to do about it."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import TowerError
from ..settings import Settings


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    is_ok: bool
    detail: str
    hint: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the row for programs."""
        return {"name": self.name, "ok": self.is_ok, "detail": self.detail, "hint": self.hint}


def examine(settings: Settings) -> list[Check]:
    """Look at Python, the data folder, the database, the codecs, the encoders and the catalogues of music."""
    looks: dict[str, Callable[[Settings], str]] = {
        "python": _python,
        "home": _home,
        "database": _database,
        "codecs": _codecs,
        "encoders": _encoders,
        "music": _music,
    }
    checks = []
    for name, look in looks.items():
        try:
            checks.append(Check(name, True, look(settings)))
        except TowerError as error:
            checks.append(Check(name, False, error.message, error.hint or ""))
        except (ImportError, OSError) as error:
            checks.append(Check(name, False, str(error), "Install Tower again with pip."))
    return checks


def _python(_settings: Settings) -> str:
    return f"Python {platform.python_version()} on {sys.platform}, {os.cpu_count()} cores"


def _home(settings: Settings) -> str:
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.home):
            return f"{settings.home} can be written"
    except OSError as error:
        raise TowerError(
            f"{settings.home} cannot be written: {error.strerror}.",
            hint="Set TOWER_HOME to a folder that you may write to.",
        ) from error


def _database(settings: Settings) -> str:
    from ..db.database import Database

    database = Database(settings.database_url)
    try:
        database.open()
        damage = [finding for finding in database.check() if finding.level == "error"]
        if damage:
            raise TowerError(f"{damage[0].table}: {damage[0].message}", hint=damage[0].hint)
        return f"{database.place} at revision {database.revision()}"
    finally:
        database.close()


def _codecs(_settings: Settings) -> str:
    import av

    missing = [name for name in ("libx264", "aac") if name not in av.codecs_available]
    if missing:
        raise TowerError(
            f"PyAV {av.__version__} has no {' and no '.join(missing)}.",
            hint="Install the wheel from PyPI: pip install --force-reinstall av",
        )
    return f"PyAV {av.__version__} with libx264 and aac"


def _encoders(settings: Settings) -> str:
    from .encoders import open_encoders

    registry = open_encoders(settings)
    chosen = registry.resolve(settings.encoder)
    return f"{settings.encoder} is {chosen.name} {chosen.version}; known: {', '.join(registry.names())}"


def _music(settings: Settings) -> str:
    from .catalogues import developer_token

    given = settings.catalogues
    gone = [str(folder) for folder in given.folders if not folder.is_dir()]
    # The default folder need not be there.
    if gone and given.folders != (settings.home / "music",):
        raise TowerError(
            f"TOWER_MUSIC names {', '.join(gone)}, which is no folder.",
            hint="Name the folders where your music is.",
        )
    ready, token = ["Deezer"], developer_token(given)
    missing = token.missing()
    if not missing:
        token.get()
        ready.append("Apple Music")
    elif "TOWER_APPLE_MUSIC_TOKEN" not in missing:
        raise TowerError(
            f"Apple Music has a part of its key, but {', '.join(missing)} is not set.",
            hint="Set all of TOWER_APPLE_MUSIC_KEY, _KEY_ID and _TEAM_ID, or none.",
        )
    if given.jamendo_client_id:
        ready.append("Jamendo")
    return f"folders: {', '.join(map(str, given.folders))}; catalogues that are set up: {', '.join(ready)}"
