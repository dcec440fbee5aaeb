"""What an adapter costs a sampling step: ``COMFYUI/.venv/bin/python benchmarks/injection.py COMFYUI [CASE…]``.

Run it with ComfyUI's own Python. Each case is measured at the cross-attentions of the real model's shapes, on
whatever device ComfyUI chooses: the time of what a patch adds to the attention that was there, beside the arithmetic that no
implementation can do without, run bare: the attention to the reference tokens, and their keys and values. Two
bounds are told, with keys and values projected in every step, as the method was published, and once a run of
20 steps, as done here. On a GPU, SDXL is also sampled whole, with weights of noise.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

PACK = Path(__file__).resolve().parents[1]
N_STEPS, N_ROUNDS = 20, 7
COMMON = {"image_size": 32, "in_channels": 4, "out_channels": 4, "model_channels": 320, "legacy": False}
NETWORKS = {
    "sd15": {
        **{"num_res_blocks": [2] * 4, "channel_mult": [1, 2, 4, 4], "context_dim": 768, "num_heads": 8},
        **{"transformer_depth": [1] * 6 + [0] * 2, "transformer_depth_output": [1] * 9 + [0] * 3},
        "transformer_depth_middle": 1,
    },
    "sdxl": {
        **{"num_res_blocks": [2] * 3, "channel_mult": [1, 2, 4], "context_dim": 2048},
        **{
            "transformer_depth": [0, 0, 2, 2, 10, 10],
            "transformer_depth_output": [0] * 3 + [2] * 3 + [10] * 3,
        },
        **{"transformer_depth_middle": 10, "use_linear_in_transformer": True, "num_head_channels": 64},
        **{"num_classes": "sequential", "adm_in_channels": 2816},
    },
}


@dataclass(frozen=True)
class Case:
    """A model at a size, with so many reference tokens."""

    family: str
    side: int
    n_tokens: int
    is_masked: bool = False

    @property
    def label(self) -> str:
        masked = ", masked" if self.is_masked else ""
        return f"{self.family} {self.side}², {self.n_tokens} tokens{masked}"


CASES = [
    Case("sd15", 512, 4),
    Case("sd15", 512, 16),
    Case("sd15", 512, 16, is_masked=True),
    Case("sd15", 512, 257),
    Case("sdxl", 1024, 4),
    Case("sdxl", 1024, 16),
    Case("sdxl", 1024, 64),
]


def load(name: str, path: Path, **options: Any) -> Any:
    """Import a file under a name, as ComfyUI does with packs."""
    spec = importlib.util.spec_from_file_location(name, path, **options)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def start(comfy: Path) -> Any:
    """Make ComfyUI and the pack importable; on a machine without CUDA, for the CPU."""
    import torch

    sys.path[0] = str(comfy)
    if not torch.cuda.is_available():
        from comfy.cli_args import args

        args.cpu = True
    kept = load("launch", PACK / "tests/support/launch.py")._declare_torchvision_operators()
    load("pack", PACK / "__init__.py", submodule_search_locations=[str(PACK)])
    return kept


def empty_unet(family: str, dtype: Any) -> Any:
    """Return the real network without weights."""
    import comfy.ops
    from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel

    network = {key: list(v) if isinstance(v, list) else v for key, v in NETWORKS[family].items()}
    operations = comfy.ops.disable_weight_init
    options = {"use_spatial_transformer": True, "dtype": dtype, "device": "meta", "operations": operations}
    return UNetModel(**COMMON, **network, **options)


def adapter_for(sites: list[Any], dtype: Any) -> Any:
    """Return an adapter of noise."""
    import torch
    from pack.consistency.injection.sites import in_file_order
    from pack.host.adapters.layers import AdapterLayers, managed

    layers = {
        f"{2 * order + 1}.to_{kind}_ip.weight": (torch.randn(site.width, site.context) / 50).to(dtype)
        for order, site in enumerate(in_file_order(sites))
        for kind in "kv"
    }
    return SimpleNamespace(
        name="noise", file=SimpleNamespace(layers=layers), layers=managed(AdapterLayers(layers))
    )


def levels_of(site: Any) -> int:
    """How often the latent is halved before a block."""
    width = {320: 0, 640: 1, 1280: 2}[site.width]
    deep = site.block == "middle" or (site.block == "output" and site.number <= 2)
    return 3 if site.context == 768 and deep else width


def timed(work: Callable[[], Any]) -> float:
    """Return the seconds that work takes, until the device is done with it."""
    import torch

    wait = torch.cuda.synchronize if torch.cuda.is_available() else lambda: None
    wait()
    start = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - start


def measure(case: Case) -> tuple[float, float, float]:
    """Return the milliseconds a step of what patches add, and of both bounds."""
    import comfy.model_management as memory
    import torch
    from comfy.ldm.modules.attention import optimized_attention
    from comfy.model_sampling import ModelSamplingDiscrete
    from pack.consistency.injection.weights import SiteWeight
    from pack.host.adapters.clock import Clock
    from pack.host.adapters.injection import Injection, Schedule, Tokens
    from pack.host.adapters.sites import unet_sites

    device = memory.get_torch_device()
    dtype = torch.float32 if device.type == "cpu" else torch.float16
    sites = unet_sites(SimpleNamespace(model=SimpleNamespace(diffusion_model=empty_unet(case.family, dtype))))
    adapter = adapter_for(sites, dtype)
    memory.load_models_gpu([adapter.layers])
    from pack.consistency.injection.sites import pair_layers

    numbers = {site.place: number for site, number in pair_layers(adapter.file.layers, sites).items()}
    tokens = Tokens(*(torch.randn(1, case.n_tokens, sites[0].context) for _ in range(2)))
    mask = torch.rand(1, 64, 64) if case.is_masked else None
    injection = Injection(
        adapter.layers, numbers, tokens, Schedule({site.place: SiteWeight(0.8) for site in sites}),
        Clock(ModelSamplingDiscrete(None)), mask=mask,
    )  # fmt: skip
    sigmas = torch.tensor([5.0], device=device)
    both = torch.cat([tokens.conditional, tokens.unconditional]).to(device, dtype)
    ours, bare, projections = [], [], []
    layers = adapter.layers.model
    for site in sites:
        side = case.side // 8 >> levels_of(site)
        n_heads = 8 if case.family == "sd15" else site.width // 64
        q = torch.randn(2, side * side, site.width, device=device, dtype=dtype)
        options = {
            **{"n_heads": n_heads, "cond_or_uncond": [0, 1], "sigmas": sigmas},
            "activations_shape": [2, site.width, side, side],
        }
        out = torch.zeros_like(q)
        number = numbers[site.place]
        keys, values = layers.keys_and_values(number, both)
        given = (out, site.place, q, options)
        ours.append(lambda given=given: injection.added(*given, in_place=True))
        bare.append(lambda q=q, k=keys, v=values, n=n_heads: optimized_attention(q, k, v, n))
        projections.append(lambda number=number: layers.keys_and_values(number, both))
    found: dict[str, list[float]] = {"ours": [], "bare": [], "projections": []}
    with torch.inference_mode():
        for _ in range(N_ROUNDS):
            injection.forget()
            # The first step of a run computes keys and values, the other steps find them.
            first, later = (timed(lambda: [work() for work in ours]) for _ in range(2))
            found["ours"].append((first + (N_STEPS - 1) * later) / N_STEPS)
            found["bare"].append(timed(lambda: [work() for work in bare]))
            found["projections"].append(timed(lambda: [work() for work in projections]))
    ms = {name: 1000 * statistics.median(times[1:]) for name, times in found.items()}
    return ms["ours"], ms["bare"] + ms["projections"], ms["bare"] + ms["projections"] / N_STEPS


def sample_sdxl() -> None:
    """Sample SDXL at 1024² in fp16 with and without an adapter, in turn; print time and memory."""
    import comfy.model_management as memory
    import comfy.sample
    import comfy.sd
    import torch
    from pack.host.adapters.apply import AdapterSettings, place_adapter
    from pack.host.adapters.injection import Tokens
    from pack.host.adapters.sites import unet_sites

    weights = {}
    for name, value in empty_unet("sdxl", torch.float16).state_dict().items():
        drawn = torch.ones(value.shape) if name.endswith("weight") else torch.zeros(value.shape)
        if value.ndim > 1:
            drawn = torch.randn(value.shape, device="cuda") * (0.7 / value[0].numel() ** 0.5)
        weights[name] = drawn.half().cpu()
    model = comfy.sd.load_diffusion_model_state_dict(weights)
    adapter = adapter_for(unet_sites(model), torch.float16)
    tokens = Tokens(*(torch.randn(1, 16, 2048) for _ in range(2)))
    models = {"bare": model, "adapter": place_adapter(model, adapter, tokens, AdapterSettings()).model}
    latent = torch.zeros(1, 4, 128, 128)

    def run(patched: Any) -> float:
        prompts = [[[torch.randn(1, 77, 2048), {"pooled_output": torch.randn(1, 1280)}]] for _ in range(2)]
        noise = comfy.sample.prepare_noise(latent, 1)
        with torch.inference_mode():
            return timed(
                lambda: comfy.sample.sample(
                    patched, noise, N_STEPS, 7.0, "euler", "normal", *prompts, latent, disable_pbar=True
                )
            )

    seconds: dict[str, list[float]] = {name: [] for name in models}
    peaks: dict[str, float] = {}
    for turn in range(N_ROUNDS):
        for name, patched in models.items():
            memory.unload_all_models()
            if turn:
                run(patched)  # Loads, so that loading is not measured.
            torch.cuda.reset_peak_memory_stats()
            seconds[name].append(run(patched))
            peaks[name] = torch.cuda.max_memory_allocated() / 2**20
    ms = {name: 1000 * statistics.median(times[1:]) / N_STEPS for name, times in seconds.items()}
    print(f"SDXL 1024² fp16, 16 tokens, {torch.cuda.get_device_name()}, {N_STEPS} steps, cond and uncond:")
    print(f"  {ms['bare']:.2f} ms a step bare, {ms['adapter']:.2f} ms with the adapter,")
    print(f"  peak {peaks['bare']:.0f} MiB bare, {peaks['adapter']:.0f} MiB with the adapter")


def main() -> None:
    """Measure the cases that are asked for, or all."""
    comfy, asked = Path(sys.argv[1]).resolve(), set(sys.argv[2:])
    sys.argv = sys.argv[:1]
    kept = start(comfy)  # noqa: F841 - until the process ends
    import torch

    print(f"{'case':32} {'ours':>8} {'bound':>8} {'ratio':>6} {'bound, once a run':>18} {'ratio':>6}")
    for case in CASES:
        if not asked or case.family in asked:
            ours, bound, least = measure(case)
            print(
                f"{case.label:32} {ours:8.2f} {bound:8.2f} {ours / bound:6.2f} {least:18.2f} "
                f"{ours / least:6.2f}"
            )
    if torch.cuda.is_available() and (not asked or "sdxl" in asked):
        sample_sdxl()


if __name__ == "__main__":
    main()
