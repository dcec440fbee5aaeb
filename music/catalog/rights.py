"""The right to put a recording under picture."""

from __future__ import annotations

from ...errors import RightsError
from .catalog_track import CatalogTrack, Licence


def require_sync_right(track: CatalogTrack) -> Licence:
    """Return the licence of a track that may be put under picture.

    Raises
    ------
    RightsError
        If it may not; the sentence names the track and says why.
    """
    if track.licence.may_sync:
        return track.licence
    raise RightsError(
        f"{track.label} ({track.reference}) may not be put under picture: {track.licence.reason}",
        field="audio",
        hint="Use music of your own, generated music, or a track whose licence allows it; "
        "this one can be listed in a playlist.",
    )
