"""WebP (RFC 9649, 2024): the RIFF chunks are walked for the canvas, the animation flag and the orientation."""

from __future__ import annotations

import struct

from striate.data.containers import exif
from striate.data.containers.container import BAD_EXIF, FRAMES, TRAILING, Container, DamagedFile

ANIMATED = 0x02


def parse(data: bytes) -> Container:
    """Walk the chunks of a WebP file; raises `DamagedFile`."""
    if len(data) < 30:
        raise DamagedFile("image_unreadable", "it ends inside its header")
    (size,) = struct.unpack_from("<I", data, 4)
    end = size + 8
    if end > len(data):
        raise DamagedFile("image_truncated", f"it is {len(data)} bytes long and should be {end}")
    notes = [TRAILING] if end < len(data) else []
    width, height = _canvas(data)
    turn = 1
    if data[12:16] == b"VP8X":
        notes += [FRAMES] if data[20] & ANIMATED else []
        block = _chunk(data[:end], b"EXIF")
        if block is not None:
            stated = exif.orientation(block.removeprefix(b"Exif\0\0"))
            turn = stated or 1
            notes += [] if stated else [BAD_EXIF]
    return Container("WEBP", width, height, 3, data[:end], turn, tuple(notes))


def _canvas(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, from whichever of the three headers comes first."""
    kind = data[12:16]
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L":
        (packed,) = struct.unpack_from("<I", data, 21)
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise DamagedFile("image_unreadable", "its first chunk is not one of a WebP picture")


def _chunk(data: bytes, wanted: bytes) -> bytes | None:
    position = 12
    while position + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, position)
        if kind == wanted:
            return data[position + 8 : position + 8 + size]
        position += 8 + size + (size & 1)
    return None
