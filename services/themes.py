"""Music made to measure: planned from moods and cuts, checked when it came back, or stood in for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..consistency.character import Character
from ..errors import InputError
from ..production.project import Project
from .theme_sound import write_sound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..db.gates import GateRepository
    from ..music.signal import Signal
    from ..music.sync import CutPlan
    from ..music.theme import ThemePlan
    from ..music.theme_check import CheckedTheme
    from ..music.theme_moods import Leaning
    from .job_log import JobLog
    from .music import MusicService
    from .theme_attempts import ThemeAttempts

KEYS = tuple(f"{tonic} {mode}" for mode in ("major", "minor") for tonic in
             ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"))  # fmt: skip
KEY_RULES = ("compatible", "exact", "off")
TIME_SIGNATURES = ("2", "3", "4", "6")
# A project's bible is free in form; where a mood is usually told in one.
MOOD_FIELDS = ("mood", "tone", "atmosphere", "genre", "genres", "music", "theme")
PROJECT_WEIGHT, CHARACTER_WEIGHT, STATE_WEIGHT = 0.5, 0.3, 1.0
MOST_SHOTS = 5000
_SHOT = re.compile(r"([0-9]{1,6}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})\s*(?:s(?![a-z]))?(?:[\s:]+(.*))?")


@dataclass(frozen=True, slots=True)
class WishedShot:
    """A shot as a person plans it; without seconds it only tells a mood."""

    seconds: float
    mood: str = ""


@dataclass(frozen=True)
class ThemeOrder:
    """What music is asked for.

    Parameters
    ----------
    mood : str
        Free words, as ``wistful, rainy night``.
    shots : tuple of WishedShot
        The cut plan; with `cuts` or `video` only the moods of it count.
    seconds : float
        Length of the picture when there is neither a plan nor a video.
    fps : Fraction
        Frames per second, of `shots` and `seconds`.
    cuts : CutPlan, optional
        The cut plan as the BPM Sync hands it on.
    video : Path, optional
        A finished picture, whose cuts are looked for.
    project, character : optional
        Whose mood counts as well.
    limits : dict
        ``bpm_range``, ``key``, ``previous_key``, ``beats_per_bar``, ``vocals``, ``words`` of a `ThemeWish`.
    """

    mood: str = ""
    shots: tuple[WishedShot, ...] = ()
    seconds: float = 30.0
    fps: Fraction = Fraction(24)
    cuts: CutPlan | None = None
    video: Path | None = None
    project: Project | None = None
    character: Character | None = None
    limits: dict[str, Any] = field(default_factory=dict)


def parse_shots(text: str) -> tuple[WishedShot, ...]:
    """Read shots that a person typed: one a line or between commas, seconds first, then perhaps a mood.

    Raises
    ------
    InputError
        If a line has no seconds, or there are more than `MOST_SHOTS`.
    """
    lines = [line.strip() for line in re.split(r"[\n;]", text)]
    if all(re.fullmatch(r"[0-9.,\s]*", line) for line in lines):
        lines = [part for line in lines for part in re.split(r"[,\s]+", line)]
    shots = []
    for line in filter(None, lines):
        found = _SHOT.fullmatch(line)
        if not found:
            raise InputError(
                f"The shot {line[:40]!r} has no length.",
                field="shots",
                hint="Write one shot a line: its seconds, and a mood if you like, as: 2.5 tense.",
            )
        shots.append(WishedShot(float(found[1]), (found[2] or "").strip()))
    if len(shots) > MOST_SHOTS:
        raise InputError(f"{len(shots)} shots are too many; give at most {MOST_SHOTS}.", field="shots")
    return tuple(shots)


class ThemeService:
    """Plans music, checks what was made of a plan, and stands in where nothing can make it."""

    def __init__(self, music: MusicService, gates: GateRepository, job_log: JobLog) -> None:
        self._music = music
        self._gates = gates
        self._job_log = job_log

    def plan(self, order: ThemeOrder, progress: Callable[[str, int, int], None] | None = None) -> ThemePlan:
        """Plan music for a picture.

        Raises
        ------
        InputError
            If the order cannot be meant.
        UnreadableVideoError
            If the video has no picture track that can be decoded.
        """
        from ..music.theme import ThemeWish, plan_theme
        from ..music.theme_sections import ThemeShot

        n_frames, fps = self._shot_frames(order, progress or _unseen)
        moods = [shot.mood for shot in order.shots] or [""] * len(n_frames)
        if len(moods) != len(n_frames):
            raise InputError(
                f"The picture has {len(n_frames)} shots, and {len(moods)} are described.",
                field="shots",
                hint="Describe each of its shots, or none.",
            )
        shots = tuple(ThemeShot(n, mood) for n, mood in zip(n_frames, moods, strict=True))
        motif = order.character.name if order.character else order.project.name if order.project else ""
        wish = ThemeWish(_leanings(order), shots, fps, motif=motif, **order.limits)
        return plan_theme(wish)

    def _shot_frames(
        self, order: ThemeOrder, progress: Callable[[str, int, int], None]
    ) -> tuple[Sequence[int], Fraction]:
        if order.cuts is not None:
            return order.cuts.n_frames, order.cuts.fps
        if order.video is not None:
            picture = self._music.cuts(order.video, progress)
            edges = [0.0, *(transition.time for transition in picture.transitions), picture.duration_seconds]
            frames = [round(Fraction(edge) * picture.fps) for edge in edges]
            return [max(1, end - start) for start, end in pairwise(frames)], picture.fps
        seconds = [shot.seconds for shot in order.shots] or [order.seconds]
        # Each cut is rounded, not each length: errors must not add up.
        frames = [round(Fraction(edge) * order.fps) for edge in accumulate(seconds, initial=0.0)]
        return [end - start for start, end in pairwise(frames)], order.fps

    def placeholder(self, plan: ThemePlan) -> tuple[Signal, str]:
        """Return a plainly synthesised bed for a plan, and the title that says what it is."""
        from ..music.placeholder import placeholder_bed, placeholder_title

        return placeholder_bed(plan), placeholder_title(plan)

    def write_placeholder(self, plan: ThemePlan, path: Path) -> Path:
        """Write a placeholder as FLAC or WAV, whole or not at all, with its title in the metadata.

        Raises
        ------
        InputError
            If the suffix is another.
        StorageError
            If it cannot be written.
        """
        signal, title = self.placeholder(plan)
        comment = "Synthesised placeholder by Tower; replace it before publishing."
        return write_sound(path, signal, {"title": title, "comment": comment, "genre": "placeholder"})

    def check(
        self,
        plan: ThemePlan | str,
        samples: NDArray[np.float32],
        sample_rate: int,
        *,
        max_stretch: float = 0.08,
        key_rule: str = KEY_RULES[0],
    ) -> CheckedTheme:
        """Measure music against its plan, and cut and stretch it to the picture.

        Parameters
        ----------
        plan : ThemePlan or str
            What it was asked for, or that as JSON.
        samples : ndarray of float32, shape (n_channels, n_samples)
            As a generator made it.
        sample_rate : int
            Samples per second.

        Raises
        ------
        InputError
            If the plan cannot be read, or a limit is out of its range.
        """
        from ..music.signal import Signal
        from ..music.theme_check import ThemeLimits, check_theme

        wanted = self.read_plan(plan) if isinstance(plan, str) else plan
        return check_theme(Signal(samples, sample_rate), wanted, ThemeLimits(max_stretch, key_rule))

    def check_file(
        self, plan: ThemePlan, path: Path, output: Path | None = None, **limits: Any
    ) -> CheckedTheme:
        """Measure a file against a plan, and write what fits the picture.

        Raises
        ------
        InputError, UnreadableAudioError
            If a limit is out of its range; if the file has no audio that can be decoded.
        StorageError
            If `output` cannot be written.
        """
        from ..music.signal import decode

        signal = decode(path)
        checked = self.check(plan, signal.samples, signal.sample_rate, **limits)
        if output is not None:
            write_sound(output, checked.signal, {})
        return checked

    def read_plan(self, text: str) -> ThemePlan:
        """Read a plan that was handed on as JSON.

        Raises
        ------
        InputError
            If it is anything else.
        """
        from ..music.theme import ThemePlan

        return ThemePlan.from_text(text)

    def record(self, checked: CheckedTheme, attempts: ThemeAttempts, prompt_id: str | None) -> None:
        """Store the last attempt as a run of a gate, before the next one begins."""
        from ..music.analysis import ANALYZER

        made = attempts.made[-1]
        self._gates.add(
            "post_gen",
            {"pass": True, "fail": False}.get(checked.status),
            score=checked.score,
            details={"gate": "music", **checked.as_json(), "seeds": made["seeds"]},
            job_id=self._job_log.job_id_of(prompt_id) if prompt_id else None,
            encoder="music",
            encoder_version=ANALYZER,
            run_key=attempts.run_key,
            attempt=made["attempt"],
        )


def _leanings(order: ThemeOrder) -> tuple[Leaning, ...]:
    from ..music.theme_moods import Leaning

    leanings = [Leaning("The wish", order.mood)]
    total = sum(shot.seconds for shot in order.shots) or 1.0
    leanings += [Leaning("A shot", s.mood, s.seconds / total) for s in order.shots if s.mood]
    if order.project is not None:
        told = [_told(order.project.bible.get(name)) for name in MOOD_FIELDS]
        leanings.append(Leaning(f"The project {order.project.name}", ", ".join(told), PROJECT_WEIGHT))
    if order.character is not None:
        character = order.character
        bible = character.bible.get("personality") or {}
        nature = ", ".join(_told(bible.get(name)) for name in ("summary", "traits"))
        state = character.version.emotional_state
        leanings.append(Leaning(f"The mood of {character.name}", state, STATE_WEIGHT))
        leanings.append(Leaning(f"The nature of {character.name}", nature, CHARACTER_WEIGHT))
    return tuple(leanings)


def _told(value: Any) -> str:
    """Return what a field of a bible says, if it is text, a list of texts, or an object of them."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        value = list(value.values())
    return ", ".join(_told(item) for item in value) if isinstance(value, list) else ""


def _unseen(_stage: str, _done: int, _total: int) -> None:
    return None
