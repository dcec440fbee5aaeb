"""Rights: who may be put under picture, what a project uses, and whether it may be published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, NotFoundError, ProviderError, RightsError
from ..music.catalog.catalog_track import CatalogTrack, Licence
from ..music.catalog.ledger import Finding, LicenceUse
from ..music.catalog.licences import APPLE_MUSIC, DEEZER, USER_SUPPLIED, licence_of
from ..music.catalog.publishing import findings_of, ledger_csv, ledger_markdown
from ..music.catalog.rights import require_sync_right
from ..production.part_file import part_file
from ..production.project import Project

if TYPE_CHECKING:
    from ..db.licence_uses import LicenceUseRepository
    from .catalogues import CatalogueService

FORMS = ("csv", "markdown")
PRODUCED = "entered when the work was made"
_NEVER = {"apple_music": APPLE_MUSIC, "deezer": DEEZER}


@dataclass(frozen=True, slots=True)
class Ledger:
    """The music of a project.

    Parameters
    ----------
    uses : tuple of LicenceUse
        In the order they were made.
    findings : tuple of Finding
        What a publisher has to know; what blocks comes first.
    """

    project: Project
    uses: tuple[LicenceUse, ...]
    findings: tuple[Finding, ...]

    @property
    def may_publish(self) -> bool:
        """Whether nothing blocks."""
        return not any(finding.is_blocking for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {
            "project_id": self.project.id,
            "project": self.project.name,
            "may_publish": self.may_publish,
            "uses": [use.as_json() for use in self.uses],
            "findings": [finding.as_json() for finding in self.findings],
        }

    def text(self, form: str) -> str:
        """Return the ledger as ``csv`` or ``markdown``."""
        if form not in FORMS:
            raise InputError(f"There is no form {form[:40]!r}.", field="form", hint="Use csv or markdown.")
        return (
            ledger_csv(self.uses)
            if form == "csv"
            else ledger_markdown(self.project.name, self.uses, self.findings)
        )


def file_licence(path: Path, stated: str = "") -> Licence:
    """Return the licence of a file that may be put under picture.

    Parameters
    ----------
    stated : str
        What the user said of it; it goes before the tags of the file.

    Raises
    ------
    RightsError
        If that licence forbids it.
    UnreadableAudioError
        If it has no sound.
    """
    from ..music.catalog.tags import read_tags

    tags = read_tags(path)
    licence = licence_of(stated) if stated and stated != USER_SUPPLIED.name else tags.licence
    return require_sync_right(CatalogTrack("file", path.name, tags.title, tags.artist, licence))


class LicenceService:
    """Keeps the ledger and says what a licence allows."""

    def __init__(
        self, uses: LicenceUseRepository, catalogues: CatalogueService, *, unknown_blocks: bool
    ) -> None:
        self._uses = uses
        self._catalogues = catalogues
        self._unknown_blocks = unknown_blocks

    def require_sync_right(self, source: str | Path) -> CatalogTrack:
        """Return the track that is to be put under picture, or say why it may not be.

        Parameters
        ----------
        source : str or Path
            A file, or a track as ``provider:id``.

        Raises
        ------
        RightsError
            If its licence forbids it; the sentence names the track.
        InputError, NotFoundError, ProviderError
            If it is no file and no track.
        """
        track = self._track(str(source))
        require_sync_right(track)
        return track

    def sync_file(self, source: str | Path) -> Path:
        """Return the file of a track that may be put under picture; see `require_sync_right`.

        Raises
        ------
        InputError
            Also if the track is a catalogue's and its file is not on this machine.
        """
        track = self.require_sync_right(source)
        if track.path is None:
            place = f" from {track.url}" if track.url else ""
            raise InputError(
                f"{track.label} ({track.reference}) may be put under picture, but its file is not here.",
                field="audio",
                hint=f"Download it{place}, keep to {track.licence.name}, and give the file.",
            )
        return track.path

    def record(
        self, project_id: int, source: str | Path | CatalogTrack, used_in: str, note: str = ""
    ) -> LicenceUse:
        """Enter a use into a project's ledger.

        What may not be used is entered too: a ledger says what is so, and `check` blocks it.
        """
        track = source if isinstance(source, CatalogTrack) else self._track(str(source))
        return self._uses.record(LicenceUse(project_id, track, used_in, note))

    def record_produced(self, project_id: int, path: Path, used_in: str) -> LicenceUse:
        """Enter the music of a work that was just made, in place of what an earlier making had.

        What a person entered or cleared stays.
        """
        use = self.record(project_id, path, used_in, PRODUCED)
        for other in self._uses.list(project_id):
            if other.used_in == use.used_in and other.note == PRODUCED and other.id != use.id:
                self._uses.remove(other.id or 0)
        return use

    def clear(self, use_id: int, note: str) -> LicenceUse:
        """State that the right to a use was got by other ways, and by which."""
        return self._uses.clear(use_id, note)

    def remove(self, use_id: int) -> None:
        """Take a use out of the ledger."""
        self._uses.remove(use_id)

    def ledger(self, project: Project, *, is_commercial: bool = False) -> Ledger:
        """Return the ledger of a project with what stands against publishing it."""
        uses = self._uses.list(project.id)
        findings = findings_of(uses, unknown_blocks=self._unknown_blocks, is_commercial=is_commercial)
        return Ledger(project, tuple(uses), tuple(findings))

    def require_publishable(self, project: Project, *, is_commercial: bool = False) -> Ledger:
        """Return the ledger of a project that may be published.

        Raises
        ------
        RightsError
            If something blocks; the sentence has all that does.
        """
        ledger = self.ledger(project, is_commercial=is_commercial)
        reasons = [finding.reason for finding in ledger.findings if finding.is_blocking]
        if reasons:
            raise RightsError(
                f"{project.name} may not be published yet: {' '.join(reasons)}",
                field="project",
                hint="Replace the tracks, or clear a use by saying how its right was got.",
            )
        return ledger

    def export(self, ledger: Ledger, form: str, target: Path) -> Path:
        """Write a ledger to a file, whole or not at all."""
        with part_file(target) as part:
            part.write_text(ledger.text(form), encoding="utf-8", newline="")
        return target

    def _track(self, source: str) -> CatalogTrack:
        """Look a track up; what may never be used is told so even when its catalogue cannot be asked."""
        try:
            return self._catalogues.track(source)
        except (ProviderError, NotFoundError):
            provider, _, track_id = source.replace("-", "_", 1).partition(":")
            if provider not in _NEVER:
                raise
            return CatalogTrack(provider, track_id[:100], source[:100], "", _NEVER[provider])
