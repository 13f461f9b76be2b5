"""Tests of features, sample and patches against loops in float64."""

from collections import Counter

import numpy as np
import pytest

from striate.bow.descriptors import StageProgress, positions_of, sample_descriptors
from striate.bow.encoders import ENCODERS as KINDS
from striate.bow.encoders import Hard
from striate.bow.explain import patches as patches_module
from striate.bow.explain.patches import NEAREST, WordPatches, patches_of
from striate.bow.pyramid import SpatialPyramid
from striate.bow.recogniser import BagOfWords
from striate.bow.sift import DenseSIFT
from striate.bow.stages import PRESETS
from striate.classifiers import LinearSVM
from striate.model.preprocessing import InMemoryDataset
from tests.bow import slow
from tests.bow.small import ENCODERS, fitted, labels, model, pictures

NEW = pictures(3, classes=3, seed=5)


@pytest.mark.parametrize("pyramid", [SpatialPyramid(((1, 1), (2, 3), (5, 2))), SpatialPyramid(((3, 2),)),
                                     SpatialPyramid()])
def test_features(pyramid: SpatialPyramid) -> None:
    recogniser = fitted(pyramid=pyramid)
    expected = slow.features(recogniser, NEW)
    found = recogniser.features(NEW)
    assert found.shape == expected.shape == (3, 7 * pyramid.cells)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(recogniser.pipeline_.classifier.vectors_[:2],
                               slow.features(recogniser, pictures()[:2]), atol=1e-6)


def test_the_classifier_is_given_the_features_of_the_pictures_in_order() -> None:
    knn = fitted().pipeline_.classifier
    np.testing.assert_array_equal(knn.vectors_, fitted().features(pictures()))
    assert knn.labels_.tolist() == [0, 1] * 9


def test_mirror_images_are_learnt_from_too() -> None:
    recogniser = fitted(flip=True)
    knn = recogniser.pipeline_.classifier
    mirrored = np.ascontiguousarray(pictures()[:, :, ::-1])
    np.testing.assert_allclose(knn.vectors_[18:], slow.features(recogniser, mirrored), atol=1e-6)
    np.testing.assert_array_equal(knn.vectors_[:18], recogniser.features(pictures()))
    assert knn.labels_.tolist() == [0, 1] * 18
    assert recogniser.held_out_[0].tolist() == list(range(18))


@pytest.mark.parametrize(("names", "flip", "expected"), [
    (["across", "down"], None, True), (["a", "b"], None, False), ([3, 5], None, False), ([10, 5], None, False),
    (["a", "b"], True, True), (["across", "down"], False, False),
])  # fmt: skip
def test_letters_and_digits_are_not_mirrored(names: list[object], flip: bool | None, expected: bool) -> None:
    recogniser = model(flip=flip).fit(pictures(), names * 9)
    assert recogniser.flip_ is expected
    assert len(recogniser.pipeline_.classifier.labels_) == 18 * (1 + expected)


