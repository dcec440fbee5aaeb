"""Files: digests, and copies that are whole or absent."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
from pathlib import Path

from ..errors import StorageError
from ..production.part_file import part_file, storage_error


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits.

    Raises
    ------
    StorageError
        If the file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}.") from error
    return digest.hexdigest()


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file so that `target` is either complete or absent, also while another thread copies it there.

    Raises
    ------
    StorageError
        If the folder of `target` cannot be written.
    """
    own = target.with_name(f".{target.stem}-{os.getpid()}-{threading.get_ident()}{target.suffix}")
    with part_file(own) as part:
        shutil.copyfile(source, part)
    try:
        own.replace(target)
    except OSError as error:
        own.unlink(missing_ok=True)
        raise storage_error(target, error.errno, error.strerror) from error


def check_writable(folder: Path) -> None:
    """Make `folder` if it is absent and make sure that files can be written into it.

    Raises
    ------
    StorageError
        If they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise storage_error(folder, error.errno, error.strerror) from error
