"""What an image adapter is given of a character: pictures for its CLIP vision model, and face embeddings."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EmptyReferenceError, InputError, MissingModelError
from .face_models import FACE_DIMENSION, face_encoder
from .reference_pictures import LazyPictures, ReferencePicture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..consistency.encoders.registry import EncoderRegistry
    from ..consistency.references.choosing import Choice
    from ..consistency.references.faces import FaceInput, Skipped
    from ..consistency.references.head_crops import HeadCrop, HeadDetector
    from .models import ModelStore

WHOLE, HEAD, FACE = "whole", "head", "face"
NORMED, RAW = "normed", "raw"
_DEFAULT_SIDE = 224
# What is kept of looked-at pictures: an aligned crop of 336 pixels takes 340 kB.
_MAX_KEPT = 128


@dataclass(frozen=True, slots=True)
class AdapterWants:
    """What an adapter takes.

    Parameters
    ----------
    face : str or None
        ``normed`` or ``raw`` ArcFace embeddings; None for none.
    crop : str
        What its CLIP vision model sees: ``whole`` pictures, squares around the ``head``, or aligned ``face``
        crops.
    crop_side : int
        Of an aligned face crop in pixels: 224 for SD 1.5, 256 for SDXL, 336 for Kolors.
    fit : str
        How a whole picture is made square: ``letterbox``, ``centre`` or ``squash``.
    margin : float
        Added at each side of a head, as a share of its longer side.
    choose : Choice
        Which face or head of a picture; a reference with a chosen figure has that one.
    pack : str
        The face models that the adapter was trained with, such as ``buffalo_l`` or ``antelopev2``; empty for
        any. Embeddings of other models mean something else, so that others are taken only with a note.
    """

    face: str | None = None
    crop: str = WHOLE
    crop_side: int = _DEFAULT_SIDE
    fit: str = "letterbox"
    margin: float = 0.25
    choose: Choice = "largest"
    pack: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class AdapterInputs:
    """What came of the references.

    Parameters
    ----------
    pictures : tuple of ndarray of uint8, shape (height, width, 3)
        RGB for the CLIP vision model, one for each of `used`.
    faces : ndarray of float32, shape (n, 512)
        One row for each of `used`; no row where no reference shows a face, or none was wanted.
    used : tuple of int
        Which references.
    notes : tuple of str
        What was skipped and what was done instead, one sentence each.
    """

    pictures: tuple[NDArray[np.uint8], ...]
    faces: NDArray[np.float32]
    used: tuple[int, ...]
    notes: tuple[str, ...]


class AdapterInputService:
    """Finds faces and heads in references with the models that are installed, each only once.

    Parameters
    ----------
    models : ModelStore
        Knows which head detectors are installed.
    encoders : EncoderRegistry
        Holds the face encoders.
    device : str
        Where networks run: ``auto``, ``cpu`` or ``cuda``.
    """

    def __init__(self, models: ModelStore, encoders: EncoderRegistry, device: str) -> None:
        self._models = models
        self._encoders = encoders
        self._device = device
        self._kept: dict[Hashable, Any] = {}
        self._detector: tuple[tuple[Path, ...], HeadDetector | None] | None = None
        self._lock = threading.Lock()

    def prepare(self, references: Sequence[Any], wants: AdapterWants) -> AdapterInputs:
        """Make an adapter's inputs of reference pictures.

        A reference without a face is left out where the adapter wants faces, and named in the notes. Where
        none has one, `AdapterInputs.faces` has no row and `pictures` holds heads, or whole pictures, of all:
        enough for an adapter that can do without, and for the caller to refuse otherwise.

        Parameters
        ----------
        references : sequence of Reference, Path or ndarray of uint8, shape (height, width, 3)
            Pictures are RGB.
        wants : AdapterWants
            What the adapter takes.

        Raises
        ------
        InputError
            If there is no reference, or `wants` cannot be.
        MissingModelError
            If faces are wanted and no face models are installed; the hint says how to get them.
        """
        _check(references, wants)
        pictures = [ReferencePicture(reference, at, wants.choose) for at, reference in enumerate(references)]
        notes: list[str] = []
        if wants.face is None and wants.crop != FACE:
            return self._without_faces(pictures, wants, notes)
        faces = self._faces(pictures, wants, notes)
        if not faces:
            return self._without_faces(
                pictures, replace(wants, crop=HEAD if wants.crop == FACE else wants.crop), notes
            )
        used = [pictures[face.index] for face in faces]
        if wants.crop == FACE:
            shown = tuple(face.crop for face in faces)
        else:
            shown = tuple(self._shown(picture, wants, notes) for picture in used)
        rows = [face.raw if wants.face == RAW else face.normed for face in faces]
        return AdapterInputs(
            shown, _rows(rows if wants.face else ()), tuple(face.index for face in faces), tuple(notes)
        )

    def _without_faces(
        self, pictures: Sequence[ReferencePicture], wants: AdapterWants, notes: list[str]
    ) -> AdapterInputs:
        shown = tuple(self._shown(picture, wants, notes) for picture in pictures)
        return AdapterInputs(shown, _rows(()), tuple(picture.index for picture in pictures), tuple(notes))

    def _faces(
        self, pictures: Sequence[ReferencePicture], wants: AdapterWants, notes: list[str]
    ) -> list[FaceInput]:
        """Return the faces that were found; say in `notes` why others were not."""
        from ..consistency.references.faces import Skipped

        try:
            encoder = face_encoder(self._models, self._encoders, wants.pack, notes)
        except MissingModelError as error:
            if wants.face is not None:
                raise
            notes.append(f"Heads are shown instead of aligned faces: {error.message}")
            return []
        faces = []
        for picture, seen in zip(pictures, self._looked_at(pictures, encoder, wants), strict=True):
            if isinstance(seen, Skipped):
                notes.append(f"{picture.name} was skipped: {seen.reason}.")
                continue
            faces.append(seen)
            if seen.how:
                notes.append(f"The face in {picture.name} was {seen.how}.")
        if not faces:
            notes.append("No reference shows a face that the face models find.")
        return faces

    def _looked_at(
        self, pictures: Sequence[ReferencePicture], encoder: Any, wants: AdapterWants
    ) -> list[FaceInput | Skipped]:
        """Look for faces in the pictures that have not been looked at before."""
        from ..consistency.references.faces import find_faces

        keys = [(picture.digest, picture.choice, encoder.version, wants.crop_side) for picture in pictures]
        seen = {key: known for key in keys if (known := self._kept.get(key)) is not None}
        new = {key: at for at, key in enumerate(keys) if key not in seen}
        found = find_faces(
            LazyPictures([pictures[at] for at in new.values()]),
            encoder,
            crop_side=wants.crop_side,
            choose={number: pictures[at].choice for number, at in enumerate(new.values())},
        )
        for key, one in zip(new, sorted((*found.found, *found.skipped), key=_index), strict=True):
            seen[key] = one
            self._keep(key, one)
        return [replace(seen[key], index=at) for at, key in enumerate(keys)]

    def _shown(self, picture: ReferencePicture, wants: AdapterWants, notes: list[str]) -> NDArray[np.uint8]:
        """Return what the CLIP vision model sees of a picture."""
        from ..consistency.references.checking import chosen_part
        from ..consistency.references.framing import fitted
        from ..consistency.references.head_crops import FIGURE

        if wants.crop != WHOLE:
            crop = self._head(picture, wants)
            if crop is not None:
                if crop.found_by == FIGURE:
                    notes.append(f"The head in {picture.name} was found without a head detector.")
                return crop.picture
            notes.append(f"No head was found in {picture.name}, so the whole picture is used.")
        return fitted(chosen_part(picture.image(), picture.box, picture.name), wants.fit)

    def _head(self, picture: ReferencePicture, wants: AdapterWants) -> HeadCrop | None:
        from ..consistency.references.head_crops import head_crop

        installed = tuple(file for model in self._models.installed("head") for file in model.files)
        key = (picture.digest, picture.choice, wants.margin, installed)
        known = self._kept.get(key)
        if known is None:
            detector = self._head_detector(installed)
            crop = head_crop(picture.image(), detector, margin=wants.margin, choose=picture.choice)
            known = (crop,)
            self._keep(key, known)
        return known[0]

    def _head_detector(self, installed: tuple[Path, ...]) -> HeadDetector | None:
        """Return the head detector, loaded once for the files that are installed."""
        from ..consistency.encoders.models import head_detector

        if self._detector is None or self._detector[0] != installed:
            self._detector = (installed, head_detector(self._models, self._device))
        return self._detector[1]

    def _keep(self, key: Hashable, value: Any) -> None:
        # Nodes and routes may ask in several threads.
        with self._lock:
            while len(self._kept) >= _MAX_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = value


def _check(references: Sequence[Any], wants: AdapterWants) -> None:
    if not references:
        raise EmptyReferenceError(
            "There is no reference picture to inject.", hint="Add one to the character, or connect pictures."
        )
    for value, known, field in (
        (wants.face, (None, NORMED, RAW), "face"),
        (wants.crop, (WHOLE, HEAD, FACE), "crop"),
    ):
        if value not in known:
            raise InputError(
                f"{value!r} is nothing that an adapter takes.", field=field, hint=f"Known: {known}."
            )


def _index(one: FaceInput | Skipped) -> int:
    return one.index


def _rows(vectors: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    import numpy as np

    return np.array(vectors, np.float32).reshape(-1, FACE_DIMENSION)
