"""Refusals of vocabularies and encoders."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from striate.bow.encoders import LLC, VLAD, Fisher, Hard
from striate.bow.nearest_words import NearestWords, nearest
from striate.bow.vocabulary import Vocabulary
from tests.bow.encoders.table import fitted, pictures, sample

X, WHERE = sample()


def encode(**changed: object) -> object:
    x, where, regions = pictures()
    given = {"descriptors": x, "positions": where, "regions": regions} | changed
    return fitted("fisher").encode(**given)  # type: ignore[arg-type]


REFUSALS: dict[str, Callable[[Path], object]] = {
    "not_descriptors": lambda _: nearest(X[:, :3], X[:5]),
    "not_descriptors of one picture": lambda _: encode(descriptors=X[:23]),
    "descriptors_not_finite": lambda _: nearest(np.full((3, 7), np.nan), X[:5]),
    "descriptors_not_finite to learn from": lambda _: Vocabulary(2).fit(np.array([[1.0], [2.0], [np.inf]])),
    "bad_words": lambda _: NearestWords(np.zeros((0, 7), np.float32)),
    "too_few_words": lambda _: LLC(words=3, neighbours=5).fit(X),
    "impossible_value": lambda _: Vocabulary(0).fit(X),
    "impossible_value of an encoder": lambda _: VLAD(dims=0).fit(X),
    "too_few_descriptors": lambda _: Vocabulary(4).fit(np.repeat(X[1:4], 9, axis=0)),
    "too_few_descriptors that count": lambda _: Hard(1, skip_zero=True).fit(np.zeros((9, 7), np.float32)),
    "too_many_dims": lambda _: Fisher(dims=64).fit(X),
    "bad_positions": lambda _: encode(positions=np.full((23, 2), 256.0)),
    "bad_regions": lambda _: encode(regions=[np.arange(24)]),
    "bad_regions twice": lambda _: encode(regions=[np.array([1, 1])]),
    "unknown_pool": lambda _: encode(pool="max"),
}
