"""Episode files: what is accepted, and the one sentence for what is not."""

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tower_anime.errors import SpecError
from tower_anime.production.spec import load_spec

GOOD = """\
project: Paper Moon
fps: 24
music: music
characters:
  Aoi:
    references: characters/aoi
  Ren:
    references: [characters/aoi/2.png]
    threshold: 0.8
shots:
  - still: stills/01.png
    seconds: 3.0
    camera: push_in
    characters: [Aoi]
    dialogue: {text: "Wait!", at: 0.5, speaker: Aoi}
  - still: stills/02.png
    seconds: 2
    camera: {move: pan_left, amount: 0.2}
    dialogue:
      - text: Now.
      - text: Go.
        at: 1
"""


@pytest.fixture
def episode(tmp_path: Path) -> Path:
    for name in ("stills/01.png", "stills/02.png", "characters/aoi/10.png", "characters/aoi/2.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)
    for name in ("music/a.flac", "empty/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    path = tmp_path / "train.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def refusal(path: Path, old: str, new: str) -> SpecError:
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    return caught.value


def test_paths_become_absolute_and_defaults_are_filled(episode: Path):
    spec = load_spec(episode)
    folder = episode.parent.resolve()
    assert (spec.project, spec.title, spec.size) == ("Paper Moon", "train", (1280, 720))
    assert spec.music == (folder / "music/a.flac",)
    assert [path.name for path in spec.characters["Aoi"].references] == ["2.png", "10.png"]
    assert spec.shots[0].still == folder / "stills/01.png"
    assert spec.shots[0].camera_move.move == "push_in"
    assert [line.at for line in spec.shots[1].dialogue] == [0.0, 1.0]
    assert spec.duration_seconds == 5.0


def test_a_relative_spec_path_works_from_its_own_folder(episode: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(episode.parent.parent)
    spec = load_spec(Path(episode.parent.name) / "train.yaml")
    assert spec.shots[0].still.is_absolute()


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        ("24", Fraction(24)),
        ("23.976", Fraction(24000, 1001)),
        ('"24000/1001"', Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("12.5", Fraction(25, 2)),
    ],
)
def test_frame_rates_are_exact(episode: Path, written: str, rate: Fraction):
    episode.write_text(GOOD.replace("fps: 24", f"fps: {written}"))
    assert load_spec(episode).fps == rate


def test_the_spec_survives_json(episode: Path):
    stored = load_spec(episode).model_dump(mode="json")
    assert stored["fps"] == "24"
    assert stored["shots"][0]["still"].endswith("01.png")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("seconds: 3.0", "seconds: 0", 12, ["shots[0].seconds is 0", "above 0", "seconds: 3.0"]),
        ("seconds: 2\n", "seconds: -1\n", 17, ["shots[1].seconds is -1"]),
        ("seconds: 2\n", "seconds: .inf\n", 17, ["finite"]),
        ("seconds: 3.0", "seconds: three", 12, ["'three'", "not a number"]),
        ("seconds: 3.0", 'seconds: "3"', 12, ["not a number"]),
        ("seconds: 2\n", "secnds: 2\n", 16, ["shots[1] has no 'seconds'", "1 more problem"]),
        ("    seconds: 2\n", "    seconds: 2\n    secnds: 2\n", 18, ["secnds", "Did you mean 'seconds'"]),
        (
            "project: Paper Moon",
            "project: Paper Moon\ncolor: red",
            2,
            ["color is no field", "Known here: project"],
        ),
        ("camera: push_in", "camera: zoom", 13, ["'zoom'", "push_in"]),
        ("move: pan_left", "move: pan", 18, ["camera.move is 'pan'"]),
        ("characters: [Aoi]", "characters: [Bob]", 14, ["'Bob'", "not defined", "Aoi, Ren"]),
        ("characters: [Aoi]", "characters: Aoi", 14, ["not a list", "[Aoi]"]),
        ("at: 0.5", "at: 3", 15, ["dialogue.at is 3 s", "over after 3 s"]),
        ("        at: 1", "        at: 2.5", 22, ["dialogue[1].at"]),
        ("stills/01.png", "stills/01.pmg", 11, ["stills/01.pmg", "does not exist", "Did you mean '01.png'"]),
        ("stills/01.png", "stills", 11, ["is a folder"]),
        ("references: characters/aoi", "references: []", 6, ["references is []"]),
        ("references: characters/aoi", "references: empty", 6, ["holds no PNG, JPEG or WebP picture"]),
        ("music: music", "music: empty", 3, ["holds no audio file"]),
        ("music: music", "music: nowhere.mp3", 3, ["nowhere.mp3", "does not exist"]),
        ("music: music\n", "", 1, ["the episode has no 'music'"]),
        ("project: Paper Moon", "project:", 1, ["project has no value"]),
        ("fps: 24", "fps: 0", 2, ["fps is 0"]),
        ("fps: 24", "size: [1281, 720]", 2, ["1281", "not even"]),
        ("fps: 24", "size: 1280x720", 2, ["size"]),
        ("fps: 24", "project: Twice", 2, ["'project' stands here and in line 1"]),
        ("  Aoi:", "  1:", 5, ["1 is not text", "quotes"]),
        ("text: Now.", "text: 1:30", 20, ["dialogue[0].text", "not text"]),
        ("threshold: 0.8", "threshold: 1.5", 9, ["threshold is 1.5", "more than 1"]),
        ("project: Paper Moon", "project: [", 3, ["not YAML"]),
        ("project: Paper Moon", "project: !!python/name:os.system x", 1, ["not YAML"]),
    ],
)
def test_one_sentence_names_file_line_field_and_remedy(
    episode: Path, old: str, new: str, line: int, words: list[str]
):
    message = str(refusal(episode, old, new))
    assert message.startswith(f"{episode}:{line}: "), message
    for word in words:
        assert word in message
    assert "\n" not in message


