"""A CLIP_VISION small enough for tests: it embeds the mean colours of three bands of a picture."""

from types import SimpleNamespace

import torch
from comfy_api.latest import io


class BandVision:
    """What a Load CLIP Vision node gives, as far as packs use it."""

    model = SimpleNamespace(state_dict=lambda: {"bands": torch.arange(8.0)})

    def encode_image(self, pixels, crop=True):
        bands = [band.mean(dim=(1, 2)) for band in pixels.chunk(3, dim=1)]
        return {"image_embeds": torch.cat(bands, dim=1) - 0.5}


class ClipVision(io.ComfyNode):
    """Gives the small CLIP_VISION."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="TowerProbeClipVision",
            category="probe",
            inputs=[],
            outputs=[io.ClipVision.Output()],
        )

    @classmethod
    def execute(cls):
        return io.NodeOutput(BandVision())
