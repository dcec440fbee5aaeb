"""The projection networks against the published formulae, written out in numpy in float64."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from scipy.special import erf  # noqa: E402
from support.adapters import FULL, PUBLISHED, Sizes, random_adapter  # noqa: E402
from tower_anime.consistency.injection.adapter_file import AdapterFile  # noqa: E402
from tower_anime.consistency.injection.projections import build_projection  # noqa: E402
from tower_anime.consistency.injection.variants import recognise  # noqa: E402
from tower_anime.errors import InputError  # noqa: E402


def built(variant, family="sd15", **options):
    adapter = random_adapter(variant, family, widths=[8], **options)
    file = AdapterFile(Path("adapter.bin"), adapter.image_proj, adapter.layers)
    kind = recognise(file, variant)
    return file, kind, build_projection(file, kind)


def drawn_inputs(kind, n, *, positions=9, seed=1, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    inputs = {}
    if kind.clip:
        shape = (n, positions, kind.clip_width) if kind.clip == "hidden" else (n, kind.clip_width)
        inputs["clip"] = torch.randn(shape, generator=generator).to(dtype)
    if kind.face:
        face = torch.randn((n, 512), generator=generator)
        inputs["face"] = (face / face.norm(dim=-1, keepdim=True) if kind.face == "normed" else face).to(dtype)
    return inputs


# --- the formulae, one reference at a time ---


class Published:
    """Section by section from the papers and their authors' descriptions: one picture, loops over heads."""

    def __init__(self, weights):
        self.w = {name: tensor.double().numpy() for name, tensor in weights.items()}

    def affine(self, name, x):
        bias = self.w.get(f"{name}.bias", 0.0)
        return np.einsum("oi,...i->...o", self.w[f"{name}.weight"], x) + bias

    def layer_norm(self, name, x):
        centred = x - x.mean(-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
        return centred / spread * self.w[f"{name}.weight"] + self.w[f"{name}.bias"]

    @staticmethod
    def gelu(x):
        return 0.5 * x * (1.0 + erf(x / math.sqrt(2.0)))

    def cross_attention(self, name, features, latents):
        query = self.affine(f"{name}.to_q", latents)
        both = self.affine(f"{name}.to_kv", np.concatenate([features, latents]))
        inner = query.shape[1]
        heads = []
        for start in range(0, inner, 64):
            q = query[:, start : start + 64]
            k = both[:, start : start + 64]
            v = both[:, inner + start : inner + start + 64]
            logits = q @ k.T / math.sqrt(64.0)
            share = np.exp(logits - logits.max(axis=1, keepdims=True))
            heads.append(share / share.sum(axis=1, keepdims=True) @ v)
        return self.affine(f"{name}.to_out", np.concatenate(heads, axis=1))

    def perceiver(self, prefix, features, latents):
        features = self.affine(f"{prefix}proj_in", features)
        depth = 0
        while f"{prefix}layers.{depth}.0.to_q.weight" in self.w:
            layer = f"{prefix}layers.{depth}"
            normed = self.layer_norm(f"{layer}.0.norm2", latents)
            seen = self.layer_norm(f"{layer}.0.norm1", features)
            latents = latents + self.cross_attention(f"{layer}.0", seen, normed)
            hidden = self.gelu(self.affine(f"{layer}.1.1", self.layer_norm(f"{layer}.1.0", latents)))
            latents = latents + self.affine(f"{layer}.1.3", hidden)
            depth += 1
        return self.layer_norm(f"{prefix}norm_out", self.affine(f"{prefix}proj_out", latents))

    def face_tokens(self, face):
        values = self.affine("proj.2", self.gelu(self.affine("proj.0", face)))
        return self.layer_norm("norm", values.reshape(-1, self.w["norm.weight"].size))

    def tokens(self, variant, clip, face, scale):
        if variant in {"base", "base_vit_g"}:
            values = self.affine("proj", clip)
            return self.layer_norm("norm", values.reshape(-1, self.w["norm.weight"].size))
        if variant == "full_face":
            return self.layer_norm("proj.3", self.affine("proj.2", self.gelu(self.affine("proj.0", clip))))
        if variant in {"plus", "kolors_plus"}:
            return self.perceiver("", clip, self.w["latents"][0])
        if variant == "faceid_portrait_unnorm":
            return self.perceiver("", face[None], self.w["latents"][0])
        identity = self.face_tokens(face)
        if variant in {"faceid", "faceid_portrait"}:
            return identity
        seen = self.perceiver("perceiver_resampler.", clip, identity)
        return seen if variant == "faceid_plus" else identity + scale * seen


def published_tokens(file, variant, inputs, scale=1.0):
    formula = Published(file.image_proj)
    n = len(next(iter(inputs.values())))
    one = [{name: value[i].double().numpy() for name, value in inputs.items()} for i in range(n)]
    return np.stack([formula.tokens(variant, each.get("clip"), each.get("face"), scale) for each in one])


@pytest.mark.parametrize(("variant", "family"), PUBLISHED)
def test_tokens_are_those_of_the_published_formula(variant, family):
    file, kind, projection = built(variant, family)
    inputs = drawn_inputs(kind, 3)
    tokens = projection(**inputs, shortcut_scale=0.7)
    expected = published_tokens(file, variant, inputs, 0.7)
    assert tokens.shape == (3, 9 if variant == "full_face" else kind.n_tokens, kind.token_width)
    np.testing.assert_allclose(tokens.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("variant", ["plus", "faceid_plus_v2"])
def test_the_full_size_networks_too(variant):
    file, kind, projection = built(variant, sizes=FULL)
    inputs = drawn_inputs(kind, 1, positions=257)
    np.testing.assert_allclose(projection(**inputs), published_tokens(file, variant, inputs), atol=2e-5)


@pytest.mark.parametrize(("variant", "family"), PUBLISHED)
def test_float64_weights_give_the_formula_to_the_last_digits(variant, family):
    file, kind, projection = built(variant, family, dtype=torch.float64)
    inputs = drawn_inputs(kind, 2, dtype=torch.float64)
    np.testing.assert_allclose(projection(**inputs), published_tokens(file, variant, inputs), atol=1e-11)


@settings(max_examples=15, deadline=None)
@given(
    published=st.sampled_from(PUBLISHED),
    n=st.integers(1, 5),
    positions=st.integers(1, 20),
    n_heads=st.integers(1, 3),
    depth=st.integers(1, 3),
    tokens=st.integers(1, 9),
    scale=st.floats(-2, 4),
)
def test_any_size_and_batch_gives_the_formula(published, n, positions, n_heads, depth, tokens, scale):
    variant, family = published
    sizes = Sizes(n_heads=n_heads, depth=depth, tokens=tokens)
    file, kind, projection = built(variant, family, sizes=sizes)
    inputs = drawn_inputs(kind, n, positions=positions)
    expected = published_tokens(file, variant, inputs, scale)
    np.testing.assert_allclose(projection(**inputs, shortcut_scale=scale), expected, atol=2e-5)


@pytest.mark.parametrize(("variant", "family"), PUBLISHED)
def test_a_reference_does_not_depend_on_its_neighbours(variant, family):
    _, kind, projection = built(variant, family)
    inputs = drawn_inputs(kind, 4)
    alone = torch.cat([projection(**{k: v[i : i + 1] for k, v in inputs.items()}) for i in range(4)])
    torch.testing.assert_close(projection(**inputs), alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("variant", ["base", "plus", "faceid_plus_v2", "full_face"])
def test_half_precision_stays_in_the_files_dtype_and_near(variant, dtype):
    file, kind, projection = built(variant, dtype=dtype)
    inputs = drawn_inputs(kind, 2)
    tokens = projection(**inputs)
    assert tokens.dtype == dtype
    tolerance = 0.02 if dtype == torch.float16 else 0.15
    np.testing.assert_allclose(tokens.float(), published_tokens(file, variant, inputs), atol=tolerance)


def test_large_states_do_not_overflow_in_float16():
    # A latent's logit with itself is near 2e5, beyond float16, and 3e4 after the scaling of q and k.
    adapter = random_adapter("plus", widths=[8], dtype=torch.float16, sizes=Sizes(depth=1))
    adapter.image_proj["layers.0.0.to_q.weight"] *= 60
    adapter.image_proj["layers.0.0.to_kv.weight"][:64] = adapter.image_proj["layers.0.0.to_q.weight"]
    file = AdapterFile(Path("adapter.bin"), adapter.image_proj, adapter.layers)
    projection = build_projection(file, recognise(file))
    inputs = drawn_inputs(projection.kind, 1)
    np.testing.assert_allclose(
        projection(**inputs).float(), published_tokens(file, "plus", inputs), atol=0.05
    )


def test_mixed_dtypes_are_computed_in_the_widest():
    adapter = random_adapter("plus", widths=[8], dtype=torch.float16)
    adapter.image_proj["norm_out.weight"] = adapter.image_proj["norm_out.weight"].float()
    file = AdapterFile(Path("adapter.bin"), adapter.image_proj, adapter.layers)
    kind = recognise(file)
    assert build_projection(file, kind)(**drawn_inputs(kind, 1)).dtype == torch.float32


def test_the_network_holds_no_gradients_and_does_not_copy_the_file():
    file, _, projection = built("plus")
    assert not projection.training
    assert not any(parameter.requires_grad for parameter in projection.parameters())
    assert projection.latents.data_ptr() == file.image_proj["latents"].data_ptr()


def test_v1_ignores_the_shortcut_scale():
    _, kind, projection = built("faceid_plus")
    inputs = drawn_inputs(kind, 1)
    torch.testing.assert_close(projection(**inputs, shortcut_scale=0.0), projection(**inputs), atol=0, rtol=0)


def test_v2_at_scale_0_is_the_face_alone():
    file, kind, projection = built("faceid_plus_v2")
    inputs = drawn_inputs(kind, 1)
    face = Published(file.image_proj).face_tokens(inputs["face"][0].double().numpy())
    np.testing.assert_allclose(projection(**inputs, shortcut_scale=0.0)[0], face, atol=1e-5)


@pytest.mark.parametrize(("variant", "family"), PUBLISHED)
def test_zeros_as_the_unconditional_give_the_formula(variant, family):
    file, kind, projection = built(variant, family, dtype=torch.float64)
    inputs = {
        name: torch.zeros_like(value)
        for name, value in drawn_inputs(kind, 1, positions=577, dtype=torch.float64).items()
    }
    np.testing.assert_allclose(projection(**inputs), published_tokens(file, variant, inputs), atol=1e-10)


# --- wrong inputs ---


@pytest.mark.parametrize(
    ("variant", "inputs", "said"),
    [
        ("base", {}, "24 wide with 2 axes, and got nothing"),
        ("base", {"clip": torch.zeros(1, 25)}, r"got shape \[1, 25\]"),
        ("base", {"clip": torch.zeros(1, 4, 24)}, r"got shape \[1, 4, 24\]"),
        ("plus", {"clip": torch.zeros(1, 24)}, "24 wide with 3 axes"),
        ("faceid", {"clip": torch.zeros(1, 24)}, "takes face input 512 wide"),
        ("faceid_plus", {"face": torch.zeros(1, 512)}, "takes clip input"),
        (
            "faceid_plus",
            {"face": torch.zeros(2, 512), "clip": torch.zeros(1, 5, 24)},
            "1 pictures and 2 faces",
        ),
    ],
)
def test_wrong_inputs_are_named(variant, inputs, said):
    with pytest.raises(InputError, match=said):
        built(variant)[2](**inputs)


def test_a_wrong_encoder_is_answered_with_the_right_one():
    projection = built("plus", sizes=Sizes(clip=1280, depth=1))[2]
    with pytest.raises(InputError, match="CLIP-ViT-H-14"):
        projection(clip=torch.zeros(1, 257, 1664))
