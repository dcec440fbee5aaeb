"""Checks of the model families in the host's own Python: ``python family_checks_in_host.py COMFYUI PACK``.

Tells pytest as JSON: for each ``check_…`` function null, or the traceback.
"""

import asyncio
import json
import math
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parent))
from checks_in_host import load, raised


def pictures(n=2, height=64, width=48, seed=0):
    import torch

    return torch.rand((n, height, width, 3), generator=torch.Generator().manual_seed(seed))


def generation_of(model, width, **fields):
    import tiny_families as tiny
    from pack_in_check.host.injection import Generation

    fields = {"pooled_output": tiny.conditioning(32)[0][0][:, 0], **fields}
    return Generation(
        model, None, tiny.conditioning(width, **fields), tiny.conditioning(width, seed=6, **fields)
    )


def injected(generation, ways, **order):
    from pack_in_check.host.injection import InjectionOrder, inject

    return inject(generation, InjectionOrder(**order), ways, stop_on_missing=True)


def sampled(generation, shape=(1, 16, 6, 4), cfg=2.0):
    import torch

    import nodes

    latent = {"samples": torch.zeros(shape)}
    return nodes.common_ksampler(
        generation.model, 5, 2, cfg, "euler", "simple", generation.positive, generation.negative, latent
    )[0]["samples"]


def check_each_family_is_detected_from_the_shapes_of_its_weights():
    import tiny_families as tiny
    from pack_in_check.host.families.family import family_of

    whole_flux = {
        **tiny.FLUX,
        "context_in_dim": 4096,
        "hidden_size": 3072,
        "num_heads": 24,
        "vec_in_dim": 768,
    }
    # 0.3.64 takes the widths of these for granted, 0.27.1 reads them.
    qwen = {**tiny.QWEN, "num_attention_heads": 24, "joint_attention_dim": 3584}
    expected = {
        "flux": ("Flux", whole_flux, {"reference_latents", "style_model", "style_patch"}),
        "flux_fill": ("FluxInpaint", {**whole_flux, "in_channels": 96}, {"style_model"}),
        "qwen_image": ("QwenImage", qwen, {"reference_latents"}),
        "omnigen2": ("Omnigen2", _whole_omnigen(), {"reference_latents"}),
        **{name: (kind, {**tiny.WAN, **changes}, set()) for name, (kind, changes) in tiny.WANS.items()},
    }
    expected["wan_t2v"][2].add("wan_phantom")
    expected["wan_vace"][2].add("wan_vace")
    expected["wan_animate"][2].add("wan_animate")
    for name, (kind, network, ways) in expected.items():
        offer = family_of(tiny.detected(tiny.build(kind, network)))
        assert offer.family.name == name, (name, offer)
        assert set(offer.ways) == {*ways, "prompt", "lora"}, (name, offer)


def _whole_omnigen():
    import tiny_families as tiny

    return {
        **tiny.OMNIGEN,
        **{"hidden_size": 2520, "multiple_of": 256, "num_attention_heads": 21, "num_kv_heads": 7},
        **{"num_layers": 32, "num_refiner_layers": 2, "text_feat_dim": 2048},
    }


def check_variants_of_one_class_are_told_apart():
    import comfy.model_base as base
    import comfy.supported_models as supported
    import tiny_families as tiny
    from pack_in_check.host.families.family import family_of, why_degraded

    def named(kind, network=None, model=base.BaseModel):
        config = kind.__new__(kind)
        config.unet_config = network or {}
        made = model.__new__(model)
        made.__dict__["model_config"] = config
        return family_of(tiny.wrapped(made))

    assert named(supported.SDXL).ways == ("adapter", "photomaker", "prompt", "lora")
    assert named(supported.Segmind_Vega).family.name == "sdxl"
    assert named(supported.SDXL, {"adm_in_channels": 5632}).family.name == "kolors"
    assert named(supported.SD21UnclipH).family.name == "sd2"
    assert not named(supported.SDXLRefiner).takes_pictures
    assert named(supported.FluxSchnell).family.name == "flux"
    # Wan 2.2 I2V has no picture encoder, so that ComfyUI calls it text-to-video; its input is wider.
    assert named(supported.WAN21_T2V, {"in_dim": 36}).family.name == "wan_i2v"
    assert named(supported.SD3).ways == ("prompt", "lora")
    # A UNet under the class of another pack is told by the width of the text that it attends to.
    assert named(type("MyUNet", (), {}), {"context_dim": 2048}).family.name == "sdxl"
    unknown = named(type("Nova", (), {}), None)
    assert (unknown.family.name, unknown.ways) == ("unknown", ("prompt", "lora"))
    sd3 = tiny.wrapped(base.SD3.__new__(base.SD3))
    assert "Stable Diffusion 3 takes no pictures" in why_degraded(sd3)
    svd = tiny.wrapped(base.SVD_img2vid.__new__(base.SVD_img2vid))
    assert "start picture" in why_degraded(svd)
    sd15 = tiny.wrapped(base.BaseModel.__new__(base.BaseModel))
    sd15.model.__dict__["model_config"] = supported.SD15.__new__(supported.SD15)
    assert why_degraded(sd15) is None