@pytest.mark.parametrize(("count", "from_one", "expected"), [
    (2000, 500, (18, 30)),  # all there are
    (100, 500, (4, 25)),    # three pictures of 30 are too few
    (100, 10, (10, 10)),
    (1, 500, (1, 1)),
    (400, 20, (18, 23)),    # more than 20 of each, as there are too few pictures
])  # fmt: skip
def test_sample(count: int, from_one: int, expected: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.bow.descriptors.MOST_PER_PICTURE", from_one)
    given = InMemoryDataset(pictures()[..., None])
    sift = DenseSIFT((2, 3), 3, enlarge=1).fit(given)
    grid = sift.grid(23, 19)
    sample = sample_descriptors(sift, given, grid, count, 0, StageProgress())
    each = Counter(sample.origins[:, 0].tolist())
    assert (len(each), *set(each.values())) == expected
    assert len(set(map(tuple, sample.origins.tolist()))) == len(sample.origins)
    described = [sift.transform(picture[None])[0] for picture in given.images]
    for row, place, (picture, which) in zip(sample.descriptors, sample.positions, sample.origins, strict=True):
        assert row.tolist() == described[picture][which].tolist()
        assert place.tolist() == pytest.approx([(grid.y[which] + 0.5) / 23, (grid.x[which] + 0.5) / 19])
    other = sample_descriptors(sift, given, grid, 100, 1, StageProgress())
    assert other.origins.tolist() != sample_descriptors(sift, given, grid, 100, 0, StageProgress()).origins.tolist()


def test_words_are_learnt_from_the_sample_and_nothing_else() -> None:
    recogniser = fitted(seed=3)
    given = InMemoryDataset(pictures()[..., None])
    sift = recogniser.pipeline_.description.sift
    sample = sample_descriptors(sift, given, sift.grid(23, 19), 2000, 3, StageProgress())
    words = Hard(7, seed=3).fit(sample.descriptors).centres_
    np.testing.assert_array_equal(recogniser.pipeline_.description.encoder.words_, words)


@pytest.mark.parametrize(("channels", "looked_at"), [(1, 50_000), (3, 50_000), (1, 101)])
def test_patches(channels: int, looked_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches_module, "MOST_SAMPLED", looked_at)
    given = InMemoryDataset(pictures(11, channels=channels))
    sift = DenseSIFT((2, 3), 3, enlarge=1, colour="hsv" if channels == 3 else "grey").fit(given)
    grid = sift.grid(23, 19)
    sample = sample_descriptors(sift, given, grid, 150, 0, StageProgress())
    encoder = Hard(31, iterations=5).fit(sample.descriptors)
    found = patches_of(encoder, sample, given, grid)
    some = [int(i) for i in np.linspace(0, len(sample.origins) - 1, min(looked_at, len(sample.origins)))]
    members: dict[int, list[tuple[float, int]]] = {word: [] for word in range(31)}
    for i in some:
        word = slow.nearest_word(sample.descriptors[i], encoder.words_)
        apart = sample.descriptors[i].astype(float) - encoder.words_[word]
        members[word].append((float(apart @ apart), i))
    assert found.counts.tolist() == [len(members[word]) for word in range(31)]
    for word, near in members.items():
        cut = [slow.patch(given.images[sample.origins[i, 0]], grid, int(sample.origins[i, 1])) for _, i in sorted(near)]
        far = sorted(distance for distance, _ in near)
        mean = np.mean(cut, axis=0) if cut else np.zeros((16, 16))
        np.testing.assert_allclose(found.mean[word], mean, atol=0.51)  # rounded
        assert not found.nearest[word, len(near) :].any()
        for rank, shown in enumerate(found.nearest[word, : len(near)]):
            # Two descriptors are as far from the word in their middle: rounding decides.
            alike = [own for distance, own in zip(far, cut, strict=True) if abs(distance - far[rank]) < 1e-5]
            assert min(np.abs(shown - own).max() for own in alike) < 0.51


@pytest.mark.parametrize("name", ENCODERS)
def test_patches_of_every_encoder(name: str) -> None:
    recogniser = fitted(encoder=ENCODERS[name], classifier=LinearSVM("linear"))
    found: WordPatches = recogniser.patches_
    words = len(recogniser.pipeline_.description.encoder.words_)
    assert found.mean.shape == (words, 16, 16)
    assert found.nearest.shape == (words, NEAREST, 16, 16)
    assert found.counts.sum() == 18 * 30


def test_every_encoder_is_in_the_small_table() -> None:
    assert ENCODERS.keys() == KINDS.keys()


def test_positions_reach_from_0_to_1() -> None:
    recogniser = fitted()
    grid = recogniser.pipeline_.description.grid
    where = positions_of(grid)
    assert where.dtype == np.float32
    for place, y, x in zip(where, grid.y, grid.x, strict=True):
        assert place.tolist() == pytest.approx([(y + 0.5) / 23, (x + 0.5) / 19])


def test_the_usual_stages_are_those_of_bow() -> None:
    recogniser = BagOfWords(sample=2000, encoder=Hard(7)).fit(pictures(), labels())
    told = recogniser.pipeline_.description
    assert told.pyramid.get_params() == PRESETS["bow"](small=True).pyramid.get_params()
    assert type(recogniser.pipeline_.classifier) is type(PRESETS["bow"](small=True).classifier)
    assert model().get_params()["sample"] == 2000
