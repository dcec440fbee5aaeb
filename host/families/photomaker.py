"""PhotoMaker: the token of what a character is, fused with how the references look.

The host's node fuses one picture, into the word before a trigger in a prompt of its own; here the word
stands once for each picture, as published, in a chunk that is appended to the prompt, without a trigger.

References
----------
.. [1] Z. Li et al., "PhotoMaker: Customizing Realistic Human Photos via Stacked ID Embedding", CVPR 2024.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ...errors import InputError
from ..conditioning import append_tokens
from ..injection_order import Generation, InjectionOrder, ReferenceModels, Step
from .checks import require_references, require_way
from .host_nodes import host_node
from .pictures import squared

# More stacked pictures than it was trained with do not help, and the chunk has 77 tokens.
_MOST_PICTURES = 8
_MOST_TOKENS = 4


def photomaker_steps(order: InjectionOrder) -> Iterator[Step]:
    """Yield the step that appends the character's stacked identity to the positive conditioning."""
    models = order.models
    if models and models.photomaker is not None:
        yield Step("PhotoMaker", partial(_apply, order, models))


def _apply(order: InjectionOrder, models: ReferenceModels, generation: Generation) -> tuple[Generation, str]:
    require_way(generation.model, "photomaker")
    host_node("PhotoMakerEncode")
    pictures = require_references(order, "PhotoMaker")[:_MOST_PICTURES]
    word = _class_word(models.class_word)
    tokens, mask = _stacked_word(generation.clip, word, len(pictures))
    fused = _fused(models.photomaker, pictures, tokens, mask)
    changed = torch.lerp(tokens, fused.to(tokens), min(order.strength, 1.0))
    positive = append_tokens(generation.positive, changed, {})
    return replace(generation, positive=positive), f"{len(pictures)} references in the word {word!r}"


def _class_word(word: str) -> str:
    if len(word.split()) != 1:
        raise InputError(
            f"PhotoMaker's class word is {word!r}.",
            field="class_word",
            hint="Give one word for what the character is, such as girl, boy or person.",
        )
    return word.strip()


def _stacked_word(clip: Any, word: str, n_pictures: int) -> tuple[Tensor, Tensor]:
    """Return the tokens of the word, once for each picture, and a mask of them: (1, n, width), (1, n)."""
    chunks = clip.tokenize(" ".join(["a", *[word] * n_pictures]))
    if not {"l", "g"} <= chunks.keys():
        raise InputError(
            "PhotoMaker takes the two text encoders of SDXL; this CLIP has others.",
            field="clip",
            hint="Connect the CLIP of the SDXL checkpoint.",
        )
    tokens, _ = clip.encode_from_tokens(chunks, return_pooled=True)
    # A start token, "a", then the words; of a word that is several tokens, the last one stands for it.
    n_tokens = _n_tokens(clip, word)
    mask = torch.zeros(tokens.shape[:2], dtype=torch.bool)
    mask[:, [1 + n_tokens * (number + 1) for number in range(n_pictures)]] = True
    return tokens, mask


def _n_tokens(clip: Any, word: str) -> int:
    """Return how many tokens a word is: those between the start and the first of the end tokens."""
    ids = [token[0] for token in clip.tokenize(word)["l"][0]]
    n_tokens = ids.index(ids[-1]) - 1
    if not 0 < n_tokens <= _MOST_TOKENS:
        raise InputError(
            f"PhotoMaker's class word {word!r} is {n_tokens} tokens to the text encoder.",
            field="class_word",
            hint="Give a common word, such as girl, boy or person.",
        )
    return n_tokens


def _fused(photomaker: Any, pictures: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    from comfy.clip_vision import clip_preprocess

    device = photomaker.load_device
    pixels = clip_preprocess(squared(pictures).to(device)).float()
    with torch.no_grad():
        # The encoder writes into the tokens that it is given.
        return photomaker(
            id_pixel_values=pixels[None],
            prompt_embeds=tokens.to(device, copy=True),
            class_tokens_mask=mask.to(device),
        )
