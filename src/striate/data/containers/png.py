"""PNG (W3C, third edition 2025): every chunk is checked, and only the five kinds that make the picture are decoded.

Text, colour profiles and animation frames never reach a parser. Colours are taken as sRGB.
"""

from __future__ import annotations

import struct
import zlib

from striate.data.containers import exif
from striate.data.containers.container import BAD_EXIF, FRAMES, TRAILING, Container, DamagedFile, is_grey

MAGIC = b"\x89PNG\r\n\x1a\n"
PICTURE_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
FRAMED = (b"IDAT", b"fcTL", b"fdAT")
TEXT = (b"tEXt", b"zTXt", b"iTXt")
MAX_OTHER = 1_000  # chunks that are neither pixels nor frames
PIECE = 2**16  # bytes inflated at a time
MAX_TEXT = 16 * 2**20  # bytes of text, inflated


def parse(data: bytes) -> Container:
    """Walk the chunks of a PNG file, checking each CRC; raises `DamagedFile`."""
    chunks, position, other, text = [MAGIC], 8, 0, 0
    header, palette, turn, notes, kind = b"", b"", 1, set[str](), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, position) if position + 12 <= len(data) else (1 << 32, b"")
        end = position + 12 + length
        if end > len(data):
            if kind == b"IDAT" or any(chunk[4:8] == b"IDAT" for chunk in chunks):
                raise DamagedFile("image_truncated", "it ends before its last chunk")
            raise DamagedFile("image_unreadable", "it ends before the first pixel")
        content = data[position + 8 : end - 4]
        if zlib.crc32(data[position + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise DamagedFile("image_unreadable", "the checksum of one of its chunks does not match")
        if kind in PICTURE_CHUNKS:
            chunks.append(data[position:end])
        if kind == b"IHDR" and length == 13 and not header:
            header = content
        elif kind == b"PLTE":
            palette = content
        elif kind == b"eXIf":
            stated = exif.orientation(content)
            turn = stated or 1
            notes |= set() if stated else {BAD_EXIF}
        elif kind == b"fcTL":
            notes.add(FRAMES)
        if kind not in FRAMED:
            other += 1
            text += _text_bytes(content, MAX_TEXT - text) if kind in TEXT else 0
        if other > MAX_OTHER or text >= MAX_TEXT:
            raise DamagedFile("image_unreadable", f"it carries more than {MAX_OTHER} extra chunks or 16 MiB of text")
        position = end
    if not header:
        raise DamagedFile("image_unreadable", "it has no header")
    if position < len(data):
        notes.add(TRAILING)
    width, height, _, colour = struct.unpack_from(">IIBB", header)
    grey = colour in (0, 4) or (colour == 3 and is_grey(palette, 3))
    return Container("PNG", width, height, 1 if grey else 3, b"".join(chunks), turn, tuple(sorted(notes)))


def _text_bytes(content: bytes, limit: int) -> int:
    """The size of a text chunk, inflated piece by piece up to `limit` and not stored."""
    start = content.find(b"\x78")  # the first byte of a zlib stream of the usual window
    if start < 0:
        return len(content)
    size, inflater, piece = 0, zlib.decompressobj(), content[start:]
    try:
        while piece and size < limit and not inflater.eof:
            size += len(inflater.decompress(piece, PIECE))
            piece = inflater.unconsumed_tail
    except zlib.error:
        return len(content)
    return max(size, len(content))


def is_whole(body: bytes) -> bool:
    """Whether a checked PNG has all its compressed rows; they are inflated piece by piece and not stored."""
    width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", body, 16)
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    passes = [(0, 0, 1, 1)]
    if interlaced:  # Adam7: first column, first row, step across, step down
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    missing = 0
    for column, row, across, down in passes:
        wide, high = -((column - width) // across), -((row - height) // down)
        missing += high * (1 + (wide * bits + 7) // 8) if wide > 0 and high > 0 else 0
    inflater, position = zlib.decompressobj(), 8
    while position < len(body) and missing > 0:
        length, kind = struct.unpack_from(">I4s", body, position)
        piece = body[position + 8 : position + 8 + length] if kind == b"IDAT" else b""
        while piece and missing > 0:
            missing -= len(inflater.decompress(piece, PIECE))
            piece = inflater.unconsumed_tail
        position += 12 + length
    return missing <= 0
