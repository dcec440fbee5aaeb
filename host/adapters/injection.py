"""One adapter with the tokens of one character, as it acts while a model is sampled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...consistency.injection.attention import EMBEDS_SCALING, spread
from ...consistency.injection.curve import LEVEL, Curve
from ...consistency.injection.masks import Box, guessed_mask_for_layer, mask_for_layer
from ...consistency.injection.weights import SiteWeight
from .chunks import Chunks
from .clock import Clock
from .layers import AdapterLayers
from .patch import Place, host_attention

# Whether a batch is attended to as a whole, and its keys and values: of all rows, or of each chunk.
Batched = tuple[bool, list[tuple[Tensor, Tensor]]]
# Batches of more tokens are made anew in every step: there the memory costs more than the time.
_MAX_KEPT_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the projection makes of pictures.

    Parameters
    ----------
    conditional, unconditional : Tensor, shape (n, n_tokens, context)
        One row for all frames, or one for each.
    n_per_picture : int, optional
        Tokens of each picture, where those of several stand side by side.
    """

    conditional: Tensor
    unconditional: Tensor
    n_per_picture: int | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Where, when and how strongly an injection acts.

    Parameters
    ----------
    weights : mapping of place to SiteWeight
        Places that are absent, or whose weight is 0, stay as they are.
    start, end : float
        Part of sampling, as fractions from 0 to 1.
    curve : Curve
        Factor over sampling.
    scaling : str
        A key of `EMBEDS_SCALING`.
    """

    weights: Mapping[Place, SiteWeight]
    start: float = 0.0
    end: float = 1.0
    curve: Curve = LEVEL
    scaling: str = "V only"


class Injection:
    """What an adapter adds to the cross-attentions of a model.

    Nothing in it changes once it is made but what is kept for the length of a sampling run: keys and values
    of the tokens, masks at each layer's size, and whether the current step is within its span.

    Parameters
    ----------
    layers : ModelPatcher
        Around `AdapterLayers`.
    numbers : mapping of place to int
        The layer of each place.
    tokens : Tokens
        Of the character.
    schedule : Schedule
        Where, when and how strongly.
    clock : Clock
        Tells sigma from fractions of sampling, for the model at hand.
    mask : Tensor, shape (n, height, width), optional
        Where in the picture; one for all frames, or one for each.
    is_mask_guessed : bool
        Whether layers' sizes are guessed as older packs do.
    """

    def __init__(
        self,
        layers: Any,
        numbers: Mapping[Place, int],
        tokens: Tokens,
        schedule: Schedule,
        clock: Clock,
        *,
        mask: Tensor | None = None,
        is_mask_guessed: bool = False,
    ) -> None:
        self.models = [layers]
        self._layers: AdapterLayers = layers.model
        self._numbers = numbers
        self._tokens = tokens
        self._schedule = schedule
        self._clock = clock
        self._chunks = Chunks()
        self._mask = mask
        self._is_mask_guessed = is_mask_guessed
        self._pairs: dict[Any, tuple[Tensor, Tensor]] = {}
        self._batched: dict[Place, tuple[Any, Batched]] = {}
        self._masks: dict[Any, Tensor] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Injection:
        return self

    def begin(self, model: Any) -> None:
        """Take the noise levels of the model that is sampled, which nodes after this one may have changed."""
        self.forget()
        self._clock = Clock(model.get_model_object("model_sampling"))

    def forget(self, *_arguments: Any) -> None:
        """Drop what was kept for a sampling run."""
        self._pairs.clear()
        self._batched.clear()
        self._masks.clear()
        self._clock.forget()

    def outer_sample(self, executor: Any, noise: Tensor, *arguments: Any, **options: Any) -> Any:
        """Sample, and look at the guider meanwhile: wraps a run of the host's."""
        before = self._chunks.watch(executor.class_obj, noise.shape)
        try:
            return executor(noise, *arguments, **options)
        finally:
            self._chunks.watch(before, ())

    def is_between(self, options: dict[str, Any], highest: float | None, lowest: float | None) -> bool:
        """Whether the current step's sigma lies between two; None bounds nothing."""
        sigma = self._clock.sigma(options)
        return (highest is None or sigma <= highest) and (lowest is None or sigma >= lowest)

    def added(
        self, out: Tensor, place: Place, q: Tensor, options: dict[str, Any], *, in_place: bool = False
    ) -> Tensor:
        """Return the attention of a place with this injection's part added.

        Parameters
        ----------
        out : Tensor, shape (batch, n_positions, width)
            The attention so far; returned itself where nothing is added.
        place : Place
            Where.
        q : Tensor, of the shape of `out`
            Queries of the place.
        options : dict
            What the host says of the step.
        in_place : bool
            Whether `out` may be written to.
        """
        at = self._schedule.weights[place]
        if at.weight == 0 or not self._clock.is_within(options, self._schedule.start, self._schedule.end):
            return out
        curve = self._schedule.curve
        weight = at.weight * (1.0 if curve is LEVEL else curve.at(self._clock.fraction(options)))
        if weight == 0:
            return out
        joined, pairs = self._pairs_for(place, q, options, SiteWeight(weight, at.is_reversed))
        rows = [q] if joined else q.chunk(len(pairs))
        parts = [host_attention(some, *pair, options) for some, pair in zip(rows, pairs, strict=True)]
        part = (parts[0] if joined else torch.cat(parts)).to(out.dtype)
        total = out if in_place else out.clone()
        if self._mask is None:
            return total.add_(part)
        return total.addcmul_(part, self._mask_at(q, options).to(out.dtype))

    def _pairs_for(self, place: Place, q: Tensor, options: dict[str, Any], at: SiteWeight) -> Batched:
        """Return the weighted keys and values for a batch; made once, as long as batches stay alike."""
        kinds, frames = tuple(self._chunks.are_unconditional(options)), _frames(options)
        state = (kinds, frames and tuple(frames), at, q.shape[0], q.device, q.dtype)
        kept = self._batched.get(place)
        if kept is not None and kept[0] == state:
            return kept[1]
        n = q.shape[0] // len(kinds)
        sides = [
            [
                spread(rows, n, frames)
                for rows in self._scaled(self._side(place, q, kind, at.is_reversed), at.weight)
            ]
            for kind in kinds
        ]
        made = _in_one_go(sides)
        if sum(keys.shape[0] * keys.shape[1] for keys, _ in made[1]) <= _MAX_KEPT_TOKENS:
            self._batched[place] = (state, made)
        return made

    def _scaled(self, pair: tuple[Tensor, Tensor], weight: float) -> list[Tensor]:
        """Weigh keys and values, picture by picture."""
        n_rows, n_tokens = pair[0].shape[:2]
        each = (-1, self._tokens.n_per_picture or n_tokens)
        keys, values = (rows.reshape(*each, rows.shape[-1]) for rows in pair)
        scaled = EMBEDS_SCALING[self._schedule.scaling](keys, values, weight)
        return [rows.reshape(n_rows, n_tokens, -1) for rows in scaled]

    def _side(
        self, place: Place, q: Tensor, is_unconditional: bool, is_reversed: bool
    ) -> tuple[Tensor, Tensor]:
        """Return keys and values of one side; computed once in a run."""
        if is_reversed and not is_unconditional:
            # No bias, so tokens of zeros give keys and values of zeros.
            keys, values = self._side(place, q, True, True)
            return torch.zeros_like(keys), torch.zeros_like(values)
        is_reference = is_unconditional is is_reversed
        key = (place, is_reference, q.device, q.dtype)
        found = self._pairs.get(key)
        if found is None:
            tokens = self._tokens.conditional if is_reference else self._tokens.unconditional
            found = self._layers.keys_and_values(self._numbers[place], tokens.to(q.device, q.dtype))
            self._pairs[key] = found
        return found

    def _mask_at(self, q: Tensor, options: dict[str, Any]) -> Tensor:
        """Return the mask of every row of a batch, shape (batch, n_positions, 1)."""
        parts = self._chunks.parts(options)
        scaled = [self._scaled_mask(q, options, part) for part in parts]
        is_one = all(part == parts[0] for part in parts)
        if is_one and scaled[0].shape[0] == 1:
            return scaled[0]
        n, frames = q.shape[0] // len(parts), _frames(options)
        return torch.cat([spread(mask, n, frames) for mask in scaled])

    def _scaled_mask(self, q: Tensor, options: dict[str, Any], part: Box | None) -> Tensor:
        height, width = options["activations_shape"][-2:]
        key = (height, width, part, q.device, q.dtype)
        scaled = self._masks.get(key)
        if scaled is None:
            assert self._mask is not None
            scaled = (
                guessed_mask_for_layer(self._mask, options["original_shape"][-2:], q.shape[1])
                if self._is_mask_guessed
                else mask_for_layer(self._mask, height, width, part)
            ).to(q.device, q.dtype)
            self._masks[key] = scaled
        return scaled


def _frames(options: dict[str, Any]) -> list[int] | None:
    """Return which frames of a video a window holds, where one is sampled in windows."""
    window = options.get("context_window")
    if window is not None and getattr(window, "dim", None) == 0:
        return list(window.index_list)
    return (options.get("ad_params") or {}).get("sub_idxs")


def _in_one_go(sides: list[list[Tensor]]) -> Batched:
    """Join all chunks of a batch where their numbers of tokens allow; else leave each to itself."""
    n_tokens = max(keys.shape[1] for keys, _ in sides)
    if any(n_tokens % keys.shape[1] for keys, _ in sides):
        return False, [(keys, values) for keys, values in sides]
    # Attention to copies of tokens is attention to the originals.
    full = [[rows.repeat(1, n_tokens // rows.shape[1], 1) for rows in side] for side in sides]
    keys, values = (torch.cat(rows) for rows in zip(*full, strict=True))
    return True, [(keys, values)]
