"""Prompts of our own, put into the host's queue by its own route."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import TimeoutError as LateError
from typing import Any

from ..errors import ProviderError

_SECONDS = 15.0
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared with, not bound


def submit(server: Any, prompt: Mapping[str, Any], extra_data: Mapping[str, Any]) -> str:
    """Queue a prompt, and return its id when the host has taken it.

    It goes through the host's own route, which checks it and tells every pack of it. To be called from a
    node: from the server's own loop it would wait for itself.

    Raises
    ------
    ProviderError
        If the host refuses, or does not answer.
    """
    body: dict[str, Any] = {"prompt": prompt, "extra_data": dict(extra_data)}
    if server.client_id:
        body["client_id"] = server.client_id
    asked = asyncio.run_coroutine_threadsafe(_post(server, body), server.loop)
    try:
        status, answer = asked.result(_SECONDS)
    except (OSError, LateError) as error:
        asked.cancel()
        raise ProviderError(
            f"ComfyUI did not take the prompt ({type(error).__name__}).", hint="Queue it by hand."
        ) from error
    if status != 200 or not isinstance(answer, Mapping):
        raise ProviderError(f"ComfyUI refused the prompt (status {status}): {str(answer)[:300]}.")
    return str(answer["prompt_id"])


async def _post(server: Any, body: dict[str, Any]) -> tuple[int, Any]:
    async with server.client_session.post(_url(server), json=body, ssl=False) as response:
        return response.status, await response.json(content_type=None)


def _url(server: Any) -> str:
    from comfy.cli_args import args

    scheme = "https" if args.tls_keyfile and args.tls_certfile else "http"
    address = _ANYWHERE.get(server.address, str(server.address))
    return f"{scheme}://{f'[{address}]' if ':' in address else address}:{server.port}/prompt"
