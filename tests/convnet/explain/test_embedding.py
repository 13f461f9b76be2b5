"""Embedding: its neighbours are exact, its map trustworthy, its sample stratified."""

import json

import numpy as np
import pytest

from striate.arch import Conv, Dense, GlobalPool, Input, Network, Pool, ReLU
from striate.convnet.explain.embedding import (
    directions,
    embedding,
    exact_neighbours,
    features_at,
    last_features,
    principal_components,
    trust,
)
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.look_sample import stratified_sample
from striate.convnet.explain.target import Target
from striate.core.cache import DiskCache
from striate.errors import DataError
from tests.convnet.explain.look_sets import LookSet
from tests.convnet.explain.nets import explained

NOWHERE = DiskCache(None)


def small() -> ExplainedNet:
    x = Pool(2, name="pool1")(ReLU()(Conv(8, 3, name="conv1")(Input(1, 10, 10))))
    return explained(Network(Dense(3, name="scores")(ReLU(name="last")(Dense(20)(x)))), mean=60.0)


def blobs(count: int) -> LookSet:
    """Pictures of three kinds: bright in three places, with noise."""
    numbers = np.random.default_rng(0)
    labels = np.arange(count) % 3
    images = numbers.integers(0, 60, (count, 10, 10, 1), np.uint8)
    for i, label in enumerate(labels):
        images[i, 3 * label : 3 * label + 4] += 150
    return LookSet(images, labels, ("top", "middle", "bottom"))


def test_neighbours_are_those_of_loops_and_equal_ones_in_order() -> None:
    features = np.random.default_rng(1).standard_normal((60, 7)).astype(np.float32)
    features[[5, 20, 41]] = features[3]
    near, far = exact_neighbours(features, 5)
    for i in range(60):
        others = sorted((float(np.linalg.norm(features[i].astype(float) - features[j].astype(float))), j)
                        for j in range(60) if j != i)
        assert near[i].tolist() == [j for _, j in others[:5]]
        assert far[i] == pytest.approx([distance for distance, _ in others[:5]], rel=1e-6)
    assert (near[20, :3].tolist(), far[20, :3].tolist()) == ([3, 5, 41], [0, 0, 0])


def test_a_map_of_three_groups_keeps_them_and_its_words_say_how_far() -> None:
    model, data = small(), blobs(150)
    steps: list[tuple[str, int, int]] = []
    found = embedding(model, data, Target("scores"), on_progress=lambda *step: steps.append(step))
    assert (found.layer, found.array.shape, found.dimensions, found.of) == ("last", (150, 2), 20, 150)
    assert (found.components, found.agreeing, found.apart) == (20, 1.0, ())
    assert found.trustworthiness >= 0.9
    assert f"trustworthiness {found.trustworthiness:.3f}" in found.evidence
    assert found.trustworthiness == pytest.approx(
        trust(directions(features_at(model, "last", data, np.arange(150))), found.array))
    assert found.thumbnails.shape == (150, 10, 10, 1)
    assert steps[-1] == ("activations of last", 150, 150)
    steps.clear()
    again = embedding(model, data, Target("scores"), on_progress=lambda *step: steps.append(step))
    assert not steps  # from the cache
    assert (again.array == found.array).all()
    data.pictures.labels[[4, 70]] = 2  # as if they were labelled wrongly
    assert embedding(model, data, Target("scores")).apart == (4, 70)
    fresh = embedding(model, data, Target("scores"), cache=NOWHERE)
    assert (fresh.array == found.array).all()
    said = json.loads(json.dumps(found.as_dict()))
    assert "thumbnails" not in said
    assert len(said["neighbours"][0]) == 5


def test_directions_are_from_the_mean() -> None:
    found = directions(np.float32([[3, 0], [1, 0], [2, 0], [2, 5]]))
    assert found == pytest.approx(np.float32([[1, -1.25], [-1, -1.25], [0, -1.25], [0, 3.75]]) / np.float32(
        [[1.600781], [1.600781], [1.25], [3.75]]), abs=1e-5)


def test_a_layer_that_is_named_is_embedded_itself() -> None:
    assert embedding(small(), blobs(30), Target("pool1"), cache=NOWHERE).dimensions == 8 * 4 * 4
    assert last_features(small()) == "last"
    wide = explained(Network(Dense(2, name="scores")(GlobalPool()(Conv(50, 1, name="wide")(Input(1, 10, 10))))))
    assert embedding(wide, blobs(30), Target("wide"), cache=NOWHERE).dimensions == 50  # 5,000 numbers are averaged


def test_components_are_those_of_the_covariance() -> None:
    features = np.random.default_rng(2).standard_normal((90, 12)).astype(np.float32) * np.arange(1, 13)
    found = principal_components(features, 5)
    values = np.linalg.eigvalsh(np.cov(features.T.astype(float)))[::-1][:5]
    assert np.var(found, axis=0, ddof=1) == pytest.approx(values, rel=1e-4)
    assert principal_components(features[:6], 50).shape == (6, 5)


def test_a_sample_has_every_class_in_its_share() -> None:
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    picked = stratified_sample(labels, 100)
    assert np.bincount(labels[picked]).tolist() == [60, 30, 10]
    assert len(set(picked.tolist())) == 100
    assert (stratified_sample(labels, 1000) == np.arange(1000)).all()


def test_few_pictures_are_refused() -> None:
    with pytest.raises(DataError) as refused:
        embedding(small(), blobs(9), Target("scores"))
    assert refused.value.code == "few_pictures"
    assert embedding(small(), blobs(10), Target("scores"), cache=NOWHERE).array.shape == (10, 2)
