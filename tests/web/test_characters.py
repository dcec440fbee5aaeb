from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from tower_anime.web.routes.errors import BusyError
from tower_anime.web.routes.pool import CpuPool

CHARACTERS = "/anime/characters"


@pytest.fixture
def hero(site) -> str:
    return f"{CHARACTERS}/{site.call('POST', CHARACTERS, {'name': 'Hero'}).json['id']}"


@pytest.fixture
def shared_hero(shared_site) -> str:
    name = f"Hero {time.perf_counter_ns()}"
    return f"{CHARACTERS}/{shared_site.call('POST', CHARACTERS, {'name': name}).json['id']}"


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def test_a_character_lives_from_post_to_delete(site) -> None:
    data = {
        "name": "Hikari",
        "prompt": "blue hair",
        "loras": [{"name": "anime/hikari.safetensors", "strength_model": 0.8}],
        "consistency_threshold": 0.7,
    }
    made = site.call("POST", CHARACTERS, data)
    assert made.status == 201
    character = made.json
    assert character["label"] == "Hikari"
    assert character["loras"][0]["strength_clip"] == 1.0
    assert character["references"] == []
    where = f"{CHARACTERS}/{character['id']}"
    assert site.call("GET", where).json == character

    changed = site.call("PATCH", where, {"name": "Hikari Renamed", "consistency_threshold": None}).json
    assert changed["id"] == character["id"]
    assert (changed["name"], changed["consistency_threshold"]) == ("Hikari Renamed", None)
    assert (changed["prompt"], changed["loras"]) == ("blue hair", character["loras"])
    assert site.call("PATCH", where, {"loras": []}).json["loras"] == []
    assert site.call("DELETE", where).status == 204
    assert site.call("GET", where).status == 404


def test_names_are_unique_within_a_project(site) -> None:
    project = site.call("POST", "/anime/projects", {"name": "P"}).json["id"]
    assert site.call("POST", CHARACTERS, {"name": "A"}).status == 201
    assert site.call("POST", CHARACTERS, {"name": "A"}).status == 409
    owned = site.call("POST", CHARACTERS, {"name": "A", "project_id": project})
    assert (owned.status, owned.json["label"]) == (201, "P / A")
    assert [c["id"] for c in site.call("GET", f"{CHARACTERS}?project_id={project}").json["items"]] == [
        owned.json["id"]
    ]
    assert site.call("POST", CHARACTERS, {"name": "B", "project_id": 999}).status == 404


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"name": "a / b"}, "name"),
        ({"name": "x", "consistency_threshold": 1.5}, "consistency_threshold"),
        ({"name": "x", "consistency_threshold": "0.5"}, "consistency_threshold"),
        ({"name": "x", "project_id": 2**63}, "project_id"),
        ({"name": "x", "project_id": "1"}, "project_id"),
        ({"name": "x", "project_id": True}, "project_id"),
        ({"name": "x", "loras": [{"name": "../../etc/passwd"}]}, "loras.0.name"),
        ({"name": "x", "loras": [{"name": "/etc/passwd"}]}, "loras.0.name"),
        ({"name": "x", "loras": [{"name": "C:\\x"}]}, "loras.0.name"),
        ({"name": "x", "loras": [{"name": "a", "strength": 1}]}, "loras.0.strength"),
        ({"name": "x", "loras": [{"name": "a", "strength_model": 1e9}]}, "loras.0.strength_model"),
        ({"name": "x", "loras": [{"name": "a"}] * 17}, "loras"),
        ({"name": "x", "references": ["/etc/passwd"]}, "references"),
    ],
    ids=lambda value: ascii(value)[:60],
)
def test_a_wrong_field_is_named(shared_site, data, field) -> None:
    answer = shared_site.call("POST", CHARACTERS, data)
    assert (answer.status, answer.error["field"]) == (422, field)


# reference pictures


