"""Random resized crop: a part of each picture, resized to the whole (Szegedy et al., CVPR 2015, section 6).

The part has a share of the area drawn evenly, and an aspect from 3/4 to 4/3 drawn evenly in its logarithm. Two points
differ from the common code: the aspect is relative to the picture's own, and where a part would be longer than the
picture it is cut to it, instead of drawn again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from striate.convnet.augment.conversion import Draws, as_tensor
from striate.model.preprocessing import Pixels

WIDEST = 4 / 3


def cropped(pictures: Pixels, draws: Draws, least: float) -> Pixels:
    """Parts of pictures (n, H, W, C) of at least the share `least` of their area, at the size of the whole, bilinear.

    `draws` is (n, 4) in 0..1: share, aspect, top and left.

    >>> pictures = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1)
    >>> cropped(pictures, np.float32([[0, 0.5, 0.99, 0]]), 0.25)[0, ..., 0].tolist()  # of 8 9 / 12 13
    [[8, 8, 9, 9], [9, 9, 10, 10], [11, 11, 12, 12], [12, 12, 13, 13]]
    """
    batch = as_tensor(pictures)
    whole = np.empty(pictures.shape, np.uint8)
    out = as_tensor(whole)
    # One picture at a time: their sizes differ, and torch's bytes-to-bytes code beats any gather over the batch.
    for place, (top, left, height, width) in enumerate(boxes(draws, least, *pictures.shape[1:3]).tolist()):
        part = batch[place : place + 1, :, top : top + height, left : left + width]
        out[place : place + 1] = interpolate(part, size=pictures.shape[1:3], mode="bilinear")
    return whole


def boxes(draws: Draws, least: float, height: int, width: int) -> NDArray[np.int64]:
    """The parts of pictures of `height` × `width` pixels: top, left, height and width, (n, 4).

    >>> boxes(np.float32([[0, 0.5, 0.5, 0.99], [1, 1, 0, 0]]), 0.25, 8, 12).tolist()
    [[2, 6, 4, 6], [0, 0, 7, 12]]
    """
    drawn = draws.astype(np.float64)
    share = least + (1 - least) * drawn[:, 0]
    aspect = WIDEST ** (2 * drawn[:, 1] - 1)
    sides = np.stack([height * np.sqrt(share / aspect), width * np.sqrt(share * aspect)], 1)
    part = np.rint(sides).astype(np.int64).clip(1, (height, width))
    room = np.array([height, width]) - part
    return np.concatenate([np.minimum((drawn[:, 2:] * (room + 1)).astype(np.int64), room), part], 1)
