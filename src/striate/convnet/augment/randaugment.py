"""RandAugment: each picture goes through two operations drawn from fourteen (Cubuk et al., CVPR workshops 2020).

The pictures of a batch are grouped by operation, so that each operation runs once for all of them.
"""

from __future__ import annotations

import numpy as np

from striate.convnet.augment.conversion import Draws
from striate.convnet.augment.randaugment_operations import OPERATIONS
from striate.model.preprocessing import Pixels

STRONGEST = 10


def randaugment(pictures: Pixels, draws: Draws, magnitude: float) -> Pixels:
    """Pictures (n, H, W, C) uint8 after k operations each, all at one `magnitude` in 0..10; a copy.

    `draws` is (n, k, 2) in 0..1: which operation, and in which direction (darker or brighter, left or right).

    >>> turn = (list(OPERATIONS).index("posterise") + 0.5) / len(OPERATIONS)
    >>> randaugment(np.array([[[[77]]]], np.uint8), np.float32([[[turn, 0.9]]]), 10).item()  # 77 = 64 + 13
    64
    """
    out = pictures.copy()
    for drawn in draws.swapaxes(0, 1):
        chosen = np.minimum((drawn[:, 0] * len(OPERATIONS)).astype(np.int64), len(OPERATIONS) - 1)
        level = np.where(drawn[:, 1] < 0.5, -1.0, 1.0) * (magnitude / STRONGEST)
        for number, operation in enumerate(OPERATIONS.values()):
            group = np.flatnonzero(chosen == number)
            if len(group):
                out[group] = operation(out[group], level[group])
    return out
