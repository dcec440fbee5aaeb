"""The colours of characters: read off their references, typed by people, and put on pictures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .picture_files import copies_in, write_png

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..consistency.character import Character, Reference
    from ..consistency.palettes.enforcement import EnforcedPicture
    from ..consistency.palettes.swatches import Swatch
    from .characters import CharacterStudio

_REMEMBERED = 64


class PaletteService:
    """Knows each character's swatches and moves pictures towards them."""

    def __init__(self, characters: CharacterStudio) -> None:
        self._characters = characters
        self._lock = threading.Lock()
        self._read: dict[tuple[str, ...], tuple[tuple[Swatch, ...], ...]] = {}

    def of(self, character: Character) -> tuple[Swatch, ...]:
        """Return a character's swatches: what was typed, and the rest read off the references.

        Raises
        ------
        InputError
            If a typed colour is no hex colour.
        """
        from ..consistency.palettes.swatches import character_swatches

        return character_swatches(self._references(character), character.color_palette)

    def set(self, character: Character, swatches: Mapping[str, str | None]) -> Character:
        """Type swatches of a character; None takes one back, so that the references say it again.

        Raises
        ------
        InputError
            If a name or a colour cannot be used; nothing is changed then.
        """
        from ..consistency.palettes.swatches import typed_swatches

        typed = {name.strip().lower(): colour for name, colour in swatches.items()}
        kept = {name: colour for name, colour in character.color_palette.items() if name not in typed}
        wanted = {**kept, **{name: colour for name, colour in typed.items() if colour is not None}}
        palette = {swatch.name: swatch.hex for swatch in typed_swatches(wanted)}
        return self._characters.update(character.id, color_palette=palette)

    def wanted(
        self, character: Character | None, typed: Mapping[str, Any] | None = None
    ) -> tuple[Swatch, ...]:
        """Return the swatches to compare with: typed ones first, then the character's.

        Raises
        ------
        InputError
            If there is neither.
        """
        from ..consistency.palettes.swatches import by_name, typed_swatches

        swatches = by_name((*typed_swatches(typed or {}), *(self.of(character) if character else ())))
        if not swatches:
            whose = f"Of {character.name!r} no colour is known" if character else "There is no palette"
            raise InputError(
                f"{whose}, so there is nothing to compare with.",
                field="palette",
                hint='Connect a character with references, or type swatches such as {"hair": "#3a7bd5"}.',
            )
        return tuple(swatches.values())

    def enforce(
        self,
        images: Sequence[NDArray[np.uint8]],
        wanted: Sequence[Swatch],
        masks: Sequence[NDArray[np.floating] | None] | None = None,
        *,
        progress: Callable[[int, int], None] = lambda done, total: None,
        **order: Any,
    ) -> list[EnforcedPicture]:
        """Move the deviating regions of pictures towards the wanted swatches.

        Parameters
        ----------
        images : sequence of ndarray of uint8, shape (height, width, 3)
            RGB pictures.
        wanted : sequence of Swatch
            From `wanted`.
        masks : sequence of ndarray or None, optional
            For each picture where it may change, of the picture's size; None for everywhere.
        **order
            Fields of `EnforcementOrder`.
        """
        from ..consistency.palettes.enforcement import EnforcementOrder, enforce_palette

        what = EnforcementOrder(**order)
        results = []
        for number, image in enumerate(images):
            mask = None if masks is None else masks[number]
            results.append(enforce_palette(image, wanted, what, mask=mask))
            progress(number + 1, len(images))
        return results

    def card(self, wanted: Sequence[Swatch], results: Sequence[EnforcedPicture]) -> NDArray[np.uint8]:
        """Draw the wanted swatches beside those that pictures had."""
        from ..consistency.palettes.swatch_card import draw_swatch_card

        return draw_swatch_card(
            wanted, [result.report for result in results], [result.found for result in results]
        )

    def enforce_files(
        self,
        paths: Sequence[Path],
        wanted: Sequence[Swatch],
        output: Path | None = None,
        *,
        progress: Callable[[int, int], None] = lambda done, total: None,
        **order: Any,
    ) -> list[dict[str, Any]]:
        """Compare picture files with swatches and, with an `output` folder, write corrected copies there.

        Returns
        -------
        list of dict
            For each picture ``image``, the report, and ``output`` where one was written.

        Raises
        ------
        InputError
            If a copy would take the place of one of the pictures.
        """
        from ..consistency.images import read_image

        if output is None:
            order["strength"] = 0.0
        targets = [None] * len(paths) if output is None else copies_in(output, paths)
        rows = []
        for number, (path, target) in enumerate(zip(paths, targets, strict=True), 1):
            [result] = self.enforce([read_image(path)], wanted, **order)
            row = {"image": str(path), **result.as_json()}
            if target is not None:
                row["output"] = str(write_png(result.image, target))
            rows.append(row)
            progress(number, len(paths))
        return rows

    def _references(self, character: Character) -> tuple[tuple[Swatch, ...], ...]:
        """Return what is read off each reference; of a chosen figure, off that alone."""
        key = tuple(reference.key for reference in character.references)
        found = self._read.get(key)
        if found is None:
            found = tuple(_swatches(reference) for reference in character.references)
            with self._lock:
                while len(self._read) >= _REMEMBERED:
                    self._read.pop(next(iter(self._read)))
                self._read[key] = found
        return found


def _swatches(reference: Reference) -> tuple[Swatch, ...]:
    from ..consistency.images import read_image
    from ..consistency.palettes.swatch_reading import read_swatches
    from ..consistency.references.checking import chosen_part

    return read_swatches(chosen_part(read_image(reference.path), reference.box, reference.path.name))