def check_chroma_announces_reference_latents_and_does_not_read_them():
    import comfy.model_base as base
    import torch
    from comfy.ldm.chroma.model import Chroma
    from pack_in_check.host.conditioning import uses_reference_latents

    model = base.Chroma.__new__(base.Chroma)
    torch.nn.Module.__init__(model)
    assert model.extra_conds_shapes(reference_latents=[torch.zeros(1, 16, 2, 2)])
    model.__dict__["diffusion_model"] = Chroma.__new__(Chroma)
    assert not uses_reference_latents(SimpleNamespace(model=model))
    # A network that was wrapped shows nothing of what it reads.
    wrapper = type("Wrapper", (), {"forward": lambda self, *args, **kwargs: None})
    model.__dict__["diffusion_model"] = wrapper()
    assert uses_reference_latents(SimpleNamespace(model=model))


def check_a_family_without_pictures_is_reported_as_degraded():
    import comfy.model_base as base
    import tiny_families as tiny

    model = tiny.wrapped(base.SD3.__new__(base.SD3))
    before = generation_of(model, 8)
    after, report = injected(before, ["reference_latents"], references=pictures(), vae=tiny.image_vae())
    assert after is before and report.applied == []
    assert [entry["what"] for entry in report.degraded] == ["identity", "reference latents"]
    assert report.as_json()["family"] == "Stable Diffusion 3: prompt, LoRA."
    _, nothing = injected(before, ["reference_latents"], strength=0.0, references=pictures())
    assert nothing.degraded == []


def check_reference_latents_change_what_is_sampled_and_nothing_else_does():
    import tiny_families as tiny
    import torch

    cases = [("Flux", tiny.FLUX, 1.0), ("QwenImage", tiny.QWEN, 2.0), ("Omnigen2", tiny.OMNIGEN, 2.0)]
    for kind, network, cfg in cases:
        built = tiny.build(kind, network, device="cpu")
        is_file = kind == "Flux" and tiny.reads_widths_of_flux()
        model = tiny.from_file(built) if is_file else tiny.patcher(built)
        # OmniGen 2 counts its prompt's tokens by the mask, which its text encoder gives.
        masked = {"attention_mask": torch.ones((1, 6), dtype=torch.long)} if kind == "Omnigen2" else {}
        before = generation_of(model, 64, **masked)
        size = (1, 16, 1, 6, 4) if kind == "QwenImage" else (1, 16, 6, 4)
        vae = tiny.video_vae() if kind == "QwenImage" else tiny.image_vae()
        plain = sampled(before, size, cfg)
        assert plain.isfinite().all() and plain.std() > 0, kind
        order = {"references": pictures(), "vae": vae}
        after, report = injected(before, ["reference_latents"], **order)
        assert [entry["what"] for entry in report.applied] == ["reference latents"], (kind, report)
        changed = sampled(after, size, cfg)
        assert changed.isfinite().all() and not torch.equal(changed, plain), kind
        assert torch.equal(sampled(after, size, cfg), changed), kind
        other, _ = injected(before, ["reference_latents"], references=pictures(seed=9), vae=vae)
        assert not torch.equal(sampled(other, size, cfg), changed), kind
        for same in (
            injected(before, ["reference_latents"], strength=0.0, **order),
            injected(before, ["reference_latents"]),
        ):
            assert torch.equal(sampled(same[0], size, cfg), plain), kind
        assert torch.equal(sampled(before, size, cfg), plain), kind


