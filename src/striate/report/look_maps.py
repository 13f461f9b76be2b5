"""Overlays on a picture: visual words by colour, and evidence for and against a class."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.report.colours import AGAINST, FOR, luma

Pixels = NDArray[np.uint8]
Doubles = NDArray[np.float64]
LONGEST, LARGE = 320, 240  # pixels of the longer side: at most, and to which smaller ones are enlarged
STRONG = 99.0  # per cent of the pixels have less evidence than the deepest colour
# Ottosson, "A perceptual color space for image processing" (2020): OKLab to linear sRGB.
TO_CONES = np.array([[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728],
                     [1, -0.0894841775, -1.2914855480]])
TO_LIGHT = np.array([[4.0767416621, -3.3077115913, 0.2309699292], [-1.2684380046, 2.6097574011, -0.3413193965],
                     [-0.0041960863, -0.7034186147, 1.7076147010]])


def colours(likeness: Doubles) -> Pixels:
    """A colour for each word, (K, 3) uint8, from three numbers −1 to 1: like numbers, like colours.

    The first two are green to red and blue to yellow, the third dark to light.

    >>> colours(np.zeros((1, 3))).tolist()                                   # amidst: a grey
    [[149, 149, 149]]
    """
    lab = np.array([0.67, 0, 0]) + likeness[:, [2, 0, 1]] * np.array([0.16, 0.14, 0.14])
    light = ((lab @ TO_CONES.T) ** 3 @ TO_LIGHT.T).clip(0, 1)
    curve = np.where(light > 0.0031308, 1.055 * light ** (1 / 2.4) - 0.055, 12.92 * light)
    return np.asarray((255 * curve).round(), np.uint8)


def by_word(pixels: Pixels, words: NDArray[np.int64], y: NDArray[np.float32], x: NDArray[np.float32],
            palette: Pixels) -> Pixels:
    """The picture (H, W, C) with the colour of the nearest grid point's word over it: (H, W, 3) uint8.

    `words` (rows, columns) are at rows `y` and columns `x`; −1, and what lies beyond the outermost points by more than
    half a step, stays as it is. Small pictures come back larger by a whole factor, so that squares stay sharp.
    """
    factor = max(1, ceil(LARGE / max(pixels.shape[:2])))
    grey = np.kron(luma(pixels), np.ones((factor, factor)))[..., None]
    rows, above = _nearest((y + 0.5) * factor - 0.5, grey.shape[0])
    columns, beside = _nearest((x + 0.5) * factor - 0.5, grey.shape[1])
    over = words[np.ix_(rows, columns)]
    laid = 0.7 * palette[over] + 0.3 * grey
    covered = (over >= 0) & above[:, None] & beside
    return np.asarray(np.where(covered[..., None], laid, grey).round(), np.uint8)


def for_and_against(pixels: Pixels, evidence: Doubles) -> Pixels:
    """The picture (H, W, C), paler, with `evidence` (H, W) over it, blue above 0 and orange below: (H, W, 3) uint8."""
    grey = (64 + 0.6 * luma(pixels))[..., None]
    deepest = float(np.percentile(np.abs(evidence), STRONG)) or float(np.abs(evidence).max()) or 1.0
    depth = 0.85 * np.minimum(np.abs(evidence) / deepest, 1)[..., None]
    colour = np.where(evidence[..., None] > 0, np.array(FOR), np.array(AGAINST))
    return np.asarray(((1 - depth) * grey + depth * colour).round(), np.uint8)


def _nearest(places: NDArray[np.floating[Any]], length: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """For each of `length` pixels the index of the nearest place, and whether it is within half a step of it."""
    apart = np.abs(np.arange(length)[:, None] - places)
    nearest = apart.argmin(axis=1)
    half = (places[1] - places[0]) / 2 if len(places) > 1 else 0.5
    return nearest, apart[np.arange(length), nearest] <= half