def test_the_first_problem_in_the_file_is_told_and_the_others_are_counted(episode: Path):
    episode.write_text(
        GOOD.replace("seconds: 3.0", "seconds: 0").replace("Aoi]", "Bob]").replace("fps: 24", "fps: x")
    )
    with pytest.raises(SpecError, match=r"train.yaml:2: fps .*2 more problems"):
        load_spec(episode)


@pytest.mark.parametrize("shots", ["shots: []", "shots:", "shots: 3", ""])
def test_an_episode_needs_shots(episode: Path, shots: str):
    episode.write_text(re.sub(r"shots:.*", shots, GOOD, flags=re.DOTALL))
    with pytest.raises(SpecError, match="shots"):
        load_spec(episode)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"- 1",
        b"just words",
        b"\xff\xfe\x00",
        b"[" * 30_000,
        b"a: &a [*a]",
        b"a: \x00",
        b"x: &x [1,1,1,1,1,1,1,1,1,1]\n"
        + b"".join(
            b"x%d: &x%d [%s]\n" % (k, k, b",".join([b"*x%d" % (k - 1) if k else b"*x"] * 10))
            for k in range(8)
        ),
        b"#" * 1_000_001,
    ],
    ids=["empty", "list", "words", "binary", "deep", "endless", "control", "bomb", "large"],
)
def test_what_is_no_episode_is_refused_at_once(tmp_path: Path, content: bytes):
    path = tmp_path / "odd.yaml"
    path.write_bytes(content)
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(SpecError, match=r"none\.yaml"):
        load_spec(tmp_path / "none.yaml")


def test_readme_of_the_format_is_an_episode(episode: Path):
    page = Path(__file__).parents[2] / "docs" / "episode-spec.md"
    example = re.search(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    for name in re.findall(r"[\w./-]+\.(?:png|flac|mp4)", example[1]):
        path = episode.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    path = episode.with_name("example.yaml")
    path.write_text(example[1], encoding="utf-8")
    assert len(load_spec(path).shots) >= 2
