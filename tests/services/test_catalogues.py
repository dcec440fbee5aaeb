"""Searches with tempi from elsewhere, playlists in a library, and the ledger of a project."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest
from support.catalogues import CLIENT_ID, KEY_ID, TEAM_ID, USER_TOKEN, Fault, contract_server
from support.keys import public_key_of, write_apple_key
from support.media import write_song
from tower_anime import services
from tower_anime.errors import InputError, NotFoundError, ProviderError, RightsError
from tower_anime.music.catalog.transport import Request
from tower_anime.services.catalogue_transport import HttpTransport
from tower_anime.services.catalogues import CatalogQuery
from tower_anime.services.licences import file_licence
from tower_anime.services.sync import SyncOptions
from tower_anime.settings import load_settings


@pytest.fixture
def contract(tmp_path: Path):
    key = write_apple_key(tmp_path / "key.p8")
    with contract_server(public_key=public_key_of(key), preview=_excerpt(tmp_path)) as contract:
        yield contract


def environment(tmp_path: Path, url: str) -> dict[str, str]:
    return {
        "TOWER_HOME": str(tmp_path / "home"),
        "TOWER_APPLE_MUSIC_KEY": str(tmp_path / "key.p8"),
        "TOWER_APPLE_MUSIC_KEY_ID": KEY_ID,
        "TOWER_APPLE_MUSIC_TEAM_ID": TEAM_ID,
        "TOWER_APPLE_MUSIC_USER_TOKEN": USER_TOKEN,
        "TOWER_APPLE_MUSIC_STOREFRONT": "jp",
        "TOWER_JAMENDO_CLIENT_ID": CLIENT_ID,
        "TOWER_APPLE_MUSIC_URL": url,
        "TOWER_DEEZER_URL": url,
        "TOWER_JAMENDO_URL": url,
    }


@pytest.fixture
def opened(tmp_path: Path, contract):
    opened = services.open_services(load_settings(environment(tmp_path, contract.url)))
    yield opened
    opened.close()


def _excerpt(tmp_path: Path) -> bytes:
    """Return 20 s of a song at 128 BPM as MPEG-4."""
    import io

    import av
    import numpy as np

    write_song(tmp_path / "song.wav", bpm=128, seconds=20)
    with wave.open(str(tmp_path / "song.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44_100, layout="mono")
        for start in range(0, samples.size - 1024, 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], "fltp", "mono")
            frame.sample_rate, frame.pts = 44_100, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def unseen(_done: int, _total: int) -> None:
    return None


def search(opened, provider: str, *, tempo_from: str = "", **fields):
    return opened.catalogues.search(provider, CatalogQuery(**fields), unseen, tempo_from=tempo_from)


def test_tempi_that_apple_does_not_tell_come_from_deezer_by_isrc(opened) -> None:
    found = search(
        opened, "apple_music", term="night", limit=6, min_bpm=103, max_bpm=103, tempo_from="deezer"
    )
    tempi = {ranked.track.id: ranked.track.tempo_bpm for ranked in found}
    assert found[0].track.id == "1003" and found[0].track.tempo_source == "deezer"
    assert tempi["1001"] == 101 and tempi["1005"] is None


def test_or_from_the_excerpt_heard_in_memory_and_once(opened, contract, tmp_path) -> None:
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    found = search(opened, "apple-music", term="night", limit=2, tempo_from="preview")
    assert [ranked.track.tempo_source for ranked in found] == ["preview"] * 2
    assert all(ranked.track.tempo_bpm == pytest.approx(128, rel=0.02) for ranked in found)
    search(opened, "apple-music", term="night", limit=2, tempo_from="preview")
    assert sum(path.startswith("/preview/") for path in contract.paths()) == 2
    after = {path for path in tmp_path.rglob("*") if path.is_file()} - set(before)
    assert not [path for path in after if path.suffix in (".m4a", ".mp3", ".wav", ".aac")]


def test_an_excerpt_that_fails_leaves_the_tempo_unknown(opened, contract) -> None:
    contract.preview = b"<html>gone</html>"
    [found] = search(opened, "apple_music", isrc="JPU900000001", tempo_from="preview")
    assert found.track.tempo_bpm is None


def test_an_excerpt_elsewhere_is_not_fetched(contract) -> None:
    transport = HttpTransport((contract.url,))
    for url in (
        "http://169.254.169.254/latest",
        "https://itunes.apple.com.evil.example/x",
        "file:///etc/passwd",
    ):
        with pytest.raises(ProviderError, match="not its own"):
            transport.send(Request(url))
    with pytest.raises(ProviderError, match="cannot be reached"):
        HttpTransport(("http://127.0.0.1:9",)).send(Request("http://127.0.0.1:9/x"))
    with pytest.raises(ProviderError, match="more than"):
        transport.send(Request(f"{contract.url}/v3.0/tracks/", max_bytes=10))


def test_a_token_that_cannot_be_sent_is_told_without_showing_it(contract) -> None:
    request = Request(contract.url, headers={"Authorization": "Bearer s3cret\nX: y"})
    with pytest.raises(InputError, match="cannot be sent") as told:
        HttpTransport((contract.url,)).send(request)
    assert "s3cret" not in str(told.value) and "s3cret" not in repr(request)


def test_settings_show_no_secret(tmp_path, contract) -> None:
    shown = repr(load_settings(environment(tmp_path, contract.url)))
    assert USER_TOKEN not in shown and CLIENT_ID not in shown
    for name, value in (
        ("TOWER_APPLE_MUSIC_URL", "http://api.music.apple.com"),
        ("TOWER_APPLE_MUSIC_STOREFRONT", "japan"),
        ("TOWER_UNKNOWN_LICENCE", "maybe"),
    ):
        with pytest.raises(InputError, match=name):
            load_settings({"TOWER_HOME": str(tmp_path), name: value})


# Playlists


def test_a_playlist_here_takes_tracks_of_any_catalogue(opened, tmp_path) -> None:
    write_song(tmp_path / "mine.wav", seconds=1)
    references = ["apple_music:1001", "deezer:9002", "jamendo:500", str(tmp_path / "mine.wav")]
    made = opened.playlists.create("夜", [*references, "deezer:9002"], unseen)
    assert [track.provider for track in made.tracks] == ["apple_music", "deezer", "jamendo", "file"]
    assert opened.playlists.get(made.id) == made == opened.playlists.named("夜")


def test_a_library_playlist_is_made_once_and_filled_to_the_end(opened, contract) -> None:
    contract.n_songs = 250
    ids = [str(1000 + number) for number in range(130)]
    references = [f"apple_music:{song_id}" for song_id in ids]
    made = opened.playlists.create("Cues", references[:120], unseen, provider="apple_music")
    assert (made.remote_id, made.n_sent) == ("p.0", 120)
    more = opened.playlists.create_or_extend(
        "Cues", references[110:], unseen, description="", provider="apple_music"
    )
    assert more.id == made.id and more.n_sent == 130
    assert [playlist["tracks"] for playlist in contract.playlists.values()] == [ids]


def test_what_failed_in_the_middle_goes_on_and_sends_nothing_twice(opened, contract) -> None:
    contract.n_songs = 250
    ids = [str(1000 + number) for number in range(120)]
    apple, add = opened.catalogues.apple, opened.catalogues.apple.add_to_playlist
    apple.add_to_playlist = lambda *arguments: contract.faults.append(Fault(503)) or add(*arguments)
    references = [f"apple_music:{song_id}" for song_id in ids]
    with pytest.raises(ProviderError):
        opened.playlists.create("Cues", references, unseen, provider="apple_music")
    apple.add_to_playlist = add
    stored = opened.playlists.named("Cues")
    assert (stored.remote_id, stored.n_sent, len(stored.tracks)) == ("p.0", 100, 120)
    assert opened.playlists.extend(stored.id, [], unseen).n_sent == 120
    assert [playlist["tracks"] for playlist in contract.playlists.values()] == [ids]


def test_a_library_takes_only_its_own_tracks(opened, contract) -> None:
    with pytest.raises(InputError, match="deezer:9001 is no track of Apple Music"):
        opened.playlists.create("x", ["deezer:9001"], unseen, provider="apple_music")
    with pytest.raises(NotFoundError):
        opened.playlists.create("x", ["apple_music:1"], unseen, provider="apple_music")
    assert contract.playlists == {} and opened.playlists.list() == []


# Rights


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("apple_music:1003", "藍の空 – Song 3"),
        ("apple-music:1003", "藍の空 – Song 3"),
        ("deezer:9003", "藍の空 – Song 3"),
        ("jamendo:501", "CC BY-NC-ND 3.0"),
        ("https://audio-ssl.itunes.apple.com/x/preview.m4a", "Apple Music"),
        ("https://cdns-preview-a.dzcdn.net/stream/x.mp3", "Deezer"),
    ],
)
def test_sync_refuses_by_name_and_says_why(opened, source, named) -> None:
    with pytest.raises(RightsError) as told:
        opened.licences.require_sync_right(Path(source))
    assert named in str(told.value) and "may not" in str(told.value) and told.value.hint


def test_it_refuses_also_when_the_catalogue_cannot_be_asked(opened, contract) -> None:
    contract.faults = [Fault(500)] * 8
    with pytest.raises(RightsError, match="apple_music:1003"):
        opened.licences.require_sync_right("apple_music:1003")


def test_sync_takes_the_users_files_and_free_licences(opened, tmp_path) -> None:
    write_song(tmp_path / "mine.wav", seconds=1)
    assert opened.licences.require_sync_right(tmp_path / "mine.wav").title == "mine"
    assert opened.licences.require_sync_right("jamendo:500").licence.name == "CC BY 3.0"
    with pytest.raises(InputError, match="does not exist"):
        opened.licences.require_sync_right(tmp_path / "no.wav")


def test_the_ledger_of_a_project_blocks_until_it_is_settled(opened, tmp_path) -> None:
    project = opened.projects.create("Paper Moon")
    write_song(tmp_path / "mine.wav", seconds=1)
    opened.licences.record(project.id, "jamendo:500", "Episode 1")
    opened.licences.record(project.id, "jamendo:500", "Episode 1", "again")
    opened.licences.record(project.id, "apple_music:1003", "Episode 1")
    mine = opened.licences.record(project.id, tmp_path / "mine.wav", "Episode 2")
    ledger = opened.licences.ledger(project)
    assert len(ledger.uses) == 3 and not ledger.may_publish
    assert [finding.is_blocking for finding in ledger.findings] == [True, True, False]
    with pytest.raises(RightsError, match="Song 3 in Episode 1"):
        opened.licences.require_publishable(project)
    opened.licences.clear(mine.id, "contract of 3 May")
    opened.licences.remove(next(use.id for use in ledger.uses if use.track.provider == "apple_music"))
    settled = opened.licences.require_publishable(project)
    for form, target in (("csv", tmp_path / "out" / "music.csv"), ("markdown", tmp_path / "music.md")):
        text = opened.licences.export(settled, form, target).read_text(encoding="utf-8")
        assert "Song 0" in text and "contract of 3 May" in text and "CC BY 3.0" in text


def test_a_ledger_keeps_the_licence_that_was_when_the_track_was_used(opened, contract) -> None:
    project = opened.projects.create("Paper Moon")
    opened.licences.record(project.id, "jamendo:500", "Episode 1")
    contract.n_songs = 0
    [use] = opened.licences.ledger(project).uses
    assert use.track.licence.name == "CC BY 3.0"
    opened.projects.delete(project.id, cascade=True)
    with pytest.raises(NotFoundError):
        opened.licences.ledger(project)


def test_sync_is_asked_by_reference_and_needs_the_file(opened, tmp_path) -> None:
    def sync(source: str):
        options = SyncOptions()
        return opened.sync.sync_files(
            tmp_path / "x.mp4", Path(source), output=tmp_path / "out.mp4", options=options, progress=unseen
        )

    with pytest.raises(RightsError, match="Song 3"):
        sync("apple_music:1003")
    with pytest.raises(InputError, match="its file is not here"):
        sync("jamendo:500")
    write_song(tmp_path / "mine.wav", seconds=1)
    assert opened.licences.sync_file(tmp_path / "mine.wav") == tmp_path / "mine.wav"
    assert not (tmp_path / "out.mp4").exists()


def test_what_the_user_states_of_a_file_goes_before_its_tags(tmp_path) -> None:
    write_song(tmp_path / "mine.wav", seconds=1)
    assert file_licence(tmp_path / "mine.wav", "user-supplied").name == "user-supplied"
    assert file_licence(tmp_path / "mine.wav", "CC BY 4.0").conditions == ("attribution",)
    with pytest.raises(RightsError, match=r"mine \(file:mine\.wav\)"):
        file_licence(tmp_path / "mine.wav", "CC BY-ND 4.0")
