"""Refusals of dense SIFT."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from striate.bow.sift import DenseSIFT

PICTURES = np.zeros((2, 64, 64), np.uint8)


def fit(pictures: object = PICTURES, **more: object) -> object:
    return DenseSIFT(**more).fit(pictures)  # type: ignore[arg-type]


REFUSALS: dict[str, Callable[[Path], object]] = {
    "picture_too_small": lambda _: fit(bin_sizes=(4, 32)),
    "picture too small, enlarged": lambda _: fit(PICTURES[:, :7, :20], bin_sizes=(8,), enlarge=3),
    "picture of another size": lambda _: DenseSIFT().fit(PICTURES).transform(PICTURES[:, :5]),
    "bin size": lambda _: fit(bin_sizes=(4, 1)),
    "bin size not whole": lambda _: fit(bin_sizes=(4.5,)),
    "no bin sizes": lambda _: fit(bin_sizes=()),
    "step": lambda _: fit(step=0),
    "threads": lambda _: fit(threads=0),
    "enlarge": lambda _: fit(enlarge=9),
    "contrast": lambda _: fit(contrast=float("nan")),
    "window": lambda _: fit(window="hann"),
    "colour": lambda _: fit(colour="lab"),
    "no_colour": lambda _: fit(colour="hsv"),
    "float pictures": lambda _: fit(PICTURES.astype(np.float32)),
    "two channels": lambda _: fit(np.zeros((2, 64, 64, 2), np.uint8)),
    "other_out": lambda _: DenseSIFT().fit(PICTURES).transform(PICTURES, out=np.empty((2, 5, 128), np.float32)),
    "no pictures": lambda _: fit(PICTURES[:0]),
}
