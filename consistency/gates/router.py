"""What to change for the next attempt, from what failed in the last one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

# A picture that fails by these fails with every seed.
BEYOND_ATTEMPTS = frozenset({"size", "preflight"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far the router may go; a value that a person set beyond them stays as it is.

    Parameters
    ----------
    strength : float
        Highest strength of an injected character.
    steps : int
        Most sampling steps.
    cfg : float
        Lowest guidance.
    """

    strength: float = 1.5
    steps: int = 60
    cfg: float = 3.0


DEFAULT_BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes for one attempt, on top of its new seed.

    Parameters
    ----------
    strength, steps, cfg : float
        Factors on the values of the attempt before; 1 changes nothing.
    enforce_palette : bool
        Whether the palette enforcer is to be put before the gate.
    reasons : tuple of str
        Why, for the record.
    """

    strength: float = 1.0
    steps: float = 1.0
    cfg: float = 1.0
    enforce_palette: bool = False
    reasons: tuple[str, ...] = ()

    def new_strength(self, value: float, bounds: Bounds = DEFAULT_BOUNDS) -> float:
        """Return the injection strength of the next attempt."""
        return round(_raised(value, self.strength, bounds.strength), 4)

    def new_steps(self, value: int, bounds: Bounds = DEFAULT_BOUNDS) -> int:
        """Return the number of steps of the next attempt."""
        return round(_raised(value, self.steps, bounds.steps))

    def new_cfg(self, value: float, bounds: Bounds = DEFAULT_BOUNDS) -> float:
        """Return the guidance of the next attempt."""
        return round(max(value * self.cfg, min(value, bounds.cfg)), 4)

    def as_json(self) -> dict[str, Any]:
        """Return what differs from no change."""
        factors = {"strength": self.strength, "steps": self.steps, "cfg": self.cfg}
        changed: dict[str, Any] = {name: factor for name, factor in factors.items() if factor != 1.0}
        if self.enforce_palette:
            changed["enforce_palette"] = True
        return {**changed, "reasons": list(self.reasons)}


def _raised(value: float, factor: float, highest: float) -> float:
    return min(value * factor, max(value, highest))


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the table: when `check` failed in `after` attempts or more, what to do and why."""

    check: str
    after: int
    why: str
    strength: float = 1.0
    steps: float = 1.0
    cfg: float = 1.0
    enforce_palette: bool = False


# The first retry for identity changes the seed alone: attempts differ more by seed than by strength.
TABLE = (
    _Row("identity", 2, "the character was not met twice, so it is injected more strongly", strength=1.15),
    _Row("drift", 1, "the character drifted, so it is injected more strongly", strength=1.15),
    _Row("palette", 1, "the colours were off, so they are enforced", strength=1.1, enforce_palette=True),
    _Row("sharpness", 1, "the picture was blurred, so it gets more steps", steps=1.25),
    _Row("flicker", 1, "the shot flickered, so it gets more steps", steps=1.25),
    _Row("clipping", 1, "the picture was clipped, so guidance is lowered", cfg=0.85),
    _Row("blank", 1, "the picture was blank, so guidance is lowered", cfg=0.85),
)


def route(failed: Collection[str], attempt: int) -> Changes:
    """Say what to change after a failed attempt, besides the seed.

    Parameters
    ----------
    failed : collection of str
        Names of the checks that did not pass.
    attempt : int
        How many attempts were made, from 1.

    Returns
    -------
    Changes
        The strongest change of each kind among the rows that apply.
    """
    rows = [row for row in TABLE if row.check in failed and attempt >= row.after]
    return Changes(
        strength=max((row.strength for row in rows), default=1.0),
        steps=max((row.steps for row in rows), default=1.0),
        cfg=min((row.cfg for row in rows), default=1.0),
        enforce_palette=any(row.enforce_palette for row in rows),
        reasons=tuple(dict.fromkeys(row.why for row in rows)),
    )


def is_beyond_attempts(failed: Collection[str]) -> bool:
    """Return whether what failed fails with every seed, so that another attempt is wasted."""
    return bool(BEYOND_ATTEMPTS & set(failed))
