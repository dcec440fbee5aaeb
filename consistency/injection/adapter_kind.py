"""What an adapter is, as a value."""

from __future__ import annotations

from dataclasses import dataclass

_CLIP_MODELS = {
    ("embeds", 768): "CLIP-ViT-L-14",
    ("embeds", 1024): "CLIP-ViT-H-14-laion2B-s32B-b79K",
    ("embeds", 1280): "CLIP-ViT-bigG-14-laion2B-39B-b160k",
    ("hidden", 1024): "CLIP-ViT-L-14-336",
    ("hidden", 1280): "CLIP-ViT-H-14-laion2B-s32B-b79K",
    ("hidden", 1664): "CLIP-ViT-bigG-14-laion2B-39B-b160k",
}


@dataclass(frozen=True)
class AdapterKind:
    """What an adapter is, what it takes and what it gives.

    Attributes
    ----------
    variant : str
        One of `variants.VARIANTS`.
    family : str
        ``"sd15"``, ``"sdxl"`` or ``"kolors"``.
    context : int
        Width of the tokens that K and V of the layers take: 768 or 2048.
    token_width : int
        Width of the tokens that the projection gives; differs from `context` for ``kolors_faceid`` only.
    n_tokens : int
        Tokens per reference picture.
    n_layers : int
        Cross-attentions that the file has K and V for.
    clip : str or None
        ``"embeds"`` for a CLIP model's projected embedding, ``"hidden"`` for its penultimate hidden states.
    clip_width : int
        Width of these, 0 without.
    clip_positions : int
        Hidden states per picture: 257, or 577 of the 336-pixel model; 0 where no hidden states are taken.
    face : str or None
        ``"normed"`` for an ArcFace embedding of length 1, ``"raw"`` for one as the network gives it.
    face_width : int
        Width of it, 512 as published; 0 without.
    crop_side : int or None
        Side in pixels of the aligned face crop that the CLIP model sees; None where it sees the picture.
    empty_uncond : bool
        Whether the unconditional input is the CLIP model's view of an empty picture, and not zeros.
    shortcut : bool
        Whether the face's tokens are added to the perceiver's (FaceID plus v2, Kolors).
    has_lora : bool
        Whether the file brings a LoRA for the UNet's attention.
    through_encoder_hid_proj : bool
        Whether tokens pass the UNet's own ``encoder_hid_proj`` before K and V.
    """

    variant: str
    family: str
    context: int
    token_width: int
    n_tokens: int
    n_layers: int
    clip: str | None = None
    clip_width: int = 0
    clip_positions: int = 0
    face: str | None = None
    face_width: int = 0
    crop_side: int | None = None
    empty_uncond: bool = False
    shortcut: bool = False
    has_lora: bool = False
    through_encoder_hid_proj: bool = False

    @property
    def needs_clip_model(self) -> str | None:
        """The CLIP vision model that has to be loaded beside the adapter, None where none is."""
        if self.clip is None:
            return None
        output = "image embeddings" if self.clip == "embeds" else "hidden states"
        named = _CLIP_MODELS.get((self.clip, self.clip_width), "a CLIP vision model")
        return f"{named} ({output} of {self.clip_width} numbers)"