def check_a_method_of_telling_references_apart_is_one_that_the_host_knows():
    import tiny_families as tiny
    import torch
    from pack_in_check.host.families.host_nodes import choices_of
    from pack_in_check.host.injection_order import ReferenceModels

    model = tiny.patcher(tiny.build("Flux", tiny.FLUX, device="cpu"))
    before = generation_of(model, 64)

    def by(method):
        models = ReferenceModels(latents_method=method)
        order = {"references": pictures(), "vae": tiny.image_vae(), "models": models}
        return injected(before, ["reference_latents"], **order)

    latents = {method: sampled(by(method)[0], cfg=1.0) for method in ("auto", "offset", "index", "uxo")}
    assert torch.equal(latents["auto"], latents["offset"])
    assert not torch.equal(latents["index"], latents["offset"])
    assert not torch.equal(latents["uxo"], latents["index"])
    known = choices_of("FluxKontextMultiReferenceLatentMethod", "reference_latents_method")
    if "index_timestep_zero" in known:
        assert "told apart by index_timestep_zero" in by("index_timestep_zero")[1].applied[0]["detail"]
    else:
        assert "not by 'index_timestep_zero'" in raised(by, "index_timestep_zero")
    before = generation_of(tiny.patcher(tiny.build("Omnigen2", tiny.OMNIGEN, device="cpu")), 64)
    assert "OmniGen 2 knows no method" in raised(by, "index")


def _redux(width=48, tokens=64):
    import torch
    from comfy.ldm.flux.redux import ReduxImageEncoder
    from comfy.sd import StyleModel

    redux = ReduxImageEncoder(redux_dim=width, txt_in_features=tokens, dtype=torch.float32)
    generator = torch.Generator().manual_seed(3)
    weights = redux.state_dict()
    redux.load_state_dict(
        {name: torch.randn(value.shape, generator=generator) * 0.1 for name, value in weights.items()}
    )
    return StyleModel(redux)


def check_redux_appends_the_tokens_of_every_reference():
    import dataclasses

    import tiny_families as tiny
    import torch
    from pack_in_check.host.families.pictures import squared
    from pack_in_check.host.injection_order import ReferenceModels

    vision, redux = tiny.clip_vision(), _redux()
    model = tiny.patcher(tiny.build("Flux", tiny.FLUX, device="cpu"))
    before = generation_of(model, 64)
    plain = sampled(before, cfg=1.0)

    def styled(strength=1.0, total=1.0, references=None, **models):
        chosen = ReferenceModels(clip_vision=vision, style_model=redux, style_strength=strength, **{**models})
        shown = pictures() if references is None else references
        return injected(before, ["style_model"], models=chosen, references=shown, strength=total)

    after, report = styled()
    expected = redux.get_cond(vision.encode_image(squared(pictures()))).flatten(0, 1)
    torch.testing.assert_close(after.positive[0][0][0, 6:], expected)
    assert torch.equal(after.positive[0][0][:, :6], before.positive[0][0])
    assert after.negative is before.negative and "8 tokens of 2 references" in report.applied[0]["detail"]
    changed = sampled(after, cfg=1.0)
    assert changed.isfinite().all() and not torch.equal(changed, plain)
    half = styled(0.5, 0.5)[0].positive[0][1]["attention_mask"]
    assert abs(half[0, 0, 6].item() - math.log(0.25)) < 1e-2
    # A fragment after it, of a second character, is not biased, and leaves the bias where it was.
    from pack_in_check.host.conditioning import append_tokens

    longer = append_tokens(styled(0.5)[0].positive, tiny.conditioning(64, 3)[0][0], {})
    grown = longer[0][1]["attention_mask"]
    assert longer[0][0].shape[1] == 17 and tuple(grown.shape[1:]) == (18, 18)
    assert (grown[0, :, 14:] == 0).all() and (grown[0, :6, 6:14] < -0.69).all()
    assert (grown[0, 17, 6:14] < -0.69).all() and (grown[0, 14:17] == 0).all()
    assert sampled(dataclasses.replace(before, positive=longer), cfg=1.0).isfinite().all()
    scaled = styled(0.5, style_strength_type="multiply")[0].positive[0][0][0, 6:]
    torch.testing.assert_close(scaled, 0.5 * expected)
    for same, told in (styled(0.0), styled(total=0.0)):
        assert same is before and told.applied == []
    assert torch.equal(sampled(before, cfg=1.0), plain)


