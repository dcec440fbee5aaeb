"""A character in one file: it arrives as it left, and what is not whole is refused whole."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import stat
import struct
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from support.media import TEAL, draw_figure, write_references
from tower_anime import services
from tower_anime.consistency.character import CharacterLora
from tower_anime.errors import ConflictError, InputError
from tower_anime.settings import load_settings

CHILD = {"age_state": "child", "emotional_state": "sad", "prompt": "small"}


def open_home(folder: Path) -> services.Services:
    return services.open_services(load_settings({"TOWER_HOME": str(folder), "TOWER_ENCODER": "appearance"}))


@pytest.fixture(scope="module")
def sender(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("sender")
    opened = open_home(folder / "home")
    paths = write_references(folder / "refs", TEAL, n=3, size=(520, 520))
    draw_figure(TEAL, size=(520, 520), x=0.55).save(folder / "refs" / "4.webp", quality=80)
    character, _ = opened.characters.extend("Aoi", [*paths, folder / "refs" / "4.webp"], prompt="teal hair")
    opened.characters.update(
        character.id, loras=[CharacterLora("aoi.safetensors", 0.8)], bible={"licence": "CC0", "age": "17"}
    )
    opened.characters.make_version(character.id, paths[:1], **CHILD)
    opened.identity.score(opened.characters.get(character.id), [np.asarray(Image.open(paths[0]))])
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def file(sender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    aoi = sender.characters.by_label("Aoi")
    return sender.courier.export(aoi.id, tmp_path_factory.mktemp("sent") / "aoi.tower", with_crops=True)


@pytest.fixture
def receiver(tmp_path: Path):
    opened = open_home(tmp_path / "receiver")
    opened.database.open()
    yield opened
    opened.close()


def unpacked(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as box:
        return {name: box.read(name) for name in box.namelist()}


def packed(path: Path, members: dict[str, bytes], kind: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as box:
        for name, data in members.items():
            box.writestr(zipfile.ZipInfo(name), data, kind)
    return path


def listed(members: dict[str, bytes], **changes) -> dict[str, bytes]:
    """Write the list of members anew, as somebody would who changes what is in a file."""
    manifest = {**json.loads(members["manifest.json"]), **changes}
    manifest["members"] = [
        {"path": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in members.items()
        if name != "manifest.json"
    ]
    return {**members, "manifest.json": json.dumps(manifest).encode()}


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "tower.db" not in path.name)


def assert_refused(receiver, path: Path, *said: str) -> None:
    with pytest.raises(InputError) as caught:
        receiver.courier.take_in(path)
    assert all(word in str(caught.value) for word in said), str(caught.value)
    assert receiver.characters.list() == []
    assert files_below(receiver.settings.home) == []


# as it should be


def test_it_arrives_as_it_left(sender, receiver, file, tmp_path) -> None:
    arrival = receiver.courier.take_in(file)
    left, here = sender.characters.by_label("Aoi"), arrival.character
    for field in ("name", "prompt", "loras", "bible", "consistency_threshold", "color_palette"):
        assert getattr(here, field) == getattr(left, field)
    assert (arrival.licences, here.version.number) == ({"references": "CC0"}, left.version.number)
    assert [r.sha256 for r in here.references] == [r.sha256 for r in left.references]
    for there, mine in zip(left.references, here.references, strict=True):
        assert mine.path.read_bytes() == there.path.read_bytes()
        assert mine.path.is_relative_to(receiver.settings.references)
    child = receiver.characters.by_label("Aoi @ child/sad")
    assert (child.version.prompt, len(child.references)) == ("small", 1)
    assert [note for note in arrival.notes if "LoRA" in note] == list(arrival.notes)
    back = receiver.courier.export(here.id, tmp_path / "back.tower", with_crops=True)
    assert back.read_bytes() == file.read_bytes()


def test_the_same_character_gives_the_same_bytes(sender, file, tmp_path) -> None:
    aoi = sender.characters.by_label("Aoi")
    again = sender.courier.export(aoi.id, tmp_path / "again.tower", with_crops=True)
    assert again.read_bytes() == file.read_bytes()
    with zipfile.ZipFile(file) as box:
        assert box.namelist()[0] == "manifest.json"
        assert {entry.date_time for entry in box.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_what_travelled_is_scored_without_encoding(receiver, file, monkeypatch) -> None:
    aoi = receiver.courier.take_in(file).character
    encoder = receiver.identity.encoder()
    monkeypatch.setattr(type(encoder), "sight", lambda *_, **__: pytest.fail("encoded again"))
    identity = receiver.identity.gallery.identity(aoi, encoder, None)
    manifest = json.loads(unpacked(file)["manifest.json"])
    [sent] = next(v for v in manifest["versions"] if v["number"] == aoi.version.number)["calibration"]
    assert list(identity.thresholds) == sent["thresholds"] and identity.calibration == sent["rule"]


def test_embeddings_of_another_version_are_computed_again_and_it_says_so(receiver, file, tmp_path) -> None:
    members = unpacked(file)
    changed = members["manifest.json"].replace(b'"encoder_version": "', b'"encoder_version": "older-')
    arrival = receiver.courier.take_in(packed(tmp_path / "old.tower", {**members, "manifest.json": changed}))
    assert (
        "appearance older-" in arrival.notes[0] and "4 of its pictures were encoded again" in arrival.notes[1]
    )


def test_only_missing_loras_are_told(receiver, file) -> None:
    assert receiver.courier.take_in(file, loras=["aoi.safetensors"]).notes == ()


def test_a_taken_name_asks_for_another(receiver, file) -> None:
    receiver.courier.take_in(file)
    stored = files_below(receiver.settings.home)
    with pytest.raises(ConflictError, match=r"'Aoi' exists already.*--name"):
        receiver.courier.take_in(file)
    assert files_below(receiver.settings.home) == stored
    assert receiver.courier.take_in(file, name="Aoi 2").character.name == "Aoi 2"
    project = receiver.projects.create("P")
    assert receiver.courier.take_in(file, project_id=project.id).character.label == "P / Aoi"


def test_who_fails_takes_no_picture_from_who_succeeds(receiver, file, monkeypatch) -> None:
    """Another import of the same file stores its rows while this one is about to fail."""
    unpack = receiver.courier._travel.unpack

    def overtaken(kept, **named):
        monkeypatch.undo()
        unpack(kept, name="Faster", project_id=None)
        raise ConflictError("something of that name or number is stored already.")

    monkeypatch.setattr(receiver.courier._travel, "unpack", overtaken)
    with pytest.raises(ConflictError, match="stored already"):
        receiver.courier.take_in(file)
    faster = receiver.characters.by_label("Faster")
    assert all(reference.path.is_file() for reference in faster.references)


def test_many_at_once_store_one_character_whole(receiver, file) -> None:
    def take(_: int) -> str:
        try:
            return receiver.courier.take_in(file).character.name
        except ConflictError as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(take, range(4)))
    assert told.count("Aoi") == 1 and all("already" in word for word in told if word != "Aoi")
    [character] = receiver.characters.list()
    assert all(reference.path.is_file() for reference in character.references)


def test_a_picture_that_was_changed_on_disk_does_not_leave(sender, tmp_path) -> None:
    [path] = write_references(tmp_path / "refs", n=1, size=(520, 520))
    ren, _ = sender.characters.extend("Ren", [path])
    with ren.references[0].path.open("ab") as stored:
        stored.write(b"\0")
    with pytest.raises(ConflictError, match="was changed"):
        sender.courier.export(ren.id, tmp_path / "ren.tower")
    ren.references[0].path.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        sender.courier.export(ren.id, tmp_path / "ren.tower")
    assert not (tmp_path / "ren.tower").exists()
    sender.characters.delete(ren.id)


# hostile files


@pytest.mark.parametrize(
    "name",
    [
        "../evil.png",
        "/etc/evil.png",
        "references/../../evil.png",
        "references\\evil.png",
        "C:/evil.png",
        "references/",
        "a.tower",
        "references/" + "a" * 64 + ".svg",
        "references/" + "a" * 64 + ".png!.py",
        "REFERENCES/" + "a" * 64 + ".png",
    ],
)
def test_a_member_of_any_other_name_is_refused(receiver, file, tmp_path, name) -> None:
    members = {**unpacked(file), name: b"x"}
    path = packed(tmp_path / "evil.tower", members)
    # zipfile itself would end the name at a NUL, when it writes and when it reads.
    path.write_bytes(path.read_bytes().replace(b".png!.py", b".png\0.py"))
    assert_refused(receiver, path, "no member may be called")
    assert not list(tmp_path.rglob("evil.png"))


def write_entries(target: Path, members: dict[str, bytes], change) -> Path:
    with zipfile.ZipFile(target, "w") as box:
        for number, (name, data) in enumerate(members.items()):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16
            change(number, entry)
            box.writestr(entry, data, entry.compress_type)
    return target


def test_links_and_devices_are_refused(receiver, file, tmp_path) -> None:
    for kind in (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR):

        def as_special(number, entry, kind=kind):
            entry.external_attr = (kind | 0o777) << 16 if number == 2 else entry.external_attr

        path = write_entries(tmp_path / "special.tower", unpacked(file), as_special)
        assert_refused(receiver, path, "not a plain file")


def test_encrypted_members_are_refused(receiver, file, tmp_path) -> None:
    data = bytearray(file.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    (tmp_path / "secret.tower").write_bytes(data)
    assert_refused(receiver, tmp_path / "secret.tower", "encrypted")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused(receiver, file, tmp_path) -> None:
    path = tmp_path / "twice.tower"
    shutil.copyfile(file, path)
    with zipfile.ZipFile(path, "a") as box:
        box.writestr("embeddings/0001.f32", b"other")
    assert_refused(receiver, path, "twice")


def test_a_bomb_is_refused_before_it_unfolds(receiver, file, tmp_path) -> None:
    members = unpacked(file)
    members["embeddings/0009.f32"] = bytes(60 << 20)
    path = packed(tmp_path / "bomb.tower", members, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 4 << 20
    assert_refused(receiver, path, "would unfold")


def test_a_size_that_lies_is_refused(receiver, file, tmp_path) -> None:
    """The directory says 10 bytes, the packed data hold more."""
    members = unpacked(file)
    members["embeddings/0001.f32"] = bytes(range(256)) * 400
    path = packed(tmp_path / "lie.tower", listed(members), zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"embeddings/0001.f32"))
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    path.write_bytes(data)
    assert_refused(receiver, path, "embeddings/0001.f32")


def test_members_that_share_bytes_are_refused(receiver, file, tmp_path) -> None:
    data = bytearray(file.read_bytes())
    first, second = (
        data.rindex(b"PK\x01\x02", 0, data.rindex(name)) for name in (b"references/", b"embeddings/")
    )
    data[first + 42 : first + 46] = data[second + 42 : second + 46]
    (tmp_path / "shared.tower").write_bytes(data)
    assert_refused(receiver, tmp_path / "shared.tower", "share bytes")


def test_more_members_than_any_character_has_are_refused(receiver, file, tmp_path) -> None:
    members = {**unpacked(file), **{f"crops/{n:064x}.png": b"" for n in range(1000)}}
    assert_refused(receiver, packed(tmp_path / "many.tower", members), "1000")


@pytest.mark.parametrize("before", [b"", b"#!/bin/sh\n"])
@pytest.mark.parametrize("after", [b"", b"<script>"])
def test_something_around_the_zip_is_refused(receiver, file, tmp_path, before, after) -> None:
    if before or after:
        (tmp_path / "around.tower").write_bytes(before + file.read_bytes() + after)
        assert_refused(receiver, tmp_path / "around.tower")


def test_a_manifest_that_is_not_first_is_refused(receiver, file, tmp_path) -> None:
    members = unpacked(file)
    manifest = members.pop("manifest.json")
    path = packed(tmp_path / "late.tower", {**members, "manifest.json": manifest})
    assert_refused(receiver, path, "first member is not manifest.json")


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (b"", "not usable"),
        (b"[]", "not a JSON object"),
        (b"{", "not usable"),
        (b"\xff\xfe", "not usable"),
        (b'{"a":1,"a":2}', "twice"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "deeper than 32"),
        (b"[" * 200_000, "not usable"),
        (b'{"a":1e999}', "beyond all bounds"),
        (b'{"a":NaN}', "beyond all bounds"),
        (b'{"a":' + b"9" * 100_000 + b"}", "64 bits"),
        (b'{"a":"\\ud800"}', "U+D800"),
        (b'{"a":"\\u0000"}', "U+0000"),
        (b'{"format":"other"}', "does not say"),
        (b'{"format":"tower.character","format_version":true}', "has format 'True'"),
        (b'{"format":"tower.character","format_version":1}', "Field required"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_a_manifest_that_is_not_one_is_refused(receiver, tmp_path, manifest, said) -> None:
    assert_refused(receiver, packed(tmp_path / "odd.tower", {"manifest.json": manifest}), said)


def test_a_newer_format_says_to_update(receiver, file, tmp_path) -> None:
    members = listed(unpacked(file), format_version=2)
    path = packed(tmp_path / "new.tower", members)
    assert_refused(receiver, path, "format 2", "reads 1", "Update Tower")


def test_another_file_in_place_of_a_member_is_refused(receiver, file, tmp_path) -> None:
    members = unpacked(file)
    name = next(name for name in members if name.startswith("references/"))
    flipped = bytes([*members[name][:-1], members[name][-1] ^ 1])
    path = packed(tmp_path / "flip.tower", {**members, name: flipped})
    assert_refused(receiver, path, name, "not those that the manifest names")
    path = packed(tmp_path / "flip.tower", listed({**members, name: flipped}))
    assert_refused(receiver, path, "not named by the digest")
    path = packed(tmp_path / "flip.tower", {**members, name: members[name] + b"\0"})
    assert_refused(receiver, path, "bytes, not")


def test_a_missing_or_extra_member_is_refused(receiver, file, tmp_path) -> None:
    members = unpacked(file)
    gone = {name: data for name, data in members.items() if not name.startswith("embeddings/")}
    assert_refused(receiver, packed(tmp_path / "gone.tower", gone), "missing")
    extra = {**members, f"crops/{0:064x}.png": b"x"}
    assert_refused(receiver, packed(tmp_path / "extra.tower", extra), "not listed")
    assert_refused(receiver, packed(tmp_path / "extra.tower", listed(extra)), "listed and not used")


def with_picture(members: dict[str, bytes], data: bytes, suffix: str = ".png") -> dict[str, bytes]:
    """Put other bytes in place of the child's picture, with everything named rightly."""
    manifest = json.loads(members["manifest.json"])
    digest = hashlib.sha256(data).hexdigest()
    child = manifest["versions"][-1]
    child["references"][0].update(member=f"references/{digest}{suffix}", box=[])
    child.update(embeddings=[], calibration=[])
    manifest["versions"], manifest["current_version"], manifest["crops"] = [child], child["number"], []
    return listed({"manifest.json": json.dumps(manifest).encode(), f"references/{digest}{suffix}": data})


