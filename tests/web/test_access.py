from __future__ import annotations

import re
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from tower_anime.errors import AccessError
from tower_anime.web.routes import add_routes
from tower_anime.web.routes.access import AccessRules, Policy
from tower_anime.web.routes.errors import AuthRequiredError, UnsupportedTypeError, status_of

HOST = {"Host": "127.0.0.1:8188"}
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=x", "X-Tower-Request": "1"}
CARRIES = {Policy.READ: {}, Policy.WRITE: JSON, Policy.UPLOAD: FORM}


class Wire:
    """What a transport says of the other end."""

    def __init__(self, peer: Any) -> None:
        self._peer = peer

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._peer if name == "peername" else default

    def is_closing(self) -> bool:
        return False


def ask(
    headers: dict[str, str],
    *,
    policy: Policy = Policy.READ,
    peer: Any = ("127.0.0.1", 50000),
    method: str = "POST",
    listen: tuple[str, ...] = ("127.0.0.1",),
) -> None:
    request = make_mocked_request(method, "/anime/x", headers=headers, transport=Wire(peer))  # type: ignore[arg-type]
    AccessRules(listen=listen).check(request, policy)


@pytest.mark.parametrize("policy", Policy)
@pytest.mark.parametrize(
    "headers",
    [
        HOST,
        {"Host": "localhost:8188"},
        {"Host": "LOCALHOST"},
        {"Host": "[::1]:8188"},
        {**HOST, "Origin": "http://127.0.0.1:8188"},
        {**HOST, "Origin": "http://127.0.0.1:8188", "Sec-Fetch-Site": "same-origin"},
        {**HOST, "Sec-Fetch-Site": "none"},
        {"Host": "localhost", "Origin": "http://localhost:80"},
        {"Host": "[::1]:8188", "Origin": "http://[::1]:8188"},
    ],
    ids=str,
)
def test_own_pages_and_programs_of_this_machine_may(headers: dict[str, str], policy: Policy) -> None:
    ask({**headers, **CARRIES[policy]}, policy=policy)


@pytest.mark.parametrize("policy", Policy)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attacker.example:8188"},
        {"Host": "attacker.example:8188", "Origin": "http://attacker.example:8188"},  # DNS rebinding
        {"Host": "127.0.0.1.attacker.example"},
        {"Host": "localhost.attacker.example"},
        {"Host": "0.0.0.0:8188"},
        {"Host": "192.168.1.5:8188"},
        {"Host": "user@127.0.0.1:8188"},
        {"Host": "127.0.0.1:8188, attacker.example"},
        {"Host": ""},
        {},
        {**HOST, "Origin": "null"},
        {**HOST, "Origin": ""},
        {**HOST, "Origin": "http://attacker.example"},
        {**HOST, "Origin": "http://127.0.0.1:3000"},
        {**HOST, "Origin": "http://localhost:8188"},
        {**HOST, "Origin": "http://127.0.0.1:8188@attacker.example"},
        {**HOST, "Origin": "http://attacker.example@127.0.0.1:8188"},
        {**HOST, "Origin": "http://127.0.0.1:99999999"},
        {**HOST, "Origin": "http://[::1"},
        {**HOST, "Origin": "file://"},
        {**HOST, "Origin": "chrome-extension://127.0.0.1:8188"},
        {**HOST, "Sec-Fetch-Site": "cross-site"},
        {**HOST, "Sec-Fetch-Site": "same-site"},
        {**HOST, "Sec-Fetch-Site": "Cross-Site"},
        {**HOST, "Origin": "http://127.0.0.1:8188", "Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_foreign_pages_may_not_even_read(headers: dict[str, str], policy: Policy) -> None:
    with pytest.raises(AccessError):
        ask({**headers, **CARRIES[policy]}, policy=policy)


def test_two_origins_are_a_foreign_one() -> None:
    from multidict import CIMultiDict

    pairs = [
        ("Host", "127.0.0.1:8188"),
        ("Origin", "http://127.0.0.1:8188"),
        ("Origin", "http://evil.example"),
    ]
    with pytest.raises(AccessError):
        ask(CIMultiDict(pairs))  # type: ignore[arg-type]
    with pytest.raises(AccessError):
        ask(CIMultiDict([("Host", "127.0.0.1:8188"), ("Host", "evil.example")]))  # type: ignore[arg-type]


PROXIED = [
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-Host": "127.0.0.1"},
    {"x-forwarded-proto": "https"},
    {"Forwarded": "for=127.0.0.1"},
    {"Via": "1.1 proxy"},
    {"X-Real-IP": "127.0.0.1"},
    {"CF-Connecting-IP": "127.0.0.1"},
]


@pytest.mark.parametrize("proxy", PROXIED, ids=str)
def test_behind_a_proxy_one_may_read_but_not_write(proxy: dict[str, str]) -> None:
    ask({**HOST, **proxy})
    for policy in (Policy.WRITE, Policy.UPLOAD):
        with pytest.raises(AuthRequiredError):
            ask({**HOST, **CARRIES[policy], **proxy}, policy=policy)


@pytest.mark.parametrize(
    "peer", [("192.168.1.9", 1), ("2001:db8::1", 1, 0, 0), ("::ffff:10.0.0.1", 1), "", None]
)
def test_another_machine_may_read_by_address_but_not_write(peer: Any) -> None:
    headers = {"Host": "192.168.1.5:8188"}
    ask(headers, peer=peer)
    with pytest.raises(AccessError, match="host name"):
        ask({"Host": "studio.example:8188"}, peer=peer)
    for policy in (Policy.WRITE, Policy.UPLOAD):
        with pytest.raises(AuthRequiredError) as caught:
            ask({**headers, **CARRIES[policy]}, policy=policy, peer=peer)
        assert status_of(caught.value) == 403
        assert "tunnel" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "peer", [("127.0.0.1", 1), ("127.8.8.8", 1), ("::1", 1, 0, 0), ("::ffff:127.0.0.1", 1)]
)
def test_every_loopback_address_is_this_machine(peer: Any) -> None:
    ask({**HOST, **JSON}, policy=Policy.WRITE, peer=peer)


