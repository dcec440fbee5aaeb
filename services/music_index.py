"""Folders of music, indexed in the background and watched."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConflictError, InputError, TowerError
from ..music.catalog.folder import FoundFile, Obstacle, printable, walk

if TYPE_CHECKING:
    from ..db.music_files import MusicFileRepository
    from ..music.catalog.library_file import PendingFile

logger = logging.getLogger(__name__)

STAGE_LOOKING = "looking for music"
STAGE_TAGS = "reading tags"
STAGE_HASHES = "taking digests"
_BATCH = 500
_MAX_OBSTACLES = 50
_MAX_BLIND = 1000
_BLOCK = 1 << 20
# A look at a large folder takes a while itself: at most a tenth of the time goes into looking.
_WATCH_SECONDS = 30.0
_WATCH_FACTOR = 10.0

Progress = Callable[[str, int, int], None]


class CancelledError(ConflictError):
    """Indexing was told to stop; what was read stays."""

    code = "cancelled"


@dataclass(frozen=True, slots=True)
class IndexState:
    """How far indexing is.

    Parameters
    ----------
    state : str
        ``idle``, ``running``, ``done``, ``cancelled`` or ``failed``.
    stage : str
        What is done now, with `done` of `total` files.
    n_found, n_new, n_gone : int
        Files of music, those that were new or changed, and those that are no longer there.
    obstacles : tuple of dict
        Up to fifty places that could not be looked at, each with ``path`` and ``reason``.
    n_obstacles : int
        All of them.
    """

    state: str = "idle"
    stage: str = ""
    done: int = 0
    total: int = 0
    n_found: int = 0
    n_new: int = 0
    n_gone: int = 0
    n_obstacles: int = 0
    obstacles: tuple[dict[str, str], ...] = ()
    error: str = ""
    folders: tuple[str, ...] = ()
    is_watching: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)


@dataclass
class _Run:
    """One pass over folders."""

    progress: Progress
    is_cancelled: threading.Event
    n_found: int = 0
    n_new: int = 0
    n_gone: int = 0
    obstacles: list[Obstacle] = field(default_factory=list)

    def step(self, stage: str, done: int, total: int) -> None:
        self.progress(stage, done, total)
        if self.is_cancelled.is_set():
            raise CancelledError(
                "Indexing was cancelled.", hint="What was read stays; start it again to go on."
            )


class MusicIndex:
    """Keeps an index of folders: what is there, its tags, its digests.

    First every file is entered, then tags are read, then digests taken, each step stored at once: a run that
    is stopped, by whatever, goes on where it was. A file that did not change is not opened again.

    Parameters
    ----------
    files : MusicFileRepository
        The index.
    folders : sequence of Path
        The folders that are watched.
    """

    def __init__(self, files: MusicFileRepository, folders: Sequence[Path]) -> None:
        self._files = files
        self.folders = tuple(folders)
        self._state = IndexState(folders=tuple(str(folder) for folder in folders))
        self._lock = threading.Lock()
        self._cancel, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._watcher: threading.Thread | None = None

    def state(self) -> IndexState:
        """Return how far the indexing is."""
        watcher = self._watcher
        return replace(self._state, is_watching=watcher is not None and watcher.is_alive())

    def index(self, folders: Iterable[Path] = (), progress: Progress | None = None) -> IndexState:
        """Bring the index up to date, and return when it is.

        Parameters
        ----------
        folders : iterable of Path
            Those to look at; the watched ones when empty.
        progress : callable, optional
            Told the stage, the files done and all of them; it may raise to stop.

        Raises
        ------
        InputError
            If a folder is not there.
        ConflictError
            If the index is being brought up to date already, or the run was cancelled.
        """
        places = tuple(folders) or self.folders
        self._begin(places)
        try:
            return self._run(places, progress or _unseen)
        except CancelledError:
            self._note(state="cancelled")
            raise
        except BaseException as error:
            self._note(state="failed", error=f"{error}" or type(error).__name__)
            raise

    def start(self) -> IndexState:
        """Begin to index the watched folders in a thread, unless that is going on.

        Raises
        ------
        InputError
            If none of the folders is there.
        """
        self._places(self.folders)
        with self._lock:
            if self._state.state != "running":
                self._thread = threading.Thread(
                    target=self._in_background, name="tower-music-index", daemon=True
                )
                self._state = replace(self._state, state="running", stage="", done=0, total=0, error="")
                self._thread.start()
        return self.state()

    def watch(self) -> IndexState:
        """Look again at the watched folders every half minute, or less often where a look takes long."""
        with self._lock:
            if self._watcher is None or not self._watcher.is_alive():
                self._watcher = threading.Thread(
                    target=self._keep_looking, name="tower-music-watch", daemon=True
                )
                self._watcher.start()
        return self.state()

    def cancel(self) -> IndexState:
        """Stop the run that is going on; what it has read stays."""
        if self._state.state == "running":
            self._cancel.set()
        return self.state()

    def close(self) -> None:
        """Stop, and wait until nothing uses the database any more."""
        self._closing.set()
        self._cancel.set()
        for thread in (self._thread, self._watcher):
            if thread is not None and thread is not threading.current_thread():
                thread.join(20)

    def _begin(self, places: tuple[Path, ...]) -> None:
        with self._lock:
            is_own = self._thread is threading.current_thread()
            if self._state.state == "running" and not is_own:
                raise ConflictError("The music is being indexed already.", hint="Wait for it, or cancel it.")
            self._cancel.clear()
            if self._closing.is_set():
                self._cancel.set()
            watched = tuple(str(place) for place in places)
            self._state = IndexState(state="running", folders=watched)

    def _run(self, folders: tuple[Path, ...], progress: Progress) -> IndexState:
        run = _Run(progress, self._cancel)
        run.progress = self._told(progress, run)
        for folder in self._places(folders):
            self._look(folder, run)
        self._read_all(run, hashes=False)
        self._read_all(run, hashes=True)
        return self._note(state="done", stage="", **_counts(run))

    def _places(self, folders: tuple[Path, ...]) -> list[Path]:
        there = [folder for folder in folders if folder.is_dir()]
        if not there:
            names = ", ".join(str(folder) for folder in folders) or "none is set"
            raise InputError(
                f"There is no folder of music ({names}).",
                field="TOWER_MUSIC",
                hint="Make it, or set TOWER_MUSIC to the folders where your music is.",
            )
        return there

    def _look(self, folder: Path, run: _Run) -> None:
        """Enter what is new or changed below a folder, and take out what is gone."""
        from ..db.music_files import path_key, short_key

        present: set[int] = set()
        blind: list[str] = []
        found = walk(folder.absolute())
        while batch := list(islice(found, _BATCH)):
            files = [(item.path, item.size, item.mtime_ns) for item in batch if isinstance(item, FoundFile)]
            obstacles = [item for item in batch if isinstance(item, Obstacle)]
            present.update(short_key(path_key(path)) for path, _, _ in files)
            blind += [item.path for item in obstacles if item.may_hide]
            run.obstacles += obstacles[: max(0, _MAX_OBSTACLES - len(run.obstacles))]
            run.n_found += len(files)
            run.n_new += self._files.note_found(files) if files else 0
            run.step(STAGE_LOOKING, run.n_found, run.n_found)
            self._note(n_obstacles=self._state.n_obstacles + len(obstacles))
        # With so much out of sight it is rather a disk than files that is gone.
        if len(blind) <= _MAX_BLIND and (present or not blind):
            run.n_gone += self._files.forget_absent(folder.absolute(), present, blind)

    def _read_all(self, run: _Run, *, hashes: bool) -> None:
        stage, read = (STAGE_HASHES, self._digest) if hashes else (STAGE_TAGS, _tags)
        total, done, last = self._files.count_pending(hashes=hashes), 0, 0
        while page := self._files.pending(hashes=hashes, after_id=last):
            rows: list[dict[str, Any]] = []
            try:
                for file in page:
                    run.step(stage, done, max(total, done))
                    rows.append(read(file))
                    done += 1
            finally:
                # What was read before a cancel stays read.
                self._files.note_read(rows)
            last = page[-1].id
        run.step(stage, done, max(total, done))

    def _digest(self, file: PendingFile) -> dict[str, Any]:
        digest = hashlib.sha256()
        fields = {"id": file.id, "mtime_ns": file.mtime_ns}
        try:
            with file.path.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    digest.update(block)
                    if self._cancel.is_set():
                        raise CancelledError("Indexing was cancelled.", hint="What was read stays.")
        except OSError as error:
            return {**fields, "state": "unreadable", "reason": f"{error.strerror or error}", "sha256": ""}
        return {**fields, "state": "read", "reason": "", "sha256": digest.hexdigest()}

    def _told(self, progress: Progress, run: _Run) -> Progress:
        def tell(stage: str, done: int, total: int) -> None:
            self._note(stage=stage, done=done, total=total, **_counts(run))
            progress(stage, done, total)

        return tell

    def _note(self, **changes: Any) -> IndexState:
        self._state = replace(self._state, **changes)
        return self._state

    def _in_background(self) -> None:
        """Index at the boundary of a thread: whatever goes wrong becomes the state."""
        try:
            self.index()
        except TowerError as error:
            if self._state.state == "running":
                self._note(state="failed", error=str(error))
        except Exception as error:
            logger.exception("Indexing the music failed.")
            self._note(state="failed", error=f"{type(error).__name__}: {error}")

    def _keep_looking(self) -> None:
        while not self._closing.is_set():
            begun = time.monotonic()
            try:
                self.start()
            except TowerError as error:
                logger.info("%s", error)
            thread = self._thread
            if thread is not None:
                thread.join()
            pause = max(_WATCH_SECONDS, _WATCH_FACTOR * (time.monotonic() - begun))
            self._closing.wait(pause)


def _counts(run: _Run) -> dict[str, Any]:
    return {
        "n_found": run.n_found,
        "n_new": run.n_new,
        "n_gone": run.n_gone,
        "obstacles": tuple({"path": item.path, "reason": item.reason} for item in run.obstacles),
    }


def _tags(file: PendingFile) -> dict[str, Any]:
    """Return the columns of a file whose tags were read, or of one that cannot be."""
    from ..music.catalog.tags import FileTags, read_tags

    try:
        tags, state, reason = read_tags(file.path), "read", ""
    except InputError as error:
        tags, state, reason = FileTags.blank(file.path.stem), "unreadable", str(error)
    texts = (tags.title, tags.artist, tags.album, *tags.genres, *tags.moods, printable(file.path.name))
    return {
        "id": file.id,
        "mtime_ns": file.mtime_ns,
        "state": state,
        "reason": reason,
        "title": tags.title,
        "artist": tags.artist,
        "album": tags.album,
        "genres": list(tags.genres),
        "moods": list(tags.moods),
        "tempo_bpm": tags.tempo_bpm,
        "key": tags.key,
        "isrc": tags.isrc,
        "licence": tags.licence.as_json(),
        "duration_seconds": tags.duration_seconds,
        "words": "\n".join(texts).casefold(),
    }


def _unseen(_stage: str, _done: int, _total: int) -> None:
    return None
