"""The commands of music catalogues: index, search, playlists, licences."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from ..services.catalogues import CatalogQuery, parse_shots
from .shared import AsJson, opened_services
from .terminal import print_json, progress_bars, stderr, stdout

if TYPE_CHECKING:
    from rich.table import Table

    from ..music.catalog.ledger import LicenceUse
    from ..music.catalog.playlist import Playlist
    from ..services.catalogues import RankedTrack
    from ..services.music_index import IndexState

_LOOKING_UP = "tracks"


def add_catalogue_commands(music_app: typer.Typer) -> None:
    """Add the commands to the group ``tower music``."""
    music_app.command("providers")(music_providers)
    music_app.command("index")(music_index)
    music_app.command("search")(music_search)
    music_app.command("playlist")(music_playlist)
    music_app.command("licences")(music_licences)


def music_providers(as_json: AsJson = False) -> None:
    """List the catalogues: what each can do, and what has to be set for it."""
    with opened_services() as opened:
        states = opened.catalogues.providers()
    if as_json:
        print_json([state.as_json() for state in states])
        return
    table = _table("catalogue", "state", "can", "")
    for state in states:
        word = "[green]available[/]" if state.is_available else "[yellow]unavailable[/]"
        table.add_row(state.name, word, ", ".join(state.can), _text(state.reason))
    stdout().print(table)


def music_index(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FOLDER]...", help="Folders of music.", show_default="TOWER_MUSIC"),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, and index what changes, until Ctrl-C.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Index folders of music: what is there, its tags, its digests. A stopped run goes on where it was."""
    with opened_services() as opened:
        index = opened.catalogues.index
        with progress_bars(as_json=as_json) as progress:
            state = index.index(folders or (), progress)
        unreadable = opened.catalogues.unreadable()
        if as_json:
            print_json({**state.as_json(), "unreadable": unreadable})
        else:
            _show_index(state, unreadable)
        if watch:
            if folders:
                raise InputError(
                    "Only the folders of TOWER_MUSIC are watched.",
                    field="watch",
                    hint="Set it to these folders.",
                )
            index.watch()
            stderr().print("Watching; Ctrl-C ends it.")
            while index.state().is_watching:
                time.sleep(1.0)


def music_search(
    term: Annotated[str, typer.Argument(help="Title, artist or mood.", show_default=False)] = "",
    provider: Annotated[
        str, typer.Option(help="local, apple-music, deezer or jamendo; see `tower music providers`.")
    ] = "local",
    genre: Annotated[str, typer.Option(help="Name of a genre.", show_default=False)] = "",
    isrc: Annotated[str, typer.Option(help="The one recording with this code.", show_default=False)] = "",
    charts: Annotated[
        bool, typer.Option("--charts", help="What is played most, instead of a search.")
    ] = False,
    bpm: Annotated[str, typer.Option(help="Wished tempo, as 120-140 or 128.", show_default=False)] = "",
    tempo_from: Annotated[
        str, typer.Option(help="Where unknown tempi come from: deezer, or preview.", show_default=False)
    ] = "",
    shots: Annotated[
        str,
        typer.Option(help="Lengths of shots whose cuts it is to carry, as 1.7,2.3,4.", show_default=False),
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=200, help="Tracks at most.")] = 25,
    as_json: AsJson = False,
) -> None:
    """Find tracks in a catalogue, ranked by tempo, cuts and words, with what each licence allows."""
    low, high = _range(bpm)
    with opened_services() as opened, progress_bars(as_json=as_json) as progress:
        found = opened.catalogues.search(
            provider,
            CatalogQuery(term, genre, isrc, charts, low, high, limit, parse_shots(shots)),
            lambda done, total: progress(_LOOKING_UP, done, total),
            tempo_from=tempo_from,
        )
        state = opened.catalogues.catalog(provider).state()
    if as_json:
        print_json([ranked.as_json() for ranked in found])
        return
    stdout().print(_track_table(found))
    if not found:
        stderr().print(f"Nothing was found. {state.reason}", markup=False, soft_wrap=True)


def music_playlist(
    name: Annotated[str, typer.Argument(help="Name of the playlist.", show_default="all are listed")] = "",
    tracks: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TRACK]...", help="As `search` names them, or files.", show_default="shown"),
    ] = None,
    provider: Annotated[
        str, typer.Option(help="apple-music: keep it in your Apple Music library too.", show_default=False)
    ] = "",
    description: Annotated[str, typer.Option(help="What it is for.", show_default=False)] = "",
    as_json: AsJson = False,
) -> None:
    """List playlists, show one, or add tracks to one, which is made when it is new."""
    with opened_services() as opened, progress_bars(as_json=as_json) as progress:
        if not name:
            shown = opened.playlists.list()
        elif tracks:
            made = opened.playlists.create_or_extend(
                name,
                tracks,
                lambda done, total: progress(_LOOKING_UP, done, total),
                description=description,
                provider=provider.replace("-", "_"),
            )
            shown = [made]
        else:
            shown = [opened.playlists.named(name)]
    if as_json:
        print_json(shown[0].as_json() if name else [playlist.as_json() for playlist in shown])
        return
    if not name:
        stdout().print(_playlists_table(shown))
        return
    stdout().print(_playlist_title(shown[0]), markup=False)
    for track in shown[0].tracks:
        stdout().print(f"  {track.reference}  {track.label}", markup=False, highlight=False, soft_wrap=True)