def check_a_style_model_that_does_not_fit_is_named():
    import tiny_families as tiny
    from pack_in_check.host.injection_order import ReferenceModels

    flux = tiny.patcher(tiny.build("Flux", tiny.FLUX, device="cpu"))

    def tried(vision, redux, width=64, references=True, model=flux):
        order = {"models": ReferenceModels(clip_vision=vision, style_model=redux)}
        shown = {"references": pictures()} if references else {}
        _, report = injected(generation_of(model, width), ["style_model"], **order, **shown)
        return report.degraded[-1]["reason"]

    vision = tiny.clip_vision(n_layers=2)
    assert "takes features 32 wide, this CLIP vision model gives 48" in raised(tried, vision, _redux(32))
    assert "tokens are 96 wide, the conditioning's 64" in raised(tried, vision, _redux(48, 96))
    assert "without a CLIP vision model" in raised(tried, None, _redux())
    assert "without references" in tried(vision, _redux(), references=False)
    qwen = tiny.wrapped(tiny.build("QwenImage", tiny.QWEN))
    assert "(QwenImage) has no use for style model" in tried(vision, _redux(), model=qwen)


def check_usos_style_tokens_change_what_is_sampled():
    import tiny_families as tiny
    import torch
    from pack_in_check.host.families.host_nodes import host_node
    from pack_in_check.host.injection_order import ReferenceModels

    module = sys.modules[host_node("USOStyleReference").__module__]
    projector = module.SigLIPMultiFeatProjModel(
        siglip_token_nums=4, style_token_nums=3, siglip_token_dims=48, hidden_size=128,
        operations=torch.nn,
    )  # fmt: skip
    patch = tiny.patcher(projector)
    vision = tiny.clip_vision()
    before = generation_of(tiny.patcher(tiny.build("Flux", tiny.FLUX, device="cpu")), 64)
    plain = sampled(before, cfg=1.0)

    def styled(style_patch=patch, clip_vision=vision, **order):
        models = ReferenceModels(clip_vision=clip_vision, style_patch=style_patch)
        return injected(before, ["style_patch"], models=models, references=pictures(), **order)

    after, report = styled()
    assert "2 references" in report.applied[0]["detail"] and after.model is not before.model
    changed = sampled(after, cfg=1.0)
    assert changed.isfinite().all() and not torch.equal(changed, plain)
    assert torch.equal(sampled(before, cfg=1.0), plain)
    assert styled(strength=0.0)[0] is before
    wrong = tiny.patcher(torch.nn.Linear(2, 2))
    assert "The model patch is a Linear" in raised(styled, wrong)
    assert "does not show the layers" in raised(styled, patch, tiny.clip_vision(n_layers=3))


class Sdxl:
    """SDXL's real tokenizer, and an encoder that looks each token up in a table of noise."""

    def __init__(self, **names):
        import torch
        from comfy.sdxl_clip import SDXLTokenizer

        self.tokenizer = SDXLTokenizer(**names)
        self.table = torch.randn((49408, 2048), generator=torch.Generator().manual_seed(4)) * 0.1

    def tokenize(self, text, return_word_ids=False):
        return self.tokenizer.tokenize_with_weights(text, return_word_ids)

    def encode_from_tokens(self, tokens, return_pooled=False):
        import torch

        ids = torch.tensor([token[0] for token in tokens["g"][0]])
        ids[ids == 0] = 49407
        return self.table[ids][None].clone(), torch.zeros((1, 1280))


def _photomaker():
    import torch
    from pack_in_check.host.families.host_nodes import host_node

    module = sys.modules[host_node("PhotoMakerEncode").__module__]
    whole = dict(module.VISION_CONFIG_DICT)
    module.VISION_CONFIG_DICT["num_hidden_layers"] = 2
    try:
        encoder = module.PhotoMakerIDEncoder()
    finally:
        module.VISION_CONFIG_DICT.update(whole)
    generator = torch.Generator().manual_seed(8)
    encoder.load_state_dict(
        {
            name: torch.randn(value.shape, generator=generator) * 0.03
            if value.is_floating_point()
            else torch.arange(value.numel()).reshape(value.shape)
            for name, value in encoder.state_dict().items()
        }
    )
    return encoder