@pytest.mark.parametrize(
    "listen", [("0.0.0.0",), ("127.0.0.1", "192.168.1.5"), ("::",), ("",), ("studio.example",)]
)
def test_a_listener_beyond_loopback_only_reads(listen: tuple[str, ...]) -> None:
    ask(HOST, listen=listen)
    with pytest.raises(AuthRequiredError):
        ask({**HOST, **JSON}, policy=Policy.WRITE, listen=listen)


@pytest.mark.parametrize("listen", [("127.0.0.1",), ("localhost",), ("::1", "127.0.0.1")])
def test_a_listener_on_loopback_writes(listen: tuple[str, ...]) -> None:
    ask({**HOST, **JSON}, policy=Policy.WRITE, listen=listen)


@pytest.mark.parametrize(
    ("policy", "content_type"),
    [
        (Policy.WRITE, "application/x-www-form-urlencoded"),
        (Policy.WRITE, "text/plain"),
        (Policy.WRITE, "text/plain; x=application/json"),
        (Policy.WRITE, "multipart/form-data; boundary=x"),
        (Policy.WRITE, "application/jsonp"),
        (Policy.WRITE, None),
        (Policy.UPLOAD, "application/json"),
        (Policy.UPLOAD, "multipart/mixed; boundary=x"),
        (Policy.UPLOAD, None),
    ],
)
def test_writes_carry_what_a_foreign_form_cannot_send(policy: Policy, content_type: str | None) -> None:
    headers = {**HOST, "X-Tower-Request": "1"}
    if content_type:
        headers["Content-Type"] = content_type
    with pytest.raises(UnsupportedTypeError):
        ask(headers, policy=policy)


def test_an_upload_needs_its_header() -> None:
    for value in (None, "", "0", "true"):
        headers = {**HOST, **FORM}
        del headers["X-Tower-Request"]
        with pytest.raises(AccessError, match="header"):
            ask(headers if value is None else {**headers, "X-Tower-Request": value}, policy=Policy.UPLOAD)


def test_a_bare_delete_needs_no_content_type() -> None:
    ask(HOST, policy=Policy.WRITE, method="DELETE")
    with pytest.raises(UnsupportedTypeError):
        ask({**HOST, "Content-Type": "text/plain"}, policy=Policy.WRITE, method="DELETE")


def test_declaring_routes_looks_at_nothing_of_the_services() -> None:
    """ComfyUI wants routes at import, when no service is open yet."""

    class Closed:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    routes = web.RouteTableDef()
    add_routes(routes, Closed())  # type: ignore[arg-type]
    assert len(routes) > 20


# over the wire


def test_every_mounted_route_has_a_policy_that_fits_its_method(shared_site) -> None:
    mounted = [route for route in shared_site.app.router.routes() if route.resource is not None]
    assert len(mounted) > 40
    for route in mounted:
        path = route.resource.canonical
        assert path.startswith(("/anime/", "/api/anime/")), path
        policy = getattr(route.handler, "policy", None)
        assert isinstance(policy, Policy), f"{route.method} {path} has no policy"
        assert (policy is Policy.READ) == (route.method in {"GET", "HEAD"}), f"{route.method} {path}"
    plain = {(r.method, r.resource.canonical) for r in mounted if r.resource.canonical.startswith("/anime/")}
    mirrored = {(r.method, r.resource.canonical.removeprefix("/api")) for r in mounted} - plain
    assert not mirrored


def test_every_route_refuses_a_rebound_name(shared_site) -> None:
    for route in shared_site.app.router.routes():
        path = re.sub(r"{\w+}", "1", route.resource.canonical)
        answer = shared_site.call(route.method, path, headers={"Host": "attacker.example"})
        assert answer.status == 403, path
        if route.method != "HEAD":
            assert answer.error["field"] == "Host"
            assert "attacker.example" in answer.error["message"]


def test_a_forwarded_header_gives_no_rights(shared_site) -> None:
    answer = shared_site.call(
        "POST", "/anime/projects", {"name": "x"}, headers={"X-Forwarded-For": "127.0.0.1"}
    )
    assert answer.status == 403
    assert answer.error["code"] == "auth_required"
    assert answer.error["hint"]


def test_reading_changes_nothing_and_head_has_no_body(shared_site) -> None:
    before = shared_site.call("GET", "/anime/projects").json
    for path in ("/anime/projects", "/anime/health", "/api/anime/jobs", "/anime/openapi.json"):
        head = shared_site.call("HEAD", path)
        assert (head.status, head.body) == (200, b"")
    assert shared_site.call("GET", "/anime/projects").json == before


def test_answers_are_neither_sniffed_nor_cached(shared_site) -> None:
    for path in ("/anime/projects", "/anime/projects/77"):
        headers = shared_site.call("GET", path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Access-Control-Allow-Origin"] is None
