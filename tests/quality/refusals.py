"""Refusals of the checks of pictures."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from striate.quality import label_doubts

REFUSALS: dict[str, Callable[[Path], object]] = {
    "labels without their probabilities": lambda _: label_doubts(np.array([0, 1]), np.full((3, 2), 0.5)),
}
