"""Colour spaces of descriptors: grey, opponent colours, or hue, saturation and value.

Opponent SIFT and HSV-SIFT: van de Sande, Gevers & Snoek, "Evaluating color descriptors for object and scene
recognition" (TPAMI 2010, §3.2); opponent planes are given intensity first.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.float32]

LUMA = ((0.299, 0.587, 0.114),)  # ITU-R BT.601, not rounded
OPPONENT = (
    (3**-0.5, 3**-0.5, 3**-0.5),  # intensity
    (2**-0.5, -(2**-0.5), 0.0),  # red against green
    (6**-0.5, 6**-0.5, -2 * 6**-0.5),  # yellow against blue
)


def _mixed(weights: tuple[tuple[float, float, float], ...]) -> Callable[[NDArray[np.uint8]], Planes]:
    def planes(pixels: NDArray[np.uint8]) -> Planes:
        red, green, blue = np.moveaxis(pixels, 2, 0).astype(np.float32)
        return np.stack([r * red + g * green + b * blue for r, g, b in weights])

    return planes


def hsv(pixels: NDArray[np.uint8]) -> Planes:
    """Hue, saturation and value of (H, W, 3) uint8, each 0 to 255, (3, H, W) float32; the hue of grey is 0.

    >>> hsv(np.uint8([[[0, 255, 0]]])).ravel().tolist()  # green: a third of the circle
    [85.0, 255.0, 255.0]
    """
    colours = np.moveaxis(pixels, 2, 0).astype(np.float32)
    value, least = colours.max(axis=0), colours.min(axis=0)
    spread = value - least
    red, green, blue = colours
    safe = np.where(spread > 0, spread, 1)
    sector = np.where(value == red, ((green - blue) / safe) % 6,
                      np.where(value == green, (blue - red) / safe + 2, (red - green) / safe + 4))
    hue = np.where(spread > 0, sector * (255 / 6), 0)
    return np.stack([hue, 255 * spread / np.where(value > 0, value, 1), value]).astype(np.float32)


COLOURS: dict[str, Callable[[NDArray[np.uint8]], Planes]] = {
    "grey": _mixed(LUMA), "opponent": _mixed(OPPONENT), "hsv": hsv}


def planes_of(picture: NDArray[np.uint8], colour: str) -> Planes:
    """One picture (H, W, C) uint8, C = 1 (then grey only) or 3, as (1 or 3, H, W) float32 on the scale 0 to 255.

    >>> planes_of(np.uint8([[[100, 200, 50]]]), "grey").ravel()  # 0.299 · 100 + 0.587 · 200 + 0.114 · 50
    array([153.], dtype=float32)
    """
    if picture.shape[2] == 1:
        return np.ascontiguousarray(picture[:, :, 0]).astype(np.float32)[None]
    return COLOURS[colour](picture)
