"""Pictures out of a multipart body: streamed to disk, counted while they arrive, then made clean."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
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
_TEXT_BYTES = 256 << 10
_CHUNK_SECONDS = 30
_SHOWN_NAME = 120


@dataclass(frozen=True, slots=True)
class PictureForm:
    """The parts of a multipart body.

    Parameters
    ----------
    field : str
        The field of the pictures.
    fewest, most : int
        How many pictures.
    texts : tuple of str
        Fields of text that may be there, each once.
    most_bytes : int
        How large a picture may be.
    noun : str
        What it holds, for sentences.
    """

    field: str = FIELD
    fewest: int = 1
    most: int = MAX_PICTURES
    texts: tuple[str, ...] = ()
    most_bytes: int = MAX_PICTURE_BYTES
    noun: str = "picture"


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
        self._form = PictureForm()
        self.texts: dict[str, str] = {}

    @asynccontextmanager
    async def pictures(self, form: PictureForm | None = None) -> AsyncIterator[Pictures]:
        """Receive all pictures, re-encoded, and remove them at the end of the block.

        Parameters
        ----------
        form : PictureForm, optional
            What else is in the body; its texts are in `texts` afterwards.

        Raises
        ------
        InputError
            That names the file at fault; by its own name, not by the one it has on disk.
        """
        self._form = form or self._form
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
        form = self._form
        if len(folder.names) < form.fewest:
            raise InputError(
                f"There is no {form.noun} in the body.",
                field=form.field,
                hint=f"Send {form.fewest} to {form.most}.",
            )

    async def _receive_part(self, part: object, folder: UploadFolder) -> None:
        form = self._form
        if isinstance(part, BodyPartReader) and part.name in form.texts:
            await self._receive_text(part)
            return
        if not isinstance(part, BodyPartReader) or part.name != form.field:
            name = getattr(part, "name", None) or ""
            known = ", ".join((*form.texts, form.field))
            raise InputError(f"There is no field {name[:80]!r}.", field=name[:80], hint=f"Known: {known}.")
        if "Content-Encoding" in part.headers or part.headers.get(
            "Content-Transfer-Encoding", "binary"
        ).lower() not in {"binary", "8bit", "7bit"}:
            raise UnsupportedTypeError(
                "A part of the body is encoded.", field=form.field, hint="Send its bytes as they are."
            )
        if len(folder.names) == form.most:
            raise InputError(f"There are more than {form.most} pictures.", field=form.field)
        path = folder.place(_display_name(part.filename))
        n_bytes = 0
        buffer = bytearray()
        while chunk := await asyncio.wait_for(part.read_chunk(1 << 16), _CHUNK_SECONDS):
            n_bytes += len(chunk)
            if n_bytes > form.most_bytes:
                size = f"{form.most_bytes >> 20} MiB"
                raise TooLargeError(f"{folder.names[-1]} is larger than {size}.", field=form.field)
            buffer += chunk
            if len(buffer) >= _WRITE_BYTES:
                await asyncio.to_thread(folder.append, path, bytes(buffer))
                buffer.clear()
        await asyncio.to_thread(folder.append, path, bytes(buffer))

    async def _receive_text(self, part: BodyPartReader) -> None:
        name = part.name or ""
        if name in self.texts:
            raise InputError(f"The field {name!r} is given twice.", field=name)
        data = bytearray()
        while chunk := await asyncio.wait_for(part.read_chunk(1 << 16), _CHUNK_SECONDS):
            data += chunk
            if len(data) > _TEXT_BYTES:
                raise TooLargeError(f"The field {name!r} is larger than 256 KiB.", field=name)
        try:
            self.texts[name] = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"The field {name!r} is not UTF-8 text.", field=name) from error

    @asynccontextmanager
    async def file(self, field: str, *, most_bytes: int, texts: tuple[str, ...] = ()) -> AsyncIterator[Path]:
        """Receive one file as it is, and remove it at the end of the block.

        Parameters
        ----------
        field : str
            The field that it comes in.
        most_bytes : int
            How large it may be.
        texts : tuple of str
            Fields of text that may be there; their values are in `texts` afterwards.

        Raises
        ------
        InputError
            If the body has anything else in it, or no file.
        """
        self._form = PictureForm(field, most=1, texts=texts, most_bytes=most_bytes, noun="file")
        if (self._request.content_length or 0) > most_bytes + (len(texts) + 1) * (
            _TEXT_BYTES + _PART_OVERHEAD
        ):
            raise TooLargeError(f"The body is larger than {most_bytes >> 20} MiB.", field=field)
        folder = await asyncio.to_thread(UploadFolder.make, self._home)
        try:
            await self._receive(folder)
            yield folder.received(1)
        finally:
            await asyncio.to_thread(folder.remove)


def _display_name(name: str | None) -> str:
    """Return the last part of a client's file name, for messages only."""
    last = re.split(r"[/\\]", name or "")[-1]
    return "".join(character for character in last if character.isprintable())[:_SHOWN_NAME] or "a picture"
