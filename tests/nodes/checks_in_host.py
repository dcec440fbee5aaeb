"""Checks that need torch and ComfyUI in process: ``python checks_in_host.py COMFYUI PACK CHECKPOINT``.

Run by the host's own Python; tells pytest as JSON: for each ``check_…`` function null, or the traceback.
"""

import importlib.util
import json
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace


def load(name, path, **options):
    """Import a file under a name; as ComfyUI does with packs, whose names are not their folders'."""
    spec = importlib.util.spec_from_file_location(name, path, **options)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def raised(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


def check_pictures_keep_every_value():
    import numpy as np
    import torch
    from pack_in_check.nodes.convert import to_image_arrays

    values = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    for dtype in (torch.float32, torch.float64):
        [back] = to_image_arrays((torch.from_numpy(values).to(dtype) / 255)[None])
        assert np.array_equal(back, values)


def check_pictures_of_any_channels_become_rgb():
    import torch
    from pack_in_check.nodes.convert import to_image_arrays

    assert to_image_arrays(torch.full((2, 4, 5, 1), 0.5))[1].shape == (4, 5, 3)
    clear = torch.zeros((1, 2, 2, 4))
    assert (to_image_arrays(clear)[0] == 255).all()
    wild = torch.tensor([float("nan"), -3.0, 7.0]).expand(1, 2, 2, 3)
    assert to_image_arrays(wild)[0][0, 0].tolist() == [0, 0, 255]
    assert "(0, 8, 8, 3)" in raised(to_image_arrays, torch.zeros((0, 8, 8, 3)))
    assert "InputError" in raised(to_image_arrays, torch.zeros((1, 8, 8, 5)))


def check_a_picture_with_nan_is_no_picture():
    import torch
    from pack_in_check.nodes.convert import holding_nan, to_measurable_arrays

    images = torch.full((3, 8, 8, 3), 0.5)
    images[1, 7, 7, 2] = float("nan")
    images[2, 0, 0, 0] = float("inf")
    assert holding_nan(images) == [False, True, False]
    whole, broken, bright = to_measurable_arrays(images)
    assert whole[0, 0].tolist() == [128, 128, 128]
    assert broken is None
    assert bright[0, 0].tolist() == [255, 128, 128]


def check_a_picture_that_stays_keeps_its_nan():
    import numpy as np
    import torch
    from pack_in_check.nodes.convert import to_finite_arrays, with_changes

    images = torch.full((2, 4, 4, 3), 0.5)
    images[1, 2, 2, 0] = float("nan")
    red = np.full((4, 4, 3), (255, 0, 0), np.uint8)
    changed = with_changes(images, [red, None], [np.ones((4, 4), bool), None])
    assert changed[0, 0, 0].tolist() == [1.0, 0.0, 0.0]
    assert torch.equal(changed[1].isnan(), images[1].isnan())
    assert len(to_finite_arrays(images[:1], "images")) == 1
    assert "Picture 2 of style_images" in raised(to_finite_arrays, images, "style_images")


def check_pictures_of_different_sizes_are_letterboxed():
    import numpy as np
    from pack_in_check.nodes.convert import to_image_batch

    red = np.full((100, 50, 3), (255, 0, 0), np.uint8)
    blue = np.full((80, 160, 3), (0, 0, 255), np.uint8)
    batch = to_image_batch([red, blue])
    assert tuple(batch.shape) == (2, 80, 160, 3)
    assert batch[0, 40, 80].tolist() == [1.0, 0.0, 0.0] and batch[0, 40, 5].tolist() == [1.0, 1.0, 1.0]
    assert batch[1, 0, 0].tolist() == [0.0, 0.0, 1.0]
    huge = np.zeros((3000, 6000, 3), np.uint8)
    assert tuple(to_image_batch([huge]).shape) == (1, 1024, 2048, 3)


def check_sound_of_any_type_is_full_scale():
    import numpy as np
    import torch
    from pack_in_check.nodes.convert import n_takes, to_samples

    wave = torch.tensor([[0.0, 0.5, -0.5, -1.0]])
    for made in (wave, wave.half(), wave.double(), wave[None], wave[0]):
        samples, rate = to_samples({"waveform": made, "sample_rate": 8000})
        assert samples.dtype == np.float32 and rate == 8000
        np.testing.assert_allclose(samples, wave.numpy(), atol=1e-3)
    for dtype in (torch.int16, torch.int32):
        full = (wave.double() * -torch.iinfo(dtype).min).to(dtype)
        np.testing.assert_allclose(
            to_samples({"waveform": full, "sample_rate": 8000})[0], wave.numpy(), atol=1e-4
        )
    takes = torch.stack([wave, wave * 2])
    assert n_takes({"waveform": takes}) == 2
    np.testing.assert_allclose(to_samples({"waveform": takes, "sample_rate": 8000}, 1)[0], wave.numpy() * 2)
    broken = torch.tensor([[0.5, float("nan"), float("inf"), -float("inf")]])
    assert to_samples({"waveform": broken, "sample_rate": 8000})[0].tolist() == [[0.5, 0.0, 0.0, 0.0]]
    assert "at 1 Hz" in raised(to_samples, {"waveform": wave, "sample_rate": 1})
    for nothing in (torch.zeros((1, 2, 0)), torch.zeros((0, 2, 8))):
        assert "nothing can be heard" in raised(to_samples, {"waveform": nothing, "sample_rate": 8000})


class Clip:
    """Encodes any text as `n` tokens of ones, `width` wide."""

    def __init__(self, width, n=3, **fields):
        import torch

        self.tokens, self.fields = torch.ones((1, n, width)), fields

    def tokenize(self, text):
        return text

    def encode_from_tokens_scheduled(self, tokens):
        return [[self.tokens, self.fields]]


def check_a_fragment_is_appended_to_every_entry():
    import torch
    from pack_in_check.host.conditioning import add_prompt

    before = [[torch.zeros((2, 5, 8)), {"pooled_output": "p"}], [torch.zeros((1, 4, 8)), {"area": "a"}]]
    after = add_prompt(Clip(8), before, "a hat")
    assert [tuple(entry[0].shape) for entry in after] == [(2, 8, 8), (1, 7, 8)]
    assert [entry[1] for entry in after] == [{"pooled_output": "p"}, {"area": "a"}]
    assert tuple(before[0][0].shape) == (2, 5, 8) and after[0][1] is not before[0][1]


def check_attention_masks_grow_with_the_tokens():
    import torch
    from pack_in_check.host.conditioning import add_prompt

    mask = torch.tensor([[1, 1, 0, 0]])
    [entry] = add_prompt(Clip(8), [[torch.zeros((1, 4, 8)), {"attention_mask": mask}]], "a hat")
    assert entry[1]["attention_mask"].tolist() == [[1, 1, 0, 0, 1, 1, 1]]
    clip = Clip(8, attention_mask=torch.tensor([[1, 1, 0]]))
    [entry] = add_prompt(clip, [[torch.zeros((1, 4, 8)), {}]], "a hat")
    assert entry[1]["attention_mask"].tolist() == [[1, 1, 1, 1, 1, 1, 0]]


def check_another_text_encoder_is_refused():
    import torch
    from pack_in_check.host.conditioning import add_prompt

    conditioning = [[torch.zeros((1, 4, 2048)), {}]]
    assert "2048 wide, this CLIP gives 768" in raised(add_prompt, Clip(768), conditioning, "a hat")
    assert "has no text encoder" in raised(add_prompt, None, conditioning, "a hat")


def families():
    """Name the model classes that read reference latents, and some that do not."""
    import comfy.model_base as base

    return [base.Flux, base.QwenImage, base.Omnigen2], [base.BaseModel, base.SDXL, base.SD3, base.PixArt]


def check_the_families_that_read_references_are_known():
    from pack_in_check.host.conditioning import uses_reference_latents

    reading, others = families()
    for expected, classes in ((True, reading), (False, others)):
        for family in classes:
            model = SimpleNamespace(model=family.__new__(family))
            assert uses_reference_latents(model) is expected, family


def check_reference_latents_are_attached_to_both():
    import comfy.model_base as base
    import torch
    from pack_in_check.host.injection import Generation, InjectionOrder, inject

    vae = SimpleNamespace(encode=lambda pixels: pixels.movedim(-1, 1)[:, :, ::8, ::8])
    model = SimpleNamespace(model=base.Flux.__new__(base.Flux))
    earlier = torch.ones((1, 16, 2, 2))
    before = Generation(
        model,
        None,
        [[torch.zeros((1, 4, 8)), {"reference_latents": [earlier]}]],
        [[torch.zeros((1, 4, 8)), {}]],
    )
    order = InjectionOrder(references=torch.rand((2, 2000, 1000, 3)), vae=vae)
    after, report = inject(before, order, ["reference_latents"], stop_on_missing=True)
    positive, negative = (side[0][1]["reference_latents"] for side in (after.positive, after.negative))
    assert len(positive) == 3 and positive[0] is earlier and len(negative) == 2
    height, width = (8 * side for side in negative[0].shape[2:])
    assert height % 16 == width % 16 == 0 and height * width <= 1.05 * 2**20 and height > width
    assert before.positive[0][1]["reference_latents"] == [earlier] and before.negative[0][1] == {}
    assert [entry["what"] for entry in report.applied] == ["reference latents"] and not report.degraded


def check_broadcast_rates_are_exact():
    from fractions import Fraction

    from pack_in_check.host.video import frame_rate

    assert frame_rate(24.0) == 24 and frame_rate(12.5) == Fraction(25, 2)
    assert frame_rate(23.976) == Fraction(24000, 1001) and frame_rate(29.97) == Fraction(30000, 1001)


def check_a_live_list_never_raises():
    from pack_in_check.errors import StorageError, TowerError
    from pack_in_check.nodes.choices import LiveList

    asked = []

    def lost():
        asked.append(1)
        raise StorageError("the database is gone.", hint="Start it.")

    def late():
        asked.append(1)
        raise TowerError("not yet.")

    assert LiveList(lambda: ["b", "a"], "(none)")() == ["b", "a"]
    assert LiveList(list, "(none)")() == ["(none)"]
    slow, soon = LiveList(lost, "(none)"), LiveList(late, "(none)")
    assert [slow(), slow()] == [["(the database is gone. Start it.)"]] * 2 and len(asked) == 1
    assert [soon(), soon()] == [["(not yet.)"]] * 2 and len(asked) == 3


def check_nodes_describe_themselves_before_the_server_starts():
    import asyncio

    from pack_in_check.nodes import TowerExtension

    described = [node.GET_NODE_INFO_V1() for node in asyncio.run(TowerExtension().get_node_list())]
    character = next(one for one in described if one["name"] == "TowerCharacterLoader")
    assert "Tower has not started" in character["input"]["required"]["character"][1]["options"][0]


def check_a_trimmed_video_is_taken_as_trimmed():
    import io

    import numpy as np
    from comfy_api.input_impl import VideoFromFile
    from pack_in_check.host.video import frames_file, probe_video, video_file

    frames = [np.full((48, 64, 3), 8 * number, np.uint8) for number in range(24)]
    with frames_file(frames, 12.0, lambda done, total: None) as path:
        assert probe_video(path).duration_seconds == 2.0
        with video_file(VideoFromFile(str(path))) as same:
            assert same == path
        with video_file(VideoFromFile(io.BytesIO(path.read_bytes()))) as copied:
            assert copied != path and probe_video(copied).duration_seconds == 2.0
        video = VideoFromFile(str(path))
        if hasattr(video, "as_trimmed"):
            with video_file(video.as_trimmed(0.0, 1.0)) as trimmed:
                assert abs(probe_video(trimmed).duration_seconds - 1.0) < 0.1
    assert not path.exists()


def check_style_attention_is_a_mix_of_two_attentions():
    import torch
    from pack_in_check.host.style_injection import _own_attention, _Pass, _style_attention

    def attention(q, k, v, heads=4):
        q, k, v = (x.double().reshape(x.shape[0], x.shape[1], heads, -1).transpose(1, 2) for x in (q, k, v))
        weights = torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, -1)
        return (weights @ v).transpose(1, 2).flatten(2)

    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, 5, 16, generator=generator) for _ in range(3))
    keys, values = (torch.randn(1, 7, 16, generator=generator) for _ in range(2))
    place = ("output", 1, 0)
    options = {"n_heads": 4, "block": place[:2], "block_index": 0}
    seen = _Pass(is_recording=False, strength=0.25, seen={place: (keys, values)})
    mixed = _style_attention("style", _own_attention)(q, k, v, {**options, "style": seen})
    expected = 0.75 * attention(q, k, v) + 0.25 * attention(
        q, keys.expand(2, -1, -1), values.expand(2, -1, -1)
    )
    torch.testing.assert_close(mixed.double(), expected, atol=1e-5, rtol=0)
    untouched = _style_attention("style", _own_attention)(q, k, v, options)
    torch.testing.assert_close(untouched.double(), attention(q, k, v), atol=1e-5, rtol=0)


