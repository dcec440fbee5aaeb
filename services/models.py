"""The model files on this machine: found where ComfyUI and other packs keep them, fetched when asked."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..consistency.encoders.catalog import (
    ARCFACE,
    CATALOG,
    INSIGHTFACE,
    InstalledModel,
    KnownModel,
    RemoteFile,
    known_model,
)
from ..errors import MissingModelError, NotFoundError, ProviderError, TowerError
from .downloads import Hub, PinnedFile, Progress, sha256_of

if TYPE_CHECKING:
    from ..settings import Settings

logger = logging.getLogger(__name__)

EVENT = "tower.model"
_LOCK_SUFFIX = ".lock.json"
# Where other packs keep detectors as single files, below ComfyUI's model directories.
_SHARED_FOLDERS = ("ultralytics/bbox", "ultralytics", "onnx", "detection", "ccip")
_INSIGHTFACE = "insightface/models"
# What every kind is called in its folder when a repository's own name says nothing.
_PLAIN_NAMES = {"model.onnx", "model_feat.onnx"}
# An event each time this share of a file has come.
_EVENT_STEPS = 200


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model of the catalogue: whether it is there, and how far a download is.

    Parameters
    ----------
    name, kind, licence, purpose, repository : str
        As in the catalogue.
    size : int or None
        Bytes, where they are known beforehand.
    folder : str
        Where its files belong.
    files : tuple of str
        Its files' names.
    installed : tuple of str
        Paths of its files; empty where it is not there.
    state : str
        ``absent``, ``fetching``, ``failed`` or ``installed``.
    done, total : int
        Bytes of the download that are there, and of the whole.
    error : str
        Why it failed.
    """

    name: str
    kind: str
    licence: str
    purpose: str
    repository: str
    size: int | None
    folder: str
    files: tuple[str, ...]
    installed: tuple[str, ...] = ()
    state: str = "absent"
    done: int = 0
    total: int = 0
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the row for programs."""
        return {name: getattr(self, name) for name in self.__slots__}


class ModelStore:
    """Finds and fetches model files.

    Parameters
    ----------
    settings : Settings
        Whose folders and hub are used.
    """

    def __init__(self, settings: Settings) -> None:
        self._folders = settings.model_folders or (settings.home / "models",)
        self._shared = settings.comfy_models
        self._cache = settings.hub_cache
        self._hub = Hub(settings.model_hub)
        self._lock = threading.Lock()
        self._downloads: dict[str, ModelState] = {}
        self._announce: Callable[[str, dict[str, Any]], None] | None = None
        self._on_change: Callable[[], None] | None = None

    def announce_by(self, announce: Callable[[str, dict[str, Any]], None]) -> None:
        """Learn how to tell browsers about downloads."""
        self._announce = announce

    def when_changed(self, act: Callable[[], None]) -> None:
        """Have `act` called when a model has come."""
        self._on_change = act

    def installed(self, kind: str) -> list[InstalledModel]:
        """Return the models of a kind, the best first: those of the catalogue, then the user's own."""
        found = {model.name: here for model in CATALOG if model.kind == kind and (here := self._find(model))}
        for name, files in self._own(kind):
            found.setdefault(name, InstalledModel(name, files, _locked(files)))
        return list(found.values())

    def missing(self, kinds: Sequence[str], name: str = "") -> MissingModelError:
        """Return the error that says how to get the models: by a command, or by hand."""
        wanted = [self._wanted(kind, name if at == 0 else "") for at, kind in enumerate(kinds)]
        known = [model for model in wanted if model is not None]
        if not known:
            return self._missing_pack(kinds[0], name)
        names = " ".join(model.name for model in known)
        by_hand = "; ".join(_by_hand(model, self._target(model)) for model in known)
        verb = "is" if len(known) == 1 else "are"
        return MissingModelError(
            f"{' and '.join(model.name for model in known)} {verb} not installed.",
            field="encoder",
            hint=f"Run `tower models get {names}`, or put {by_hand}.",
        )

    def _missing_pack(self, kind: str, name: str) -> MissingModelError:
        place = self._folders[0] / ARCFACE
        if kind == INSIGHTFACE:
            own = Path.home() / ".insightface" / "models"
            place = self._shared[0] / _INSIGHTFACE if self._shared else own
        return MissingModelError(
            f"The face models {name} are not installed." if name else "No face models are installed.",
            field="encoder",
            hint=f"Put a face detector and a face recogniser (.onnx) into {place / (name or 'NAME')}.",
        )

    def states(self) -> list[ModelState]:
        """Return all models of the catalogue, with what is going on."""
        return [self.state(model.name) for model in CATALOG]

    def state(self, name: str) -> ModelState:
        """Return one model of the catalogue.

        Raises
        ------
        NotFoundError
            If it is not in the catalogue.
        """
        model = _require(name)
        with self._lock:
            running = self._downloads.get(name)
        here = self._find(model)
        state = running or self._state(model)
        if here is not None and state.state != "fetching":
            paths = tuple(str(path) for path in here.files)
            return replace(self._state(model), installed=paths, state="installed")
        return state

    def get(self, name: str, progress: Progress | None = None) -> ModelState:
        """Fetch a model and wait for it; one that is there is left as it is.

        Raises
        ------
        NotFoundError
            If it is not in the catalogue.
        ProviderError
            If it cannot be fetched; the message says where to put the file by hand.
        """
        model = _require(name)
        if self._find(model) is None:
            self._fetch(model, progress or (lambda done, total: None))
        return self.state(name)

    def start(self, name: str) -> ModelState:
        """Fetch a model in a thread of its own, unless that is going on already.

        Raises
        ------
        NotFoundError
            If it is not in the catalogue.
        """
        model = _require(name)
        state = self.state(name)
        with self._lock:
            running = self._downloads.get(name)
            if state.state == "installed" or (running is not None and running.state == "fetching"):
                return running if running is not None and running.state == "fetching" else state
            self._downloads[name] = state = replace(self._state(model), state="fetching")
        threading.Thread(target=self._run, args=(model,), name=f"tower-model-{name}", daemon=True).start()
        return state

    def _run(self, model: KnownModel) -> None:
        """Fetch at the boundary of a thread: whatever goes wrong becomes the state."""
        seen = -1

        def advance(done: int, total: int) -> None:
            nonlocal seen
            if (step := done * _EVENT_STEPS // max(total, 1)) != seen:
                seen = step
                self._note(model, state="fetching", done=done, total=total)

        try:
            self._fetch(model, advance)
        except TowerError as error:
            self._note(model, state="failed", error=str(error))
        except Exception as error:  # the boundary of the job, where its failure is recorded
            logger.exception("Fetching %s failed", model.name)
            self._note(model, state="failed", error=f"{type(error).__name__}: {error}")
        else:
            paths = tuple(str(path) for path in self._target_files(model))
            self._note(model, state="installed", installed=paths)

    def _note(self, model: KnownModel, **changes: Any) -> None:
        with self._lock:
            state = replace(self._downloads.get(model.name, self._state(model)), **changes)
            self._downloads[model.name] = state
        if self._announce is not None:
            self._announce(EVENT, state.as_json())

    def _fetch(self, model: KnownModel, progress: Progress) -> None:
        try:
            revision = model.revision or self._hub.newest(model.repository)
            pins = [self._pin(model, file, revision) for file in model.files]
            total, before = sum(pin.size for pin in pins), 0
            for pin, target in zip(pins, self._target_files(model), strict=True):
                self._bring(pin, target, lambda done, _, start=before: progress(start + done, total))
                before += pin.size
        except ProviderError as error:
            by_hand = _by_hand(model, self._target(model))
            hint = f"{error.hint} " if error.hint else ""
            raise ProviderError(error.message, hint=f"{hint}Without it: put {by_hand}.") from error
        if self._on_change is not None:
            self._on_change()

    def _pin(self, model: KnownModel, file: RemoteFile, revision: str) -> PinnedFile:
        if file.size is not None and file.sha256 is not None:
            return PinnedFile(model.repository, revision, file.path, file.size, file.sha256)
        return self._hub.pin(model.repository, revision, file.path)

    def _bring(self, pin: PinnedFile, target: Path, progress: Progress) -> None:
        if target.is_file() and target.stat().st_size == pin.size and sha256_of(target) == pin.sha256:
            progress(pin.size, pin.size)
        else:
            self._hub.fetch(pin, target, progress)
        lock = target.with_name(target.name + _LOCK_SUFFIX)
        lock.write_text(json.dumps(pin.as_json(), indent=2) + "\n", encoding="utf-8")

    def _state(self, model: KnownModel) -> ModelState:
        return ModelState(
            name=model.name,
            kind=model.kind,
            licence=model.licence,
            purpose=model.purpose,
            repository=model.repository,
            size=model.size,
            folder=str(self._target(model)),
            files=tuple(file.name for file in model.files),
            total=model.size or 0,
        )

    def _wanted(self, kind: str, name: str) -> KnownModel | None:
        return known_model(name) if name else next((model for model in CATALOG if model.kind == kind), None)

    def _target(self, model: KnownModel) -> Path:
        return self._folders[0] / model.kind / model.name

    def _target_files(self, model: KnownModel) -> list[Path]:
        return [self._target(model) / file.name for file in model.files]

    def _find(self, model: KnownModel) -> InstalledModel | None:
        for folder in self._folders_of(model):
            files = tuple(folder / file.name for file in model.files)
            if all(path.is_file() for path in files):
                return InstalledModel(model.name, files, _locked(files))
        if len(model.files) == 1:
            for folder in (*self._kind_folders(model.kind), *self._shared_folders()):
                single = folder / f"{model.name}.onnx"
                if single.is_file():
                    return InstalledModel(model.name, (single,), _locked([single]))
        return None

    def _folders_of(self, model: KnownModel) -> Iterator[Path]:
        """Yield the folders in which a model's files may lie under their own names."""
        for folder in (*self._kind_folders(model.kind), *self._shared_folders()):
            yield folder / model.name
        if model.kind == ARCFACE:
            yield from (root / _INSIGHTFACE / model.name for root in self._shared)
        if self._cache is not None:
            snapshots = self._cache / f"models--{model.repository.replace('/', '--')}" / "snapshots"
            inner = model.files[0].path.rpartition("/")[0]
            yield from (snapshot / inner for snapshot in _folders_in(snapshots))

    def _kind_folders(self, kind: str) -> list[Path]:
        return [place for folder in self._folders for place in (folder / kind, folder)]

    def _shared_folders(self) -> list[Path]:
        return [root / name for root in self._shared for name in _SHARED_FOLDERS]

    def _own(self, kind: str) -> Iterator[tuple[str, tuple[Path, ...]]]:
        """Yield the models that the user has put into the folder of their kind."""
        if kind in (ARCFACE, INSIGHTFACE):
            yield from self._packs(kind)
            return
        for folder in self._folders:
            for path in sorted((folder / kind).rglob("*.onnx")):
                name = path.parent.name if path.name in _PLAIN_NAMES else path.stem
                if known_model(name) is None and name != kind:
                    yield name, (path,)

    def _packs(self, kind: str) -> Iterator[tuple[str, tuple[Path, ...]]]:
        """Yield folders with two models or more: a detector and a recogniser."""
        places = [root / _INSIGHTFACE for root in self._shared]
        places.append(Path.home() / ".insightface" / "models")
        own = [folder / ARCFACE for folder in self._folders] if kind == ARCFACE else []
        for place in (*own, *places):
            # A pair that lies in the folder itself is a pack called arcface.
            for folder in ([place] if place in own else []) + _folders_in(place):
                files = tuple(sorted(folder.glob("*.onnx")))
                if len(files) >= 2:
                    yield folder.name, files


def _require(name: str) -> KnownModel:
    model = known_model(name)
    if model is None:
        known = ", ".join(known.name for known in CATALOG)
        raise NotFoundError(f"No model is called {name!r}.", field="name", hint=f"Known: {known}.")
    return model


def _by_hand(model: KnownModel, folder: Path) -> str:
    """Say which files belong where."""
    page = f"https://huggingface.co/{model.repository}"
    files = " and ".join(file.path for file in model.files)
    return f"{files} of {page} into {folder}"


def _locked(files: Sequence[Path]) -> dict[str, str]:
    """Read what fetched files must hash to; one whose lock cannot be read counts as put there by hand."""
    digests = {}
    for path in files:
        lock = path.with_name(path.name + _LOCK_SUFFIX)
        try:
            digests[path.name] = str(json.loads(lock.read_text(encoding="utf-8"))["sha256"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return digests


def _folders_in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []
