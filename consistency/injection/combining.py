"""Several reference pictures made into one set of tokens, or kept side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ...errors import InputError

CONCAT = "concat"
PER_FRAME = "per frame"


def _weighted_mean(embeds: Tensor, weights: Tensor) -> Tensor:
    return (embeds * weights).sum(dim=0, keepdim=True) / weights.sum()


def _mean_direction(embeds: Tensor, weights: Tensor) -> Tensor:
    """Mean of the directions, at the mean length: each picture counts alike however long its vector is."""
    lengths = torch.linalg.vector_norm(embeds, dim=-1, keepdim=True).clamp_min(1e-12)
    mean = _weighted_mean(embeds / lengths, weights)
    size = torch.linalg.vector_norm(mean, dim=-1, keepdim=True).clamp_min(1e-12)
    return mean / size * _weighted_mean(lengths, weights)


_COMBINATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "average": lambda embeds, _weights: embeds.mean(dim=0, keepdim=True),
    "weighted average": _weighted_mean,
    "norm average": lambda embeds, weights: _mean_direction(embeds, torch.ones_like(weights)),
    "add": lambda embeds, _weights: embeds.sum(dim=0, keepdim=True),
    "subtract": lambda embeds, _weights: embeds[:1] - embeds[1:].mean(dim=0, keepdim=True),
}
COMBINATIONS = (CONCAT, *_COMBINATIONS, PER_FRAME)


def combine(embeds: Tensor, how: str, weights: Sequence[float] | None = None) -> Tensor:
    """Combine the embeddings of several pictures.

    Parameters
    ----------
    embeds : Tensor, shape (n, …, width)
        What the encoder says of each picture.
    how : str
        One of `COMBINATIONS`. ``norm average`` means the unit vectors, along the features, and restores the
        mean length; ``subtract`` takes the mean of the others from the first. ``concat`` and ``per frame``
        leave the embeddings as they are: their tokens are put side by side, or given to one frame each.
    weights : sequence of float, optional
        How much each picture counts in a weighted average, above 0; 1 each if not given.

    Returns
    -------
    Tensor, shape (1, …, width), or that of `embeds`

    Raises
    ------
    InputError
        If `how` is unknown, or there are as many weights as pictures.
    """
    if how not in COMBINATIONS:
        raise InputError(
            f"Pictures cannot be combined by {how!r}.",
            field="combine",
            hint=f"Use {', '.join(COMBINATIONS)}.",
        )
    if how in (CONCAT, PER_FRAME) or embeds.shape[0] == 1:
        return embeds
    given = [1.0] * embeds.shape[0] if weights is None else list(weights)
    if len(given) != embeds.shape[0] or min(given) <= 0:
        raise InputError(
            f"{embeds.shape[0]} pictures came with the weights {given}.",
            field="weights",
            hint="Give each picture one weight above 0.",
        )
    share = torch.tensor(given, device=embeds.device).reshape(-1, *[1] * (embeds.ndim - 1))
    return _COMBINATIONS[how](embeds.float(), share).to(embeds.dtype)


def flipped_norm_average(embeds: Tensor) -> Tensor:
    """Return the mean of embeddings that are divided by their length along the pictures, shape (1, …, width).

    Older packs call this "norm average"; it is kept to reproduce their pictures.
    """
    lengths = torch.linalg.vector_norm(embeds, dim=0, keepdim=True)
    return torch.mean(embeds / lengths, dim=0, keepdim=True)


def side_by_side(tokens: Tensor, how: str) -> Tensor:
    """Put the tokens of several pictures one after the other, unless each frame has its own.

    Parameters
    ----------
    tokens : Tensor, shape (n, n_tokens, context)

    Returns
    -------
    Tensor, shape (1, n * n_tokens, context), or (n, n_tokens, context) with ``per frame``
    """
    return tokens if how == PER_FRAME else tokens.reshape(1, -1, tokens.shape[-1])
