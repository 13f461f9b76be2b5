"""Resizing of pictures to one size: `squash`, `crop` or `pad`.

squash: both sides scaled, the whole picture without its proportions. crop: the largest central part with the
wanted proportions. pad: the whole picture with its proportions, centred, black beside it.
Scaling is Pillow's bilinear filter, whose support grows with the reduction, so nothing aliases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from striate.core.constraints import Integer, OneOf, Unfit
from striate.core.params import Param, Refusal, check
from striate.data.placement import Placement
from striate.errors import UsageError

RESIZE_MODES = ("squash", "crop", "pad")
MAX_SIDE = 4096
PADDING = 0  # black


def resize_picture(pixels: NDArray[np.uint8], size: tuple[int, int], resize: str = "squash",
                   channels: int = 3) -> NDArray[np.uint8]:
    """One picture (H, W, C) uint8, C = 1 or 3, resized to (height, width, channels); itself if it has that shape.

    size: (height, width) in pixels. Grey becomes colour by repetition, colour grey by ITU-R 601 luma.

    >>> wide = np.full((10, 30, 1), 200, np.uint8)
    >>> padded = resize_picture(wide, (6, 6), "pad", channels=1)
    >>> int((padded == 200).sum())     # 12 = 2 rows · 6: a third of the height is picture, the rest black
    12
    """
    if pixels.shape == (*size, channels):
        return pixels
    return resize_image(Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels), size, resize, channels)


def resize_image(image: Image.Image, size: tuple[int, int], resize: str, channels: int) -> NDArray[np.uint8]:
    """`resize_picture` for a Pillow image of mode L or RGB, which spares it two copies of the whole picture."""
    if image.mode == "RGB" and channels == 1:
        image = image.convert("L")
    if image.size != (size[1], size[0]):
        image = _scaled(image, size, resize)
    pixels = np.asarray(image).reshape(*size, -1)
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] < channels else pixels


def resize_pictures(pictures: NDArray[np.uint8], size: tuple[int, int], resize: str = "squash",
                    channels: int = 3) -> NDArray[np.uint8]:
    """A batch (N, H, W) or (N, H, W, C) uint8 resized to (N, height, width, channels) uint8; see `resize_picture`.

    A batch of that shape is returned as it is, a memory map unread.

    >>> resize_pictures(np.zeros((5, 28, 28), np.uint8), (32, 32), channels=1).shape
    (5, 32, 32, 1)
    """
    check_resize(size, resize, channels)
    if pictures.dtype != np.uint8 or not (pictures.ndim == 3 or (pictures.ndim == 4 and pictures.shape[3] in (1, 3))):
        raise UsageError("bad_pictures", "pictures were given as an array",
                         allowed="uint8 of shape (N, H, W), (N, H, W, 1) or (N, H, W, 3) is allowed",
                         given=f"{pictures.dtype} of shape {pictures.shape} was given", do="Convert the array")
    if pictures.ndim == 3:
        pictures = pictures[..., np.newaxis]
    if pictures.shape[1:] == (*size, channels):
        return pictures
    out = np.empty((len(pictures), *size, channels), np.uint8)
    for row, picture in zip(out, pictures, strict=True):
        row[:] = resize_picture(picture, size, resize, channels)
    return out


@dataclass(frozen=True)
class PictureSize:
    """Constraint of a picture size: (height, width) in pixels, each from 1 to `high`."""

    high: int = MAX_SIDE

    @property
    def allowed(self) -> str:
        """The range in words."""
        return f"sides of 1 to {self.high} pixels are allowed"

    def read(self, value: Any) -> tuple[int, int]:
        """The sides as a tuple."""
        if isinstance(value, str):
            raise ValueError
        try:
            height, width = (Integer(1, self.high).read(side) for side in value)
        except ValueError:
            raise Unfit(given=f"{'×'.join(map(str, value))} was given") from None
        return height, width


PARAMS = {
    "size": Param(PictureSize()),
    "resize": Param(OneOf(*RESIZE_MODES, phrase="{words} are known"), refusal=Refusal(
        "bad_fit", "a way to fit pictures was asked for", "Use squash")),
    "channels": Param(OneOf(1, 3, phrase="1 (grey) and 3 (colour) are allowed"), refusal=Refusal(
        "bad_channels", "a number of {name} was asked for", "Leave it out to follow the pictures")),
}
REFUSAL = Refusal("bad_size", "a picture {name} was asked for", "Use for example 96")


def check_resize(size: tuple[int, int], resize: str, channels: int) -> None:
    """Refuse a size, resize mode or number of channels that is not allowed (`bad_size`, `bad_fit`, `bad_channels`)."""
    check(PARAMS, {"size": size, "resize": resize, "channels": channels}, REFUSAL)


def _scaled(image: Image.Image, size: tuple[int, int], resize: str) -> Image.Image:
    placed = Placement.of((image.height, image.width), size, resize)
    left, top, right, bottom = map(int, placed.filled)
    scaled = image.resize((right - left, bottom - top), Image.Resampling.BILINEAR, box=placed.read)
    if scaled.size == (size[1], size[0]):
        return scaled
    out = Image.new(image.mode, (size[1], size[0]), PADDING)  # zero in every channel
    out.paste(scaled, (left, top))
    return out
