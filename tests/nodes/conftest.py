"""A studio beside each running ComfyUI: characters and projects in its database, pictures and sound in its
input folder, and graphs to run."""

from __future__ import annotations

import copy
import json
import time
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from support.comfy import CHECKPOINT, LORA, ComfyServer
from tower_anime.consistency.character import Character, CharacterLora
from tower_anime.services import Services, open_services
from tower_anime.settings import Settings

SAMPLE_RATE = 22050
WORKFLOWS = Path(__file__).parent / "workflows"
SILVER_GIRL = {"hair": (196, 202, 214), "coat": (170, 30, 44), "legs": (38, 40, 60), "long_hair": True}
GREEN_BOY = {"hair": (40, 150, 70), "coat": (240, 200, 60), "legs": (120, 70, 30), "long_hair": False}


def draw_figure(
    *,
    hair: tuple[int, int, int],
    coat: tuple[int, int, int],
    legs: tuple[int, int, int],
    long_hair: bool,
    size: tuple[int, int] = (576, 768),
    shift: int = 0,
    backdrop: tuple[int, int, int] = (226, 232, 238),
) -> Image.Image:
    """Draw a standing person in flat colours with dark outlines."""
    image = Image.new("RGB", size, backdrop)
    pen, (width, height) = ImageDraw.Draw(image), size
    middle, line = width / 2 + shift, (30, 24, 34)

    def oval(x: float, y: float, rx: float, ry: float, fill: tuple[int, int, int]) -> None:
        box = [middle + x * width - rx * width, (y - ry) * height]
        pen.ellipse(
            [*box, box[0] + 2 * rx * width, box[1] + 2 * ry * height], fill=fill, outline=line, width=4
        )

    oval(0, 0.24 + 0.14 * long_hair, 0.2, 0.17 + 0.12 * long_hair, hair)
    for side in (-1, 1):
        left = middle + side * 0.09 * width - 0.05 * width
        pen.rectangle(
            [left, 0.7 * height, left + 0.1 * width, 0.96 * height], fill=legs, outline=line, width=4
        )
    shoulders = [(-0.1, 0.38), (0.1, 0.38), (0.2, 0.74), (-0.2, 0.74)]
    pen.polygon([(middle + x * width, y * height) for x, y in shoulders], fill=coat, outline=line, width=4)
    oval(0, 0.27, 0.13, 0.12, (248, 222, 204))
    oval(0, 0.185, 0.155, 0.07, hair)
    for side in (-1, 1):
        oval(side * 0.055, 0.28, 0.022, 0.022, (60, 90, 170))
    return image


@dataclass
class Graph:
    """A graph in API form, built node by node."""

    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, class_type: str, **inputs: Any) -> Node:
        node_id = str(len(self.nodes) + 1)
        self.nodes[node_id] = {"class_type": class_type, "inputs": inputs}
        return Node(node_id)


class Node(list):
    """A link to a node's first output; `out` makes one to another."""

    def __init__(self, node_id: str) -> None:
        super().__init__([node_id, 0])
        self.id = node_id

    def out(self, index: int) -> list[Any]:
        return [self.id, index]


@dataclass
class Studio:
    """One host with what a user would have in it."""

    comfy: ComfyServer
    services: Services
    folder: Path

    def picture(self, name: str, image: Image.Image) -> str:
        """Put a picture into the input folder."""
        image.save(self.comfy.input / name)
        return name

    def character(
        self,
        name: str,
        looks: dict[str, Any] | None = None,
        *,
        sizes: Sequence[tuple[int, int]] = ((576, 768),) * 4,
        **fields: Any,
    ) -> Character:
        """Store a character with one drawn reference for each size, or return the one that exists."""
        if name in self.services.characters.labels():
            return self.services.characters.by_label(name)
        made = self.services.characters.create(name, **fields)
        files = []
        for number, size in enumerate(sizes if looks else ()):
            file = self.folder / f"{name}-{number}.png"
            backdrop = (226 - 14 * number, 232 - 6 * number, 238)
            draw_figure(**looks, size=size, shift=9 * number - 12, backdrop=backdrop).save(file)
            files.append(file)
        return self.services.characters.add_references(made.id, files)[0] if files else made

    def run(self, graph: Graph | dict[str, Any], **options: Any) -> Run:
        """Run a graph and return what came of it."""
        prompt = graph.nodes if isinstance(graph, Graph) else graph
        return Run(self.comfy.run_prompt(copy.deepcopy(prompt), **options))

    def workflow(self, name: str) -> dict[str, Any]:
        """Return an example workflow in API form, with this host's files in it."""
        return json.loads((WORKFLOWS / f"{name}.json").read_text("utf-8"))

    def job(self, run: Run) -> Any:
        """Return the job that was recorded for a run, once its end is: history knows that first."""
        deadline = time.monotonic() + 15
        while True:
            job = self.services.jobs.by_prompt(run.prompt_id)
            if job is not None and job.completed_at is not None:
                return job
            assert time.monotonic() < deadline, f"the job of {run.prompt_id} did not end: {job}"
            time.sleep(0.05)


