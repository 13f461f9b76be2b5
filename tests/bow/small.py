"""A small recogniser and pictures that it learns in a tenth of a second: 30 descriptors a picture, seven words."""

from typing import Any

import numpy as np

from striate.bow.encoders import LLC, VLAD, Encoder, Fisher, Hard, Soft
from striate.bow.pyramid import SpatialPyramid
from striate.bow.recogniser import BagOfWords
from striate.bow.sift import DenseSIFT
from striate.classifiers import KNN, Classifier, KernelSVM, LinearSVM

HEIGHT, WIDTH = 23, 19
NAMES = np.array(["across", "down", "slanting"])
ENCODERS: dict[str, Encoder] = {
    "hard": Hard(7), "soft": Soft(7, 3), "llc": LLC(7, 3), "vlad": VLAD(5, 3, augment=0.7),
    "fisher": Fisher(3, 5),
}  # fmt: skip
CLASSIFIERS: dict[str, Classifier] = {
    "linear_svm": LinearSVM("linear"), "kernel_svm": KernelSVM("linear"), "knn": KNN("linear", k=3),
}  # fmt: skip


def pictures(count: int = 18, classes: int = 2, seed: int = 0, channels: int = 0) -> np.ndarray:
    """Noisy lines, (count, 23, 19) uint8 or with channels; class i % classes is across, down or slanting."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((HEIGHT, WIDTH))
    lines = np.stack([((y, x, x + y)[i % classes] // 3 + i) % 2 * 150 for i in range(count)])
    shape = (*lines.shape, channels) if channels else lines.shape
    return (lines.reshape(*lines.shape, *([1] if channels else [])) + rng.integers(0, 60, shape)).astype(np.uint8)


def labels(count: int = 18, classes: int = 2) -> np.ndarray:
    return NAMES[np.arange(count) % classes]


def model(**changed: Any) -> BagOfWords:
    usual = {
        "sift": DenseSIFT((2, 3), 3, enlarge=1),
        "encoder": Hard(7),
        "classifier": KNN(k=3),
        "sample": 2000,
        "flip": False,
        "pyramid": SpatialPyramid(((1, 1), (2, 3))),
    }
    return BagOfWords(**usual | changed)


def fitted(**changed: Any) -> BagOfWords:
    return model(**changed).fit(pictures(), labels())
