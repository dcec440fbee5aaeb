"""Menu categories and the sockets that only Tower's nodes have."""

from __future__ import annotations

from comfy_api.latest import io

CHARACTER = "Tower/Character"
CONSISTENCY = "Tower/Consistency"
MUSIC = "Tower/Music"
PROJECT = "Tower/Project"

CharacterSocket = io.Custom("TOWER_CHARACTER")
ProjectSocket = io.Custom("TOWER_PROJECT")
ReportSocket = io.Custom("TOWER_REPORT")
AttemptsSocket = io.Custom("TOWER_ATTEMPTS")
AdapterSocket = io.Custom("TOWER_ADAPTER")
InjectionSettingsSocket = io.Custom("TOWER_INJECTION_SETTINGS")
CastSocket = io.Custom("TOWER_CAST")
ReferenceModelsSocket = io.Custom("TOWER_REFERENCE_MODELS")
TimelineSocket = io.Custom("TOWER_TIMELINE")
TrackAnalysisSocket = io.Custom("TOWER_TRACK_ANALYSIS")
TracksSocket = io.Custom("TOWER_TRACKS")


class _AnyText(str):
    """A type that differs from no other, which is how ComfyUI 0.3.64 tells that it fits any."""

    __slots__ = ()

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


# For combos of other nodes: their type is their list, which differs from installation to installation.
AnyChoice = io.Custom(_AnyText("*"))
