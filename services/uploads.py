"""Pictures that came from outside: kept apart, decoded, and written again without what they carried."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import StorageError, TowerError, UnreadableImageError

_LEFT_OVER_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Pictures:
    """Clean pictures on disk, under names of our own.

    Parameters
    ----------
    paths : list of Path
        PNG files, in the order they came.
    names : list of str
        What the sender calls them; for messages, never for paths.
    """

    paths: list[Path]
    names: list[str]

    def named(self, text: str) -> str:
        """Return a text with our file names replaced by the sender's."""
        for path, name in zip(self.paths, self.names, strict=True):
            text = text.replace(str(path), name).replace(path.name, name)
        return text

    @contextmanager
    def renamed_errors(self) -> Iterator[None]:
        """Let errors out of a block speak of the sender's file names."""
        try:
            yield
        except TowerError as error:
            message = self.named(error.message)
            if message == error.message:
                raise
            raise type(error)(message, field=error.field, hint=error.hint) from error


class UploadFolder:
    """A folder of one upload, for its owner only and for as long as it lasts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: list[str] = []

    @classmethod
    def make(cls, home: Path) -> UploadFolder:
        """Make an empty folder below `home`, and sweep what killed processes left there.

        Raises
        ------
        StorageError
            If `home` cannot be written.
        """
        uploads = home / "uploads"
        try:
            uploads.mkdir(parents=True, exist_ok=True)
            for old in uploads.iterdir():
                if old.stat().st_mtime < time.time() - _LEFT_OVER_SECONDS:
                    shutil.rmtree(old, ignore_errors=True)
            return cls(Path(tempfile.mkdtemp(dir=uploads)))
        except OSError as error:
            raise _unwritable(uploads, error) from error

    def place(self, name: str) -> Path:
        """Return the path for the next picture, which its sender calls `name`."""
        self.names.append(name)
        return self.received(len(self.names))

    def append(self, path: Path, data: bytes) -> None:
        """Write the next bytes of a picture.

        Raises
        ------
        StorageError
            If the disk is full.
        """
        try:
            with path.open("ab") as file:
                file.write(data)
        except OSError as error:
            raise _unwritable(path.parent, error) from error

    def clean(self) -> Pictures:
        """Decode every picture and write its pixels alone: no EXIF, no text, no second format.

        Raises
        ------
        UnreadableImageError
            If a file is not a PNG, JPEG or WebP picture with one frame and at most 50 megapixels.
        StorageError
            If the disk is full.
        """
        received = Pictures([self.received(n + 1) for n in range(len(self.names))], self.names)
        cleaned = Pictures(
            [self.path / f"picture-{n + 1:02d}.png" for n in range(len(self.names))], self.names
        )
        with received.renamed_errors():
            for source, target in zip(received.paths, cleaned.paths, strict=True):
                _rewrite(source, target)
        return cleaned

    def remove(self) -> None:
        """Remove the folder and what is in it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def received(self, number: int) -> Path:
        """Return where the bytes of a file lie as they came; the first is 1."""
        return self.path / f"received-{number:02d}.upload"


def _rewrite(source: Path, target: Path) -> None:
    from PIL import Image

    from ..consistency.images import FORMATS, read_image

    pixels = read_image(source)
    with Image.open(source, formats=FORMATS) as picture:
        n_frames = getattr(picture, "n_frames", 1)
    if n_frames != 1:
        raise UnreadableImageError(
            f"{source} is an animation of {n_frames} frames.", field="images", hint="Send one frame of it."
        )
    source.unlink()
    try:
        # 12 megapixels took 3.3 s instead of the default's 5.7 s, in a file 15 % larger.
        Image.fromarray(pixels).save(target, "PNG", compress_level=1)
    except OSError as error:
        raise _unwritable(target.parent, error) from error


def _unwritable(folder: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{folder} cannot be written: {error.strerror or error}.", hint="Free some space on its disk."
    )
