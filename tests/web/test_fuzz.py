"""Whatever is sent, the answer is never a fault of the server and always has the one form."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FEW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(2**31 - 2, 2**64)
    | st.floats()
    | st.text(st.characters(), max_size=30)
    | st.sampled_from(["\0", "\u202e", "a" * 5000, "../../x", "' OR 1=1 --", "NaN", "{{7*7}}"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    [
        "name",
        "description",
        "bible",
        "status",
        "project_id",
        "prompt",
        "loras",
        "consistency_threshold",
        "id",
        "",
    ]
)
BODIES = st.dictionaries(FIELDS, VALUES, max_size=5) | VALUES
LORAS = st.lists(
    st.fixed_dictionaries({"name": VALUES}, optional={"strength_model": LEAVES, "strength_clip": LEAVES}),
    max_size=3,
)
WRITES = [
    ("POST", "/anime/projects"),
    ("PATCH", "/anime/projects/1"),
    ("POST", "/anime/characters"),
    ("PATCH", "/anime/characters/1"),
    ("POST", "/anime/characters/1/versions"),
    ("PATCH", "/anime/characters/1/bible"),
    ("POST", "/anime/music/playlists"),
    ("POST", "/anime/music/licences"),
    ("POST", "/anime/music/theme"),
]
LISTS = ["/anime/projects", "/anime/characters", "/anime/jobs", "/anime/assets", "/anime/music/playlists"]
ITEMS = [
    "/anime/characters/{}/versions",
    "/anime/characters/studio/{}",
    "/anime/projects/{}",
    "/anime/characters/{}",
    "/anime/characters/1/references/{}/file",
    "/anime/jobs/{}/debug",
    "/anime/assets/{}/file",
    "/anime/music/playlists/{}",
]


def check(answer) -> None:
    assert answer.status < 500, answer.body
    if answer.status >= 400:
        error = answer.error
        assert {"code", "message"} <= error.keys() <= {"code", "message", "field", "hint"}
        assert all(isinstance(value, str) for value in error.values())
        assert len(answer.body) < 5000


@pytest.fixture(scope="module")
def stocked(shared_site):
    shared_site.call("POST", "/anime/projects", {"name": "One"})
    shared_site.call("POST", "/anime/characters", {"name": "One"})
    return shared_site


@pytest.mark.parametrize(("method", "path"), WRITES)
@FEW
@given(body=BODIES)
def test_any_json_body(stocked, method, path, body) -> None:
    data = json.dumps(body).encode()
    check(stocked.call(method, path, body=data, headers={"Content-Type": "application/json"}))


@FEW
@given(name=st.text(st.characters(), min_size=1, max_size=40), loras=LORAS, threshold=LEAVES, prompt=LEAVES)
def test_bodies_that_are_almost_right(stocked, name, loras, threshold, prompt) -> None:
    body = {"name": name, "loras": loras, "consistency_threshold": threshold, "prompt": prompt}
    check(
        stocked.call(
            "POST",
            "/anime/characters",
            body=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
    )


@FEW
@given(body=st.binary(max_size=300))
def test_any_bytes_as_json(stocked, body) -> None:
    check(stocked.call("POST", "/anime/projects", body=body, headers={"Content-Type": "application/json"}))


@FEW
@given(
    tail=st.binary(max_size=200),
    head=st.sampled_from(
        [b"", b"--x\r\n", b'--x\r\nContent-Disposition: form-data; name="images"; filename="a"\r\n\r\n']
    ),
)
def test_any_bytes_as_multipart(stocked, head, tail) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x", "X-Tower-Request": "1"}
    check(stocked.call("POST", "/anime/characters/1/references", body=head + tail, headers=headers))


@pytest.mark.parametrize("path", LISTS)
@FEW
@given(
    query=st.dictionaries(
        st.sampled_from(["limit", "cursor", "project_id", "job_id", "status", "file_type", "x"])
        | st.text(max_size=5),
        st.integers().map(str)
        | st.text(max_size=12)
        | st.sampled_from(["1", "200", "done", "image", "9" * 19]),
        max_size=4,
    )
)
def test_any_query(stocked, path, query) -> None:
    encoded = "&".join(
        f"{quote(key, errors='replace')}={quote(value, errors='replace')}" for key, value in query.items()
    )
    check(stocked.call("GET", f"{path}?{encoded}"))


@pytest.mark.parametrize("path", ITEMS)
@FEW
@given(item=st.integers().map(str) | st.text(min_size=1, max_size=20))
def test_any_id(stocked, path, item) -> None:
    answer = stocked.call("GET", path.format(quote(item, safe="", errors="replace")))
    # "." and ".." are taken out of a path by HTTP libraries before any handler sees them.
    if answer.headers["Content-Type"].startswith("application/json"):
        check(answer)
    assert answer.status < 500


def test_the_fuzzed_database_is_sound(stocked) -> None:
    assert [finding for finding in stocked.services.database.check() if finding.level == "error"] == []
    for path in LISTS:
        assert stocked.call("GET", f"{path}?limit=200").status == 200
