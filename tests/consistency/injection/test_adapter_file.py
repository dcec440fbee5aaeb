"""Adapter files are read as published, and everything else is called what it is."""

from __future__ import annotations

import pickle
import struct
import zipfile
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from support.adapters import PUBLISHED, random_adapter, write_adapter, write_safetensors  # noqa: E402
from tower_anime.consistency.injection.adapter_file import AdapterFile, read_adapter  # noqa: E402
from tower_anime.errors import ModelFileError, NotFoundError  # noqa: E402


@pytest.fixture(scope="module")
def adapter():
    return random_adapter("plus")


@pytest.fixture
def safetensors(tmp_path, adapter) -> Path:
    return write_adapter(tmp_path, adapter)


@pytest.fixture
def pickled(tmp_path, adapter) -> Path:
    return write_adapter(tmp_path, adapter, suffix=".bin")


def assert_holds(file: AdapterFile, adapter) -> None:
    for found, written in ((file.image_proj, adapter.image_proj), (file.layers, adapter.layers)):
        assert set(found) == set(written)
        assert all(torch.equal(found[name], written[name]) for name in written)


def refused(path: Path, match: str) -> None:
    with pytest.raises(ModelFileError, match=match) as caught:
        read_adapter(path)
    assert path.name in caught.value.message
    assert caught.value.hint


# --- what is an adapter ---


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("suffix", [".safetensors", ".bin", ".pt", ".pth", ".ckpt"])
def test_both_formats_hold_the_same(tmp_path, dtype, suffix):
    adapter = random_adapter("faceid_plus", dtype=dtype)
    assert_holds(read_adapter(write_adapter(tmp_path, adapter, suffix=suffix)), adapter)


@pytest.mark.parametrize(("variant", "family"), PUBLISHED)
def test_every_variant_is_read(tmp_path, variant, family):
    adapter = random_adapter(variant, family)
    assert_holds(read_adapter(write_adapter(tmp_path, adapter)), adapter)


def test_a_file_by_the_safetensors_package_reads_alike(tmp_path, adapter):
    from safetensors.torch import save_file

    save_file(adapter.flat(), path := tmp_path / "a.safetensors", metadata={"format": "pt"})
    assert_holds(read_adapter(path), adapter)


@pytest.mark.parametrize("group", ["ip_adapter", "adapter_modules"])
@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_flattened_files_and_the_trainers_group_name(tmp_path, adapter, group, suffix):
    path = tmp_path / f"a{suffix}"
    write = write_safetensors if suffix == ".safetensors" else lambda path, tensors: torch.save(tensors, path)
    write(path, adapter.flat(group))
    assert_holds(read_adapter(path), adapter)


def test_wrappers_and_counters_of_trainers_are_passed_over(tmp_path, adapter):
    groups = {"image_proj": adapter.image_proj, "adapter_modules": adapter.layers}
    torch.save({"state_dict": groups, "epoch": 3, "note": "done"}, path := tmp_path / "a.bin")
    assert_holds(read_adapter(path), adapter)


def test_the_old_pickle_format(tmp_path, adapter):
    saved = {"image_proj": adapter.image_proj, "ip_adapter": adapter.layers}
    torch.save(saved, path := tmp_path / "a.bin", _use_new_zipfile_serialization=False)
    assert_holds(read_adapter(path), adapter)


def test_the_suffix_does_not_decide(tmp_path, safetensors, pickled, adapter):
    for path, suffix in ((safetensors, ".ckpt"), (pickled, ".safetensors")):
        assert_holds(read_adapter(path.rename(tmp_path / f"renamed{suffix}")), adapter)


@pytest.mark.parametrize("length", [0x180, 0x280, 0x480])
def test_a_header_whose_length_looks_like_a_pickle(tmp_path, length):
    tensors = {"image_proj.a": torch.zeros(2), "ip_adapter.b": torch.zeros(2)}
    path = write_safetensors(tmp_path / "a.safetensors", tensors)
    own = int.from_bytes(path.read_bytes()[:8], "little")
    longer = {"image_proj.a" + "a" * (length - own): torch.zeros(2), "ip_adapter.b": torch.zeros(2)}
    write_safetensors(path, longer)
    assert path.read_bytes()[:2] == length.to_bytes(2, "little")
    assert len(read_adapter(path).image_proj) == 1


