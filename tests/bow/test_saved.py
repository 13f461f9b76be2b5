"""Tests of saved bags of words: the model file has all that prediction needs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import striate
from striate.bow.encoders import Hard
from striate.bow.pyramid import SpatialPyramid
from striate.bow.recogniser import BagOfWords
from striate.bow.sift import DenseSIFT
from striate.classifiers import KNN, LinearSVM
from striate.model.preprocessing import InMemoryDataset
from tests.bow.small import CLASSIFIERS, ENCODERS, fitted, labels, model, pictures

NEW = pictures(6, seed=9)
BOTH = [(encoder, classifier) for encoder in ENCODERS for classifier in CLASSIFIERS]


@pytest.mark.parametrize(("encoder", "classifier"), BOTH)
def test_saved_and_loaded_it_gives_the_same_answers(encoder: str, classifier: str, tmp_path: Path) -> None:
    recogniser = fitted(encoder=ENCODERS[encoder], classifier=CLASSIFIERS[classifier])
    path = recogniser.save(tmp_path / "m.safetensors")
    loaded = striate.load(path)
    assert isinstance(loaded, BagOfWords)
    np.testing.assert_array_equal(loaded.predict_proba(NEW), recogniser.predict_proba(NEW))
    np.testing.assert_array_equal(loaded.features(NEW), recogniser.features(NEW))
    for name, array in recogniser.patches_.arrays().items():
        np.testing.assert_array_equal(loaded.patches_.arrays()[name], array)
    before = path.read_bytes()
    assert loaded.save(path).read_bytes() == before  # over the file it was read from


@pytest.mark.parametrize("changed", [
    {"classifier": LinearSVM("chi2")}, {"classifier": KNN("hellinger")}, {"encoder": Hard(7, skip_zero=True)},
    {"sift": DenseSIFT()}, {"sift": DenseSIFT(np.array([2, 3]), 3, "gaussian", 0.01, False, enlarge=2)},
    {"pyramid": SpatialPyramid(((3, 2),), "equal", "max", ("power", "region_l2"))},
    {"size": (31, 29), "resize": "pad"}, {"flip": True}, {"seed": np.int64(5), "sample": np.int64(1000)},
], ids=str)  # fmt: skip
def test_every_setting_is_kept(changed: dict[str, Any], tmp_path: Path) -> None:
    recogniser = fitted(**changed)
    loaded = striate.load(recogniser.save(tmp_path / "m"))
    np.testing.assert_array_equal(loaded.predict_proba(NEW), recogniser.predict_proba(NEW))
    np.testing.assert_array_equal(loaded.features(NEW), recogniser.features(NEW))
    assert (loaded.seed, loaded.sample, loaded.flip) == (recogniser.seed, recogniser.sample, recogniser.flip)
    assert loaded.preparation_ == recogniser.preparation_
    again = loaded.fit(pictures(), labels())  # what was chosen is asked for now
    assert again.predict(NEW).tolist() == recogniser.predict(NEW).tolist()


def test_colour_and_an_absent_class_are_kept(tmp_path: Path) -> None:
    data = InMemoryDataset(pictures(channels=3), np.arange(18) % 2 * 2, ("a", "never", "b"))
    recogniser = model(sift=DenseSIFT((2, 3), 3, colour="hsv", enlarge=1)).fit(data)
    loaded = striate.load(recogniser.save(tmp_path / "m"))
    np.testing.assert_array_equal(loaded.predict_proba(data), recogniser.predict_proba(data))
    assert loaded.classes_.tolist() == ["a", "never", "b"]
    assert loaded.preparation_.channels == 3
