"""Containers: size, channels and orientation of a picture file, and the bytes to decode."""

from __future__ import annotations

from dataclasses import dataclass

FRAMES = "only the first of several frames was read"
TRAILING = "bytes after the end of the picture were ignored"
BAD_EXIF = "its EXIF data are damaged, so its orientation was ignored"
NO_END = "its end marker is missing, but no pixel is"


@dataclass(frozen=True)
class Container:
    """A picture file, checked and stripped of everything that is not pixels.

    format: Pillow's name of the format; width, height: pixels, as stored, before `orientation` (EXIF, 1 to 8) is
    applied; channels: 1 if every pixel is grey, else 3; body: the bytes a decoder may see;
    ended: False for a JPEG whose end marker is missing and whose scan may yet be whole.
    """

    format: str
    width: int
    height: int
    channels: int
    body: bytes
    orientation: int = 1
    notes: tuple[str, ...] = ()
    ended: bool = True


class DamagedFile(Exception):  # noqa: N818 - internal: `decode` turns it into a PictureError with a name
    """A picture file that cannot be accepted: a stable code and what is wrong with it."""

    def __init__(self, code: str, given: str) -> None:
        super().__init__(given)
        self.code, self.given = code, given


def is_grey(palette: bytes, stride: int) -> bool:
    """Whether every colour of a palette of `stride` bytes each has three equal parts.

    >>> is_grey(bytes([0, 0, 0, 9, 9, 9]), 3), is_grey(bytes([0, 0, 1]), 3)
    (True, False)
    """
    return palette[0::stride] == palette[1::stride] == palette[2::stride]
