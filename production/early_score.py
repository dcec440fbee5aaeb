"""What a sample scored part of the way through sampling, as a value."""

from __future__ import annotations

from dataclasses import dataclass

FINISHED, STOPPED, AUDIT = "finished", "stopped", "audit"
FATES = (FINISHED, STOPPED, AUDIT)


@dataclass(frozen=True, slots=True)
class EarlyScore:
    """One sample that was scored early.

    Parameters
    ----------
    model_key : str
        The diffusion model, as the host's weights tell it.
    encoder, encoder_version : str
        What measured.
    fraction : float
        How far sampling was, in (0, 1).
    early : float
        The score at that point, in [0, 1].
    final : float or None
        The score when finished; None when it was stopped.
    fate : str
        ``finished``, ``stopped``, or ``audit``: hopeless, but finished to see what is lost.
    """

    model_key: str
    encoder: str
    encoder_version: str
    fraction: float
    early: float
    final: float | None
    fate: str
