"""The report of an episode: one page that shows every shot, every verdict and every cut.

What the page shows is given as plain values; nothing is measured here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .part_file import write_text
from .report_html import page
from .scaling import Pixels

_NO_TIMES: NDArray[np.float64] = np.zeros(0)


@dataclass(frozen=True, slots=True)
class ReportBadge:
    """The verdict on one character in one shot.

    Parameters
    ----------
    character : str
        Who should be on screen.
    status : str
        ``pass``, ``fail`` or ``unknown``.
    reason : str
        One sentence for people.
    score : float or None
        Calibrated score in [0, 1], 0.5 is the threshold; None when unknown.
    """

    character: str
    status: str
    reason: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A line of dialogue: when it begins, who says what."""

    start_seconds: float
    text: str
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class ReportShot:
    """One shot.

    Parameters
    ----------
    number : int
        From 1.
    first_frame, n_frames : int
        Where it stands in the episode, and its length.
    picture : ndarray of uint8, shape (height, width, 3), or None
        What it shows, RGB, any size.
    planned_seconds : float or None
        Length as asked, before its cut moved onto a beat.
    camera, scene, source : str
        Words for people.
    badges : tuple of ReportBadge
        One per character that should be on screen.
    lines : tuple of ReportLine
        Its dialogue, on the episode's timeline.
    """

    number: int
    first_frame: int
    n_frames: int
    picture: Pixels | None = None
    planned_seconds: float | None = None
    camera: str = ""
    scene: str = ""
    source: str = ""
    badges: tuple[ReportBadge, ...] = ()
    lines: tuple[ReportLine, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportTrack:
    """A recording that was considered.

    Parameters
    ----------
    name : str
        Name of the file.
    tempo_bpm : float or None
        None without a beat.
    key : str or None
        As ``A minor``.
    score : float or None
        How well it matches, in [0, 1].
    reasons : tuple of str
        Why, in words.
    licence : str
        What may be done with it.
    """

    name: str
    tempo_bpm: float | None = None
    key: str | None = None
    score: float | None = None
    reasons: tuple[str, ...] = ()
    licence: str = ""


@dataclass(frozen=True, slots=True)
class ReportMusic:
    """The music and how the cuts sit on it.

    Parameters
    ----------
    tracks : tuple of ReportTrack
        Best first; the first one is under the picture.
    samples : ndarray of float32, shape (n,)
        The sound of the episode in mono, from its first frame to its last, at any rate.
    beat_times, downbeat_times, cut_times : ndarray of float64
        Seconds on the episode's timeline.
    on_beat : tuple of bool
        For each cut, whether it is within one frame of a beat.
    hit_rate, hit_rate_40ms, chance_hit_rate : float or None
        Share of cuts on a beat: within one frame, within 40 ms, and what random cuts would reach.
    bias_seconds : float or None
        Mean of cut minus beat; positive is late.
    music_start_seconds : float
        Where in the recording the episode begins.
    """

    tracks: tuple[ReportTrack, ...] = ()
    samples: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    beat_times: NDArray[np.float64] = field(default_factory=lambda: _NO_TIMES)
    downbeat_times: NDArray[np.float64] = field(default_factory=lambda: _NO_TIMES)
    cut_times: NDArray[np.float64] = field(default_factory=lambda: _NO_TIMES)
    on_beat: tuple[bool, ...] = ()
    hit_rate: float | None = None
    hit_rate_40ms: float | None = None
    chance_hit_rate: float | None = None
    bias_seconds: float | None = None
    music_start_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the page says.

    Parameters
    ----------
    project, title : str
        Names.
    fps : Fraction
        Frames per second.
    size : tuple of int
        Width and height in pixels.
    shots : tuple of ReportShot
        In order.
    music : ReportMusic or None
        None for a silent episode.
    encoder : str
        What measured the characters.
    notes : tuple of str
        Sentences that the reader should see first.
    video : str
        Name of the video beside the page; empty when there is none.
    """

    project: str
    title: str
    fps: Fraction
    size: tuple[int, int]
    shots: tuple[ReportShot, ...]
    music: ReportMusic | None = None
    encoder: str = ""
    notes: tuple[str, ...] = ()
    video: str = ""

    @property
    def n_frames(self) -> int:
        """Length of the episode in frames."""
        return sum(shot.n_frames for shot in self.shots)

    @property
    def duration_seconds(self) -> float:
        """Length of the episode."""
        return float(self.n_frames / self.fps)


def write_report(report: Report, output: Path) -> Path:
    """Write the report as one HTML file that needs no other, and return its path.

    Raises
    ------
    StorageError
        If the folder or disk refuses.
    """
    return write_text(output, page(report))
