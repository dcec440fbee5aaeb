"""Pictures from seeds, at no cost: for what is tested behind a sampler and not of it."""

import time

import torch
from comfy_api.latest import io


class Picture(io.ComfyNode):
    """Makes noise of a seed."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="TowerProbePicture",
            category="probe",
            inputs=[
                io.Int.Input("seed", default=0, min=0, max=2**64 - 1),
                io.Int.Input("batch_size", default=1, min=1, max=16, optional=True),
                io.Float.Input("seconds", default=0.0, min=0.0, max=60.0, optional=True),
            ],
            outputs=[io.Image.Output()],
        )

    @classmethod
    def execute(cls, seed, batch_size=1, seconds=0.0):
        time.sleep(seconds)
        generator = torch.Generator().manual_seed(seed % 2**63)
        return io.NodeOutput(torch.rand((batch_size, 64, 64, 3), generator=generator))


class BrokenPicture(io.ComfyNode):
    """Puts one value that is not a number into a picture of a batch, as a VAE that overflows does."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="TowerProbeBrokenPicture",
            category="probe",
            inputs=[io.Image.Input("images"), io.Int.Input("at", default=0, min=0, max=999)],
            outputs=[io.Image.Output()],
        )

    @classmethod
    def execute(cls, images, at):
        broken = images.clone()
        broken[at, 0, 0, 0] = float("nan")
        return io.NodeOutput(broken)