def check_style_injection_changes_only_the_copy_and_only_when_asked():
    import comfy.sd
    import torch
    from pack_in_check.host.style_injection import StyleOrder, inject_style, style_places

    import nodes

    model, clip, vae = comfy.sd.load_checkpoint_guess_config(
        str(CHECKPOINT), output_vae=True, output_clip=True
    )[:3]
    prompts = [clip.encode_from_tokens_scheduled(clip.tokenize(text)) for text in ("girl", "")]
    pictures = torch.rand(2, 48, 32, 3, generator=torch.Generator().manual_seed(1))

    def latent(sampled):
        empty = {"samples": torch.zeros(2, 4, 8, 6)}
        return nodes.common_ksampler(sampled, 5, 2, 6.0, "euler", "normal", *prompts, empty)[0]["samples"]

    assert style_places(model) == [("output", 2, 0), ("output", 3, 0)]
    plain = latent(model)
    styled = inject_style(model, vae, pictures, StyleOrder(0.6))
    first = latent(styled)
    assert torch.equal(latent(inject_style(model, vae, pictures, StyleOrder(0.0))), plain)
    assert (first - plain).abs().mean() > 1e-2
    assert torch.equal(latent(styled.clone()), first)
    assert torch.equal(latent(model), plain)
    for wrong in (StyleOrder(1.5), StyleOrder(0.5, 0.6, 0.6)):
        assert "InputError" in raised(inject_style, model, vae, pictures, wrong)
    flux = SimpleNamespace(model=SimpleNamespace(diffusion_model=SimpleNamespace(), model_config=None))
    assert "no UNet" in raised(style_places, flux)