def bomb() -> bytes:
    stream = io.BytesIO()
    Image.new("1", (9000, 9000)).save(stream, "PNG")
    return stream.getvalue()


def animation() -> bytes:
    frames, stream = [draw_figure(size=(520, 520), x=x) for x in (0.4, 0.6)], io.BytesIO()
    frames[0].save(stream, "PNG", save_all=True, append_images=frames[1:])
    return stream.getvalue()


def small_picture() -> bytes:
    stream = io.BytesIO()
    draw_figure(size=(511, 700)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<html>", "is a web page"),
        (b"", "is empty"),
        (b"GIF89a" + bytes(40), "GIF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(30), "not a picture"),
        (bomb(), "million"),
        (animation(), "animation of 2 frames"),
        (small_picture(), "511×700 pixels, and a reference 512"),
    ],
    ids=["html", "empty", "gif", "broken", "bomb", "animation", "small"],
)
def test_a_picture_that_is_none_is_refused(receiver, file, tmp_path, data, said) -> None:
    path = packed(tmp_path / "picture.tower", with_picture(unpacked(file), data))
    assert_refused(receiver, path, said)


def test_small_files_of_huge_pictures_are_refused(receiver, file, tmp_path) -> None:
    """Nine blank pictures of 49 megapixels each: a few kilobytes, and 1.3 GB in memory."""
    members: dict[str, bytes] = {}
    for shade in range(9):
        stream = io.BytesIO()
        Image.new("1", (7000, 7000 - shade)).save(stream, "PNG")
        members[f"references/{hashlib.sha256(stream.getvalue()).hexdigest()}.png"] = stream.getvalue()
    manifest = json.loads(with_picture(unpacked(file), b"")["manifest.json"])
    [version] = manifest["versions"]
    plain = {"warnings": [], "weight": 1.0, "box": []}
    version["references"] = [{"member": name, **plain} for name in members]
    whole = listed({"manifest.json": json.dumps(manifest).encode(), **members})
    path = packed(tmp_path / "huge.tower", whole)
    assert path.stat().st_size < 500_000
    assert_refused(receiver, path, "more than 400 megapixels")