def music_licences(
    project: Annotated[str, typer.Argument(help="Name of the project.", show_default=False)],
    add: Annotated[
        str,
        typer.Option(help="A track that is used: its name in a catalogue, or a file.", show_default=False),
    ] = "",
    used_in: Annotated[str, typer.Option(help="Where: the episode.", show_default=False)] = "",
    clear: Annotated[
        int | None, typer.Option(min=1, help="Number of a use whose right was got by other ways.")
    ] = None,
    remove: Annotated[int | None, typer.Option(min=1, help="Number of a use to take out.")] = None,
    note: Annotated[str, typer.Option(help="Which contract, say.", show_default=False)] = "",
    csv: Annotated[Path | None, typer.Option("--csv", help="Write the ledger as CSV.")] = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", help="Write the ledger as Markdown.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Fail when something blocks publishing.")] = False,
    commercial: Annotated[bool, typer.Option("--commercial", help="The work earns money.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show, change and export which music a project uses and under which licences."""
    with opened_services() as opened:
        found = opened.projects.find(project)
        licences = opened.licences
        if add:
            licences.record(found.id, add, used_in, note)
        if clear is not None:
            licences.clear(clear, note)
        if remove is not None:
            licences.remove(remove)
        ledger = licences.ledger(found, is_commercial=commercial)
        for form, target in (("csv", csv), ("markdown", markdown)):
            if target is not None:
                licences.export(ledger, form, target)
        if as_json:
            print_json(ledger.as_json())
        else:
            stdout().print(_ledger_table(ledger.uses))
            for finding in ledger.findings:
                word = "blocks publishing" if finding.is_blocking else "note"
                stderr().print(f"{word}: {finding.reason}", markup=False, soft_wrap=True)
        if check and not ledger.may_publish:
            raise typer.Exit(2)


def _range(text: str) -> tuple[float | None, float | None]:
    if not text:
        return None, None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:[-–]\s*(\d+(?:\.\d+)?))?\s*", text)
    if not found:
        raise InputError(f"{text[:40]!r} is no tempo.", field="bpm", hint="Give it as 128, or as 120-140.")
    low = float(found[1])
    return (low, float(found[2])) if found[2] else (low * 0.97, low * 1.03)


def _show_index(state: IndexState, unreadable: list[dict[str, str]]) -> None:
    facts = f"{state.n_found} files of music, {state.n_new} new or changed, {state.n_gone} gone"
    stdout().print(f"{facts}, {state.n_obstacles + len(unreadable)} not readable.")
    for trouble in (*state.obstacles, *unreadable):
        stderr().print(f"note: {trouble['path']}: {trouble['reason']}", markup=False, soft_wrap=True)


def _track_table(found: list[RankedTrack]) -> Table:
    table = _table("track", "title", "BPM", "key", "length", "licence", "why")
    for ranked in found:
        track = ranked.track
        tempo = "–" if track.tempo_bpm is None else f"{track.tempo_bpm:.0f} ({track.tempo_source})"
        seconds = track.duration_seconds
        length = "–" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
        colour = "" if track.licence.may_sync else "red"
        table.add_row(
            _text(track.reference),
            _text(track.label),
            tempo,
            _text(track.key or "–"),
            length,
            _text(track.licence.name, colour),
            _text("; ".join(ranked.reasons[:-1])),
        )
    return table


def _playlists_table(playlists: list[Playlist]) -> Table:
    table = _table("name", "tracks", "library")
    for playlist in playlists:
        sent = f"{playlist.provider}: {playlist.n_sent} there" if playlist.provider else ""
        table.add_row(_text(playlist.name), str(len(playlist.tracks)), sent)
    return table


def _playlist_title(playlist: Playlist) -> str:
    sent = f", {playlist.n_sent} of them in the {playlist.provider} library" if playlist.provider else ""
    return f"{playlist.name}: {len(playlist.tracks)} tracks{sent}."


def _ledger_table(uses: tuple[LicenceUse, ...]) -> Table:
    table = _table("no.", "used in", "track", "licence", "may be used", "note")
    for use in uses:
        right = "cleared" if use.is_cleared else use.track.licence.sync.value
        texts = (use.used_in, use.track.label, use.track.licence.name, right, use.note)
        table.add_row(str(use.id), *(_text(text) for text in texts))
    return table


def _table(*columns: str) -> Table:
    from rich.table import Table

    table = Table(header_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _text(text: str, style: str = "") -> Any:
    from rich.text import Text

    return Text(text, style=style)