def check_photomaker_fuses_every_reference_into_the_word():
    import dataclasses

    import comfy.supported_models as supported
    import tiny_families as tiny
    import torch
    from pack_in_check.host.families.host_nodes import run_host_node
    from pack_in_check.host.families.pictures import squared
    from pack_in_check.host.injection_order import ReferenceModels

    model = SimpleNamespace(model=_bare(supported.SDXL))
    clip, encoder = Sdxl(), _photomaker()
    before = dataclasses.replace(generation_of(model, 2048), clip=clip)

    def made(n, strength=1.0, word="person", generation=before):
        models = ReferenceModels(photomaker=encoder, class_word=word)
        order = {"models": models, "references": pictures(n), "strength": strength}
        return injected(generation, ["photomaker"], **order)

    after, report = made(1)
    tokens = after.positive[0][0][:, 6:]
    [encoded] = run_host_node(
        "PhotoMakerEncode",
        photomaker=encoder, image=squared(pictures(1)), clip=clip, text="a person photomaker",
    )  # fmt: skip
    # Up to the trigger, which the host leaves in the text.
    torch.testing.assert_close(tokens[:, :3], encoded[0][0][:, :3])
    assert report.applied == [{"what": "PhotoMaker", "detail": "1 references in the word 'person'"}]
    assert after.negative is before.negative
    three = made(3)[0].positive[0][0][0, 6:]
    plain = clip.encode_from_tokens(clip.tokenize("a person person person"))[0][0]
    moved = (three - plain).abs().amax(dim=-1) > 1e-6
    assert moved.nonzero().flatten().tolist() == [2, 3, 4]
    assert not torch.allclose(three[2], three[3])
    half = made(3, strength=0.5)[0].positive[0][0][0, 6:]
    torch.testing.assert_close(half, (three + plain) / 2)
    assert made(3, strength=0.0)[0] is before
    # "takeshita" is three tokens; the last of each stands for the word.
    several = clip.encode_from_tokens(clip.tokenize("a takeshita takeshita"))[0][0]
    moved = made(2, word="takeshita")[0].positive[0][0][0, 6:] - several
    n_tokens = len([token for token in clip.tokenize("takeshita")["l"][0] if token[0] < 49406])
    assert n_tokens > 1
    places = (moved.abs().amax(dim=-1) > 1e-6).nonzero().flatten().tolist()
    assert places == [1 + n_tokens, 1 + 2 * n_tokens]
    assert "one word" in raised(made, 1, 1.0, "a girl")
    flux = dataclasses.replace(before, model=tiny.wrapped(tiny.build("Flux", tiny.FLUX)))
    assert "no use for PhotoMaker" in made(1, generation=flux)[1].degraded[-1]["reason"]


def _bare(kind):
    import comfy.model_base as base

    made = base.SDXL.__new__(base.SDXL)
    config = kind.__new__(kind)
    config.unet_config = {}
    made.__dict__["model_config"] = config
    return made


def check_pictures_are_bordered_and_never_cropped():
    import torch
    from pack_in_check.host.families.pictures import (
        letterboxed,
        squared,
        to_multiple,
        to_video_length,
    )

    grey = torch.full((2, 30, 10, 3), 0.25)
    framed = letterboxed(grey, 64, 48, border=1.0)
    assert tuple(framed.shape) == (2, 48, 64, 3)
    assert (framed[:, :, 24:40] - 0.25).abs().max() < 1e-6 and (framed[:, :, :24] == 1).all()
    assert letterboxed(grey, 10, 30) is not None and torch.equal(letterboxed(grey, 10, 30), grey)
    assert tuple(letterboxed(torch.rand(1, 9, 7, 4), 16, 16).shape) == (1, 16, 16, 3)
    assert tuple(letterboxed(torch.rand(1, 9, 7, 1), 16, 16).shape) == (1, 16, 16, 3)
    assert tuple(squared(grey).shape) == (2, 30, 30, 3)
    assert tuple(letterboxed(torch.rand(1, 4000, 1, 3), 16, 16).shape) == (1, 16, 16, 3)
    assert [to_multiple(side) for side in (1, 16, 23, 24, 833)] == [16, 16, 16, 32, 832]
    assert [to_video_length(n) for n in (1, 2, 3, 5, 80, 81, 83)] == [1, 1, 5, 5, 81, 81, 85]


