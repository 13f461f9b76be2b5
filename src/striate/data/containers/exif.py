"""EXIF orientation of a picture (EXIF 2.32, tag 0x0112 of IFD0), the only EXIF field that is read."""

from __future__ import annotations

import struct

from PIL.Image import Image, Transpose

ORIENTATION = 0x0112
SHORT = 3
TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM, 5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE, 8: Transpose.ROTATE_90,
}  # fmt: skip

MIRRORED = {2: (False, True), 3: (True, True), 4: (True, False), 6: (False, True), 7: (True, True), 8: (True, False)}


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


def upright(image: Image, orientation: int) -> Image:
    """The picture turned and mirrored by its EXIF orientation.

    >>> import PIL.Image
    >>> upright(PIL.Image.new("L", (2, 1)), 6).size   # 2 wide and 1 high, turned a quarter clockwise
    (1, 2)
    """
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image


def runs_backwards(orientation: int) -> tuple[bool, bool]:
    """Whether rows and columns of the upright picture run from the end of an axis of the stored one to its beginning.

    >>> runs_backwards(6)  # turned a quarter clockwise: its columns are the stored rows, the last first
    (False, True)
    """
    return MIRRORED.get(orientation, (False, False))