def _tiny_clip_vision(seed):
    """Return a CLIP_VISION as the host's loader makes it, small and with random weights."""
    import tempfile

    import comfy.clip_vision
    import torch

    config = {
        **{"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64},
        **{"image_size": 32, "patch_size": 16, "projection_dim": 24, "num_channels": 3},
        **{"hidden_act": "quick_gelu", "layer_norm_eps": 1e-5, "model_type": "clip_vision_model"},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        path.write_text(json.dumps(config))
        clip_vision = comfy.clip_vision.ClipVisionModel(str(path))
    generator = torch.Generator().manual_seed(seed)
    weights = {
        name: torch.randn(weight.shape, generator=generator) * 0.1
        if weight.is_floating_point()
        else torch.arange(weight.numel()).reshape(weight.shape)
        for name, weight in clip_vision.model.state_dict().items()
    }
    clip_vision.model.load_state_dict(weights)
    return clip_vision


def check_a_clip_vision_embeds_pictures_of_any_size_and_is_known_by_its_weights():
    import numpy as np
    import torch
    from pack_in_check.host.clip_vision import as_embedder

    clip_vision = _tiny_clip_vision(1)
    model_id, embed = as_embedder(clip_vision)
    generator = np.random.default_rng(0)
    pictures = [generator.integers(0, 256, (*size, 3), dtype=np.uint8) for size in ((40, 70), (32, 32))]
    vectors = embed(pictures)
    assert vectors.shape == (2, 24) and vectors.dtype == np.float32
    square = torch.from_numpy(pictures[1]).float()[None] / 255
    expected = clip_vision.encode_image(square, crop=False)["image_embeds"][0].detach().float().numpy()
    assert np.abs(vectors[1] - expected).max() < 1e-5
    assert as_embedder(_tiny_clip_vision(1))[0] == model_id
    assert as_embedder(_tiny_clip_vision(2))[0] != model_id


def check_folders_of_extra_model_paths_come_before_the_hosts_own():
    import folder_paths
    from pack_in_check.host.paths import model_directories, model_folders

    # What the host does for a line "tower:" of extra_model_paths.yaml, before it imports custom nodes.
    folder_paths.add_model_folder_path("tower", "/elsewhere/models/tower")
    folder_paths.add_model_folder_path("checkpoints", "/elsewhere/models/checkpoints")
    own = Path(folder_paths.models_dir)
    assert model_folders() == (Path("/elsewhere/models/tower"), own / "tower")
    assert set(model_directories()) >= {own, Path("/elsewhere/models")}


def check_the_hosts_filter_is_pillows_to_one_step_of_255():
    import numpy as np
    from pack_in_check.consistency.networks.resampling import resized
    from PIL import Image

    for size in ((720, 1280), (700, 360), (200, 200), (41, 1000), (1, 1)):
        picture = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
        wanted = np.asarray(Image.fromarray(picture).resize((384, 384), Image.Resampling.BILINEAR), int)
        assert np.abs(resized(picture, 384, 384).transpose(1, 2, 0).astype(int) - wanted).max() <= 1


def main(comfy, pack):
    sys.path[0] = str(comfy)
    from comfy.cli_args import args

    args.cpu = True  # Before anything else of comfy: it asks torch for CUDA when first imported.
    launch = load("launch", Path(__file__).parents[1] / "support" / "launch.py")
    kept = launch._declare_torchvision_operators()  # noqa: F841 - until the process ends
    load("pack_in_check", pack / "__init__.py", submodule_search_locations=[str(pack)])
    told = {}
    for name, check in list(globals().items()):
        if name.startswith("check_"):
            try:
                check()
                told[name] = None
            except Exception:
                told[name] = traceback.format_exc()
    print(json.dumps(told))  # noqa: T201 - the answer


if __name__ == "__main__":
    CHECKPOINT = Path(sys.argv.pop())
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