def _wan(name):
    import tiny_families as tiny

    kind, changes = tiny.WANS[name]
    return kind, {**tiny.WAN, **changes}


def _video_generation(model):
    import dataclasses

    from pack_in_check.host.families.wan import empty_latent
    from pack_in_check.host.injection_order import VideoOrder

    video = VideoOrder(width=60, height=33, length=6)
    before = dataclasses.replace(generation_of(model, 4096), latent=empty_latent(model, video))
    return before, video


def check_phantoms_subjects_change_the_video():
    import tiny_families as tiny
    import torch

    model = tiny.from_file(tiny.build(*_wan("wan_t2v"), device="cpu"))
    before, video = _video_generation(model)
    assert tuple(before.latent["samples"].shape) == (1, 16, 2, 4, 8)
    order = {"references": pictures(6), "vae": tiny.video_vae(), "video": video}
    after, report = injected(before, ["wan_reference"], **order)
    assert report.applied[0]["detail"] == "Phantom: 4 of 6 references as subjects; 64 x 32, 5 frames"
    subjects = after.positive[0][1]["time_dim_concat"]
    assert tuple(subjects.shape) == (1, 16, 4, 4, 8)
    assert torch.equal(after.middle[0][1]["time_dim_concat"], subjects)
    assert torch.equal(after.middle[0][0], before.negative[0][0]) and after.trim_latent == 0
    without = after.negative[0][1]["time_dim_concat"]
    assert not torch.equal(without, subjects) and without.shape == subjects.shape
    shape = before.latent["samples"].shape
    plain, changed = sampled(before, shape), sampled(after, shape)
    assert changed.isfinite().all() and not torch.equal(changed, plain)
    nothing, _ = injected(before, ["wan_reference"], strength=0.0, **order)
    assert nothing is before and torch.equal(sampled(before, shape), plain)


def check_vaces_reference_and_control_video_change_the_video():
    import dataclasses

    import tiny_families as tiny
    import torch

    model = tiny.patcher(tiny.build(*_wan("wan_vace"), device="cpu"))
    before, video = _video_generation(model)

    def prepared(strength=1.0, **inputs):
        order = {"references": pictures(2), "vae": tiny.video_vae(), "strength": strength}
        return injected(before, ["wan_reference"], video=dataclasses.replace(video, **inputs), **order)

    after, report = prepared(0.75)
    fields = after.positive[0][1]
    assert after.trim_latent == 1 and tuple(after.latent["samples"].shape) == (1, 16, 3, 4, 8)
    assert fields["vace_strength"] == [0.75] and tuple(fields["vace_frames"][0].shape) == (1, 32, 3, 4, 8)
    assert "the first of 2 references at 0.75, no control video" in report.applied[0]["detail"]
    shape = after.latent["samples"].shape
    unled = dataclasses.replace(before, latent=after.latent)
    first = sampled(after, shape)
    assert first.isfinite().all() and not torch.equal(first, sampled(unled, shape))
    mask = torch.zeros((1, 40, 40))
    mask[:, :, 20:] = 1.0
    control = pictures(5, 40, 40)
    led = prepared(control_video=control, control_masks=mask)[0]
    assert not torch.equal(sampled(led, shape), sampled(prepared(control_video=control)[0], shape))
    # 40 x 40 in 64 x 32: 16 columns of border on each side are to be drawn, as is the mask's right half.
    drawn = led.positive[0][1]["vace_mask"][0][0, 0, 1:]
    assert drawn[0, 0].tolist() == [1, 1, 0, 0, 1, 1, 1, 1]
    assert "the control video 40 x 40" in raised(
        lambda: prepared(control_video=control, control_masks=mask[:, :20])
    )
    assert torch.equal(
        sampled(prepared(0.0)[0], before.latent["samples"].shape), sampled(before, (1, 16, 2, 4, 8))
    )


