"""BMP (Windows 3 and later, and OS/2 1.x): the headers give the size and the palette."""

from __future__ import annotations

import struct

from striate.data.containers.container import Container, DamagedFile, is_grey


def parse(data: bytes) -> Container:
    """Read the two headers of a BMP file; raises `DamagedFile`."""
    if len(data) < 54:
        raise DamagedFile("image_unreadable", "it ends inside its header")
    pixels, header = struct.unpack_from("<II", data, 10)
    if header == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, _, bits = struct.unpack_from("<iiHH", data, 18)
    stride = 3 if header == 12 else 4
    palette = data[14 + header : min(pixels, 14 + header + (stride << bits))] if bits <= 8 else b""
    grey = bits <= 8 and is_grey(palette, stride)
    return Container("BMP", width, abs(height), 1 if grey else 3, data)
