from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ERROR_REF = {"$ref": "#/components/schemas/ErrorBody"}


@pytest.fixture(scope="module")
def document(shared_site) -> dict[str, Any]:
    return shared_site.call("GET", "/anime/openapi.json").json


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(item)


def test_the_document_lists_exactly_the_mounted_routes(shared_site, document) -> None:
    mounted = {
        (route.method, route.resource.canonical)
        for route in shared_site.app.router.routes()
        if route.method != "HEAD" and not route.resource.canonical.startswith("/api/")
    }
    assert {(method, path) for method, path, _ in operations(document)} == mounted


def test_the_document_has_the_form_of_openapi_31(document) -> None:
    assert document["openapi"].startswith("3.1.")
    assert {"title", "version"} <= document["info"].keys()
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    for method, path, operation in operations(document):
        assert operation["summary"], path
        assert any(code.startswith("2") for code in operation["responses"])
        for response in operation["responses"].values():
            assert response["description"]
        in_path = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        for parameter in operation["parameters"]:
            assert parameter["schema"]
            assert parameter["in"] in {"path", "query", "header"}
            assert parameter["required"] or parameter["in"] == "query"
        assert ("requestBody" in operation) == (method in {"POST", "PATCH"}), path


def test_every_reference_leads_somewhere(document) -> None:
    for node in nodes(document):
        if "$ref" in node:
            *_, kind, name = node["$ref"].split("/")
            assert name in document["components"][kind]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in document["components"]["schemas"])


def test_every_error_has_the_one_form(document) -> None:
    for _, path, operation in operations(document):
        failures = {code: r for code, r in operation["responses"].items() if code[0] in "45"}
        assert {"403", "422", "500", "503"} <= failures.keys()
        if "{" in path:
            assert "404" in failures
        for code, response in failures.items():
            if path != "/anime/health" or code != "503":
                assert response["content"]["application/json"]["schema"] == ERROR_REF


def test_bodies_name_their_fields_and_no_others(document) -> None:
    schemas = document["components"]["schemas"]
    create = schemas["ProjectCreate"]
    assert create["additionalProperties"] is False
    assert create["required"] == ["name"]
    assert create["properties"]["name"]["maxLength"] == 200
    assert "required" not in schemas["CharacterPatch"]
    upload = document["paths"]["/anime/characters/{character_id}/references"]["post"]
    form = upload["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["properties"]["images"]["maxItems"] == 20
    assert {"name": "X-Tower-Request", "in": "header", "required": True, "schema": {"const": "1"}} in upload[
        "parameters"
    ]


def test_limits_and_choices_are_told(document) -> None:
    parameters = {p["name"]: p["schema"] for p in document["paths"]["/anime/jobs"]["get"]["parameters"]}
    assert (parameters["limit"]["maximum"], parameters["limit"]["default"]) == (200, 50)
    assert "interrupted" in str(parameters["status"])
    assert "$ref" not in str(parameters)


def test_the_written_page_names_every_route(document) -> None:
    page = (Path(__file__).parents[2] / "docs" / "routes.md").read_text(encoding="utf-8")
    for method, path, _ in operations(document):
        assert f"`{method} {path}`" in page, f"docs/routes.md does not name {method} {path}"
    for method, path in re.findall(r"`([A-Z]+) (/anime/[^`]*)`", page):
        assert method.lower() in document["paths"].get(path, {}), f"docs/routes.md names {method} {path}"
