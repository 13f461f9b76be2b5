"""Probe: held-out accuracy by layer, beside the network's own and a baseline, in the same folds."""

import json
from typing import Any

import numpy as np
import pytest

import striate
from striate.arch import Conv, Dense, Input, Network, Pool, ReLU
from striate.classifiers.cross_validation import folds_of
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.probe import held_out_right, probe
from striate.convnet.explain.target import Target
from striate.core.cache import DiskCache
from striate.errors import DataError
from striate.tasks.look_pictures import look_data
from tests.convnet.explain.look_sets import LookSet
from tests.convnet.explain.nets import explained

NOWHERE = DiskCache(None)
CLASSES = ("class 0", "class 1", "class 2")


def small() -> ExplainedNet:
    x = Pool(2, name="pool1")(ReLU(name="relu1")(Conv(6, 3, name="conv1")(Input(1, 10, 10))))
    return explained(Network(Dense(3, name="scores")(x)), mean=60.0)


def blobs(count: int, classes: tuple[str, ...] = CLASSES, **labelled: Any) -> LookSet:
    """Pictures bright in one of three places, with noise."""
    numbers = np.random.default_rng(0)
    labels = labelled.get("labels", np.arange(count) % 3)
    images = numbers.integers(0, 120, (count, 10, 10, 1), np.uint8)
    for i in range(count):
        images[i, 3 * (i % 3) : 3 * (i % 3) + 4] += 90
    return LookSet(images, labels, classes)


def test_a_fold_is_classified_without_its_pictures() -> None:
    """Features that name the picture and nothing else: known by heart they are all right, held out they are chance."""
    labels = np.arange(60) % 3
    found = held_out_right(np.eye(60, dtype=np.float32), labels, folds_of(labels, 5, 0))
    assert found.mean() <= 0.5
    told = np.eye(3, dtype=np.float32)[labels]
    assert held_out_right(told, labels, folds_of(labels, 5, 0)).all()
    assert held_out_right(np.hstack([told, np.zeros((60, 2), np.float32)]), labels, folds_of(labels, 5, 0)).all()


def test_copies_of_a_picture_are_in_one_fold() -> None:
    """Each of 20 noise pictures occurs three times, with labels at random: a copy in another fold would tell all."""
    labels = np.random.default_rng(0).integers(0, 3, 20).repeat(3)
    images = np.random.default_rng(1).integers(0, 256, (20, 10, 10, 1), np.uint8).repeat(3, axis=0)
    data = LookSet(images, labels, CLASSES)
    apart = probe(small(), data, Target("scores"), cache=NOWHERE)
    data.digests = tuple(f"{i // 3:032x}" for i in range(60))
    together = probe(small(), data, Target("scores"), cache=NOWHERE)
    assert apart.array[0] >= 0.9
    assert together.array.max() < 0.8


def test_its_curve_has_the_network_and_the_baseline_beside_it() -> None:
    model, data = small(), blobs(90)
    steps: list[tuple[str, int, int]] = []
    found = probe(model, data, Target("scores"), on_progress=lambda *step: steps.append(step))
    assert [one.layer for one in found.layers] == ["input", "relu1", "pool1", "scores"]
    assert (found.array == [one.accuracy for one in found.layers]).all()
    assert found.array[0] == 1
    assert found.layers[0].interval[0] > 0.9
    own = (model.predict_proba(data.pictures.images).argmax(1) == data.pictures.labels).mean()
    assert found.own == pytest.approx(own)
    assert (found.folds, found.pictures, found.among, found.baseline_what) == (5, 90, 90, "the commonest class")
    assert found.baseline is not None
    assert found.baseline <= 0.4
    assert ("activations of all layers", 90, 90) in steps
    steps.clear()
    again = probe(model, data, Target("scores"), on_progress=lambda *step: steps.append(step))
    assert not steps
    assert again.as_dict() == found.as_dict() == json.loads(json.dumps(found.as_dict()))


def test_its_words_say_what_the_network_was_trained_on() -> None:
    data = blobs(30)
    assert "is not known" in probe(small(), data, Target("pool1"), cache=NOWHERE).evidence
    data.leaked = 12  # type: ignore[assignment]
    assert "trained on 12 of that part" in probe(small(), data, Target("pool1"), cache=NOWHERE).evidence
    data.leaked = 0  # type: ignore[assignment]
    assert "trained" not in probe(small(), data, Target("pool1"), cache=NOWHERE).evidence


def test_other_classes_have_no_accuracy_of_the_network() -> None:
    assert probe(small(), blobs(30, ("a", "b", "c")), Target("pool1"), cache=NOWHERE).own is None
    rare = blobs(34, labels=np.array([*np.arange(30) % 2, 2, 2, 2, 2]))
    found = probe(small(), rare, Target("pool1"), cache=NOWHERE)
    assert (found.pictures, found.among) == (30, 34)  # a class of four pictures is left out
    assert "30 of 34 pictures" in found.evidence


def test_few_pictures_are_refused() -> None:
    with pytest.raises(DataError) as refused:
        probe(small(), blobs(9, labels=np.zeros(9, np.int64)), Target("scores"))
    assert refused.value.code == "few_pictures"


@pytest.mark.slow
def test_on_digits_the_curve_rises_to_the_accuracy_of_the_network(tmp_path: Any) -> None:
    data = striate.load_data("digits")
    recogniser = striate.ConvNet("lenet5", epochs=15, seed=0).fit(data.train, validation=data.validation)
    data.split.save(tmp_path / "split.json")
    pictures = look_data(recogniser, "digits", model=tmp_path / "model.safetensors")
    model = ExplainedNet.of(recogniser)
    found = probe(model, pictures, Target(model.scores))
    assert found.leaked == 0
    assert found.own == pytest.approx(recogniser.score(data.test))
    assert found.array[0] + 0.05 <= found.array[-1]
    assert abs(found.array[-1] - found.own) <= 0.01
    assert found.baseline is not None
    assert 0.9 <= found.baseline <= 1


def test_a_probe_is_cached_and_made_again_for_another_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    data, steps = blobs(30), []

    def probed() -> None:
        steps.clear()
        probe(small(), data, Target("pool1"), on_progress=lambda *step: steps.append(step))

    probed()
    assert steps
    probed()
    assert not steps
    monkeypatch.setattr(data, "describe", lambda: ["more words"])
    probed()
    assert steps
