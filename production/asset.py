"""Files that a job produced, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Asset:
    """A produced file and what was measured of it.

    Parameters
    ----------
    file_path : Path
        Absolute path on the machine that made it.
    file_type : str
        ``image``, ``video``, ``audio``, ``subtitles`` or ``report``.
    sha256 : str
        Digest of the file, 64 hex digits.
    style_reference_id : int or None
        The style of the library that was transferred to it.
    width, height : int or None
        Pixels.
    fps, duration_seconds : float or None
        Of video and audio.
    """

    id: int
    file_path: Path
    file_type: str
    sha256: str
    size_bytes: int
    job_id: int | None = None
    project_id: int | None = None
    style_reference_id: int | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    duration_seconds: float | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    quality_metrics: dict[str, Any] = field(default_factory=dict)
    licence: str = ""
    created_at: datetime | None = None

    @property
    def is_missing(self) -> bool:
        """Whether the file is no longer on disk."""
        return not self.file_path.is_file()


@dataclass(frozen=True, slots=True)
class GateRun:
    """One run of a quality gate.

    Parameters
    ----------
    gate_type : str
        ``pre_gen``, ``post_gen`` or ``final``.
    passed : bool or None
        None when the gate could not measure.
    score : float or None
        0–1, 0.5 is the threshold.
    details : dict
        Verdicts, encoder, thresholds, and the character's name.
    encoder, encoder_version : str
        What measured; empty when nothing did.
    run_key : str
        Shared by the attempts of one regenerate loop; empty outside of one.
    attempt : int
        1 for the first.
    """

    id: int
    gate_type: str
    passed: bool | None
    score: float | None = None
    details: dict[str, Any] = field(default_factory=dict)
    job_id: int | None = None
    character_id: int | None = None
    timestamp: datetime | None = None
    encoder: str = ""
    encoder_version: str = ""
    run_key: str = ""
    attempt: int = 1
