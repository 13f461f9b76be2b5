"""Refusals of `striate look` for an ensemble."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from striate.ensemble.recogniser import Ensemble
from striate.model.preprocessing import InMemoryDataset
from striate.tasks.look import look
from tests.bow.small import pictures
from tests.ensemble.small import together, weighting, words

PICTURE = pictures(2, seed=9)[1]


def two_bags(classes: tuple[str, ...] = ("across", "down")) -> Ensemble:
    """Two bags of words, of classes of which the first two have pictures."""
    data = InMemoryDataset(pictures(channels=1), np.arange(18) % 2, classes)
    return Ensemble.of({name: words().fit(data) for name in "ab"}, weighting(0.5, 0.5))


def foreign(folder: Path) -> object:
    (folder / "mine").mkdir()
    (folder / "mine" / "filters.png").write_bytes(b"a picture of the user")
    return look(together(), figures=folder / "mine")


REFUSALS: dict[str, Callable[[Path], object]] = {
    "an option that no member has": lambda _: look(two_bags(), PICTURE, layer="conv1"),
    "a layer that no member has": lambda _: look(together(), PICTURE, layer="conv1"),
    "a class that no member has learnt": lambda _: look(two_bags(("across", "down", "up")), PICTURE, class_name="up"),
    "an unknown class": lambda _: look(two_bags(), PICTURE, class_name="sideways"),
    "a folder that is not one of figures": foreign,
}