def test_pictures_arrive_are_listed_and_come_back(site, hero, pictures) -> None:
    drawings = [pictures.drawn(), pictures.drawn(shift=30)]
    sent = [
        ("héro 1.png", pictures.encoded(drawings[0])),
        ("二.webp", pictures.encoded(drawings[1], "WEBP", lossless=True)),
    ]
    answer = site.upload(f"{hero}/references", sent)
    assert answer.status == 201, answer.body
    assert [check["image"] for check in answer.json["checks"]] == ["héro 1.png", "二.webp"]
    character = answer.json["character"]
    assert site.call("GET", hero).json == character
    assert [(r["width"], r["height"]) for r in character["references"]] == [(560, 560)] * 2
    for reference, drawing in zip(character["references"], drawings, strict=True):
        picture = site.call("GET", reference["url"])
        assert picture.status == 200
        assert picture.headers["Content-Type"] == "image/png"
        np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(picture.body))), np.asarray(drawing))


def test_more_pictures_make_a_new_version_and_keep_the_old(site, hero, pictures) -> None:
    first = site.upload(f"{hero}/references", [("a.png", pictures.png())]).json["character"]
    second = site.upload(f"{hero}/references", [("b.png", pictures.png(shift=25))]).json["character"]
    assert second["version"]["number"] == first["version"]["number"] + 1
    assert [r["sha256"] for r in second["references"]][:1] == [r["sha256"] for r in first["references"]]
    again = site.upload(f"{hero}/references", [("again.png", pictures.png())]).json["character"]
    assert len(again["references"]) == 2


def test_what_a_picture_carries_besides_its_pixels_is_dropped(site, hero, pictures) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("workflow", "my secret graph")
    exif = Image.Exif()
    exif[0x010E] = "my secret place"
    exif[0x0112] = 6  # turned by 90 degrees
    turned = pictures.drawn().crop((0, 0, 560, 520))
    sent = [
        ("a.png", pictures.encoded(pictures.drawn(), pnginfo=notes) + b"<script>alert(1)</script>"),
        ("b.jpg", pictures.encoded(turned, "JPEG", exif=exif, quality=95)),
    ]
    answer = site.upload(f"{hero}/references", sent)
    assert answer.status == 201, answer.body
    shown = answer.json["character"]["references"]
    assert (shown[1]["width"], shown[1]["height"]) == (520, 560)
    stored = files_below(site.services.settings.references)
    assert len(stored) == 2
    for path in stored:
        assert b"secret" not in path.read_bytes()
        assert b"script" not in path.read_bytes()
        assert path.stem in {reference["sha256"] for reference in shown}


def animation(pictures) -> bytes:
    frames = [pictures.drawn(shift=n) for n in (0, 40)]
    return pictures.encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])


