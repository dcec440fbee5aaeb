"""The contract of the routes, made from the table that serves them."""

from __future__ import annotations

import http
import inspect
import re
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from .access import UPLOAD_HEADER, Policy
from .registrar import Operation, Registrar
from .schemas import ErrorBody
from .uploads import FIELD, MAX_PICTURES

_REF = "#/components/schemas/{model}"
_ERROR = {"application/json": {"schema": {"$ref": _REF.format(model="ErrorBody")}}}
# What any route of a policy may answer besides its own errors.
_ERRORS_OF = {
    Policy.READ: (403, 422, 500, 503),
    Policy.WRITE: (400, 403, 408, 413, 415, 422, 500, 503),
    Policy.UPLOAD: (400, 403, 408, 413, 415, 422, 429, 500, 503),
}


def add_openapi_routes(api: Registrar) -> None:
    """Declare the route of the OpenAPI document; it lists itself."""

    @api.read("/anime/openapi.json")
    async def get_openapi() -> dict[str, Any]:
        """Describe all routes as OpenAPI 3.1."""
        return document(api.operations)


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of a table of operations."""
    operations = list(operations)
    schemas, components = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tower",
            "version": "1",
            "description": "Anime production in ComfyUI. Every error has the form of ErrorBody.",
        },
        "servers": [{"url": "/"}, {"url": "/api"}],
        "paths": paths,
        "components": {"schemas": components},
    }


def _schemas(operations: list[Operation]) -> tuple[dict[tuple[str, str], Any], dict[str, Any]]:
    """Return the schema of each model of each operation, and the definitions that they refer to."""
    inputs: list[tuple[tuple[str, str], JsonSchemaMode, TypeAdapter[Any]]] = [
        (("", "error"), "serialization", TypeAdapter(ErrorBody))
    ]
    for operation in operations:
        for name, kind in operation.takes.items():
            if name in {"path", "query", "body"}:
                inputs.append(((_name(operation), name), "validation", TypeAdapter(kind)))
        if operation.returns is not None and not operation.returns_file:
            for status, model in operation.answers.items():
                inputs.append(((_name(operation), str(status)), "serialization", TypeAdapter(model)))
    found, definitions = TypeAdapter.json_schemas(inputs, ref_template=_REF)
    return {key: schema for (key, _), schema in found.items()}, definitions.get("$defs", {})


def _described(operation: Operation, schemas: dict[tuple[str, str], Any]) -> dict[str, Any]:
    name = _name(operation)
    described: dict[str, Any] = {
        "operationId": name,
        "summary": inspect.getdoc(operation.handler),
        "tags": [operation.path.split("/")[2].removesuffix(".json")],
        "parameters": _parameters(operation),
        "responses": _responses(operation, schemas),
        "x-tower-policy": operation.policy.value,
    }
    if "body" in operation.takes:
        content = {"application/json": {"schema": schemas[name, "body"]}}
        described["requestBody"] = {"required": True, "content": content}
    if operation.policy is Policy.UPLOAD:
        described["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": operation.form or _PICTURES}},
        }
    return described


_PICTURES = {
    "type": "object",
    "required": [FIELD],
    "additionalProperties": False,
    "properties": {
        FIELD: {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_PICTURES,
            "items": {"type": "string", "format": "binary"},
            "description": "PNG, JPEG or WebP, one frame, at most 20 MiB and 50 megapixels each.",
        }
    },
}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = []
    for place in ("path", "query"):
        if place not in operation.takes:
            continue
        schema = TypeAdapter(operation.takes[place]).json_schema()
        definitions = schema.get("$defs", {})
        for name, shape in schema["properties"].items():
            required = name in schema.get("required", [])
            found.append(
                {"name": name, "in": place, "required": required, "schema": _inlined(shape, definitions)}
            )
    if operation.policy is Policy.UPLOAD:
        found.append({"name": UPLOAD_HEADER, "in": "header", "required": True, "schema": {"const": "1"}})
    return found


def _inlined(shape: Any, definitions: dict[str, Any]) -> Any:
    """Return a schema with its references replaced, as parameters have no place for definitions."""
    if isinstance(shape, dict):
        target = definitions[shape["$ref"].rsplit("/", 1)[-1]] if "$ref" in shape else {}
        own = {key: value for key, value in shape.items() if key != "$ref"}
        return {key: _inlined(value, definitions) for key, value in {**target, **own}.items()}
    return [_inlined(item, definitions) for item in shape] if isinstance(shape, list) else shape


def _responses(operation: Operation, schemas: dict[tuple[str, str], Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {
        str(status): {"description": http.HTTPStatus(status).phrase, "content": _ERROR}
        for status in sorted({*_ERRORS_OF[operation.policy], *operation.errors})
    }
    for status, model in operation.answers.items():
        response: dict[str, Any] = {"description": http.HTTPStatus(status).phrase}
        if operation.returns_file:
            response["content"] = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
            responses["206"] = {**response, "description": "The range that was asked for"}
        elif model is not None:
            response["content"] = {"application/json": {"schema": schemas[_name(operation), str(status)]}}
        responses[str(status)] = response
    return responses


def _name(operation: Operation) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), operation.handler.__name__)
