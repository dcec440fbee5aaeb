"""Palettes, styles and poses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from ...consistency.poses.pose import Pose
from ...consistency.styles.style import Style, StyleLora, StyleSettings
from .assets import shown_asset
from .look_schemas import (
    CharacterPalette,
    PaletteChange,
    PoseCreate,
    PosePath,
    PosePicture,
    PoseShown,
    StyleCreate,
    StylePage,
    StylePath,
    StyleShown,
    TransferQuery,
    TransferRequest,
    TransferShown,
)
from .pool import CpuPool
from .registrar import Registrar
from .schemas import CharacterPath, PageQuery, next_cursor
from .uploads import PictureUpload

if TYPE_CHECKING:
    from ...consistency.character import Character
    from ...production.project import Project
    from ...services import Services
    from ...services.styles import SavedTransfer


def add_palette_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    """Declare the routes of the colours of characters."""

    @api.read("/anime/characters/{character_id}/palette", errors=(404,))
    async def get_palette(path: CharacterPath) -> CharacterPalette:
        """Show a character's swatches: what was typed, and the rest as its references say."""
        character = await services.database.run(services.characters.get, path.character_id)
        return await pool.run(_palette, services, character)

    @api.write("PATCH", "/anime/characters/{character_id}/palette", errors=(404,))
    async def change_palette(path: CharacterPath, body: PaletteChange) -> CharacterPalette:
        """Type swatches; null takes one back, and the references say it again."""
        character = await services.database.run(services.characters.get, path.character_id)
        changed = await services.database.run(services.palettes.set, character, body.swatches)
        return await pool.run(_palette, services, changed)


def add_style_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    """Declare the routes of styles."""

    @api.read("/anime/styles")
    async def list_styles(query: PageQuery) -> StylePage:
        """List the styles, oldest first."""
        found = await services.database.run(
            services.styles.list, limit=query.limit + 1, after_id=query.cursor or 0
        )
        items = [_style(style) for style in found[: query.limit]]
        return StylePage(items=items, next_cursor=next_cursor(found, query.limit))

    @api.write("POST", "/anime/styles", status=201, errors=(404, 409))
    async def create_style(body: StyleCreate) -> StyleShown:
        """Create a style in words and settings; its pictures follow by multipart."""
        settings = StyleSettings(
            tuple(StyleLora(**lora.model_dump()) for lora in body.loras),
            body.sampler_name,
            body.scheduler,
            body.steps,
            body.cfg,
        )
        style = await services.database.run(
            services.styles.create,
            body.name,
            project_id=body.project_id,
            description=body.description,
            prompt=body.prompt,
            negative_prompt=body.negative_prompt,
            settings=settings,
        )
        return _style(style)

    @api.upload("/anime/styles/{style_id}/pictures", errors=(404,))
    async def measure_pictures(path: StylePath, upload: PictureUpload) -> StyleShown:
        """Measure 1 to 20 pictures as those of a style; they take the place of earlier ones."""
        style = await services.database.run(services.styles.get, path.style_id)
        async with upload.pictures() as pictures:
            return _style(await pool.run(_measured, services, style, pictures.paths))

    @api.write("POST", "/anime/style-transfer", status=201, errors=(404,))
    async def transfer_style(body: TransferRequest) -> TransferShown:
        """Save a copy of a stored picture with the colours and tones of a style, as a new asset."""
        style = await services.database.run(services.styles.get, body.style_id)
        source = await services.database.run(services.assets.get, body.asset_id)
        project = await services.database.run(_project_of(services, body.project_id or source.project_id))
        saved = await pool.run(
            services.styles.transfer_to_asset,
            source.file_path,
            style,
            project,
            strength=body.strength,
            source_asset_id=source.id,
        )
        return _transfer(saved)

    @api.upload("/anime/style-transfer/upload", status=201, errors=(404,))
    async def transfer_to_upload(query: TransferQuery, upload: PictureUpload) -> list[TransferShown]:
        """Save 1 to 20 sent pictures with the colours and tones of a style, as new assets."""
        style = await services.database.run(services.styles.get, query.style_id)
        project = await services.database.run(_project_of(services, query.project_id))
        async with upload.pictures() as pictures:
            return [
                _transfer(
                    await pool.run(
                        services.styles.transfer_to_asset, path, style, project, strength=query.strength
                    )
                )
                for path in pictures.paths
            ]


def add_pose_routes(api: Registrar, services: Services, pool: CpuPool) -> None:
    """Declare the routes of poses."""

    @api.read("/anime/poses")
    async def list_poses() -> list[PoseShown]:
        """List the poses: the library's, then the stored ones."""
        return [_pose(services, pose) for pose in await services.database.run(services.poses.all)]

    @api.write("POST", "/anime/poses", status=201, errors=(404, 409))
    async def store_pose(body: PoseCreate) -> PoseShown:
        """Store the largest person of POSE_KEYPOINT data, normalised; a stored name is replaced."""
        pose = await services.database.run(
            services.poses.store, body.name, body.keypoints, prompt=body.prompt, project_id=body.project_id
        )
        return _pose(services, pose)

    @api.read("/anime/poses/{name}/picture", errors=(404,))
    async def get_pose_picture(path: PosePath, query: PosePicture) -> web.Response:
        """Draw a pose as an OpenPose picture (PNG)."""
        pose = await services.database.run(services.poses.named, path.name)
        body = await pool.run(
            services.poses.picture,
            pose,
            width=query.width,
            height=query.height,
            build=query.build,
            is_mirrored=query.mirror,
        )
        headers = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
        return web.Response(body=body, content_type="image/png", headers=headers)


def _palette(services: Services, character: Character) -> CharacterPalette:
    swatches = [swatch.as_json() for swatch in services.palettes.of(character)]
    return CharacterPalette.model_validate(
        {"character_id": character.id, "typed": character.color_palette, "swatches": swatches}
    )


def _measured(services: Services, style: Style, paths: list[Path]) -> Style:
    return services.styles.save_files(style.name, paths, project_id=style.project_id)


def _project_of(services: Services, project_id: int | None) -> Callable[[], Project]:
    if project_id is None:
        return lambda: services.projects.ensure("Style transfers")
    return lambda: services.projects.get(project_id)


def _style(style: Style) -> StyleShown:
    keys = ("line_weight", "contrast", "saturation", "warmth")
    return StyleShown(
        id=style.id,
        name=style.name,
        label=style.label,
        project_id=style.project_id,
        description=style.description,
        prompt=style.prompt,
        negative_prompt=style.negative_prompt,
        settings=style.settings.as_json(),
        n_images=style.n_images,
        measured={key: style.statistics.get(key) for key in keys} if style.statistics else None,
        created_at=style.created_at,
        updated_at=style.updated_at,
    )


def _transfer(saved: SavedTransfer) -> TransferShown:
    return TransferShown(
        asset=shown_asset(saved.asset),
        style_id=saved.style.id,
        style_reference_id=saved.asset.style_reference_id,
        **saved.transfer.as_json(),
    )


def _pose(services: Services, pose: Pose) -> PoseShown:
    width = height = 512
    points = services.poses.fitted(pose, width, height)
    return PoseShown(
        name=pose.name,
        id=pose.id,
        prompt=pose.prompt,
        joints=pose.n_joints,
        keypoints=services.poses.keypoints(points, width, height),
    )
