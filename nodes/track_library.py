"""The Track Library node."""

from __future__ import annotations

import json

from comfy_api.latest import io, ui

from .. import services
from ..host.execution import progress_bar
from ..host.paths import input_directory
from ..services.track_library import INPUT_FOLDER, LIBRARY, SOURCES, GatheredTracks, summary_json
from .sockets import MUSIC, TracksSocket


class TrackLibraryNode(io.ComfyNode):
    """Lists music that was analysed, and analyses what is new."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="TowerTrackLibrary",
            display_name="Track Library",
            category=MUSIC,
            description=(
                "Analyses the music of your folders, each recording once, and lists it with tempo, key, "
                "energy, mood and length, for the Music Matcher."
            ),
            inputs=[
                io.Combo.Input(
                    "source",
                    options=list(SOURCES),
                    default=SOURCES[0],
                    tooltip=(
                        "library: all that was ever analysed. music folders: the folders of TOWER_MUSIC. "
                        "input folder: ComfyUI's input folder."
                    ),
                ),
                _bpm(
                    "min_bpm", "No track slower than this; a larger value leaves slow ones out. 0: no bound."
                ),
                _bpm("max_bpm", "No track faster than this; a larger value lets fast ones in. 0: no bound."),
                io.Int.Input(
                    "max_new",
                    default=50,
                    min=0,
                    max=10_000,
                    step=1,
                    tooltip="New files that are analysed in one run, a second each; larger takes longer.",
                ),
            ],
            outputs=[
                TracksSocket.Output("tracks", display_name="tracks", tooltip="For the Music Matcher."),
                io.Int.Output("count", display_name="count", tooltip="How many they are."),
                io.String.Output("report", display_name="report", tooltip="The tracks as a JSON list."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, **_inputs: object) -> float:
        # What lies in the folders changes without any input changing.
        return float("nan")

    @classmethod
    def execute(cls, *, source: str, min_bpm: float, max_bpm: float, max_new: int) -> io.NodeOutput:
        opened = services.current()
        tempo = (min_bpm, max_bpm or 400.0) if min_bpm or max_bpm else None
        if source == LIBRARY:
            found = GatheredTracks(opened.music.library.all(tempo))
        else:
            inputs = source == INPUT_FOLDER
            folders = [input_directory()] if inputs else opened.settings.catalogues.folders
            found = opened.music.gather(folders, tempo=tempo, max_new=max_new, progress=progress_bar())
        lines = "\n".join(
            f"{track.label}: {track.tempo_bpm or 0:.0f} BPM, {track.key or 'no key'}"
            for track in found.tracks[:50]
        )
        report = json.dumps([summary_json(track) for track in found.tracks], ensure_ascii=False)
        shown = "\n".join(filter(None, [found.summary, lines]))
        return io.NodeOutput(found.tracks, len(found.tracks), report, ui=ui.PreviewText(shown))


def _bpm(name: str, tooltip: str) -> io.Input:
    return io.Float.Input(name, default=0.0, min=0.0, max=400.0, step=0.5, tooltip=tooltip)
