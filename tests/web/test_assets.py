from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def output(site) -> Path:
    return site.services.settings.output


def registered(site, path: Path, file_type: str = "image", **fields) -> int:
    return site.services.assets.register(path, file_type, **fields).id


def written(path: Path, data: bytes = b"0123456789") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_files_are_listed_newest_first_with_what_was_measured(site, output) -> None:
    project = site.services.projects.create("P").id
    job = site.services.jobs.create("p-1", "comfyui").id
    first = registered(site, written(output / "a.png"), project_id=project, width=4, height=3)
    second = registered(
        site,
        written(output / "b.mp4"),
        "video",
        job_id=job,
        fps=24.0,
        duration_seconds=float("nan"),
        metadata={"prompt": {"1": {"inputs": {"api_key": "abc"}}}},
    )
    items = site.call("GET", "/anime/assets").json["items"]
    assert [item["id"] for item in items] == [second, first]
    assert (items[1]["name"], items[1]["width"], items[1]["size_bytes"], items[1]["missing"]) == (
        "a.png",
        4,
        10,
        False,
    )
    assert len(items[1]["sha256"]) == 64
    assert str(output) not in str(items)
    shown = site.call("GET", f"/anime/assets/{second}").json
    assert (shown["fps"], shown["duration_seconds"]) == (24.0, None)
    assert shown["metadata"]["prompt"]["1"]["inputs"]["api_key"] == "[redacted]"
    assert [a["id"] for a in site.call("GET", f"/anime/assets?project_id={project}").json["items"]] == [first]
    assert [a["id"] for a in site.call("GET", f"/anime/assets?job_id={job}").json["items"]] == [second]
    assert [a["id"] for a in site.call("GET", "/anime/assets?file_type=video").json["items"]] == [second]
    page = site.call("GET", "/anime/assets?limit=1").json
    assert [
        a["id"] for a in site.call("GET", f"/anime/assets?cursor={page['next_cursor']}").json["items"]
    ] == [first]


def test_a_file_that_was_deleted_is_listed_as_missing(site, output) -> None:
    asset = registered(site, written(output / "a.png"))
    (output / "a.png").unlink()
    assert site.call("GET", f"/anime/assets/{asset}").json["missing"] is True
    assert site.call("GET", "/anime/assets").json["items"][0]["missing"] is True
    assert site.call("GET", f"/anime/assets/{asset}/file").error["code"] == "not_found"


def test_a_file_comes_whole_or_by_the_range(site, output) -> None:
    where = f"/anime/assets/{registered(site, written(output / 'clip ü.mp4'), 'video')}/file"
    whole = site.call("GET", where)
    assert (whole.status, whole.body) == (200, b"0123456789")
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Content-Type"] == "video/mp4"
    assert whole.headers["Content-Disposition"] == "inline; filename*=UTF-8''clip%20%C3%BC.mp4"
    part = site.call("GET", where, headers={"Range": "bytes=2-4"})
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    assert site.call("GET", where, headers={"Range": "bytes=-3"}).body == b"789"
    assert site.call("GET", where, headers={"Range": "bytes=50-"}).status == 416
    assert site.call("GET", where, headers={"If-None-Match": whole.headers["ETag"]}).status == 304
    head = site.call("HEAD", where)
    assert (head.status, head.headers["Content-Length"], head.body) == (200, "10", b"")


@pytest.mark.parametrize(
    ("name", "shown", "content_type"),
    [
        ("a.png", "inline", "image/png"),
        ("a.JPG", "inline", "image/jpeg"),
        ("a.flac", "inline", "audio/flac"),
        ("a.svg", "attachment", "application/octet-stream"),
        ("a.html", "attachment", "application/octet-stream"),
        ("a.srt", "attachment", "application/octet-stream"),
        ("a", "attachment", "application/octet-stream"),
        ('a";x=.html', "attachment", "application/octet-stream"),
    ],
)
def test_only_what_cannot_run_is_shown_by_a_browser(site, output, name, shown, content_type) -> None:
    where = f"/anime/assets/{registered(site, written(output / name, b'<script>'))}/file"
    headers = site.call("GET", where).headers
    assert headers["Content-Disposition"].split(";")[0] == shown
    assert headers["Content-Disposition"].count(";") == 1
    assert headers["Content-Type"] == content_type
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_only_files_below_the_output_directory_are_sent(site, output, tmp_path) -> None:
    secret = written(tmp_path / "secret.txt", b"secret")
    written(output / "in.txt", b"in")
    (output / "linked.txt").symlink_to(secret)
    (output / "linked_folder").symlink_to(tmp_path)
    (output / "loop").symlink_to(output / "loop")
    (output / "inner_link.txt").symlink_to(output / "in.txt")
    sibling = written(output.parent / (output.name + "-other") / "a.png", b"secret")
    os.mkfifo(output / "pipe")
    add = site.services.assets.add
    paths = [
        secret,
        output / ".." / "secret.txt",
        output / "linked.txt",
        output / "linked_folder" / "secret.txt",
        output / "loop",
        output / "pipe",
        output,
        sibling,
        Path("/etc/passwd"),
        Path("relative.txt"),
        site.services.settings.home / "tower.db",
    ]
    for path in paths:
        asset = add(file_path=path, file_type="image", sha256="0" * 64, size_bytes=1)
        answer = site.call("GET", f"/anime/assets/{asset.id}/file")
        assert answer.status == 404, path
        assert b"secret" not in answer.body.replace(b"secret.txt", b"")
        assert str(tmp_path) not in answer.body.decode()
    inside = add(file_path=output / "inner_link.txt", file_type="image", sha256="0" * 64, size_bytes=1)
    assert site.call("GET", f"/anime/assets/{inside.id}/file").body == b"in"


@pytest.mark.parametrize("tail", ["../1", "..%2f..%2ftower.db", "%2e%2e", "1%00", "1/../../tower.db", "file"])
def test_a_path_is_never_an_id(shared_site, tail) -> None:
    for path in (f"/anime/assets/{tail}", f"/anime/assets/{tail}/file"):
        answer = shared_site.call("GET", path)
        assert answer.status in {404, 422}
