"""What stands in for a cross-attention: what was there before, and what an adapter adds to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torch import Tensor

if TYPE_CHECKING:
    from .injection import Injection

Place = tuple[str, int, int]
Attend = Callable[[Tensor, Tensor, Tensor, dict[str, Any]], Tensor]


def host_attention(q: Tensor, k: Tensor, v: Tensor, options: dict[str, Any]) -> Tensor:
    """Attend as the host does where nothing is patched; all of the shape (batch, n, heads * features).

    What users choose for the whole model, such as another attention kernel, is in the options and holds.
    """
    from comfy.ldm.modules.attention import optimized_attention

    return optimized_attention(
        q,
        k,
        v,
        heads=options["n_heads"],
        attn_precision=options.get("attn_precision"),
        transformer_options=options,
    )


class CrossAttentionPatch:
    """The attention of one place: `before`, plus what an injection adds.

    A patch is never changed by a later injection, which wraps it instead, so a model upstream stays as it is.
    Packs that follow the older convention call `add` on what they find; each clone of a model therefore gets
    a copy of its own, which shares all weights.

    Parameters
    ----------
    place : tuple
        Block, number and depth.
    injection : Injection
        What is added, for this and all other places.
    before : callable, optional
        The replacement that stood here; the host's own attention if none did.
    """

    def __init__(self, place: Place, injection: Injection, before: Attend | None = None) -> None:
        self.place = place
        self.injection = injection
        self.before = before
        self._added: list[tuple[Callable[..., Any], dict[str, Any]]] = []

    @property
    def is_ours_alone(self) -> bool:
        """Whether no other pack acts here, whose results may be something that it keeps."""
        before = self.before
        return before is None or (isinstance(before, CrossAttentionPatch) and before.is_ours_alone)

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, options: dict[str, Any]) -> Tensor:
        """Return the attention of this place, of the shape of `q`."""
        out = (self.before or host_attention)(q, k, v, options)
        out = self.injection.added(out, self.place, q, options, in_place=self.is_ours_alone)
        for callback, settings in self._added:
            if self.injection.is_between(options, settings.get("sigma_start"), settings.get("sigma_end")):
                out = out + callback(out, q, k, v, options, **settings)
        return out.to(q.dtype)

    def add(self, callback: Callable[..., Any], **settings: Any) -> None:
        """Add what another pack computes, by the convention that such packs share.

        ``callback(out, q, k, v, options, **settings)`` returns what to add to `out`; it is called between
        ``sigma_start`` and ``sigma_end`` of its settings.
        """
        self._added.append((callback, settings))

    def copy(self) -> CrossAttentionPatch:
        """Return a patch that shares everything but the list of what others add."""
        made = CrossAttentionPatch(self.place, self.injection, self.before)
        made._added = list(self._added)
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> CrossAttentionPatch:
        # ComfyUI 0.3.64 copies patches whenever a model is cloned; the weights must not multiply.
        return self.copy()

    def models(self) -> list[Any]:
        """Return the models whose weights this needs; the host loads and offloads them with the UNet."""
        earlier = self.before.models() if hasattr(self.before, "models") else []  # type: ignore[union-attr]
        return [*self.injection.models, *earlier]

    def to(self, *where: Any, **options: Any) -> CrossAttentionPatch:
        """Move what stood here before; keys and values of our own follow the queries."""
        if not hasattr(self.before, "to"):
            return self
        made = self.copy()
        made.before = self.before.to(*where, **options)  # type: ignore[union-attr]
        return made


def separate_copies(_old: Any, new: Any) -> None:
    """Give a fresh clone of a model its own copies of the patches, which newer hosts would share."""
    replacements = new.model_options.get("transformer_options", {}).get("patches_replace", {})
    attention = replacements.get("attn2", {})
    copies = {
        id(patch): patch.copy() for patch in attention.values() if isinstance(patch, CrossAttentionPatch)
    }
    attention.update({place: copies[id(patch)] for place, patch in attention.items() if id(patch) in copies})
