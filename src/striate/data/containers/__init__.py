"""The outside of picture files: one small parser a format, none of which decodes a pixel.

Every parser checks the structure it walks, keeps the bytes that make the picture, and drops the rest unread; so
Pillow never meets EXIF, ICC, XMP, text, thumbnails, later frames or appended archives.
"""

from __future__ import annotations

from collections.abc import Callable

from striate.data.containers import bmp, gif, jpeg, png, webp
from striate.data.containers.container import NO_END, Container, DamagedFile
from striate.data.containers.exif import upright
from striate.data.containers.magic import kind_of, other_kind_of
from striate.data.containers.png import is_whole as is_whole_png

__all__ = ["Container", "DamagedFile", "NO_END", "PARSERS", "is_whole_png", "kind_of", "other_kind_of", "upright"]

PARSERS: dict[str, Callable[[bytes], Container]] = {
    "BMP": bmp.parse,
    "GIF": gif.parse,
    "JPEG": jpeg.parse,
    "PNG": png.parse,
    "WEBP": webp.parse,
}
