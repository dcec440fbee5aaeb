"""Styles: measured on pictures, stored, compared within a project, and put on pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..consistency.styles.style import Style
from ..db.styles import StyleRepository
from ..errors import InputError, NotFoundError, UnreadableImageError
from .files import sha256_of
from .picture_files import copies_in, png_of, write_png

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..consistency.styles.statistics import StyleStatistics
    from ..consistency.styles.transfer import TransferredPicture
    from ..db.database import Database
    from ..production.asset import Asset
    from ..production.project import Project
    from .assets import AssetLibrary

# Pictures of a project that its spread is measured on; more change it little and cost a second a dozen.
_MAX_SPREAD_IMAGES = 48


@dataclass(frozen=True, slots=True)
class SavedTransfer:
    """A picture in another style, as a stored asset."""

    asset: Asset
    style: Style
    transfer: TransferredPicture


class StyleLibrary(StyleRepository):
    """The stored styles."""

    def __init__(self, database: Database, assets: AssetLibrary, folder: Path) -> None:
        super().__init__(database)
        self._assets = assets
        self._folder = folder

    def save(
        self,
        name: str,
        images: Sequence[NDArray[np.uint8]] = (),
        *,
        project_id: int | None = None,
        **fields: Any,
    ) -> Style:
        """Make a style be this: created, or changed where there is one of that name.

        Parameters
        ----------
        name : str
            Its name within the project.
        images : sequence of ndarray of uint8, shape (height, width, 3)
            Pictures that are measured together; without any, what was measured before stays.
        **fields
            ``description``, ``prompt``, ``negative_prompt``, ``settings``; what is left out stays.
        """
        if images:
            fields |= {
                "statistics": _measured(images).as_json(),
                "n_images": len(images),
                "reference_image_path": self._store(images[0]),
            }
        try:
            known = self.find(name, project_id)
        except NotFoundError:
            return self.create(name, project_id=project_id, **fields)
        return self.update(known.id, **fields) if fields else known

    def save_files(
        self, name: str, paths: Sequence[Path], *, project_id: int | None = None, **fields: Any
    ) -> Style:
        """Like `save`, from picture files.

        Raises
        ------
        UnreadableImageError
            If one cannot be read; nothing is stored then.
        """
        return self.save(name, _read(paths), project_id=project_id, **fields)

    def named(self, label: str) -> Style:
        """Find a style by its label, or by a name that only one style has.

        Raises
        ------
        NotFoundError, InputError
            If no style has that name, or several have.
        """
        styles = self.list(limit=1000)
        exact = [style for style in styles if style.label == label]
        matches = exact or [style for style in styles if style.name == label]
        if len(matches) == 1:
            return matches[0]
        labels = ", ".join(style.label for style in (matches or styles)[:20])
        if matches:
            raise InputError(
                f"{label!r} is the name of several styles.", field="style", hint=f"Say which: {labels}."
            )
        raise NotFoundError(
            f"There is no style {label!r}.", field="style", hint=f"Known: {labels or 'none yet'}."
        )

    def labels(self) -> list[str]:
        """Return the labels of all styles."""
        return [style.label for style in self.list(limit=1000)]

    def measured(self, images: Sequence[NDArray[np.uint8]]) -> StyleStatistics:
        """Measure pictures of one style together, without storing anything."""
        return _measured(images)

    def transfer(
        self,
        images: Sequence[NDArray[np.uint8]],
        style: Style | StyleStatistics,
        *,
        strength: float = 1.0,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> list[TransferredPicture]:
        """Put the colours and tones of a style on pictures.

        Raises
        ------
        InputError
            If the style was stored without pictures.
        """
        from ..consistency.styles.transfer import transfer_style

        statistics = statistics_of(style) if isinstance(style, Style) else style
        results = []
        for number, image in enumerate(images, 1):
            results.append(transfer_style(image, statistics, strength=strength))
            progress(number, len(images))
        return results

    def transfer_files(
        self, paths: Sequence[Path], style: Style, output: Path, *, strength: float = 1.0
    ) -> list[dict[str, Any]]:
        """Write copies of picture files in a style into a folder.

        Returns
        -------
        list of dict
            For each picture ``image``, ``output``, and how far the distance to the style fell.

        Raises
        ------
        InputError
            If a copy would take the place of one of the pictures.
        """
        rows = []
        for path, image, target in zip(paths, _read(paths), copies_in(output, paths), strict=True):
            [result] = self.transfer([image], style, strength=strength)
            write_png(result.image, target)
            rows.append({"image": str(path), "output": str(target), **result.as_json()})
        return rows

    def transfer_to_asset(
        self,
        source: Path,
        style: Style,
        project: Project,
        *,
        strength: float = 1.0,
        source_asset_id: int | None = None,
    ) -> SavedTransfer:
        """Save a picture in a style as a new asset of a project, which remembers the style.

        Raises
        ------
        InputError, StorageError
            If the picture cannot be read, the style has no pictures, or there is no output directory.
        """
        [image] = _read([source])
        [result] = self.transfer([image], style, strength=strength)
        path = write_png(result.image, self._assets.next_path(project, f"style_{style.id}", ".png"))
        metadata = {"style": style.label, "strength": strength, "source_asset_id": source_asset_id}
        asset = self._assets.register(
            path,
            "image",
            project_id=project.id,
            style_reference_id=style.id,
            width=result.image.shape[1],
            height=result.image.shape[0],
            metadata=metadata,
            quality_metrics={"style_transfer": result.as_json()},
        )
        return SavedTransfer(asset, style, result)

    def distances(
        self, style: Style, paths: Sequence[Path], *, project_id: int | None = None
    ) -> list[dict[str, Any]]:
        """Measure how far picture files are from a style, in spreads of a project's own pictures.

        Parameters
        ----------
        project_id : int, optional
            The project whose pictures give the spread; the pictures themselves when omitted.

        Returns
        -------
        list of dict
            For each picture ``image``, ``distance`` (null when unknown), ``parts``, ``reason``.
        """
        from ..consistency.styles.statistics import measure_style, style_distance

        wanted = statistics_of(style)
        seen = [measure_style(image) for image in _read(paths)]
        spread = seen if project_id is None else self._project_pictures(project_id)
        return [
            {"image": str(path), **style_distance(one, wanted, spread).as_json()}
            for path, one in zip(paths, seen, strict=True)
        ]

    def _project_pictures(self, project_id: int) -> list[StyleStatistics]:
        from ..consistency.images import read_image
        from ..consistency.styles.statistics import measure_style

        found = []
        for asset in self._assets.list(project_id=project_id, file_type="image", limit=_MAX_SPREAD_IMAGES):
            try:
                found.append(measure_style(read_image(asset.file_path)))
            except UnreadableImageError:
                continue  # moved or deleted since: the others tell the spread
        return found

    def _store(self, image: NDArray[np.uint8]) -> Path:
        import hashlib

        name = hashlib.sha256(png_of(image)).hexdigest()
        target = self._folder / "styles" / name[:2] / f"{name}.png"
        return target if target.is_file() and sha256_of(target) == name else write_png(image, target)


def _measured(images: Sequence[NDArray[np.uint8]]) -> StyleStatistics:
    """Measure pictures of one style together."""
    from ..consistency.styles.statistics import combined, measure_style

    return combined([measure_style(image) for image in images])


def statistics_of(style: Style) -> StyleStatistics:
    """Return what was measured of a style's pictures.

    Raises
    ------
    InputError
        If it was stored without pictures.
    """
    from ..consistency.styles.statistics import StyleStatistics

    if not style.statistics:
        raise InputError(
            f"The style {style.label!r} was stored without pictures.",
            field="style",
            hint=f"Add some: tower style add {style.name!r} IMAGE…",
        )
    return StyleStatistics.from_json(style.statistics)


def _read(paths: Sequence[Path]) -> list[NDArray[np.uint8]]:
    from ..consistency.images import read_image

    return [read_image(path) for path in paths]
