"""One file from a model hub: resumed where it stopped, checked, and only then under its name."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

from ..errors import ProviderError, StorageError

Progress = Callable[[int, int], None]

_TIMEOUT_SECONDS = 30
_BLOCK = 1 << 20
_AGENT = {"User-Agent": "tower-anime"}


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """A file of a repository at a commit.

    Parameters
    ----------
    repository, revision, path : str
        Where it is.
    size : int
        Bytes.
    sha256 : str
        What it hashes to.
    """

    repository: str
    revision: str
    path: str
    size: int
    sha256: str

    def as_json(self) -> dict[str, Any]:
        """Return the content of a lock file."""
        return {
            "repository": self.repository,
            "revision": self.revision,
            "path": self.path,
            "size": self.size,
            "sha256": self.sha256,
        }


class Hub:
    """A server that speaks Hugging Face's API.

    Parameters
    ----------
    url : str
        Without a slash at its end.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def newest(self, repository: str) -> str:
        """Return the commit that ``main`` stands for.

        Raises
        ------
        ProviderError
            If the hub cannot be reached, or does not know the repository.
        """
        answer = self._json(f"api/models/{repository}/revision/main")
        commit = answer.get("sha") if isinstance(answer, dict) else None
        if not isinstance(commit, str) or len(commit) != 40:
            raise ProviderError(f"{self.url} does not say which commit of {repository} is the newest.")
        return commit

    def pin(self, repository: str, revision: str, path: str) -> PinnedFile:
        """Ask for size and digest of a file at a commit.

        Raises
        ------
        ProviderError
            If the hub cannot be reached, or has no such file.
        """
        folder = path.rpartition("/")[0]
        entries = self._json(f"api/models/{repository}/tree/{revision}/{folder}".rstrip("/"))
        for entry in entries if isinstance(entries, list) else []:
            large = entry.get("lfs") if isinstance(entry, dict) and entry.get("path") == path else None
            if isinstance(large, dict) and large.get("oid"):
                sha256 = str(large["oid"]).removeprefix("sha256:")
                return PinnedFile(repository, revision, path, int(large["size"]), sha256)
        raise ProviderError(f"{self.url}/{repository} has no file {path} with a digest at {revision[:12]}.")

    def fetch(self, file: PinnedFile, target: Path, progress: Progress) -> None:
        """Fetch a file to `target`; what an earlier try has fetched is kept and gone on from.

        Parameters
        ----------
        file : PinnedFile
        target : Path
            Written only when size and digest are right.
        progress : callable
            Called with the bytes that are there and the bytes of the whole.

        Raises
        ------
        ProviderError
            If the hub cannot be reached, sends something else, or stops in the middle.
        StorageError
            If the disk cannot be written.
        """
        part = target.with_name(f"{target.name}.{file.sha256[:12]}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            digest, done = _begun(part, file.size)
            if done < file.size:
                digest = self._append(file, part, digest, done, progress)
            _check(file, part, digest.hexdigest())
            part.replace(target)
        except OSError as error:
            if isinstance(error, urllib.error.URLError | TimeoutError | ConnectionError):
                raise _unreachable(self.url, error) from error
            raise StorageError(f"{target} cannot be written: {error.strerror or error}.") from error

    def _append(self, file: PinnedFile, part: Path, digest: Any, done: int, progress: Progress) -> Any:
        """Fetch the rest, and return the digest of the whole."""
        quoted = urllib.parse.quote(file.path)
        url = f"{self.url}/{file.repository}/resolve/{file.revision}/{quoted}"
        with self._opened(url, {"Range": f"bytes={done}-"} if done else {}) as answer:
            if answer.headers.get_content_type() in ("text/html", "application/xhtml+xml"):
                raise ProviderError(
                    f"{url} answers with a web page instead of the model.",
                    hint="A proxy or a login page may be in between; open the address in a browser.",
                )
            if answer.status != 206:
                # The whole is sent, whatever was asked for.
                part.unlink(missing_ok=True)
                done, digest = 0, hashlib.sha256()
            with part.open("ab") as out:
                while done <= file.size and (block := _read(answer, self.url)):
                    out.write(block)
                    digest.update(block)
                    done += len(block)
                    progress(min(done, file.size), file.size)
        if done < file.size:
            raise ProviderError(
                f"{url} stopped after {done} of {file.size} bytes.",
                hint="Start it again: it goes on from there.",
            )
        return digest

    def _json(self, path: str) -> Any:
        try:
            with self._opened(f"{self.url}/{path}", {}) as answer:
                return json.loads(answer.read(_BLOCK * 8))
        except ValueError as error:
            raise ProviderError(
                f"{self.url}/{path} answers with something else than JSON.",
                hint="A proxy or a login page may be in between; open the address in a browser.",
            ) from error
        except (TimeoutError, ConnectionError) as error:
            raise _unreachable(self.url, error) from error

    @contextlib.contextmanager
    def _opened(self, url: str, headers: dict[str, str]) -> Iterator[HTTPResponse]:
        request = urllib.request.Request(url, headers={**_AGENT, **headers})  # noqa: S310 - http(s) by the settings
        try:
            answer = urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)  # noqa: S310
        except urllib.error.HTTPError as error:
            with error:
                raise ProviderError(f"{url} answers {error.code} {error.reason}.") from error
        except (urllib.error.URLError, TimeoutError, ConnectionError, HTTPException) as error:
            raise _unreachable(self.url, error) from error
        with answer:
            yield answer


def sha256_of(path: Path) -> str:
    """Hash a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _begun(part: Path, size: int) -> tuple[Any, int]:
    """Return the digest and the length of what an earlier try has left."""
    digest, done = hashlib.sha256(), 0
    if part.is_file() and part.stat().st_size > size:
        part.unlink()
    if part.is_file():
        with part.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                done += len(block)
    return digest, done


def _check(file: PinnedFile, part: Path, digest: str) -> None:
    """Delete what is not the pinned file."""
    size = part.stat().st_size
    if size == file.size and digest == file.sha256:
        return
    part.unlink()
    found = f"{size} bytes" if size != file.size else f"the SHA-256 {digest[:12]}…"
    wanted = f"{file.size}" if size != file.size else f"{file.sha256[:12]}…"
    raise ProviderError(
        f"What came for {file.repository}/{file.path} has {found}, not {wanted}; it was deleted.",
        hint="Try again; if it stays so, the file was changed at its source and should not be used.",
    )


def _read(answer: HTTPResponse, url: str) -> bytes:
    try:
        return answer.read(_BLOCK)
    except (HTTPException, TimeoutError, ConnectionError) as error:
        raise _unreachable(url, error) from error


def _unreachable(url: str, error: Exception) -> ProviderError:
    reason = getattr(error, "reason", error)
    if isinstance(reason, socket.gaierror):
        reason = "its name is not known here"
    return ProviderError(f"{url} cannot be reached ({str(reason).rstrip('.') or type(error).__name__}).")
