"""Reference implementation of dense SIFT from its definition, one descriptor after another, in float64 NumPy."""

import math

import numpy as np

SPREAD = 2.0  # σ of the Gaussian window in bins


def mirrored(at: int, length: int) -> int:
    while not 0 <= at < length:
        at = -at if at < 0 else 2 * (length - 1) - at
    return at


def enlarged(picture: np.ndarray, factor: int) -> np.ndarray:
    height, width = picture.shape
    out = np.empty((height * factor, width * factor))
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            y = min(max((row + 0.5) / factor - 0.5, 0), height - 1)
            x = min(max((column + 0.5) / factor - 0.5, 0), width - 1)
            top, left = min(int(y), height - 2), min(int(x), width - 2)
            b, a = y - top, x - left
            out[row, column] = ((1 - b) * ((1 - a) * picture[top, left] + a * picture[top, left + 1])
                                + b * ((1 - a) * picture[top + 1, left] + a * picture[top + 1, left + 1]))
    return out


def smoothed(picture: np.ndarray, size: int) -> np.ndarray:
    variance = (size / 6) ** 2 - 0.25
    if variance <= 0:
        return picture
    radius = math.ceil(4 * math.sqrt(variance))
    offsets = range(-radius, radius + 1)
    weights = [math.exp(-0.5 * offset**2 / variance) for offset in offsets]
    for _ in range(2):  # columns, then rows
        out = np.zeros_like(picture)
        for row in range(len(picture)):
            for offset, weight in zip(offsets, weights, strict=True):
                out[row] += weight / sum(weights) * picture[mirrored(row + offset, len(picture))]
        picture = out.T
    return picture


def gradients(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient magnitude and direction; across a border the picture is mirrored, so that nothing changes there."""
    right, down = np.zeros_like(picture), np.zeros_like(picture)
    right[:, 1:-1] = (picture[:, 2:] - picture[:, :-2]) / 2
    down[1:-1] = (picture[2:] - picture[:-2]) / 2
    return np.hypot(right, down), np.arctan2(down, right) % (2 * np.pi)


def influence(offset: float, size: int, place: int, window: str) -> float:
    """The weight of a pixel `offset` pixels from a descriptor's centre for the bin number `place` along one axis."""
    centre = (place - 1.5) * size
    triangle = max(0.0, 1 - abs(offset - centre) / size)
    sigma = SPREAD * size
    if window == "gaussian":
        return triangle * math.exp(-0.5 * (offset / sigma) ** 2)
    inside = [math.exp(-0.5 * ((centre + z) / sigma) ** 2) for z in range(-size + 1, size)]
    return triangle * sum(inside) / len(inside)


def descriptor(magnitude: np.ndarray, direction: np.ndarray, y: int, x: int, size: int, *, window: str, contrast: float,
               root: bool) -> np.ndarray:
    bins = np.zeros((4, 4, 8))
    for by in range(4):
        down = [influence(row - y, size, by, window) for row in range(magnitude.shape[0])]
        for bx in range(4):
            across = [influence(column - x, size, bx, window) for column in range(magnitude.shape[1])]
            weighted = np.outer(down, across) * magnitude
            for k in range(8):
                apart = np.abs((direction / (np.pi / 4) - k + 4) % 8 - 4)
                bins[by, bx, k] = (weighted * np.maximum(0, 1 - apart)).sum()
    lattice = np.arange(-3 * size, 3 * size + 1)  # centres are at whole or at half pixels: all that can be reached
    mass = sum(influence(float(at), size, place, window) for at in lattice for place in range(4)) ** 2
    if not bins.any() or bins.sum() / mass < 255 * contrast:
        return np.zeros(128)
    bins = np.minimum(bins / np.linalg.norm(bins), 0.2)
    bins = np.sqrt(bins / bins.sum()) if root else bins / np.linalg.norm(bins)
    return bins.ravel()


def described(picture: np.ndarray, centres: list[tuple[int, int]], size: int, enlarge: int = 1,
              **more: object) -> np.ndarray:
    """Descriptors (D, 128) of one grey picture at `centres`, in pixels after enlarging."""
    magnitude, direction = gradients(smoothed(enlarged(picture.astype(np.float64), enlarge), size))
    return np.array([descriptor(magnitude, direction, y, x, size, **more) for y, x in centres])  # type: ignore[arg-type]
