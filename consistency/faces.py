"""Where the faces are: drawn faces found by their build, whatever the light does to their colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a picture at working size: centre and radius in pixels, and how sure it is."""

    x: float
    y: float
    radius: float
    confidence: float
    features: tuple[float, ...] = ()
    skin: tuple[float, ...] = ()


def quantise(lab: NDArray[np.float32], count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Group the colours of a picture into `count` clusters, deterministically (Lloyd's algorithm)."""
    points = (lab * np.array([0.7, 1.0, 1.0], np.float32)).reshape(-1, 3)
    step = max(len(points) // 3000, 1)
    sample = points[::step]
    centres = [sample.mean(axis=0)]
    nearest = ((sample - centres[0]) ** 2).sum(axis=1)
    for _ in range(count - 1):
        centres.append(sample[np.argmax(nearest)])
        nearest = np.minimum(nearest, ((sample - centres[-1]) ** 2).sum(axis=1))
    means = np.array(centres)
    for _ in range(8):
        owner = _nearest(sample, means)
        sums = np.stack([np.bincount(owner, sample[:, c], minlength=count) for c in range(3)], axis=1)
        sizes = np.bincount(owner, minlength=count)[:, None]
        means = np.where(sizes > 0, sums / np.maximum(sizes, 1), means).astype(np.float32)
    return _nearest(points, means).reshape(lab.shape[:2]), means


def _nearest(points, means):
    return np.argmax(points @ means.T - 0.5 * (means**2).sum(axis=1), axis=1)


def find_candidates(lab: NDArray[np.float32]) -> list[Face]:
    from scipy import ndimage

    height, width = lab.shape[:2]
    faces = []
    soft = ndimage.median_filter(lab, (3, 3, 1))
    for count in (6, 12):
        labels, means = quantise(soft, count)
        for cluster in range(count):
            parts, n = ndimage.label(labels == cluster)
            if not n:
                continue
            areas = np.bincount(parts.ravel())
            slices = ndimage.find_objects(parts)
            for index in range(1, n + 1):
                if areas[index] < max(50, 0.0012 * height * width):
                    continue
                faces.extend(_candidate(lab, labels, parts, index, slices[index - 1], areas[index]))
    return faces


def _candidate(lab, labels, parts, index, where, area):
    from scipy import ndimage

    height, width = labels.shape
    rows, columns = where
    h, w = rows.stop - rows.start, columns.stop - columns.start
    if w < 7 or h < 7:
        return []
    pad = max(2, round(0.12 * min(h, w)))
    comp = np.pad(parts[where] == index, pad)
    step = max(1, min(h, w) // 40)
    closed = ndimage.binary_fill_holes(ndimage.binary_closing(comp, iterations=max(1, pad // 2)))
    depth = ndimage.distance_transform_edt(closed)
    peak = depth.max()
    if peak < 4:
        return []
    # Of the places nearly as deep as the deepest, the highest: the face, not the chest below it.
    ys, xs = np.nonzero(depth > 0.97 * peak)
    y, x = float(ys.mean()), float(xs.mean())
    radius = float(peak)
    cy, cx = y - pad + rows.start, x - pad + columns.start
    fill = _disc(parts == index, cx, cy, radius)
    details = 1.0 - fill
    share = details.mean()
    # symmetry of details
    best, bilateral = -1.0, 0.0
    for angle in (-14, -7, 0, 7, 14):
        turned = _disc(parts == index, cx, cy, radius, angle)
        gap = ndimage.gaussian_filter(1.0 - turned, 1.2)
        gap = gap - gap.mean()
        norm = (gap**2).sum()
        corr = float((gap * gap[:, ::-1]).sum() / norm) if norm > 1e-6 else 0.0
        best = max(best, corr)
    grid = details.reshape(24, 24)
    left, right = grid[6:19, 2:11].mean(), grid[6:19, 13:22].mean()
    middle, top, bottom = grid[6:19, 10:14].mean(), grid[:6].mean(), grid[19:].mean()
    eyes = min(left, right)
    ring = _ring(labels, cx, cy, radius)
    skin_label = labels[parts == index][0]
    counts = np.bincount(ring[ring >= 0], minlength=labels.max() + 1).astype(float)
    total = max(counts.sum(), 1)
    hair = np.delete(counts, skin_label).max() / total
    own = counts[skin_label] / total
    colour = np.median(lab[parts == index], axis=0)
    edge = (parts[0] == index).sum() + (parts[:, 0] == index).sum() + (parts[:, -1] == index).sum()
    edge = edge / (2 * np.sqrt(area))
    around = lab[_ring_mask(labels.shape, cx, cy, radius)]
    contrast = colour[0] - (np.median(around[:, 0]) if len(around) else 0)
    hue = np.arctan2(colour[2], colour[1])
    warm = np.cos(hue - 0.95) * np.hypot(colour[1], colour[2])
    features = (
        share, best, left, right, middle, top, bottom, hair, own, edge, contrast, warm, colour[0],
        area / (np.pi * radius**2), (cx / width - 0.5) ** 2, cy / height, np.log(radius / max(height, width)),
        h / w, closed.sum() / (h * w), np.hypot(colour[1], colour[2]),
    )  # fmt: skip
    return [Face(cx, cy, radius, 0.0, tuple(float(f) for f in features), tuple(map(float, colour)))]


def _disc(mask, cx, cy, radius, angle=0.0):
    t = (np.arange(24) + 0.5) / 12 - 1
    u, v = np.meshgrid(t, t)
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    xs = np.clip(np.round(cx + radius * (c * u - s * v)), 0, mask.shape[1] - 1).astype(int)
    ys = np.clip(np.round(cy + radius * (s * u + c * v)), 0, mask.shape[0] - 1).astype(int)
    return mask[ys, xs].astype(float)


def _ring(labels, cx, cy, radius):
    t = np.linspace(-np.pi, 0, 25)
    xs = np.concatenate([cx + k * radius * np.cos(t) for k in (1.25, 1.45)])
    ys = np.concatenate([cy + k * radius * np.sin(t) for k in (1.25, 1.45)])
    inside = (xs >= 0) & (xs < labels.shape[1]) & (ys >= 0) & (ys < labels.shape[0])
    return labels[ys[inside].astype(int), xs[inside].astype(int)]


def _ring_mask(shape, cx, cy, radius):
    y, x = np.ogrid[: shape[0], : shape[1]]
    d = np.hypot(x - cx, y - cy)
    return (d > 1.1 * radius) & (d < 1.6 * radius) & (y < cy)
