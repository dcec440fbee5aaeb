"""The one way to declare a route: a policy, the models of what goes in and out, and a handler.

A handler is a coroutine function whose annotations say what it takes: ``path``, ``query`` and
``body`` are pydantic models that the registrar fills, ``upload`` is the stream of pictures and
``request`` the bare request. What it returns is rendered by the annotated model. The OpenAPI
document is made from the same table, so that the two cannot drift apart.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError

from ...errors import InputError
from .access import AccessRules, Policy
from .errors import (
    COMMON_HEADERS,
    MalformedError,
    SlowBodyError,
    TooLargeError,
    error_response,
    from_validation,
)
from .uploads import PictureUpload

MAX_JSON_BYTES = 1 << 20
_BODY_SECONDS = 30

Handler = Callable[..., Awaitable[Any]]
_H = TypeVar("_H", bound=Handler)
_M = TypeVar("_M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    Parameters
    ----------
    takes : mapping of str to type
        What the handler's parameters are annotated with.
    returns : type or None
        Model of the answer; None without a body, a response class for files.
    status : int
        Of a success.
    errors : tuple of int
        Statuses of failures besides those that any route has.
    form : mapping or None
        JSON schema of the multipart body, where it is not pictures alone.
    """

    method: str
    path: str
    policy: Policy
    handler: Handler
    takes: Mapping[str, Any]
    returns: Any
    status: int
    errors: tuple[int, ...]
    form: Mapping[str, Any] | None = None

    @property
    def returns_file(self) -> bool:
        """Whether the answer is the bytes of a stored file."""
        # `list[X]` passes for a class on Python 3.10.
        is_class = inspect.isclass(self.returns) and get_origin(self.returns) is None
        return is_class and issubclass(self.returns, web.StreamResponse)

    @property
    def answers(self) -> dict[int, Any]:
        """Each status that has a model of its own, with the model."""
        is_union = get_origin(self.returns) in (Union, UnionType)
        models = get_args(self.returns) if is_union else (self.returns,)
        return {self.status_of(model): model for model in models}

    def status_of(self, model: Any) -> int:
        """Return the status of an answer: that of the route, unless its model has its own."""
        return getattr(model, "http_status", self.status)


class Registrar:
    """Declares routes in an aiohttp table, each behind the access rules.

    Parameters
    ----------
    routes : aiohttp.web.RouteTableDef
        The table that the host mounts.
    access : AccessRules
        Who may call.
    upload : callable
        Makes the picture stream of a request, for handlers that take ``upload``.
    """

    def __init__(
        self,
        routes: web.RouteTableDef,
        access: AccessRules,
        upload: Callable[[web.Request], PictureUpload],
    ) -> None:
        self._routes = routes
        self._access = access
        self._upload = upload
        self.operations: list[Operation] = []

    def read(self, path: str, *, errors: tuple[int, ...] = ()) -> Callable[[_H], _H]:
        """Declare a GET, which changes nothing and answers HEAD too."""
        return self._declare("GET", path, Policy.READ, 200, errors)

    def write(
        self, method: str, path: str, *, status: int = 200, errors: tuple[int, ...] = ()
    ) -> Callable[[_H], _H]:
        """Declare a route that changes something, by a JSON body or by none."""
        return self._declare(method, path, Policy.WRITE, status, errors)

    def upload(
        self,
        path: str,
        *,
        status: int = 200,
        errors: tuple[int, ...] = (),
        form: Mapping[str, Any] | None = None,
    ) -> Callable[[_H], _H]:
        """Declare a POST that takes pictures, or what `form` says, as multipart/form-data."""
        return self._declare("POST", path, Policy.UPLOAD, status, errors, form=form)

    def _declare(
        self,
        method: str,
        path: str,
        policy: Policy,
        status: int,
        errors: tuple[int, ...],
        *,
        form: Mapping[str, Any] | None = None,
    ) -> Callable[[_H], _H]:
        def declare(handler: _H) -> _H:
            hints = get_type_hints(handler)
            returns = hints.pop("return")
            returns = None if returns is type(None) else returns
            operation = Operation(method, path, policy, handler, hints, returns, status, errors, form)
            self.operations.append(operation)
            self._routes.route(method, path)(self._responder(operation))
            return handler

        return declare

    def _responder(self, operation: Operation) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        render = _renderer(operation)

        async def respond(request: web.Request) -> web.StreamResponse:
            try:
                self._access.check(request, operation.policy)
                arguments = await self._arguments(operation, request)
                return render(await operation.handler(**arguments))
            except Exception as error:  # the boundary of a request: recorded, and told in the one form
                return error_response(request, error)

        respond.policy = operation.policy  # type: ignore[attr-defined]
        return respond

    async def _arguments(self, operation: Operation, request: web.Request) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        for name, kind in operation.takes.items():
            if name == "path":
                arguments[name] = parse(kind, dict(request.match_info))
            elif name == "query":
                arguments[name] = parse(kind, _single_values(request))
            elif name == "body":
                arguments[name] = parse(kind, await _read_json(request))
            elif name == "upload":
                arguments[name] = self._upload(request)
            else:
                arguments[name] = request
        if "query" not in operation.takes and request.query:
            raise InputError(f"{request.path} takes no query.", field=next(iter(request.query))[:80])
        return arguments


def parse(model: type[_M], value: Any) -> _M:
    """Check a value against a model.

    Raises
    ------
    InputError
        That names the first field at fault.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise from_validation(error, list(model.model_fields)) from error


def _renderer(operation: Operation) -> Callable[[Any], web.StreamResponse]:
    if operation.returns_file:
        return lambda response: response
    if operation.returns is None:
        return lambda _: web.Response(status=operation.status, headers=COMMON_HEADERS)
    adapter = TypeAdapter(operation.returns)

    def render(result: Any) -> web.StreamResponse:
        body, status = adapter.dump_json(result, by_alias=True), operation.status_of(type(result))
        return web.Response(body=body, status=status, content_type="application/json", headers=COMMON_HEADERS)

    return render


def _single_values(request: web.Request) -> dict[str, str]:
    values: dict[str, str] = {}
    for key, value in request.query.items():
        if key in values:
            raise InputError(f"The parameter {key[:80]!r} is given twice.", field=key[:80])
        values[key] = value
    return values


async def _read_json(request: web.Request) -> Any:
    try:
        data = await asyncio.wait_for(_read_limited(request), _BODY_SECONDS)
    except asyncio.TimeoutError as error:
        raise SlowBodyError(f"The body did not arrive within {_BODY_SECONDS} s.") from error
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    # RecursionError: nested beyond what any document needs. ValueError: text, number or syntax.
    except (ValueError, RecursionError) as error:
        raise MalformedError(
            "The body is not valid JSON.", hint=f"{type(error).__name__}: {str(error)[:120]}."
        ) from error


async def _read_limited(request: web.Request) -> bytes:
    data = bytearray()
    async for chunk in request.content.iter_chunked(1 << 16):
        data += chunk
        if len(data) > MAX_JSON_BYTES:
            raise TooLargeError("The body is larger than 1 MiB.")
    return bytes(data)


def _refuse_constant(name: str) -> Any:
    raise InputError(f"{name} is not a number that JSON knows.")
