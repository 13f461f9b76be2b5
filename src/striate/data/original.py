"""Original of a packed picture: its file, decoded again in full size, and the way back onto its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from numpy import uint8
from numpy.typing import NDArray

from striate.data.containers.exif import runs_backwards
from striate.data.decode import decode
from striate.data.file import digest_of, read_bytes, source_changed
from striate.data.placement import Box, Placement
from striate.errors import MissingError


@dataclass(frozen=True, eq=False)
class Original:
    """Original of a packed picture.

    Attributes:
        pixels: (H, W, C) uint8, C = 1 or 3, upright, in full size.
        placement: of the picture that was resized, which has a `reduced`-th of each side, rounded up.
        backwards: whether rows and columns run from the end of the stored picture: their first block is then the
            partial one.

    """

    pixels: NDArray[uint8]
    placement: Placement
    reduced: int = 1
    backwards: tuple[bool, bool] = (False, False)

    def back(self, box: Box) -> Box:
        """The part of the original that a box of the packed picture shows; empty where it shows none (black bars)."""
        height, width, _ = self.pixels.shape
        top, left = (-(-side % self.reduced) if turned else 0
                     for side, turned in zip((height, width), self.backwards, strict=True))
        shown = self.placement.back(box)
        whole = Box(shown.left * self.reduced + left, shown.top * self.reduced + top,
                    shown.right * self.reduced + left, shown.bottom * self.reduced + top)
        return whole.clipped(Box(0, 0, width, height))


def original_of(root: Path, key: str, digest: str, size: tuple[int, int], resize: str) -> Original:
    """The picture file `key` below `root` that was resized to `size` (height, width), if it still has this digest.

    Raises `DataError` (`source_changed`) and `PictureError`.
    """
    try:
        data = read_bytes(root / key, key)
    except MissingError as error:
        raise source_changed(key) from error
    if digest_of(data) != digest:
        raise source_changed(key)
    packed, whole = decode(data, name=key, at_least=size), decode(data, name=key)
    placement = Placement.of((packed.image.height, packed.image.width), size, resize)
    return Original(whole.pixels, placement, packed.reduced, runs_backwards(packed.orientation))