@dataclass
class Run:
    """What a prompt left in the host's history."""

    history: dict[str, Any]

    @property
    def prompt_id(self) -> str:
        return self.history["prompt_id"]

    @property
    def succeeded(self) -> bool:
        return self.history["status"]["status_str"] == "success"

    @property
    def error(self) -> dict[str, Any]:
        """The host's error message, with ``node_id``, ``exception_type`` and ``exception_message``."""
        return next(body for kind, body in self.history["status"]["messages"] if kind == "execution_error")

    @property
    def cached(self) -> set[str]:
        return {
            node
            for kind, body in self.history["status"]["messages"]
            if kind == "execution_cached"
            for node in body["nodes"]
        }

    def text(self, node: Node) -> str:
        """What a Preview Any showed."""
        return self.history["outputs"][node.id]["text"][0]

    def json(self, node: Node) -> Any:
        return json.loads(self.text(node))

    def ran(self, node: Node) -> bool:
        """Whether an output node ran."""
        return node.id in self.history["outputs"]


@pytest.fixture(scope="session")
def studio(comfy: ComfyServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    settings = Settings(comfy.home, f"sqlite:///{comfy.home / 'tower.db'}", comfy.output)
    services = open_services(settings)
    yield Studio(comfy, services, tmp_path_factory.mktemp("drawn"))
    services.close()


@pytest.fixture
def graph() -> Graph:
    return Graph()


@pytest.fixture(scope="session")
def graph_class() -> type[Graph]:
    return Graph


@pytest.fixture(scope="session")
def looks() -> dict[str, dict[str, Any]]:
    """How Aki and Ben look."""
    return {"Aki": SILVER_GIRL, "Ben": GREEN_BOY}


@pytest.fixture(scope="session")
def drawn(looks: dict[str, dict[str, Any]]) -> Callable[..., Image.Image]:
    """Draw Aki or Ben, with other positions and sizes."""
    return lambda name, **options: draw_figure(**looks[name], **options)


@pytest.fixture(scope="session")
def aki(studio: Studio) -> Character:
    return studio.character(
        "Aki",
        SILVER_GIRL,
        prompt="silver hair, red coat",
        negative_prompt="hat",
        loras=[CharacterLora(LORA, 0.8, 0.6)],
    )


@dataclass
class Sampler:
    """The nodes around a short sampling, up to and after what is tested."""

    graph: Graph
    seed: int = 3

    def __post_init__(self) -> None:
        self.checkpoint = self.graph.add("CheckpointLoaderSimple", ckpt_name=CHECKPOINT)
        self.model, self.clip, self.vae = (self.checkpoint.out(index) for index in range(3))
        self.positive = self.graph.add("CLIPTextEncode", text="a person in a street", clip=self.clip)
        self.negative = self.graph.add("CLIPTextEncode", text="blurry", clip=self.clip)
        self.latent = self.graph.add("EmptyLatentImage", width=64, height=64, batch_size=1)

    def inject(self, character: str, **options: Any) -> Node:
        loader = self.graph.add("TowerCharacterLoader", character=character)
        wired = {"model": self.model, "clip": self.clip, "positive": self.positive, "negative": self.negative}
        return self.graph.add(
            "TowerEmbeddingInjector",
            **wired,
            character=loader,
            **{
                "strength": 1.0,
                "on_missing": "stop",
                "use_prompt": True,
                "use_lora": True,
                "use_reference_latents": True,
                **options,
            },
        )

    def sample(self, injected: Node | None = None, prefix: str = "plain") -> Node:
        """Sample, and save the latent; `prefix` names the file."""
        outs = [injected.out(index) for index in range(4)] if injected else []
        model, _, positive, negative = outs or [self.model, self.clip, self.positive, self.negative]
        latent = self.graph.add(
            "KSampler",
            **{"model": model, "positive": positive, "negative": negative, "latent_image": self.latent},
            **{"seed": self.seed, "steps": 2, "cfg": 4.0, "denoise": 1.0},
            **{"sampler_name": "euler", "scheduler": "normal"},
        )
        self.graph.add("SaveLatent", samples=latent, filename_prefix=f"latents/{prefix}")
        return latent


@pytest.fixture
def sampler(graph: Graph) -> Sampler:
    return Sampler(graph)


@pytest.fixture(scope="session")
def sampler_class() -> type[Sampler]:
    return Sampler


@pytest.fixture
def scorer(comfy: ComfyServer):
    """Install scores, one for each call of the scorer; `calls` takes them out and counts the calls."""
    installed = []

    def install(*scores):
        assert comfy.request("POST", "/probe/scorer", {"scores": list(scores)})[0] == 200
        installed.append(scores)

    def calls() -> int:
        installed.pop()
        return comfy.request("DELETE", "/probe/scorer")[1]["n_calls"]

    install.calls = calls
    yield install
    while installed:
        calls()


@dataclass(frozen=True)
class Media:
    """Makes sound and video in a host's input folder; what is there already stays."""

    folder: Path

    def clicks(self, name: str, *, bpm: float = 120.0, seconds: float = 16.0) -> Path:
        """Write a WAV of short clicks, every fourth one louder and lower, over a soft chord."""
        time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        sound = 0.02 * sum(np.sin(2 * np.pi * hertz * time) for hertz in (220.0, 277.2, 329.6))
        for beat in range(int(seconds * bpm / 60)):
            since = np.maximum(time - beat * 60 / bpm, 0.0)
            hertz, loud = (440.0, 0.8) if beat % 4 == 0 else (880.0, 0.5)
            sound += loud * np.exp(-40 * since) * np.sin(2 * np.pi * hertz * since)
        return self._wav(name, sound)

    def silence(self, name: str, *, seconds: float = 8.0) -> Path:
        return self._wav(name, np.zeros(int(seconds * SAMPLE_RATE)))

    def video(
        self, name: str, shot_seconds: Sequence[float], *, fps: int = 24, size: tuple[int, int] = (320, 180)
    ) -> Path:
        """Write an MP4 whose shots differ in colour and pattern, with a slow move in each."""
        import av

        path = self.folder / name
        if path.is_file():
            return path
        rows, columns = np.mgrid[: size[1], : size[0]]
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=fps)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            for shot, seconds in enumerate(shot_seconds):
                colour = np.array([(shot * 89) % 256, (shot * 151 + 60) % 256, (shot * 43 + 120) % 256])
                for number in range(round(seconds * fps)):
                    pattern = np.sin((columns * (1 + shot % 3) + rows * (shot % 4) + number) / 23.0)
                    pixels = np.clip(colour + 60 * pattern[..., None], 0, 255).astype(np.uint8)
                    container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode(None))
        return path

    @staticmethod
    def seconds_of(path: Path) -> float:
        """Count a video's frames, and return how long they last."""
        import av

        with av.open(str(path)) as container:
            rate = container.streams.video[0].average_rate
            return sum(1 for _ in container.decode(video=0)) / float(rate)

    def _wav(self, name: str, sound: np.ndarray) -> Path:
        path = self.folder / name
        if not path.is_file():
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(SAMPLE_RATE)
                file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
        return path


@pytest.fixture(scope="session")
def media(studio: Studio) -> Media:
    return Media(studio.comfy.input)
