"""What a licence ledger says before a project is published, and the ledger as CSV and Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from .catalog_track import SyncRight
from .ledger import Finding, LicenceUse

COLUMNS = ("used in", "title", "artist", "album", "licence", "licence url", "conditions", "may be used")
COLUMNS += ("source", "reference", "file", "sha256", "attribution", "note")


def findings_of(uses: Sequence[LicenceUse], *, unknown_blocks: bool, is_commercial: bool) -> list[Finding]:
    """Return what stands against publishing, or has to be kept to.

    Parameters
    ----------
    uses : sequence of LicenceUse
        Of one project.
    unknown_blocks : bool
        Whether music of which no licence is known blocks, or is only told.
    is_commercial : bool
        Whether the work earns money; then ``no commercial use`` blocks.

    Returns
    -------
    list of Finding
        What blocks comes first.
    """
    found = [
        finding
        for use in uses
        if not use.is_cleared
        for finding in _findings(use, unknown_blocks=unknown_blocks, is_commercial=is_commercial)
    ]
    return sorted(found, key=lambda finding: not finding.is_blocking)


def _findings(use: LicenceUse, *, unknown_blocks: bool, is_commercial: bool) -> list[Finding]:
    track, licence = use.track, use.track.licence
    if licence.sync is SyncRight.REFUSED:
        return [Finding(use, True, f"{track.label} in {use.used_in} may not be used: {licence.reason}")]
    if licence.sync is SyncRight.UNKNOWN:
        reason = f"{track.label} in {use.used_in} has no known licence ({licence.name})."
        return [Finding(use, unknown_blocks, reason)]
    found = []
    if "no commercial use" in licence.conditions:
        told = "which a commercial work breaks" if is_commercial else "so the work must earn nothing"
        reason = f"{track.label} in {use.used_in} is {licence.name}: no commercial use, {told}."
        found.append(Finding(use, is_commercial, reason))
    if "share alike" in licence.conditions:
        reason = f"{track.label} in {use.used_in} is {licence.name}: the work has to be shared under it too."
        found.append(Finding(use, False, reason))
    if "attribution" in licence.conditions:
        found.append(Finding(use, False, f"Credit {track.attribution}."))
    return found


def ledger_csv(uses: Sequence[LicenceUse]) -> str:
    """Return the ledger as CSV with a heading (RFC 4180).

    A cell that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows([_defused(cell) for cell in _row(use)] for use in uses)
    return out.getvalue()


def ledger_markdown(project_name: str, uses: Sequence[LicenceUse], findings: Sequence[Finding]) -> str:
    """Return the ledger as a Markdown page: the table, the credits, and what is to be settled."""
    lines = [f"# Music of {_inline(project_name)}", ""]
    if not uses:
        return "\n".join([*lines, "No music is used.", ""])
    shown = ("used in", "title", "artist", "licence", "may be used", "source", "note")
    lines += [f"| {' | '.join(shown)} |", f"|{' --- |' * len(shown)}"]
    for use in uses:
        cells = dict(zip(COLUMNS, _row(use), strict=True))
        lines.append(f"| {' | '.join(_inline(cells[name]) for name in shown)} |")
    lines += ["", "## Credits", ""]
    lines += [f"- {_inline(credit)}" for credit in dict.fromkeys(use.track.attribution for use in uses)]
    if findings:
        lines += ["", "## To be settled", ""]
        lines += [
            f"- {'**blocks publishing** ' if finding.is_blocking else ''}{_inline(finding.reason)}"
            for finding in findings
        ]
    return "\n".join([*lines, ""])


def _row(use: LicenceUse) -> list[str]:
    track, licence = use.track, use.track.licence
    right = "cleared" if use.is_cleared else licence.sync.value
    source = track.url or track.provider
    return [
        *(use.used_in, track.title, track.artist, track.album, licence.name, licence.url),
        *("; ".join(licence.conditions), right, source, track.reference, str(track.path or "")),
        *(track.sha256, track.attribution, use.note),
    ]


def _defused(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _inline(text: str) -> str:
    text = " ".join(text.split())
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[")
