"""An episode small enough to be made in seconds."""

from pathlib import Path

import pytest
from support.media import RUST, TEAL, draw_figure, write_references, write_song
from tower_anime import services
from tower_anime.settings import load_settings

SPEC = """\
project: Small
title: One
size: [320, 180]
music: music
characters:
  Teal: {references: refs/teal}
  Rust: {references: refs/rust}
shots:
  - {still: stills/1.png, seconds: 1.9, camera: push_in, characters: [Teal]}
  - {still: stills/2.png, seconds: 1.4, camera: pan_left, characters: [Rust],
     dialogue: {text: Wait for me!, at: 0.4, speaker: Rust, audio: voices/1.wav}}
  - {still: stills/3.png, seconds: 2.3, camera: hold, scene: Night, characters: [Teal]}
"""


@pytest.fixture(scope="session")
def episode_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a spec, whose third still shows the wrong character."""
    folder = tmp_path_factory.mktemp("episode")
    write_references(folder / "refs" / "teal", TEAL)
    write_references(folder / "refs" / "rust", RUST)
    (folder / "stills").mkdir()
    for number, look in enumerate((TEAL, RUST, RUST), 1):
        draw_figure(look, ground=(215, 220, 235), x=0.45).save(folder / "stills" / f"{number}.png")
    write_song(folder / "music" / "song.wav", bpm=120, seconds=12)
    write_song(folder / "voices" / "1.wav", bpm=300, seconds=0.8)
    (folder / "episode.yaml").write_text(SPEC, encoding="utf-8")
    return folder


@pytest.fixture
def opened(tmp_path: Path):
    opened = services.open_services(load_settings({"TOWER_HOME": str(tmp_path / "home")}))
    yield opened
    opened.close()
