"""The nodes, and the extension that ComfyUI asks for them."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from .adapter import AdapterLoader, InjectionSettings
from .audio_analysis import AudioAnalysis
from .beat_schedule import BeatScheduleNode
from .catalogue import AppleMusicSearch
from .character import CharacterLoader
from .families import ReferenceModelsNode, WanReference
from .gate import ConsistencyGate
from .gated_ksampler import GatedKSampler
from .identity import IdentityScore
from .injector import EmbeddingInjector
from .matcher import MusicMatcher
from .mixer import AudioMixer
from .music_check import MusicCheck
from .palette import PaletteEnforcer
from .pose import Pose
from .preflight import Preflight
from .project import ProjectLoader, ProjectSaver
from .region import CharacterRegion
from .studio import CharacterStudioNode
from .style import StyleTemplate, StyleTransfer
from .sync import BpmSync
from .theme import PlaceholderBed, ThemePlanner
from .track_library import TrackLibraryNode
from .travel import CharacterExport, CharacterImport
from .video_tempo import VideoTempo


class TowerExtension(ComfyExtension):
    """All of Tower's nodes."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Return the node classes."""
        return [
            CharacterLoader,
            CharacterStudioNode,
            CharacterExport,
            CharacterImport,
            EmbeddingInjector,
            AdapterLoader,
            InjectionSettings,
            CharacterRegion,
            ReferenceModelsNode,
            WanReference,
            ConsistencyGate,
            IdentityScore,
            GatedKSampler,
            Preflight,
            PaletteEnforcer,
            Pose,
            StyleTemplate,
            StyleTransfer,
            BpmSync,
            VideoTempo,
            AudioMixer,
            AudioAnalysis,
            BeatScheduleNode,
            TrackLibraryNode,
            MusicMatcher,
            AppleMusicSearch,
            ThemePlanner,
            MusicCheck,
            PlaceholderBed,
            ProjectLoader,
            ProjectSaver,
        ]