BAD = {
    "text": lambda _: (b"hello, I am no picture", "not a picture"),
    "empty": lambda _: (b"", "empty"),
    "svg": lambda _: (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "SVG"),
    "html": lambda _: (b"<html><script>alert(1)</script></html>", "web page"),
    "gif": lambda p: (p.encoded(p.drawn(), "GIF"), "GIF"),
    "bmp": lambda p: (p.encoded(p.drawn(), "BMP"), "BMP"),
    "tiff": lambda p: (p.encoded(p.drawn(), "TIFF"), "not a picture"),
    "truncated": lambda p: (p.png()[:2000], "damaged"),
    "tiny": lambda p: (p.png(size=100), "100×100"),
    "huge": lambda p: (p.encoded(Image.new("1", (9000, 9000))), "9000×9000"),
    "animated": lambda p: (animation(p), "animation of 2 frames"),
    "animated webp": lambda p: (
        p.encoded(p.drawn(), "WEBP", save_all=True, append_images=[p.drawn(shift=40)]),
        "animation of 2 frames",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_one_bad_picture_refuses_all_and_is_named(site, hero, pictures, kind) -> None:
    data, reason = BAD[kind](pictures)
    good = pictures.png()
    before = site.call("GET", hero).json
    answer = site.upload(f"{hero}/references", [("good.png", good), ("bad one.png", data), ("ok.png", good)])
    assert answer.status == 422, answer.body
    assert "bad one.png" in answer.error["message"]
    assert reason in answer.error["message"]
    assert "received-" not in answer.body.decode()
    assert str(site.services.settings.home) not in answer.body.decode()
    assert site.call("GET", hero).json == before
    assert files_below(site.services.settings.references) == []
    assert files_below(site.services.settings.home / "uploads") == []


def test_uploads_leave_nothing_but_the_references(site, hero, pictures) -> None:
    site.upload(f"{hero}/references", [("a.png", pictures.png())])
    assert list((site.services.settings.home / "uploads").iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "../../../../evil.png",
        "..\\..\\evil.png",
        "/etc/cron.d/evil",
        "C:\\evil.png",
        "a\u202e.png",
        "CON",
        ".",
        "",
    ],
)
def test_a_senders_file_name_never_reaches_the_disk(shared_site, shared_hero, pictures, name) -> None:
    root = shared_site.services.settings.home.parent
    outside = {path for path in files_below(root) if "references" not in path.parts}
    body_name = name.replace("\\", "\\\\")
    answer = shared_site.upload(f"{shared_hero}/references", [(body_name, pictures.png())])
    assert answer.status == 201, answer.body
    assert "/" not in answer.json["checks"][0]["image"]
    assert {path for path in files_below(root) if "references" not in path.parts} == outside
    for path in files_below(shared_site.services.settings.references):
        assert len(path.stem) == 64
        assert path.suffix == ".png"


def test_the_number_and_size_of_pictures_are_bounded(shared_site, shared_hero, pictures) -> None:
    where = f"{shared_hero}/references"
    many = shared_site.upload(where, [(f"{n}.png", b"x") for n in range(21)])
    assert (many.status, many.error["field"]) == (422, "images")
    large = shared_site.upload(where, [("large.png", b"\0" * ((20 << 20) + 1))])
    assert large.status == 413
    assert "large.png" in large.error["message"]
    assert shared_site.upload(where, []).status == 422
    assert files_below(shared_site.services.settings.home / "uploads") == []


def test_a_body_larger_than_all_pictures_is_refused_before_it_is_read(shared_site, shared_hero) -> None:
    headers = {
        "X-Tower-Request": "1",
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": str(500 << 20),
    }
    answer = shared_site.call("POST", f"{shared_hero}/references", headers=headers)
    assert answer.status == 413


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"nonsense"),
        ("multipart/form-data; boundary=x", b"--x\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="images"\r\n\r\nabc',
        ),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\n" + b"A: " + b"b" * 100_000 + b"\r\n\r\nabc\r\n--x--\r\n",
        ),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--",
        ),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Length: -5\r\n\r\nabc\r\n--x--\r\n"),
        ("multipart/form-data; boundary=" + "x" * 100, b"--x--"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="images"; filename="a"\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\nabc\r\n--x--\r\n",
        ),
    ],
    ids=lambda value: ascii(value)[:50],
)
def test_a_damaged_multipart_body_is_the_senders_fault(shared_site, shared_hero, content_type, body) -> None:
    headers = {"X-Tower-Request": "1", "Content-Type": content_type}
    answer = shared_site.call("POST", f"{shared_hero}/references", body=body, headers=headers)
    assert answer.status in {400, 415, 422}, answer.body
    assert answer.error["message"]


def test_other_fields_of_a_form_are_named(shared_site, shared_hero, pictures) -> None:
    answer = shared_site.upload_parts(f"{shared_hero}/references", [("path", "a.png", pictures.png())])
    assert (answer.status, answer.error["field"]) == (422, "path")


def test_pictures_for_nobody_are_refused_unread(shared_site, pictures) -> None:
    assert shared_site.upload(f"{CHARACTERS}/987654/references", [("a.png", pictures.png())]).status == 404