def check_animate_gets_its_reference_pose_and_face():
    import dataclasses

    import tiny_families as tiny
    import torch
    from pack_in_check.host.injection_order import ReferenceModels

    model = tiny.wrapped(tiny.build(*_wan("wan_animate")))
    before, video = _video_generation(model)
    vision = tiny.clip_vision(n_layers=2)
    mask = torch.zeros((1, 40, 40))
    mask[:, :, 20:] = 1.0
    after, report = injected(
        before, ["wan_reference"], references=pictures(1), vae=tiny.video_vae(),
        models=ReferenceModels(clip_vision=vision),
        video=dataclasses.replace(
            video, pose_video=pictures(3, 40, 40), face_video=pictures(5, 30, 20),
            background_video=pictures(5, 40, 40), character_masks=mask,
        ),
    )  # fmt: skip
    fields = after.positive[0][1]
    assert after.trim_latent == 1 and tuple(after.latent["samples"].shape) == (1, 16, 3, 4, 8)
    assert tuple(fields["concat_latent_image"].shape) == (1, 16, 3, 4, 8)
    assert tuple(fields["pose_video_latent"].shape) == (1, 16, 2, 4, 8)
    face = fields["face_video_pixels"]
    # Bordered in black to a square: -1 left and right of 30 x 20 at 512 x 512.
    assert tuple(face.shape) == (1, 3, 5, 512, 512) and (face[..., :80] == -1).all()
    assert (after.negative[0][1]["face_video_pixels"] == -1).all()
    assert "with a pose video, a face video, a background, CLIP vision" in report.applied[0]["detail"]
    # Drawn in the mask's right half of 40 x 40 in 64 x 32; the borders stay background.
    drawn = fields["concat_mask"][0, 0, 1, 0]
    assert drawn.tolist() == [0, 0, 0, 0, 1, 1, 0, 0]
    noise = torch.zeros((1, 16, 3, 4, 8))
    read = model.model.extra_conds(
        noise=noise, device=torch.device("cpu"), cross_attn=after.positive[0][0], **fields
    )
    assert {"pose_latents", "face_pixel_values", "clip_fea", "c_concat"} <= read.keys()


def check_what_does_not_fit_a_video_is_said():
    import tiny_families as tiny
    from pack_in_check.host.injection_order import VideoOrder

    model = tiny.wrapped(tiny.build(*_wan("wan_vace")))
    before, video = _video_generation(model)

    def tried(generation=before, **order):
        return injected(generation, ["wan_reference"], video=video, **order)[1].degraded[-1]["reason"]

    assert "without references" in tried(vae=tiny.video_vae())
    assert "without a VAE" in tried(references=pictures())
    assert "This VAE gives 16 channels over 2 axes" in raised(
        lambda: tried(references=pictures(), vae=tiny.image_vae())
    )
    start = tiny.wrapped(tiny.build(*_wan("wan_i2v")))
    reason = tried(_video_generation(start)[0], references=pictures(), vae=tiny.video_vae())
    assert "Wan image-to-video" in reason and "start picture" in reason
    flux = tiny.wrapped(tiny.build("Flux", tiny.FLUX))
    from pack_in_check.host.families.wan import empty_latent

    assert tuple(empty_latent(flux, VideoOrder(64, 32, 5))["samples"].shape) == (1, 16, 4, 8)
    wide = tiny.wrapped(tiny.build(*_wan("wan_ti2v")))
    assert tuple(empty_latent(wide, VideoOrder(64, 32, 5, 2))["samples"].shape) == (2, 48, 2, 2, 4)


def check_a_node_that_the_host_lacks_is_named():
    from pack_in_check.host.families.host_nodes import run_host_node

    assert "no node 'WanOfTomorrow'" in raised(run_host_node, "WanOfTomorrow")
    assert "0.3.64" in raised(run_host_node, "WanOfTomorrow")


def main(comfy, pack):
    sys.path.insert(0, str(comfy))
    from comfy.cli_args import args

    args.cpu = True  # Before anything else of comfy: it asks torch for CUDA when first imported.
    launch = load("launch", Path(__file__).parents[1] / "support" / "launch.py")
    kept = launch._declare_torchvision_operators()  # noqa: F841 - until the process ends
    import torch

    import nodes

    asyncio.run(nodes.init_extra_nodes(init_custom_nodes=False, init_api_nodes=False))
    load("pack_in_check", pack / "__init__.py", submodule_search_locations=[str(pack)])
    told = {}
    for name, check in list(globals().items()):
        if name.startswith("check_") and name.endswith(sys.argv[3] if len(sys.argv) > 3 else ""):
            try:
                with torch.inference_mode():  # As the host runs nodes.
                    check()
                told[name] = None
            except Exception:
                told[name] = traceback.format_exc()
    print(json.dumps(told))  # noqa: T201 - the answer


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