# --- what is none, by its bytes ---


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "Git LFS pointer"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"\n\n  <html lang='en'>", "web page"),
        (b'{"error": "Entry not found"}', "JSON"),
        (b"GGUF\x03\x00\x00\x00" + bytes(64), "GGUF"),
        (b"Entry not found", "neither a safetensors file nor"),
        (b"abc", "neither a safetensors file nor"),
        (bytes(1000), "neither a safetensors file nor"),
        (b"\xff" * 1000, "neither a safetensors file nor"),
        (struct.pack("<Q", 2**60) + b"{}", "neither a safetensors file nor"),
        (struct.pack("<Q", 900) + b"{" + bytes(20), r"incomplete safetensors file \(29 of 908 bytes\)"),
        (struct.pack("<Q", 9) + b"{nonsense", "header cannot be read"),
        (struct.pack("<Q", 8) + b'{"a": 1}', "header cannot be read"),
        (struct.pack("<Q", 4000) + b'{"a":' * 800, "header cannot be read"),
        (struct.pack("<Q", 2) + b"{}", "without tensors"),
        (b"PK\x03\x04" + bytes(200), "damaged or incomplete PyTorch"),
        (b"\x80\x02", "damaged or incomplete PyTorch"),
    ],
)
@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_a_file_that_is_no_weights_is_called_what_it_is(tmp_path, content, said, suffix):
    path = tmp_path / f"ip-adapter{suffix}"
    path.write_bytes(content)
    refused(path, said)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_a_file_cut_short_is_called_incomplete(tmp_path, adapter, share, suffix):
    path = write_adapter(tmp_path, adapter, suffix=suffix)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    refused(path, "incomplete")


def test_a_zip_of_other_things(tmp_path):
    with zipfile.ZipFile(path := tmp_path / "a.bin", "w") as archive:
        archive.writestr("readme.txt", "the adapter is elsewhere")
    refused(path, "PyTorch file")


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@settings(max_examples=150, deadline=None)
@given(
    content=st.binary(max_size=300),
    start=st.sampled_from([b"", b"PK\x03\x04", b"\x80\x02", b"\x10" + bytes(7)]),
)
def test_no_bytes_escape_as_another_error(tmp_path_factory, content, start):
    path = tmp_path_factory.getbasetemp() / "fuzz.bin"
    path.write_bytes(start + content)
    with pytest.raises(ModelFileError):
        read_adapter(path)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@settings(max_examples=80, deadline=None)
@given(at=st.integers(0, 2**31), value=st.integers(0, 255), suffix=st.sampled_from([".safetensors", ".bin"]))
def test_a_flipped_byte_is_read_or_refused(tmp_path_factory, at, value, suffix):
    adapter = random_adapter("faceid", widths=[4], has_lora=False)
    path = write_adapter(tmp_path_factory.getbasetemp(), adapter, name="flipped", suffix=suffix)
    content = bytearray(path.read_bytes())
    content[at % min(len(content), 4000)] = value
    path.write_bytes(content)
    try:
        file = read_adapter(path)
    except ModelFileError:
        return
    assert file.image_proj and file.layers


def test_no_file_at_all(tmp_path):
    for path in (tmp_path / "none.bin", tmp_path):
        with pytest.raises(NotFoundError, match="no adapter file"):
            read_adapter(path)


# --- pickles that are more than weights ---


class Bomb:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("save", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value, 2))])
def test_a_pickle_that_runs_a_program_is_refused_and_does_not_run(tmp_path, adapter, save):
    trace = tmp_path / "exploded"
    save({"image_proj": adapter.image_proj, "ip_adapter": Bomb(trace)}, path := tmp_path / "a.bin")
    refused(path, r"refused because it could run any program.*\.safetensors version")
    assert not trace.exists()


def test_the_bomb_would_have_gone_off(tmp_path):
    trace = tmp_path / "exploded"
    pickle.loads(pickle.dumps(Bomb(trace)))
    assert trace.exists()


@pytest.mark.parametrize("saved", [[1, 2], torch.zeros(3), "weights"])
def test_a_pickle_of_something_else(tmp_path, saved):
    torch.save(saved, path := tmp_path / "a.bin")
    refused(path, f"a saved {type(saved).__name__} and not")


