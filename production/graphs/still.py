"""The workflow of one still: words become a picture, which is judged and filed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...errors import InputError
from .casting import LOADER

GATE, SAVER = "TowerConsistencyGate", "TowerProjectSaver"
REPORT = "report"

# Outputs of the nodes, as they declare them.
_MODEL, _CLIP, _VAE = 0, 1, 2
_PASSED, _FAILED = 0, 1
_LARGEST = 8192
_LARGEST_SEED = 2**64 - 1


@dataclass(frozen=True, slots=True)
class StillOrder:
    """A picture that is wished for.

    Parameters
    ----------
    scene : str
        What it shows, in the words of the model.
    checkpoint : str
        File name, as ComfyUI lists it.
    width, height : int
        In pixels: multiples of 8, 64 to 8192.
    seed : int
        0 to 2⁶⁴ − 1.
    negative : str
        What it shall not show.
    character : str
        Label of whom it shall show, for the gate; empty for nobody.
    steps : int
        1 to 1000.
    cfg : float
        Guidance, 0 to 100.
    sampler_name, scheduler : str
        As ComfyUI names them.
    on_fail : str
        What the gate does with a picture that fails: ``report`` or ``regenerate``.
    max_attempts : int
        Most attempts when regenerating, the first included.
    project : str
        Name of the project that it is filed under.

    Raises
    ------
    InputError
        If a value is out of its bounds.
    """

    scene: str
    checkpoint: str
    width: int
    height: int
    seed: int
    negative: str = ""
    character: str = ""
    steps: int = 25
    cfg: float = 6.0
    sampler_name: str = "euler"
    scheduler: str = "normal"
    on_fail: str = REPORT
    max_attempts: int = 4
    project: str = "My Project"

    def __post_init__(self) -> None:
        """Check each value against what the nodes take."""
        for name in ("width", "height"):
            side = getattr(self, name)
            if not 64 <= side <= _LARGEST or side % 8:
                raise InputError(
                    f"The {name} is {side}.", field=name, hint=f"It is a multiple of 8 from 64 to {_LARGEST}."
                )
        if not 0 <= self.seed <= _LARGEST_SEED:
            raise InputError(f"The seed is {self.seed}.", field="seed", hint="It goes from 0 to 2⁶⁴ − 1.")
        if not self.scene.strip():
            raise InputError("The scene is empty.", field="scene", hint="Say what the picture shows.")


def still_graph(order: StillOrder) -> dict[str, dict[str, Any]]:
    """Return the workflow of a still in ComfyUI's API form.

    With a character its picture goes through a Consistency Gate, whose verdict is stored with the job. A
    picture that fails or cannot be measured is filed under another name; of several attempts, the best is.
    """
    graph = _sampling(order)
    if not order.character:
        return {**graph, "file": _file(["picture", 0], order)}
    return {
        **graph,
        "character": _node(LOADER, character=order.character, version=0),
        "gate": _gate(order),
        "file": _file(["gate", _PASSED], order),
        "file_failed": _file(["gate", _FAILED], order, "still_failed"),
    }


def _sampling(order: StillOrder) -> dict[str, dict[str, Any]]:
    return {
        "checkpoint": _node("CheckpointLoaderSimple", ckpt_name=order.checkpoint),
        "positive": _node("CLIPTextEncode", text=order.scene, clip=["checkpoint", _CLIP]),
        "negative": _node("CLIPTextEncode", text=order.negative, clip=["checkpoint", _CLIP]),
        "canvas": _node("EmptyLatentImage", width=order.width, height=order.height, batch_size=1),
        "sampler": _node(
            "KSampler",
            model=["checkpoint", _MODEL],
            positive=["positive", 0],
            negative=["negative", 0],
            latent_image=["canvas", 0],
            seed=order.seed,
            steps=order.steps,
            cfg=order.cfg,
            sampler_name=order.sampler_name,
            scheduler=order.scheduler,
            denoise=1.0,
        ),
        "picture": _node("VAEDecode", samples=["sampler", 0], vae=["checkpoint", _VAE]),
    }


def _gate(order: StillOrder) -> dict[str, Any]:
    return _node(
        GATE,
        images=["picture", 0],
        character=["character", 0],
        on_fail=order.on_fail,
        threshold=0.0,
        encoder="auto",
        gate_type="post_gen",
        max_attempts=order.max_attempts,
    )


def _file(picture: list[Any], order: StillOrder, prefix: str = "still") -> dict[str, Any]:
    return _node(SAVER, images=picture, project_name=order.project, filename_prefix=prefix)


def _node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}