def test_a_picture_under_another_suffix_is_refused(receiver, file, tmp_path) -> None:
    stream = io.BytesIO()
    draw_figure(size=(520, 520)).save(stream, "JPEG")
    path = packed(tmp_path / "suffix.tower", with_picture(unpacked(file), stream.getvalue()))
    assert_refused(receiver, path, "in truth a JPG")


def with_vectors(members: dict[str, bytes], change) -> dict[str, bytes]:
    name = "embeddings/0001.f32"
    rows = np.frombuffer(members[name], "<f4").copy()
    return listed({**members, name: change(rows).tobytes()})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: np.where(np.arange(rows.size) == 5, np.nan, rows).astype("<f4"), "not finite"),
        (lambda rows: np.where(np.arange(rows.size) == 5, np.inf, rows).astype("<f4"), "not finite"),
        (lambda rows: (rows * 3).astype("<f4"), "length 1"),
        (lambda rows: rows[:-1], "4 bytes"),
        (lambda rows: rows[:0], "4 bytes"),
    ],
    ids=["nan", "inf", "long", "short", "empty"],
)
def test_embeddings_that_mean_nothing_are_refused(receiver, file, tmp_path, change, said) -> None:
    path = packed(tmp_path / "vectors.tower", with_vectors(unpacked(file), change))
    assert_refused(receiver, path, said)