def test_a_pickle_that_claims_more_than_it_holds(tmp_path, adapter):
    huge = torch.zeros(1).expand(10**9, 10**3)
    torch.save(
        {"image_proj": {"proj.weight": huge}, "ip_adapter": adapter.layers}, path := tmp_path / "a.bin"
    )
    refused(path, "claims more numbers than it holds")


# --- numbers ---


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("group", ["image_proj", "layers"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_numbers_that_are_not_finite_are_named(tmp_path, bad, group, dtype):
    adapter = random_adapter("base", dtype=dtype)
    name = next(iter(getattr(adapter, group)))
    getattr(adapter, group)[name][-1, -1] = bad
    refused(write_adapter(tmp_path, adapter), f"NaN or infinite numbers in .*{name}")


def test_the_largest_float16_is_finite(tmp_path):
    adapter = random_adapter("base", dtype=torch.float16)
    adapter.image_proj["proj.weight"][:] = torch.finfo(torch.float16).max
    assert_holds(read_adapter(write_adapter(tmp_path, adapter)), adapter)


@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_quantised_files_are_refused(tmp_path, suffix):
    adapter = random_adapter("base")
    adapter.layers["1.to_k_ip.weight"] = torch.zeros(16, 768, dtype=torch.int8)
    refused(
        write_adapter(tmp_path, adapter, suffix=suffix), r"stored in int8 numbers \(ip_adapter\.1\.to_k_ip"
    )


# --- models of other kinds ---


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight", "lora_unet_x.alpha"], "a LoRA"),
        (["unet.down_blocks.0.attn1.processor.to_q_lora.up.weight"], "a LoRA"),
        (["0.to_q_lora.down.weight", "0.to_q_lora.up.weight"], "a LoRA"),
        (["transformer.single_blocks.0.lora_A.weight"], "a LoRA"),
        (["lycoris_blocks_0.lokr_w1"], "a LoRA"),
        (["model.diffusion_model.input_blocks.0.0.weight", "first_stage_model.x"], "a whole checkpoint"),
        (["control_model.input_hint_block.0.weight"], "a ControlNet"),
        (
            ["down_blocks.0.resnets.0.conv1.weight", "controlnet_cond_embedding.conv_in.weight"],
            "a ControlNet",
        ),
        (["id_adapter.mapping_0.0.weight", "id_adapter_attn_layers.0.id_to_k.weight"], "a PuLID file"),
        (["pulid_ca.0.norm1.weight", "pulid_encoder.latents"], "a PuLID file"),
        (["id_encoder.fuse_module.mlp1.fc1.weight", "lora_weights.x"], "a PhotoMaker file"),
        (["vision_model.embeddings.class_embedding", "visual_projection.weight"], "a CLIP vision model"),
        (["text_model.embeddings.token_embedding.weight"], "a text encoder"),
        (["double_blocks.0.processor.ip_adapter_double_stream_k_proj.weight"], "an IP-Adapter for Flux"),
        (["input_blocks.0.0.weight", "out.0.weight"], "a diffusion model"),
        (["double_blocks.0.img_attn.qkv.weight"], "a diffusion model"),
        (["decoder.conv_in.weight", "encoder.conv_in.weight"], "a VAE"),
        (["emb_params"], "named like 'emb_params'"),
    ],
)
@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_a_model_of_another_kind_is_called_what_it_is(tmp_path, names, said, suffix):
    tensors = {name: torch.zeros(2, 2) for name in names}
    path = tmp_path / f"model{suffix}"
    write_safetensors(path, tensors) if suffix == ".safetensors" else torch.save(tensors, path)
    refused(path, said)


@pytest.mark.parametrize(("lost", "said"), [("image_proj", "'image_proj'"), ("ip_adapter", "'ip_adapter'")])
def test_half_an_adapter(tmp_path, adapter, lost, said):
    half = {name: tensor for name, tensor in adapter.flat().items() if not name.startswith(lost)}
    refused(write_safetensors(tmp_path / "a.safetensors", half), f"without tensors under {said}")


def test_tensors_beside_the_groups(tmp_path, adapter):
    tensors = {**adapter.flat(), "ipadapter.1.to_k_ip.weight": torch.zeros(2)}
    refused(
        write_safetensors(tmp_path / "a.safetensors", tensors),
        r"1 tensors .* 'ipadapter\.1\.to_k_ip\.weight'",
    )
