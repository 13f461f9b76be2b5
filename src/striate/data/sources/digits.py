"""The built-in data set `digits`: 1,797 scanned digits inside scikit-learn, 8×8 pixels, ten classes, no download.

Alpaydın and Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository, 1998 (its test part).
"""

from __future__ import annotations

import numpy as np

from striate.data.source import ArraySource

NAMES = tuple("0123456789")


def open_digits(name: str = "digits") -> ArraySource:
    """The digits as an undivided source: pictures (1797, 8, 8, 1) uint8; ink 0 to 16 becomes 0 to 255."""
    from sklearn.datasets import load_digits  # here, because it takes a second that nobody else should pay

    bunch = load_digits()
    pictures = np.rint(bunch.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    keys = tuple(f"{i:04d}" for i in range(len(pictures)))
    return ArraySource(name=name, classes=NAMES, keys=keys, labels=bunch.target.astype(np.int64),
                       parts=("",) * len(keys), pictures=pictures)
