"""Menu categories and the sockets that only Tower's nodes have."""

from __future__ import annotations

from comfy_api.latest import io

CHARACTER = "Tower/Character"
CONSISTENCY = "Tower/Consistency"
MUSIC = "Tower/Music"
PROJECT = "Tower/Project"

CharacterSocket = io.Custom("TOWER_CHARACTER")
ProjectSocket = io.Custom("TOWER_PROJECT")
TimelineSocket = io.Custom("TOWER_TIMELINE")