def in_manifest(members: dict[str, bytes], **changes) -> dict[str, bytes]:
    """Change the character or the poses in a manifest."""
    manifest = json.loads(members["manifest.json"])
    manifest["poses"] = changes.pop("poses", [])
    manifest["character"].update(changes)
    return {**members, "manifest.json": json.dumps(manifest).encode()}


JOINTS = [[0.1, 0.2]] * 18


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"color_palette": {"hair": "teal"}}, "not a hex colour"),
        ({"color_palette": {"hair": ["#123456"]}}, "not a hex colour"),
        ({"bible": {"hair": "teal"}}, "no field 'bible.hair'"),
        ({"poses": [{"name": "wave", "keypoints": {}}]}, "its pose 'wave'"),
        ({"poses": [{"name": "wave", "keypoints": {"joints": [[1, 2]] * 17}}]}, "its pose 'wave'"),
        ({"poses": [{"name": "wave", "keypoints": {"joints": [["a", 2]] * 18}}]}, "its pose 'wave'"),
        ({"poses": [{"name": "wave", "keypoints": {"joints": JOINTS, "prompt": 3}}]}, "its pose 'wave'"),
        ({"style_template": {"x": "y" * 60_000}}, "style"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_would_break_a_later_reader_is_refused(receiver, file, tmp_path, changes, said) -> None:
    assert_refused(receiver, packed(tmp_path / "odd.tower", in_manifest(unpacked(file), **changes)), said)


def test_a_pose_arrives_and_is_listed(receiver, file, tmp_path) -> None:
    poses = [{"name": "wave", "keypoints": {"joints": JOINTS, "prompt": "waving"}}]
    arrival = receiver.courier.take_in(
        packed(tmp_path / "pose.tower", in_manifest(unpacked(file), poses=poses))
    )
    [pose] = receiver.poses.list()
    assert (pose.name, pose.prompt, pose.character_id) == ("wave", "waving", arrival.character.id)
    np.testing.assert_array_equal(pose.points, JOINTS)


MUTATIONS = st.one_of(
    st.tuples(st.just("flip"), st.integers(0, 2**31), st.integers(1, 255)),
    st.tuples(st.just("cut"), st.integers(0, 2**31), st.integers(1, 4000)),
    st.tuples(st.just("insert"), st.integers(0, 2**31), st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("directory"), st.integers(0, 400), st.binary(min_size=1, max_size=8)),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MANY = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def hardened(tmp_path_factory: pytest.TempPathFactory):
    opened = open_home(tmp_path_factory.mktemp("hardened") / "home")
    opened.database.open()
    yield opened
    opened.close()


def survives(opened, path: Path) -> None:
    """Refused with a sentence and without a trace, or taken in whole."""
    before = files_below(opened.settings.home)
    try:
        arrival = opened.courier.take_in(path)
    except InputError as error:
        assert str(error)
        assert files_below(opened.settings.home) == before
        assert opened.characters.list() == []
        return
    assert all(reference.path.is_file() for reference in arrival.character.references)
    opened.characters.delete(arrival.character.id)
    shutil.rmtree(opened.settings.references)


@pytest.fixture(scope="module")
def small(file, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file without crops and with one picture, so that a change more often hits what matters."""
    stream = io.BytesIO()
    draw_figure(size=(520, 520)).save(stream, "PNG")
    folder = tmp_path_factory.mktemp("small")
    return packed(folder / "small.tower", with_picture(unpacked(file), stream.getvalue()))


@MANY
@given(mutations=st.lists(MUTATIONS, min_size=1, max_size=3))
def test_any_damage_is_refused_or_harmless(hardened, small, tmp_path, mutations) -> None:
    data = bytearray(small.read_bytes())
    for kind, at, change in mutations:
        place = len(data) - 1 - at % len(data) if kind == "directory" else at % max(len(data), 1)
        if kind == "flip":
            data[place] ^= change
        elif kind == "cut":
            del data[place : place + change]
        elif kind == "insert":
            data[place:place] = change
        else:
            data[place : place + len(change)] = change
    path = tmp_path / "damaged.tower"
    path.write_bytes(data)
    survives(hardened, path)


@MANY
@given(data=st.data())
def test_any_manifest_is_refused_or_harmless(hardened, small, tmp_path, data) -> None:
    """One value somewhere in the manifest is something else."""
    members = unpacked(small)
    manifest = json.loads(members["manifest.json"])
    place = manifest
    while True:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
        if not (isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans())):
            break
        place = place[key]
    place[key] = data.draw(JSON)
    members["manifest.json"] = json.dumps(manifest).encode()
    survives(hardened, packed(tmp_path / "odd.tower", members))
