"""Produced files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ...production.asset import Asset
from .files import send_file
from .redaction import redacted
from .registrar import Registrar
from .schemas import AssetListed, AssetPage, AssetPath, AssetQuery, AssetShown, next_cursor

if TYPE_CHECKING:
    from ...services import Services


def add_asset_routes(api: Registrar, services: Services) -> None:
    """Declare the routes of produced files."""

    @api.read("/anime/assets")
    async def list_assets(query: AssetQuery) -> AssetPage:
        """List the produced files, newest first."""
        found = await services.database.run(
            services.assets.list,
            project_id=query.project_id,
            job_id=query.job_id,
            file_type=query.file_type,
            limit=query.limit + 1,
            before_id=query.cursor,
        )
        # Whether a file is still there is a question to the disk: not on the loop.
        items = await asyncio.to_thread(listed_assets, found[: query.limit])
        return AssetPage(items=items, next_cursor=next_cursor(found, query.limit))

    @api.read("/anime/assets/{asset_id}", errors=(404,))
    async def get_asset(path: AssetPath) -> AssetShown:
        """Show a produced file and what was measured of it."""
        asset = await services.database.run(services.assets.get, path.asset_id)
        return await asyncio.to_thread(shown_asset, asset)

    @api.read("/anime/assets/{asset_id}/file", errors=(404,))
    async def get_asset_file(path: AssetPath) -> web.FileResponse:
        """Send a produced file; a Range header asks for a part of it."""
        asset = await services.database.run(services.assets.get, path.asset_id)
        folders = (services.settings.output, services.settings.references)
        roots = [folder for folder in folders if folder is not None]
        return await send_file(asset.file_path, roots)


def listed_assets(assets: Sequence[Asset]) -> list[AssetListed]:
    """Return what lists tell of assets; it asks the disk whether the files are there."""
    return [AssetListed(**_fields(asset)) for asset in assets]


def shown_asset(asset: Asset) -> AssetShown:
    """Return what the routes tell of an asset; it asks the disk whether the file is there."""
    return AssetShown(
        **_fields(asset), metadata=redacted(asset.metadata), quality_metrics=redacted(asset.quality_metrics)
    )


def _fields(asset: Asset) -> dict[str, Any]:
    return {
        "id": asset.id,
        "name": asset.file_path.name,
        "url": f"/anime/assets/{asset.id}/file",
        "missing": asset.is_missing,
        "file_type": asset.file_type,
        "sha256": asset.sha256,
        "size_bytes": asset.size_bytes,
        "width": asset.width,
        "height": asset.height,
        "fps": asset.fps,
        "duration_seconds": asset.duration_seconds,
        "job_id": asset.job_id,
        "project_id": asset.project_id,
        "style_reference_id": asset.style_reference_id,
        "licence": asset.licence,
        "created_at": asset.created_at,
    }
