"""Stored files, sent so that no browser runs what is in them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from ...errors import AccessError, InputError, NotFoundError

# What a browser only shows or plays; all else, such as SVG and HTML, is a download.
_SHOWN_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
}


async def send_file(path: Path, roots: Sequence[Path]) -> web.FileResponse:
    """Answer with a file's bytes, or the range of them that is asked for.

    Parameters
    ----------
    path : Path
        As stored.
    roots : sequence of Path
        Folders below which the file has to lie, after all links are followed.

    Raises
    ------
    NotFoundError
        If it is missing, not a plain file, or lies elsewhere.
    """
    inside = await asyncio.to_thread(_contained, path, roots)
    known = _SHOWN_TYPES.get(inside.suffix.lower())
    name = quote(path.name, safe="", errors="replace")
    headers = {
        "Content-Type": known or "application/octet-stream",
        "Content-Disposition": f"{'inline' if known else 'attachment'}; filename*=UTF-8''{name}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
    }
    return web.FileResponse(inside, headers=headers)


def file_below(root: Path | None, name: str) -> Path:
    """Return a file that a caller names by its path from a folder on.

    Raises
    ------
    AccessError
        If it lies elsewhere, after all links are followed, or there is no such folder.
    InputError
        If there is no such file.
    """
    refused = AccessError(
        f"{name[:200]!r} is not below ComfyUI's input folder.",
        field="reference_image",
        hint="Put the picture there, or send it by multipart.",
    )
    if root is None:
        raise refused
    try:
        file = (root / name).resolve()
        is_below, is_there = file.is_relative_to(root.resolve()), file.is_file()
    # RuntimeError: links in a circle, before Python 3.13. ValueError: a NUL in the name.
    except (OSError, RuntimeError, ValueError) as error:
        raise refused from error
    if not is_below:
        raise refused
    if not is_there:
        raise InputError(
            f"There is no file {name[:200]!r} in ComfyUI's input folder.", field="reference_image"
        )
    return file


def _contained(path: Path, roots: Sequence[Path]) -> Path:
    try:
        inside = path.resolve(strict=True)
        is_contained = inside.is_file() and any(inside.is_relative_to(root.resolve()) for root in roots)
    # RuntimeError: links in a circle, before Python 3.13. ValueError: a NUL in the name.
    except (OSError, RuntimeError, ValueError) as error:
        raise NotFoundError(f"The file {path.name!r} is no longer there.", field="file") from error
    if not is_contained:
        raise NotFoundError(
            f"The file {path.name!r} is not served.",
            field="file",
            hint="Only files below ComfyUI's output directory are; open it where it lies.",
        )
    return inside
