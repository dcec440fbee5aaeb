"""The pen: shapes in head units, drawn on the picture and on the map of its parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .looks import Colour


class Pen:
    """Draws shapes given in head units on the picture and on the map of parts."""

    def __init__(self, size: tuple[int, int], *, outline: float, is_shaded: bool) -> None:
        self.picture = Image.new("RGB", size)
        self.parts = Image.new("L", size, 0)
        self._paint = ImageDraw.Draw(self.picture)
        self._map = ImageDraw.Draw(self.parts)
        self._matrix = np.eye(3)
        self._outline = outline
        self.is_shaded = is_shaded
        self.faces: list[tuple[float, float, float]] = []

    def mark_face(self) -> None:
        """Note where the face is: call with the head's transform in force."""
        [(x, y)] = self._pixels([(0.0, 0.15)])
        self.faces.append((x / 2, y / 2, 0.85 * self._scale / 2))

    def place(self, *, scale: float, x: float, y: float, is_mirrored: bool = False) -> None:
        self._scale = scale
        self._matrix = np.array([[-scale if is_mirrored else scale, 0, x], [0, scale, y], [0, 0, 1]])

    def turned(self, degrees: float, x: float, y: float) -> NDArray[np.float64]:
        """Turn what follows about a point; returns the matrix to restore."""
        before = self._matrix
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        turn = np.array([[c, -s, x - c * x + s * y], [s, c, y - s * x - c * y], [0, 0, 1]])
        self._matrix = before @ turn
        return before

    def restore(self, matrix: NDArray[np.float64]) -> None:
        self._matrix = matrix

    def shape(
        self, points: object, colour: Colour, part: int, *, line: bool = True, shadow: bool = True
    ) -> None:
        pixels = self._pixels(points)
        self._paint.polygon(pixels, fill=colour)
        if part:
            self._map.polygon(pixels, fill=part)
        if self.is_shaded and shadow:
            self._shade(pixels, colour)
        if self._outline and line:
            width = max(1, round(self._outline * self._scale))
            self._paint.line([*pixels, pixels[0]], fill=darker(colour, 0.35), width=width, joint="curve")

    def stroke(self, points: object, colour: Colour, width: float, part: int = 0) -> None:
        pixels = self._pixels(points)
        thick = max(1, round(width * self._scale))
        self._paint.line(pixels, fill=colour, width=thick, joint="curve")
        if part:
            self._map.line(pixels, fill=part, width=thick, joint="curve")

    def _pixels(self, points: object) -> list[tuple[float, float]]:
        p = np.asarray(points, dtype=float)
        q = p @ self._matrix[:2, :2].T + self._matrix[:2, 2]
        return [(float(a), float(b)) for a, b in q]

    def _shade(self, pixels: list[tuple[float, float]], colour: Colour) -> None:
        box = np.array(pixels)
        left, top = np.floor(box.min(axis=0)).astype(int)
        right, bottom = np.ceil(box.max(axis=0)).astype(int) + 1
        left, top = max(left, 0), max(top, 0)
        right, bottom = min(right, self.picture.width), min(bottom, self.picture.height)
        if right - left < 4 or bottom - top < 4:
            return
        inside = Image.new("L", (right - left, bottom - top), 0)
        local = [(x - left, y - top) for x, y in pixels]
        ImageDraw.Draw(inside).polygon(local, fill=255)
        lit = Image.new("L", inside.size, 0)
        move = 0.14 * min(right - left, bottom - top)
        ImageDraw.Draw(lit).polygon([(x - move, y - move * 0.6) for x, y in local], fill=255)
        shade = Image.fromarray(np.where(np.asarray(lit) > 0, 0, np.asarray(inside)).astype(np.uint8))
        self.picture.paste(darker(colour, 0.82), (left, top), shade)


def darker(colour: Colour, share: float) -> Colour:
    """Return a shadow of the colour, a little blue."""
    return (int(colour[0] * share), int(colour[1] * share), int(min(colour[2] * (share + 0.04), 255)))


def smooth(points: object, steps: int = 8) -> NDArray[np.float64]:
    """Closed Catmull-Rom curve through the points."""
    p = np.asarray(points, dtype=float)
    a, b, c, d = np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    a, b, c, d = a[:, None], b[:, None], c[:, None], d[:, None]
    return (
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    ).reshape(-1, 2)


def oval(x: float, y: float, rx: float, ry: float, n: int = 28) -> NDArray[np.float64]:
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.stack([x + rx * np.cos(t), y + ry * np.sin(t)], axis=1)


def limb(
    start: tuple[float, float], end: tuple[float, float], wide: float, narrow: float
) -> NDArray[np.float64]:
    a, b = np.array(start), np.array(end)
    along = (b - a) / max(float(np.linalg.norm(b - a)), 1e-6)
    side = np.array([-along[1], along[0]])
    return np.array([a + side * wide, b + side * narrow, b - side * narrow, a - side * wide])
