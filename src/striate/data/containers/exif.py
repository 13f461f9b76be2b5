"""The one EXIF fact that matters here: which way up the picture is (EXIF 2.32, tag 0x0112 of IFD0)."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

ORIENTATION = 0x0112
SHORT = 3


def orientation(exif: bytes) -> int | None:
    r"""The orientation, 1 to 8, that an EXIF block (starting at its TIFF header) states; None if it is damaged.

    A block without the tag means 1, the picture as stored.

    >>> block = b"II*\0" + struct.pack("<IHHHIHH", 8, 1, ORIENTATION, SHORT, 1, 6, 0)
    >>> orientation(block), orientation(block[:12]), orientation(b"II*\0" + struct.pack("<IH", 8, 0))
    (6, None, 1)
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return None
    try:
        (start,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, start)
        for entry in range(count):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", exif, start + 2 + 12 * entry)
            if tag == ORIENTATION:
                return value if kind == SHORT and 1 <= value <= 8 else None
    except struct.error:
        return None
    return 1


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Turn and mirror pixels (H, W, C) as the EXIF orientation says.

    >>> upright(np.array([[[1], [2]]], np.uint8), 6).shape   # 1×2, turned a quarter clockwise, is 2×1
    (2, 1, 1)
    """
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
