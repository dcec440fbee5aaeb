"""Pictures: the one place that decodes image files."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..errors import UnreadableImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMATS = ("PNG", "JPEG", "WEBP")

# A decoded picture of this size takes 150 MB as RGB; an 8K frame has 33 million pixels.
MAX_PIXELS = 50_000_000

_REMEDY = "Give a PNG, JPEG or WebP picture."

# First bytes of what is most often found under a picture's name.
_IMPOSTORS = {
    b"GIF8": "a GIF",
    b"<svg": "an SVG drawing",
    b"<?xml": "an XML file",
    b"<!DOC": "a web page",
    b"<!doc": "a web page",
    b"<html": "a web page",
    b"<HTML": "a web page",
    b"%PDF": "a PDF",
    b"BM": "a BMP",
    b"8BPS": "a Photoshop file",
    b"version https://git-lfs": "a Git LFS pointer, not the picture itself",
}


def read_still(path: Path) -> NDArray[np.uint8]:
    """Decode a picture file that is to define a character; otherwise as `read_image`.

    Raises
    ------
    UnreadableImageError
        If it is an animation, besides the reasons of `read_image`.
    """
    return _read(path, is_still=True)


def read_image(path: Path) -> NDArray[np.uint8]:
    """Decode a picture file as it is meant to be seen.

    The orientation stored by cameras is applied, transparency is laid on white, 16-bit grey is
    scaled to 8 bits, and of an animation the first frame is taken.

    Parameters
    ----------
    path : Path
        A PNG, JPEG or WebP file; what it is called does not matter.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB, 0–255.

    Raises
    ------
    UnreadableImageError
        If the file is missing, empty, damaged, of another kind, or has more than 50 million
        pixels (found before anything is decoded).
    """
    return _read(path, is_still=False)


def _read(path: Path, *, is_still: bool) -> NDArray[np.uint8]:
    try:
        with warnings.catch_warnings():
            # Its own limit is above ours, and its warning would be an error in tests.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as picture:
                _refuse_huge(path, picture.size)
                if is_still:
                    _refuse_animation(path, getattr(picture, "n_frames", 1))
                picture.load()
                return _as_rgb(ImageOps.exif_transpose(picture))
    except FileNotFoundError as error:
        raise UnreadableImageError(
            f"{path} does not exist.", hint="Check the path of the picture.", field="image"
        ) from error
    except IsADirectoryError as error:
        raise UnreadableImageError(f"{path} is a folder.", hint=_REMEDY, field="image") from error
    except PermissionError as error:
        raise UnreadableImageError(
            f"{path} may not be read.", hint="Change the file's permissions.", field="image"
        ) from error
    except Image.DecompressionBombError as error:
        raise _too_large(path, "far more") from error
    except UnidentifiedImageError as error:
        raise UnreadableImageError(f"{path} {_what_it_is(path)}.", hint=_REMEDY, field="image") from error
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        # Pillow's decoders raise these for truncated and damaged data.
        raise UnreadableImageError(
            f"{path} is damaged and cannot be decoded ({_short(error)}).",
            hint="Save or download the picture again.",
            field="image",
        ) from error


def _refuse_animation(path: Path, n_frames: int) -> None:
    if n_frames > 1:
        raise UnreadableImageError(
            f"{path} is an animation of {n_frames} frames.",
            hint="Save the frame that shows the character best, and give that.",
            field="image",
        )


def _refuse_huge(path: Path, size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise _too_large(path, f"{width}×{height}")


def _too_large(path: Path, size: str) -> UnreadableImageError:
    return UnreadableImageError(
        f"{path} has {size} pixels, more than the {MAX_PIXELS // 1_000_000} million that are read.",
        hint="Scale it down first.",
        field="image",
    )


def _as_rgb(picture: Image.Image) -> NDArray[np.uint8]:
    if picture.mode.startswith("I"):
        # Pillow would clip 16-bit grey at 255 instead of scaling it.
        wide = np.asarray(picture).astype(np.float64)
        grey = np.clip(wide / 257.0, 0, 255).round().astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        paper = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(paper, layer)
    return np.array(picture.convert("RGB"), dtype=np.uint8)


def _what_it_is(path: Path) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError:
        return "is not a picture"
    if not head:
        return "is empty"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, name in _IMPOSTORS.items():
        if start.startswith(magic):
            return f"is {name}"
    return "is not a picture"


def _short(error: BaseException) -> str:
    return str(error).split("\n", 1)[0].rstrip(".")[:80] or type(error).__name__