def test_a_sender_who_stops_in_the_middle_leaves_nothing(site, hero, pictures) -> None:
    head = (
        f"POST {hero}/references HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nX-Tower-Request: 1\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 5000000\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="images"; filename="a.png"\r\n\r\n'
    )
    with socket.create_connection(("127.0.0.1", site.port)) as connection:
        connection.sendall(head.encode() + pictures.png())
        uploads = site.services.settings.home / "uploads"
        deadline = time.monotonic() + 5
        while not (uploads.is_dir() and any(uploads.iterdir())) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert any(uploads.iterdir())
    while any(uploads.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list(uploads.iterdir()) == []
    assert site.call("GET", hero).json["references"] == []


def test_old_left_overs_of_killed_servers_are_swept(site, hero, pictures) -> None:
    old = site.services.settings.home / "uploads" / "old"
    old.mkdir(parents=True)
    (old / "received-01.upload").write_bytes(b"x")
    os.utime(old, (0, 0))
    site.upload(f"{hero}/references", [("a.png", pictures.png())])
    assert not old.exists()


def test_a_folder_that_cannot_be_written_is_a_503(site, hero, pictures) -> None:
    (site.services.settings.home / "uploads").write_text("a file where a folder should be")
    answer = site.upload(f"{hero}/references", [("a.png", pictures.png())])
    assert answer.status == 503
    assert "uploads" in answer.error["message"]


def test_a_reference_file_belongs_to_its_character(site, hero, pictures) -> None:
    reference = site.upload(f"{hero}/references", [("a.png", pictures.png())]).json["character"][
        "references"
    ][0]
    other = site.call("POST", CHARACTERS, {"name": "Other"}).json["id"]
    assert site.call("GET", f"{CHARACTERS}/{other}/references/{reference['id']}/file").status == 404
    assert site.call("GET", f"{hero}/references/{reference['id'] + 1}/file").status == 404
    for path in files_below(site.services.settings.references):
        path.unlink()
    assert site.call("GET", reference["url"]).error["code"] == "not_found"


def test_the_loop_turns_while_pictures_are_decoded(site, hero, pictures) -> None:
    large = pictures.encoded(pictures.drawn(size=2400))
    gaps: list[float] = []
    stop = threading.Event()

    async def tick() -> None:
        before = time.perf_counter()
        while not stop.is_set():
            await asyncio.sleep(0.005)
            now = time.perf_counter()
            gaps.append(now - before)
            before = now

    ticking = asyncio.run_coroutine_threadsafe(tick(), site.loop)
    started = time.perf_counter()
    answer = site.upload(f"{hero}/references", [(f"{n}.png", large) for n in range(3)])
    took = time.perf_counter() - started
    stop.set()
    ticking.result(5)
    assert answer.status == 201, answer.body
    assert sorted(gaps)[-2] < max(0.25, took / 3), (took, sorted(gaps)[-5:])


# scores


def test_scores_tell_the_character_from_another(site, hero, pictures) -> None:
    references = [(f"{n}.png", pictures.png(shift=n * 12)) for n in range(-1, 3)]
    assert site.upload(f"{hero}/references", references).status == 201
    sent = [
        ("same.png", pictures.png(shift=6)),
        ("other.jpg", pictures.encoded(pictures.drawn((220, 60, 40)), "JPEG")),
    ]
    answer = site.upload(f"{hero}/score", sent)
    assert answer.status == 200, answer.body
    same, other = answer.json
    assert [row["image"] for row in answer.json] == ["same.png", "other.jpg"]
    assert {
        "status",
        "score",
        "similarity",
        "encoder",
        "threshold",
        "palette_delta_e",
        "reason",
    } <= same.keys()
    assert same["status"] == "pass", same
    assert other["status"] == "fail", other
    assert same["score"] > 0.5 > other["score"]
    assert len(site.call("GET", hero).json["references"]) == 4


def test_a_threshold_can_be_given(site, hero, pictures) -> None:
    site.upload(f"{hero}/references", [("a.png", pictures.png())])
    [row] = site.upload(
        f"{hero}/score?threshold=0.25&encoder=appearance", [("b.png", pictures.png(shift=9))]
    ).json
    assert (row["threshold"], row["encoder"]) == (pytest.approx(0.25), "appearance")
    for query, field in [("threshold=2", "threshold"), ("threshold=nan", "threshold"), ("n=1", "n")]:
        answer = site.upload(f"{hero}/score?{query}", [("b.png", pictures.png())])
        assert (answer.status, answer.error["field"]) == (422, field)
    unknown = site.upload(f"{hero}/score?encoder=nobody", [("b.png", pictures.png())])
    assert unknown.status == 404
    assert "appearance" in str(unknown.error)


def test_scoring_without_references_says_so(site, hero, pictures) -> None:
    answer = site.upload(f"{hero}/score", [("b.png", pictures.png())])
    assert (answer.status, answer.error["code"]) == (422, "empty_reference")
    bad = site.upload(f"{hero}/score", [("b.png", b"nothing")])
    assert (bad.status, "b.png" in bad.error["message"]) == (422, True)


def test_too_many_uploads_at_once_are_told_to_come_back(site, hero, pictures, monkeypatch) -> None:
    async def refuse(*_args: object) -> None:
        raise BusyError("Too many pictures.")

    monkeypatch.setattr(CpuPool, "run", refuse)
    answer = site.upload(f"{hero}/references", [("a.png", pictures.png())])
    assert (answer.status, answer.error["code"]) == (429, "busy")
    assert answer.headers["Retry-After"]
    assert list((site.services.settings.home / "uploads").iterdir()) == []


def test_the_pool_has_so_many_places_and_no_more() -> None:
    release = threading.Event()

    async def fill() -> None:
        pool = CpuPool(n_threads=1, n_waiting=1)
        busy = [asyncio.create_task(pool.run(release.wait, 10)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await pool.run(int)
        release.set()
        assert await asyncio.gather(*busy) == [True, True]
        assert await pool.run(int, "7") == 7

    asyncio.run(fill())


class TestAPictureOfTheInputFolder:
    @pytest.fixture
    def inputs(self, site, tmp_path):
        folder = tmp_path / "input"
        (folder / "kai").mkdir(parents=True)
        object.__setattr__(site.services.settings, "input", folder)
        return folder

    def made(self, site, picture: str):
        return site.call("POST", "/anime/characters", {"name": "Kai", "reference_image": picture})

    def test_it_is_the_first_reference(self, site, inputs, pictures) -> None:
        (inputs / "kai" / "front.png").write_bytes(pictures.png())
        answer = self.made(site, "kai/front.png")
        assert answer.status == 201, answer.body
        [reference] = answer.json["references"]
        assert (reference["width"], reference["height"]) == (560, 560)

    def test_one_that_is_refused_leaves_no_character(self, site, inputs, pictures) -> None:
        (inputs / "small.png").write_bytes(pictures.png(size=64))
        answer = self.made(site, "small.png")
        assert answer.status == 422 and "small.png" in answer.error["message"]
        assert site.call("GET", "/anime/characters").json["items"] == []

    def test_a_name_that_is_taken_is_a_conflict(self, site, inputs, pictures) -> None:
        (inputs / "front.png").write_bytes(pictures.png())
        assert self.made(site, "front.png").status == 201
        assert self.made(site, "front.png").status == 409

    @pytest.mark.parametrize("picture", ["../secret.png", "/etc/passwd", "kai/../../secret.png", "a\0b"])
    def test_elsewhere_nothing_is_read(self, site, inputs, pictures, picture) -> None:
        (inputs.parent / "secret.png").write_bytes(pictures.png())
        assert self.made(site, picture).status in {403, 422}
        assert site.call("GET", "/anime/characters").json["items"] == []

    def test_a_link_out_of_the_folder_is_not_followed(self, site, inputs, pictures) -> None:
        (inputs.parent / "secret.png").write_bytes(pictures.png())
        (inputs / "link.png").symlink_to(inputs.parent / "secret.png")
        assert self.made(site, "link.png").status == 403

    def test_one_that_is_not_there_is_named(self, site, inputs) -> None:
        answer = self.made(site, "gone.png")
        assert answer.status == 422 and "gone.png" in answer.error["message"]
