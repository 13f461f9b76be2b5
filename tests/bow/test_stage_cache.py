"""Tests of the stage cache: results are reused where the inputs are the same, and nowhere else."""

import os
from pathlib import Path

import numpy as np
import pytest

from striate.bow import fit_stages
from striate.bow.encoders import LLC, VLAD, Hard, Soft
from striate.bow.fit_stages import stage_key
from striate.bow.pyramid import SpatialPyramid
from striate.bow.recogniser import BagOfWords
from striate.bow.sift import DenseSIFT
from striate.classifiers import KNN, KernelSVM, LinearSVM
from striate.core import cache as module
from striate.core.cache import DiskCache
from tests.bow.small import ENCODERS, fitted, labels, model, pictures
from tests.changed_source import changed

LINEAR = LinearSVM("linear")
NEW = pictures(6, seed=9)


def cached(recogniser: BagOfWords) -> list[bool]:
    return [row["cached"] for row in recogniser.stages_]


def content(recogniser: BagOfWords, folder: Path) -> bytes:
    return recogniser.save(folder / "m.safetensors").read_bytes()


def undescribed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DenseSIFT, "transform", lambda *_, **__: pytest.fail("descriptors were computed again"))


@pytest.mark.parametrize("encoder", ENCODERS)
def test_another_classifier_computes_no_descriptor(encoder: str, tmp_path: Path,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    first = fitted(encoder=ENCODERS[encoder], classifier=LINEAR, memory=tmp_path / "a")
    with monkeypatch.context() as patch:
        undescribed(patch)
        second = fitted(encoder=ENCODERS[encoder], classifier=KNN("linear"), memory=tmp_path / "a")
    assert cached(first) == [False] * 4
    assert cached(second) == [False, True, True, False]  # how dense SIFT is set is found at once
    without = fitted(encoder=ENCODERS[encoder], classifier=KNN("linear"))
    assert content(second, tmp_path) == content(without, tmp_path)
    np.testing.assert_array_equal(second.held_out_[1], without.held_out_[1])
    assert second.notes_ == without.notes_


def test_the_same_again_learns_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = fitted(memory=tmp_path / "a", classifier=LINEAR)
    undescribed(monkeypatch)
    monkeypatch.setattr(LinearSVM, "fit", lambda *_: pytest.fail("it was learnt again"))
    second = fitted(memory=str(tmp_path / "a"), classifier=LINEAR)
    assert cached(second) == [False, True, True, True]
    assert content(second, tmp_path) == content(first, tmp_path)
    np.testing.assert_array_equal(second.held_out_[1], first.held_out_[1])
    assert [row["what"] for row in second.stages_] == [row["what"] for row in first.stages_]


OTHERS = {
    "encoder": {"encoder": Hard(5)},
    "kind of encoder, the same words": {"encoder": LLC(7, 3)},
    "sift": {"sift": DenseSIFT((2, 3), 4, enlarge=1)},
    "window": {"sift": DenseSIFT((2, 3), 3, "gaussian", enlarge=1)},
    "seed": {"seed": 1},
    "sample": {"sample": 300},
    "pyramid": {"pyramid": SpatialPyramid(((1, 1), (3, 2)))},
    "weights": {"pyramid": SpatialPyramid(((1, 1), (2, 3)), "equal")},
    "pooling": {"pyramid": SpatialPyramid(((1, 1), (2, 3)), pool="max")},
    "classifier": {"classifier": KernelSVM("linear")},
    "C": {"classifier": LinearSVM("linear", C=0.1)},
    "mirror images": {"flip": True},
    "size": {"size": (21, 19)},
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_has_changed_is_made_again(name: str, tmp_path: Path) -> None:
    usual = {"classifier": LINEAR, "memory": tmp_path / "a"}
    fitted(**usual)
    changed = fitted(**usual | OTHERS[name])
    assert not changed.stages_[-1]["cached"]
    assert content(changed, tmp_path) == content(fitted(**usual | OTHERS[name] | {"memory": None}), tmp_path)


@pytest.mark.parametrize(("one", "two"), [
    (LLC(7, 3), LLC(7, 2)), (LLC(7, 3), LLC(7, 3, 0.1)), (Soft(7, 3), Soft(7, 2)),
    (VLAD(5), VLAD(5, intra=False)),
    (Hard(7), Hard(7, skip_zero=True)), (Hard(7), Soft(7, 3)),
])  # fmt: skip
def test_encoders_that_learn_the_same_words_have_features_of_their_own(
    one: Hard, two: Hard, tmp_path: Path
) -> None:
    fitted(encoder=one, classifier=LINEAR, memory=tmp_path / "a")
    changed = fitted(encoder=two, classifier=LINEAR, memory=tmp_path / "a")
    without = fitted(encoder=two, classifier=LINEAR)
    np.testing.assert_array_equal(changed.predict_proba(NEW), without.predict_proba(NEW))


def test_other_pictures_and_other_labels(tmp_path: Path) -> None:
    fitted(memory=tmp_path / "a")
    one_pixel = pictures()
    one_pixel[17, 22, 18] ^= 1
    assert cached(model(memory=tmp_path / "a").fit(one_pixel, labels())) == [False] * 4
    renamed = np.where(labels() == "across", "A", "B")  # the classifier learns 0 and 1 as before
    assert cached(model(memory=tmp_path / "a").fit(pictures(), renamed)) == [False, True, True, True]
    for other in (np.sort(labels()), np.roll(labels(), 1)):
        assert cached(model(memory=tmp_path / "a").fit(pictures(), other)) == [False, True, True, False]


def test_other_versions_have_other_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    before = stage_key("words", 1)
    assert before == stage_key("words", 1) != stage_key("words", 2)
    with monkeypatch.context() as patch:
        patch.setattr(fit_stages, "LIBRARIES", fit_stages.LIBRARIES[:-1])
        assert stage_key("words", 1) != before
    with monkeypatch.context() as patch:
        patch.setattr(module, "__version__", "0.0.0")
        module.code_digest.cache_clear()
        assert stage_key("words", 1) != before
    module.code_digest.cache_clear()
    assert stage_key("words", 1) == before


@pytest.mark.parametrize("path", [
    "bow/vocabulary.py", "bow/encoders/gmm.py", "bow/sift/scale.py", "classifiers/linear_svm.py",
    "classifiers/newton.py", "core/cache.py", "core/executor.py", "core/model_file.py"])  # fmt: skip
def test_other_source_has_other_keys(path: str, package: Path) -> None:
    before = stage_key("words", 1)
    changed(package / path)
    assert stage_key("words", 1) != before
    changed(package / path)
    assert stage_key("words", 1) == before


def test_source_that_stages_do_not_read_is_not_in_the_key(package: Path) -> None:
    before = stage_key("words", 1)
    changed(package / "cli" / "__init__.py")
    assert stage_key("words", 1) == before


def test_threads_of_k_means_are_part_of_the_key(tmp_path: Path) -> None:
    fitted(memory=tmp_path / "a", threads=2)
    assert cached(fitted(memory=tmp_path / "a", threads=3)) == [False, True, True, True]
    assert not cached(fitted(memory=tmp_path / "a", threads=1))[1]


def test_too_much_goes_and_what_was_used_last_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 10_000)
    mine = tmp_path / "thesis.txt"
    mine.write_bytes(b"x" * 20_000)
    memory = DiskCache(tmp_path)
    shape = (10, 100)  # 4,000 bytes
    for i, key in enumerate(("a", "b")):
        memory.features(key * 32, shape, lambda out, i=i: out.fill(i))
        for path in tmp_path.glob(f"features-{key}*"):
            os.utime(path, (i, i))
    again, was_there = memory.features("a" * 32, shape, lambda _: pytest.fail("it was there"))
    assert was_there
    assert (again == 0).all()
    memory.features("c" * 32, shape, lambda out: out.fill(2))
    assert {path.name[9:10] for path in tmp_path.glob("features-*.f32")} == {"a", "c"}
    assert memory.features("a" * 32, shape, lambda _: pytest.fail("it was there"))[1]
    assert mine.stat().st_size == 20_000  # other files are nobody's business


def test_more_than_half_of_the_room_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 7_999)
    memory = DiskCache(tmp_path)
    found, _ = memory.features("a" * 32, (10, 100), lambda out: out.fill(3))
    assert (found == 3).all()
    memory.arrays("words", "b" * 32, lambda: ({}, {"centres": np.zeros((10, 100), np.float32)}))
    assert list(tmp_path.iterdir()) == []
    recogniser = fitted(memory=tmp_path)
    assert content(recogniser, tmp_path) == content(fitted(), tmp_path)
