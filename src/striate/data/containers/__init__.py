"""Picture formats: their table, and for each a small parser of the file's structure that decodes no pixel.

Every parser checks the structure, returns the bytes that make the picture, and drops the rest unread; so Pillow never
sees EXIF, ICC, XMP, text, thumbnails, later frames or appended archives.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from striate.data.containers import bmp, gif, jpeg, png, webp
from striate.data.containers.container import NO_END, Container, DamagedFile
from striate.data.containers.exif import upright
from striate.data.containers.magic import unread_format
from striate.data.containers.png import is_whole as is_whole_png

__all__ = ["Container", "DamagedFile", "FORMATS", "NO_END", "PictureFormat", "SUFFIXES", "format_of", "is_whole_png",
           "unread_format", "upright"]


@dataclass(frozen=True)
class PictureFormat:
    """A picture format: its name in a sentence, a pattern of its first bytes, its file endings, and its parser.

    `parse` takes the bytes of a file and raises `DamagedFile`.
    """

    title: str
    magic: bytes
    suffixes: tuple[str, ...]
    parse: Callable[[bytes], Container]


# By Pillow's name of the format.
FORMATS: dict[str, PictureFormat] = {
    "JPEG": PictureFormat("JPEG", rb"\xff\xd8\xff", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), jpeg.parse),
    "PNG": PictureFormat("PNG", rb"\x89PNG\r\n\x1a\n", (".png", ".apng"), png.parse),
    "GIF": PictureFormat("GIF", rb"GIF8[79]a", (".gif",), gif.parse),
    "BMP": PictureFormat("BMP", rb"BM", (".bmp", ".dib"), bmp.parse),
    "WEBP": PictureFormat("WebP", rb"RIFF.{4}WEBP", (".webp",), webp.parse),
}
SUFFIXES = {suffix: name for name, form in FORMATS.items() for suffix in form.suffixes}


def format_of(data: bytes) -> str | None:
    """The format in `FORMATS` whose magic number begins `data`; None if there is none. File names play no part.

    >>> format_of(b"GIF89a..."), format_of(b"<html>")
    ('GIF', None)
    """
    return next((name for name, form in FORMATS.items() if re.match(form.magic, data, re.DOTALL)), None)
