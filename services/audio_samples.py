"""Samples as faces bring them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def unpacked(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return samples, shape (channels, n), with two channels taken apart that came as one."""
    from ..music.signal import deinterleaved

    return deinterleaved(samples) if samples.shape[0] == 1 else samples


def is_audio_rate(sample_rate: int) -> bool:
    """Tell whether a number of samples a second is one of a sound."""
    from ..music.signal import MAX_RATE, MIN_RATE

    return MIN_RATE <= sample_rate <= MAX_RATE
