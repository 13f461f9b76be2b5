"""GIF (version 89a, 1990): the first frame is cut out of the stream; later frames are never decoded."""

from __future__ import annotations

import struct

from striate.data.containers.container import FRAMES, Container, DamagedFile, is_grey

EXTENSION, IMAGE, END = 0x21, 0x2C, 0x3B


def parse(data: bytes) -> Container:
    """Walk the blocks of a GIF file as far as its second frame; raises `DamagedFile`."""
    if len(data) < 13:
        raise DamagedFile("image_unreadable", "it ends inside its header")
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    palette, position = _palette(data, 13, flags)
    start = _next_image(data, position)
    if start is None or start + 11 > len(data):
        raise DamagedFile("image_unreadable", "it ends before its first frame")
    left, top, wide, high, flags = struct.unpack_from("<4HB", data, start + 1)
    local, position = _palette(data, start + 10, flags)
    end = _skip_blocks(data, position + 1)
    if end is None:
        raise DamagedFile("image_truncated", "it ends inside its first frame")
    notes = (FRAMES,) if _next_image(data, end) is not None else ()
    grey = is_grey(local or palette, 3)
    body = data[:end] + b";"
    return Container("GIF", max(width, left + wide), max(height, top + high), 1 if grey else 3, body, notes=notes)


def _palette(data: bytes, position: int, flags: int) -> tuple[bytes, int]:
    size = 3 << ((flags & 7) + 1) if flags & 0x80 else 0
    return data[position : position + size], position + size


def _next_image(data: bytes, position: int) -> int | None:
    """The position of the next image block, past any extensions; None if there is none."""
    while position < len(data) and data[position] == EXTENSION:
        after = _skip_blocks(data, position + 2)
        if after is None:
            return None
        position = after
    return position if position < len(data) and data[position] == IMAGE else None


def _skip_blocks(data: bytes, position: int) -> int | None:
    """The position after a chain of data blocks and its terminator; None if the file ends before it."""
    while position < len(data):
        if data[position] == 0:
            return position + 1
        position += 1 + data[position]
    return None
