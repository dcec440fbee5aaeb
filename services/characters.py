"""Characters and their reference pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..consistency.character import Character, Reference, split_version
from ..db.character_rows import has_picture
from ..db.characters import CharacterRepository
from ..errors import EmptyReferenceError, InputError, NotFoundError
from .files import copy_whole, sha256_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..consistency.encoders.base import Box
    from ..consistency.references.check import ReferenceCheck
    from ..db.database import Database


class CharacterStudio(CharacterRepository):
    """The stored characters, and the folder with the pictures that define them."""

    def __init__(self, database: Database, references_folder: Path) -> None:
        super().__init__(database)
        self._folder = references_folder

    def add_references(
        self,
        character_id: int,
        files: Sequence[Path],
        *,
        names: Sequence[str] | None = None,
        boxes: Sequence[Box | None] | None = None,
    ) -> tuple[Character, list[ReferenceCheck]]:
        """Add pictures to a character; one that is refused refuses them all.

        Parameters
        ----------
        files : sequence of Path
            The pictures.
        names : sequence of str, optional
            What to call them in sentences; their file names when omitted.
        boxes : sequence of tuple of int or None, optional
            The figure chosen in each: left, top, right, bottom in pixels; only that part counts.

        Returns
        -------
        Character
            With a new version that has the old pictures and the new ones.
        list of ReferenceCheck
            What was found in each new picture, in the order of `files`.

        Raises
        ------
        InputError
            If a picture cannot be read or breaks a rule; nothing is stored then.
        """
        self.get(character_id)
        references, checks = self._admit(files, names, boxes)
        return self.append_references(character_id, references), checks

    def begin(
        self, name: str, files: Sequence[Path], *, project_id: int | None = None, **fields: Any
    ) -> Character:
        """Create a character with its first pictures.

        Raises
        ------
        ConflictError
            If the project has a character of that name.
        InputError
            If a picture cannot be read or breaks a rule; nothing is stored then.
        """
        references, _ = self._admit(files)
        return self.create(name, project_id=project_id, references=references, **fields)

    def extend(
        self, name: str, files: Sequence[Path], *, project_id: int | None = None, **fields: Any
    ) -> tuple[Character, list[ReferenceCheck]]:
        """Add pictures to a character, who is created when nobody has that name yet.

        Raises
        ------
        InputError
            If a picture cannot be read or breaks a rule; nothing is stored then.
        """
        try:
            character = self.find(name, project_id)
        except NotFoundError:
            return self.ensure(name, files, project_id=project_id, **fields)
        if fields:
            self.update(character.id, **fields)
        return self.add_references(character.id, files)

    def ensure(
        self, name: str, files: Sequence[Path], *, project_id: int | None = None, **fields: Any
    ) -> tuple[Character, list[ReferenceCheck]]:
        """Make a character be exactly this: created, or updated with a new version if pictures differ.

        Parameters
        ----------
        name : str
            Its name within the project.
        files : sequence of Path
            All its reference pictures.
        **fields
            Columns such as ``prompt`` and ``consistency_threshold``.
        """
        references, checks = self._admit(files)
        try:
            character = self.find(name, project_id)
        except NotFoundError:
            return self.create(name, project_id=project_id, references=references, **fields), checks
        changed = {key: value for key, value in fields.items() if getattr(character, key) != value}
        if changed:
            character = self.update(character.id, **changed)
        if [r.sha256 for r in character.references] != [r.sha256 for r in references]:
            character = self.set_references(character.id, references)
        return character, checks

    def make_version(
        self,
        character_id: int,
        files: Sequence[Path] = (),
        *,
        names: Sequence[str] | None = None,
        **fields: Any,
    ) -> tuple[Character, list[ReferenceCheck]]:
        """Make a version from the current one, with pictures of its own if there are any.

        Parameters
        ----------
        files : sequence of Path
            Its pictures; those of the current version when there are none.
        names : sequence of str, optional
            What to call them in sentences.
        **fields
            As `add_version` has them.

        Raises
        ------
        NotFoundError
            If there is no such character.
        InputError
            If a picture cannot be read or breaks a rule, or a state is not possible; nothing is stored then.
        """
        self.get(character_id)
        if not files:
            return self.add_version(character_id, **fields), []
        references, checks = self._admit(files, names)
        return self.add_version(character_id, references=references, **fields), checks

    def named(self, name: str) -> Character:
        """Find a character by its label, or by a name that only one character has.

        ``name @ 2`` and ``name @ child/sad`` are that version of it.

        Raises
        ------
        NotFoundError
            If nobody has that name.
        InputError
            If characters of several projects have it.
        """
        name, version = split_version(name)
        labels = self.labels()
        matches = [label for label in labels if label == name or label.rsplit(" / ", 1)[-1] == name]
        if name in labels or len(matches) == 1:
            found = self.by_label(name if name in labels else matches[0])
            return found if version is None else self.in_version(found, version)
        if not matches:
            known = ", ".join(labels) or "nobody yet"
            raise NotFoundError(f"No character is called {name!r}.", field="name", hint=f"Known: {known}.")
        raise InputError(
            f"{name!r} is the name of several characters.",
            field="name",
            hint=f"Say which: {', '.join(matches)}.",
        )

    def reference_images(self, character: Character) -> list[NDArray[np.uint8]]:
        """Decode a character's reference pictures; of one in which a figure was chosen, only that.

        Returns
        -------
        list of ndarray of uint8, shape (height, width, 3)
            RGB, in the order of the references.

        Raises
        ------
        EmptyReferenceError
            If the character has none.
        """
        from ..consistency.images import read_image
        from ..consistency.references.checking import chosen_part

        if not character.references:
            raise EmptyReferenceError(
                f"Character {character.name!r} has no reference picture.",
                hint=f"Add some: tower character add {character.name!r} REF.png …",
            )
        return [
            chosen_part(read_image(reference.path), reference.box, reference.path.name)
            for reference in character.references
        ]

    def _admit(
        self,
        files: Sequence[Path],
        names: Sequence[str] | None = None,
        boxes: Sequence[Box | None] | None = None,
    ) -> tuple[list[Reference], list[ReferenceCheck]]:
        """Check all pictures, then store all of them."""
        from ..consistency.images import read_still
        from ..consistency.references.checking import check_references

        images = [read_still(path) for path in files]
        checks = check_references(images, names or [path.name for path in files], boxes=boxes)
        refused = [check for check in checks if not check.accepted]
        if refused:
            raise InputError(refused[0].errors[0], field="references")
        return self.keep(files, images, checks)[0], checks

    def keep(
        self, files: Sequence[Path], images: Sequence[NDArray[np.uint8]], checks: Sequence[ReferenceCheck]
    ) -> tuple[list[Reference], list[Path]]:
        """Copy checked pictures into the store.

        Returns
        -------
        list of Reference
            One a picture.
        list of Path
            What was not in the store before.
        """
        references: list[Reference] = []
        fresh: list[Path] = []
        for path, image, check in zip(files, images, checks, strict=True):
            sha256 = sha256_of(path)
            target = self._folder / sha256[:2] / (sha256 + path.suffix.lower())
            if not target.is_file():
                copy_whole(path, target)
                fresh.append(target)
            references.append(
                Reference(
                    path=target,
                    sha256=sha256,
                    width=image.shape[1],
                    height=image.shape[0],
                    warnings=tuple(check.warnings),
                    box=check.box,
                    report=check.report,
                )
            )
        return references, fresh

    def discard(self, fresh: Sequence[Path]) -> None:
        """Take pictures that were just stored out again, but for those that a character has by now."""
        with self._database.session() as session:
            for path in fresh:
                if not has_picture(session, path.stem):
                    path.unlink(missing_ok=True)
