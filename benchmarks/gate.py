"""What a gate costs a sampler run, beyond its encoder: ``python benchmarks/gate.py [STEPS] [SIDE] [RUNS]``.

Runs a real ComfyUI (the first of ``COMFYUI_PATH``, else of ``~/comfy/ComfyUI*``) with the tests' tiny
checkpoint: KSampler → VAE Decode → Consistency Gate, with a scorer that answers at once. So the gate's
own time is what converting, joining, storing and the contact sheet cost, and nothing of an encoder. The times
are the recorder's, of one and the same run. A real checkpoint samples far more slowly, so the share falls.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.comfy import CHECKPOINT, PROBE_PACK, comfy_server, find_hosts
from support.jobs import wait_for_job
from tower_anime.services import open_services
from tower_anime.settings import Settings


def graph(seed: int, steps: int, side: int) -> dict:
    """Return a prompt: checkpoint, sampler, decoder, gate."""
    euler = {"sampler_name": "euler", "scheduler": "normal", "cfg": 7.0, "denoise": 1.0}
    gate = {"on_fail": "report", "threshold": 0.0, "encoder": "auto", "gate_type": "post_gen"}
    inputs = {
        "1": ("CheckpointLoaderSimple", {"ckpt_name": CHECKPOINT}),
        "2": ("CLIPTextEncode", {"text": "a girl", "clip": ["1", 1]}),
        "3": ("EmptyLatentImage", {"width": side, "height": side, "batch_size": 1}),
        "4": (
            "KSampler",
            {
                **{"model": ["1", 0], "positive": ["2", 0], "negative": ["2", 0]},
                **{"latent_image": ["3", 0], "seed": seed, "steps": steps, **euler},
            },
        ),
        "5": ("VAEDecode", {"samples": ["4", 0], "vae": ["1", 2]}),
        "6": ("TowerCharacterLoader", {"character": "Aki"}),
        "7": ("TowerConsistencyGate", {"images": ["5", 0], "character": ["6", 0], **gate}),
        "8": ("PreviewAny", {"source": ["7", 4]}),
    }
    return {key: {"class_type": kind, "inputs": given} for key, (kind, given) in inputs.items()}


def measure(steps: int, side: int, n_runs: int) -> list[dict[str, float]]:
    """Return the seconds of sampler, decoder and gate in each run, the first of which is left out."""
    host, found = find_hosts()[0], []
    print(f"{host.name}, {steps} steps at {side}×{side}, {n_runs} runs")
    with comfy_server(host, packs=[PROBE_PACK]) as server, tempfile.TemporaryDirectory() as folder:
        services = open_services(
            Settings(server.home, f"sqlite:///{server.home / 'tower.db'}", server.output)
        )
        services.characters.extend("Aki", [_picture(Path(folder))])
        server.request("POST", "/probe/scorer", {"scores": [0.9]})
        for run in range(n_runs + 1):
            prompt_id = server.run_prompt(graph(run, steps, side), timeout=600)["prompt_id"]
            nodes = wait_for_job(services.jobs, prompt_id).performance_metrics["nodes"]
            found.append({nodes[key]["type"]: nodes[key]["seconds"] for key in ("4", "5", "7")})
        services.close()
    return found[1:]


def _picture(folder: Path) -> Path:
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (640, 640), (225, 228, 232))
    ImageDraw.Draw(picture).ellipse((180, 80, 460, 440), fill=(40, 60, 160))
    picture.save(folder / "aki.png")
    return folder / "aki.png"


def main() -> None:
    steps, side, n_runs = (int(value) for value in (*sys.argv[1:], *(20, 512, 6)[len(sys.argv) - 1 :]))
    runs = measure(steps, side, n_runs)
    gate = statistics.median(run["TowerConsistencyGate"] for run in runs)
    sampling = statistics.median(run["KSampler"] + run["VAEDecode"] for run in runs)
    ratios = sorted(run["TowerConsistencyGate"] / (run["KSampler"] + run["VAEDecode"]) for run in runs)
    print(f"sampler and decoder {sampling:.2f} s, gate without its encoder {1000 * gate:.1f} ms")
    print(f"overhead: median {statistics.median(ratios):.2%}, worst {ratios[-1]:.2%} (goal: below 3 %)")


if __name__ == "__main__":
    main()
