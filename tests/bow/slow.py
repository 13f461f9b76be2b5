"""Reference implementation of features, sample and patches by loops, one picture and one descriptor after the other."""

import math

import numpy as np

from striate.bow.recogniser import BagOfWords
from striate.bow.sift import Grid


def level_weights(levels: int) -> list[float]:
    """Lazebnik, Schmid & Ponce (CVPR 2006), equation 3: 1/2^L for level 0, 1/2^(L−l+1) for level l."""
    top = levels - 1
    return [1 / 2**top if level == 0 else 1 / 2 ** (top - level + 1) for level in range(levels)]


def nearest_word(descriptor: np.ndarray, words: np.ndarray) -> int:
    distances = [sum((float(a) - float(b)) ** 2 for a, b in zip(descriptor, word, strict=True)) for word in words]
    return distances.index(min(distances))


def cell_of(centre: float, length: int, cells: int) -> int:
    """Pixels reach from i − 0.5 to i + 0.5, so the picture from −0.5 to length − 0.5."""
    edges = [-0.5 + length * k / cells for k in range(cells + 1)]
    return next((k for k in range(cells) if centre < edges[k + 1]), cells - 1)


def features(model: BagOfWords, pictures: np.ndarray) -> np.ndarray:
    """(n, width) float64: counts of the nearest words, level by level, cell by cell, weighted, with sum 1."""
    description = model.pipeline_.description
    grid, grids, words = description.grid, description.pyramid.grids, description.encoder.words_
    rows = []
    for picture in pictures:
        found = description.sift.transform(picture[None])[0]
        named = [nearest_word(descriptor, words) for descriptor in found]
        row: list[float] = []
        for weight, (down, across) in zip(level_weights(len(grids)), grids, strict=True):
            for i in range(down):
                for j in range(across):
                    counts = [0.0] * len(words)
                    for word, y, x in zip(named, grid.y, grid.x, strict=True):
                        if cell_of(y, grid.height, down) == i and cell_of(x, grid.width, across) == j:
                            counts[word] += weight
                    row += counts
        rows.append([count / math.fsum(row) for count in row])
    return np.array(rows)


def pixel(picture: np.ndarray, y: float, x: float) -> float:
    """Bilinear interpolation in grey; the edge is continued outside."""
    height, width = picture.shape[:2]
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    total = 0.0
    for row in (math.floor(y), math.floor(y) + 1):
        for column in (math.floor(x), math.floor(x) + 1):
            share = (1 - abs(y - row)) * (1 - abs(x - column))
            if share:
                value = picture[row, column].astype(float)
                grey = 0.299 * value[0] + 0.587 * value[1] + 0.114 * value[2] if len(value) == 3 else value[0]
                total += share * grey
    return total


def patch(picture: np.ndarray, grid: Grid, which: int) -> np.ndarray:
    """The square of 4×4 bins around a descriptor, resized to 16×16: samples at the centres of sixteenths."""
    side = 4 * float(grid.bin[which])
    offsets = [(k + 0.5) / 16 * side - side / 2 for k in range(16)]
    return np.array([[pixel(picture, float(grid.y[which]) + v, float(grid.x[which]) + u) for u in offsets]
                     for v in offsets])
