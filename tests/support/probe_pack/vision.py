"""A CLIP_VISION small enough for tests: it tells pictures apart by the mean colours of their parts."""

from types import SimpleNamespace

import torch
from comfy_api.latest import io

N_BANDS = 3
# As CLIP models of 224 pixels: one state for the whole picture, and one for each of 16 × 16 patches.
N_PATCHES = 16


class BandVision:
    """What a Load CLIP Vision node gives, as far as packs use it.

    A picture is embedded as the mean colours of three bands. With a width other than nine these numbers, and
    the colours of the patches, go through fixed matrices of noise, so that the result is as wide as asked.
    """

    image_size = 224
    model = SimpleNamespace(state_dict=lambda: {"bands": torch.arange(8.0)})

    def __init__(self, width=9, hidden_width=24):
        self.width, self.hidden_width = width, hidden_width

    def encode_image(self, pixels, crop=True):
        bands = torch.cat([band.mean(dim=(1, 2)) for band in pixels.chunk(N_BANDS, dim=1)], dim=1) - 0.5
        patches = torch.nn.functional.adaptive_avg_pool2d(pixels.movedim(-1, 1), N_PATCHES) - 0.5
        states = torch.cat([patches.mean(dim=(2, 3))[:, None], patches.flatten(2).mT], dim=1)
        return {
            "image_embeds": bands if self.width == bands.shape[1] else _widened(bands, self.width),
            "penultimate_hidden_states": _widened(states, self.hidden_width),
        }


def _widened(rows, width):
    noise = torch.randn(rows.shape[-1], width, generator=torch.Generator().manual_seed(width))
    return rows @ noise


class ClipVision(io.ComfyNode):
    """Gives the small CLIP_VISION."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="TowerProbeClipVision",
            category="probe",
            inputs=[
                io.Int.Input("width", default=9, min=1, max=4096, optional=True),
                io.Int.Input("hidden_width", default=24, min=1, max=4096, optional=True),
            ],
            outputs=[io.ClipVision.Output()],
        )

    @classmethod
    def execute(cls, width=9, hidden_width=24):
        return io.NodeOutput(BandVision(width, hidden_width))
