"""Nodes that only tests use: slow, failing and expanding ones, and routes that look inside the host."""

import time

from comfy_api.latest import ComfyExtension, io, ui
from comfy_execution.graph_utils import GraphBuilder


class Slow(io.ComfyNode):
    """Takes its time, with progress."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="TowerProbeSlow",
            category="probe",
            inputs=[
                io.Float.Input("seconds", default=1.0, min=0.0, max=600.0),
                io.Int.Input("steps", default=15, min=1, max=1000),
                io.Int.Input("seed", default=0),
            ],
            outputs=[io.Int.Output("seed_out")],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, seconds, steps, seed):
        import comfy.utils

        bar = comfy.utils.ProgressBar(steps)
        for step in range(steps):
            time.sleep(seconds / steps)
            bar.update_absolute(step + 1, steps)
        return io.NodeOutput(seed, ui=ui.PreviewText(f"seed {seed}"))


class Failing(io.ComfyNode):
    """Raises the text it is given."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="TowerProbeFailing",
            category="probe",
            inputs=[
                io.String.Input("text", default="it broke"),
                io.Int.Input("seed", default=0, optional=True),
            ],
            outputs=[],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, text, seed):
        raise RuntimeError(text)


class Expanding(io.ComfyNode):
    """Becomes a chain of slow nodes."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="TowerProbeExpanding",
            category="probe",
            inputs=[io.Int.Input("links", default=3, min=1, max=20), io.Int.Input("seed", default=0)],
            outputs=[io.Int.Output("seed_out")],
            is_output_node=True,
            enable_expand=True,
        )

    @classmethod
    def execute(cls, links, seed):
        graph, value = GraphBuilder(), seed
        for _ in range(links):
            value = graph.node("TowerProbeSlow", seconds=0.05, steps=2, seed=value).out(0)
        return io.NodeOutput(value, expand=graph.finalize())


class ProbeExtension(ComfyExtension):
    async def get_node_list(self):
        from .music import Music, StillMusic, Takes
        from .pictures import BrokenPicture, Picture
        from .vision import ClipVision

        return [Slow, Failing, Expanding, Picture, BrokenPicture, ClipVision, Music, StillMusic, Takes]


async def comfy_entrypoint():
    from . import recording, scoring  # noqa: F401 - they declare their routes

    return ProbeExtension()
