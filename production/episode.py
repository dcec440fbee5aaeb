"""Episodes and their shots as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class ShotRecord:
    """One shot of an episode, as planned and cut.

    Parameters
    ----------
    position : int
        Its place in the episode, from 1.
    source_path : Path or None
        The still or clip that it shows.
    planned_seconds : float
        Length that the spec asked for.
    start_frame, n_frames : int
        Where it starts and how long it is in the finished picture.
    scene : str
        Title of its scene; neighbouring shots with one title are one scene.
    camera : str
        The camera move.
    characters : tuple of str
        Names of the characters on screen.
    dialogue : str
        The line spoken in it; empty without one.
    details : dict
        Verdicts, the beat that the cut landed on, the time of the dialogue line.
    asset_id : int or None
        The generated asset that it shows, if it is one.
    id : int or None
        Row in ``shots``; None before it is stored.
    """

    position: int
    source_path: Path | None
    planned_seconds: float
    start_frame: int
    n_frames: int
    scene: str = ""
    camera: str = ""
    characters: tuple[str, ...] = ()
    dialogue: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    asset_id: int | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """An episode as it was last saved.

    Parameters
    ----------
    id : int
        Stable: saving the same title again keeps it.
    spec : dict
        The spec that it was made from.
    shots : tuple of ShotRecord
        In order of their position.
    job_id : int or None
        The run that made it.
    """

    id: int
    project_id: int
    title: str
    spec: dict[str, Any] = field(default_factory=dict)
    shots: tuple[ShotRecord, ...] = ()
    job_id: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
