"""The model files of the encoders: what is there, and fetching what is not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from .registrar import Registrar
from .schemas import Body, Parameters, Shown

if TYPE_CHECKING:
    from ...services import Services


class ModelPath(Parameters):
    """A model of the catalogue."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._-]+$")]


class ModelDownload(Body):
    """An empty object: everything about a download is in the catalogue."""


class ModelShown(Shown):
    """A model: whether it is installed, and how far its download is."""

    name: str
    kind: str = Field(description="What it is for: ccip, head, person or arcface.")
    purpose: str
    licence: str = Field(description="As its card says; to be shown before it is fetched.")
    repository: str = Field(description="On Hugging Face.")
    size: int | None = Field(description="Bytes, where they are known beforehand.")
    folder: str = Field(description="Where its files belong, to put them there by hand.")
    files: list[str]
    installed: list[str] = Field(description="Paths of its files; empty while it is not there.")
    state: Literal["absent", "fetching", "failed", "installed"]
    done: int = Field(description="Bytes of the download that are there.")
    total: int = Field(description="Bytes of the whole; 0 while unknown.")
    error: str = Field(description="Why the last download failed, and what to do.")


class ModelList(Shown):
    """All models of the catalogue."""

    items: list[ModelShown]


def add_model_routes(api: Registrar, services: Services) -> None:
    """Declare the routes of models."""

    @api.read("/anime/models")
    async def list_models() -> ModelList:
        """List the models that encoders can use, with what is installed."""
        states = await asyncio.to_thread(services.models.states)
        return ModelList(items=[ModelShown.model_validate(state) for state in states])

    @api.read("/anime/models/{name}", errors=(404,))
    async def get_model(path: ModelPath) -> ModelShown:
        """Show a model, and how far its download is."""
        return ModelShown.model_validate(await asyncio.to_thread(services.models.state, path.name))

    @api.write("POST", "/anime/models/{name}/download", status=202, errors=(404,))
    async def download_model(path: ModelPath, body: ModelDownload) -> ModelShown:
        """Begin to fetch a model; `GET /anime/models/{name}` and the event `tower.model` tell how it goes."""
        return ModelShown.model_validate(await asyncio.to_thread(services.models.start, path.name))
