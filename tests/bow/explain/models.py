"""Small models of three classes of made-up pictures: lines across, lines down, and both."""

import atexit
import shutil
from functools import cache, lru_cache
from itertools import product
from tempfile import mkdtemp

import numpy as np

from striate.bow.encoders import LLC, VLAD, Encoder, Fisher, Hard, Soft
from striate.bow.pyramid import SpatialPyramid
from striate.bow.recogniser import BagOfWords
from striate.bow.sift import DenseSIFT
from striate.classifiers import KNN, Classifier, KernelSVM, LinearSVM

WORDS, SIDE = 8, 32
CLASSES = ["across", "both", "down"]
ENCODERS: dict[str, Encoder] = {
    "hard": Hard(WORDS),
    "hard without blanks": Hard(WORDS, skip_zero=True),
    "soft": Soft(WORDS),
    "llc": LLC(WORDS, neighbours=3),
    "vlad": VLAD(WORDS, dims=4),
    "vlad as they are": VLAD(WORDS, intra=False),
    "fisher": Fisher(WORDS, dims=3),
    "fisher with weights": Fisher(WORDS, dims=3, weights=True, skip_zero=True),
}
CLASSIFIERS: dict[str, type[LinearSVM] | type[KernelSVM]] = {"linear_svm": LinearSVM, "kernel_svm": KernelSVM}
KERNELS = ("linear", "hellinger", "intersection", "chi2")
SIGNED = ("llc", "vlad", "vlad as they are", "fisher", "fisher with weights")  # no histograms: kernel linear only
POSSIBLE = [(encoder, kernel, kind) for encoder, kernel, kind in product(ENCODERS, KERNELS, CLASSIFIERS)
            if kernel == "linear" or encoder not in SIGNED]


@lru_cache(1)
def pictures() -> np.ndarray:
    """(24, 32, 32) uint8; the lower right of every third is flat, so that there are descriptors without contrast."""
    rng = np.random.default_rng(7)
    y, x = np.indices((SIDE, SIDE))
    waves = [y, y * (y < SIDE // 2) + x * (y >= SIDE // 2), x]
    made = np.stack([(waves[i % 3] + i) // (3 + i % 2) % 2 * 150 for i in range(24)])
    made += rng.integers(0, 40, made.shape)
    made[::3, SIDE // 3 :, SIDE // 3 :] = 90
    return made.astype(np.uint8)


@cache
def folder() -> str:
    made = mkdtemp(prefix="striate-look-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@cache
def model(encoder: str = "hard", kernel: str = "chi2", kind: str = "linear_svm", pool: str = "sum") -> BagOfWords:
    classifier: Classifier = KNN(kernel, k=3) if kind == "knn" else CLASSIFIERS[kind](kernel, C=1.0, folds=2)
    pyramid = SpatialPyramid(((1, 1), (3, 2)), pool=pool,  # type: ignore[arg-type]
                             normalise=("power", "l2") if encoder in SIGNED else ("l1",))
    built = BagOfWords(sift=DenseSIFT(bin_sizes=(3, 2), step=3), encoder=ENCODERS[encoder], pyramid=pyramid,
                       classifier=classifier, sample=3000, memory=folder(), threads=1)
    return built.fit(pictures(), [CLASSES[i % 3] for i in range(24)])
