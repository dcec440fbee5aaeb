"""Pictures out of a multipart body: streamed to disk, counted while they arrive, then made clean."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from ...errors import InputError
from ...services.uploads import Pictures, UploadFolder
from .errors import MalformedError, SlowBodyError, TooLargeError, UnsupportedTypeError
from .pool import CpuPool

FIELD = "images"
MAX_PICTURES = 20
MAX_PICTURE_BYTES = 20 << 20

# Head and tail of a part besides its bytes.
_PART_OVERHEAD = 4096
_WRITE_BYTES = 1 << 20
_CHUNK_SECONDS = 30
_SHOWN_NAME = 120


class PictureUpload:
    """The pictures of one request, not yet read.

    Parameters
    ----------
    request : aiohttp.web.Request
        With a multipart/form-data body.
    home : Path
        Below it the pictures lie while they are needed.
    pool : CpuPool
        Threads that decode and encode.
    """

    def __init__(self, request: web.Request, home: Path, pool: CpuPool) -> None:
        self._request = request
        self._home = home
        self._pool = pool

    @asynccontextmanager
    async def pictures(self) -> AsyncIterator[Pictures]:
        """Receive all pictures, re-encoded, and remove them at the end of the block.

        Raises
        ------
        InputError
            That names the file at fault; by its own name, not by the one it has on disk.
        """
        length = self._request.content_length or 0
        if length > MAX_PICTURES * (MAX_PICTURE_BYTES + _PART_OVERHEAD):
            raise TooLargeError("The body is larger than 20 pictures of 20 MiB.")
        folder = await asyncio.to_thread(UploadFolder.make, self._home)
        try:
            await self._receive(folder)
            pictures = await self._pool.run(folder.clean)
            with pictures.renamed_errors():
                yield pictures
        finally:
            await asyncio.to_thread(folder.remove)

    async def _receive(self, folder: UploadFolder) -> None:
        try:
            async for part in await self._request.multipart():
                await self._receive_part(part, folder)
        except (ValueError, AssertionError, EOFError, RuntimeError, HttpProcessingError) as error:
            raise MalformedError("The body is not valid multipart/form-data.") from error
        except asyncio.TimeoutError as error:
            raise SlowBodyError(f"Nothing of the upload arrived for {_CHUNK_SECONDS} s.") from error
        if not folder.names:
            raise InputError(
                "There is no picture in the body.", field=FIELD, hint=f"Send 1 to {MAX_PICTURES}."
            )

    async def _receive_part(self, part: object, folder: UploadFolder) -> None:
        if not isinstance(part, BodyPartReader) or part.name != FIELD:
            name = getattr(part, "name", None) or ""
            raise InputError(f"There is no field {name[:80]!r}.", field=name[:80], hint=f"Known: {FIELD}.")
        if "Content-Encoding" in part.headers or part.headers.get(
            "Content-Transfer-Encoding", "binary"
        ).lower() not in {"binary", "8bit", "7bit"}:
            raise UnsupportedTypeError(
                "A part of the body is encoded.", field=FIELD, hint="Send its bytes as they are."
            )
        if len(folder.names) == MAX_PICTURES:
            raise InputError(f"There are more than {MAX_PICTURES} pictures.", field=FIELD)
        path = folder.place(_display_name(part.filename))
        n_bytes = 0
        buffer = bytearray()
        while chunk := await asyncio.wait_for(part.read_chunk(1 << 16), _CHUNK_SECONDS):
            n_bytes += len(chunk)
            if n_bytes > MAX_PICTURE_BYTES:
                raise TooLargeError(f"{folder.names[-1]} is larger than 20 MiB.", field=FIELD)
            buffer += chunk
            if len(buffer) >= _WRITE_BYTES:
                await asyncio.to_thread(folder.append, path, bytes(buffer))
                buffer.clear()
        await asyncio.to_thread(folder.append, path, bytes(buffer))


def _display_name(name: str | None) -> str:
    """Return the last part of a client's file name, for messages only."""
    last = re.split(r"[/\\]", name or "")[-1]
    return "".join(character for character in last if character.isprintable())[:_SHOWN_NAME] or "a picture"
