"""Tests of hostile model files with a correct hash (M31): each is refused or usable, within little memory."""

import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import striate
from striate.core import model_file
from striate.core.model_file import ModelFile
from striate.errors import ModelFileError
from tests.bow.small import CLASSIFIERS, ENCODERS, fitted, pictures

FIRST = ("hard", "linear_svm")
KINDS = [*((encoder, "linear_svm") for encoder in ENCODERS), ("hard", "kernel_svm"), ("hard", "knn")]
NEW = pictures(2, seed=9)


@pytest.fixture(scope="module", params=KINDS, ids="-".join)
def good(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    encoder, classifier = request.param
    learnt = fitted(encoder=ENCODERS[encoder], classifier=CLASSIFIERS[classifier])
    return model_file.load(learnt.save(tmp_path_factory.mktemp("models") / "m"))


def refused(path: Path, manifest: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    model_file.save(path, "words", manifest, arrays)
    with pytest.raises(ModelFileError) as caught:
        striate.load(path)
    assert caught.value.code in ("bad_manifest", "not_finite")
    assert len(str(caught.value)) < 800


ARRAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "nan": lambda a: np.full_like(a, np.nan),
    "infinite": lambda a: np.where(np.arange(a.size).reshape(a.shape) == 0, -np.inf, a).astype(a.dtype),
    "another dtype": lambda a: a.astype(np.float64 if a.dtype != np.float64 else np.float32),
    "whole numbers": lambda a: a.astype(np.int32),
    "another axis": lambda a: a[None],
    "flat": lambda a: a.reshape(-1) if a.ndim > 1 else a.reshape(1, -1),
    "one row more": lambda a: np.concatenate([a, a[:1]]),
    "one row less": lambda a: a[:-1],
    "one column less": lambda a: a[..., :-1],
    "empty": lambda a: a[:0],
    "scalar": lambda a: a.ravel()[0].reshape(()),
}  # fmt: skip


def test_m21_every_array_of_another_kind(good: ModelFile, tmp_path: Path) -> None:
    for name, array in good.arrays.items():
        for change in ARRAYS.values():
            if array.dtype.kind == "f" or change not in (ARRAYS["nan"], ARRAYS["infinite"]):
                refused(tmp_path / "m", good.manifest, good.arrays | {name: change(array)})
        without = {key: value for key, value in good.arrays.items() if key != name}
        refused(tmp_path / "m", good.manifest, without)
        refused(tmp_path / "m", good.manifest, without | {f"{name}s": array})
    for strange in ("encoder.strange", "classifier.strange", "patches.strange", "strange", "strange.words", ""):
        refused(tmp_path / "m", good.manifest, good.arrays | {strange: np.ones(3, np.float32)})


RULES: dict[str, dict[str, Callable[[np.ndarray], np.ndarray]]] = {
    "weights": {"negative": lambda a: -a},
    "variances": {"negative": lambda a: -a, "zero": lambda a: a * 0},
    "sigma": {"negative": lambda a: -a, "zero": lambda a: a * 0},
    "position_scale": {"negative": lambda a: -a},
    "slopes": {"negative": lambda a: -1 - a},
    "labels": {"out of range": lambda a: a + 1, "one class": lambda a: a * 0, "negative": lambda a: -a},
    "centres": {"huge": lambda a: a + np.float32(2e9)},
}  # fmt: skip


def test_m17_numbers_that_cannot_be(good: ModelFile, tmp_path: Path) -> None:
    for name, array in good.arrays.items():
        part, _, rest = name.partition(".")
        if (part, rest) != ("classifier", "weights"):
            for change in RULES.get(rest, {}).values():
                refused(tmp_path / "m", good.manifest, good.arrays | {name: change(array)})


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every value in JSON."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield (*at, key)
        yield from places(below, (*at, key))


def changed(manifest: dict[str, Any], place: tuple[Any, ...], value: object) -> dict[str, Any]:
    whole = json.loads(json.dumps(manifest))
    parent = whole
    for key in place[:-1]:
        parent = parent[key]
    if value is DROPPED:
        del parent[place[-1]]
    else:
        parent[place[-1]] = value
    return whole


DROPPED = object()
OWN = ("stages", "present", "preparation", "classes", "training")
VALUES = (DROPPED, None, True, 0, 1, -1, 2, 0.5, 1e308, 10**9, 10**400, "", "x", [], [[]], {}, {"x": 1}, [10**9] * 2)
FREE = [("training", name) for name in ("threads", "numpy", "torch", "scikit-learn")]  # told, not used
OLDER = {"temperature"}  # files of striate 0.1 have none of nearest neighbours


def test_m31_every_value_of_the_manifest(good: ModelFile, tmp_path: Path) -> None:
    """Refused, or a recogniser that predicts and can be saved again."""
    loaded = 0
    whole = set(good.manifest["stages"]["encoder"]) | set(good.manifest["stages"]["classifier"]) == set(FIRST)
    for place in places({key: good.manifest[key] for key in OWN}):
        if not whole and place[:2] not in (("stages", "encoder"), ("stages", "classifier")):
            continue
        for value in VALUES:
            model_file.save(tmp_path / "m", "words", changed(good.manifest, place, value), good.arrays)
            try:
                recogniser = striate.load(tmp_path / "m")
            except ModelFileError as error:
                code = error.code
                assert place not in FREE
            else:
                code = ""
                loaded += 1
                assert value is not DROPPED or place in FREE or place[-1] in {0, 1, 2, *OLDER}  # one of several may go
                np.testing.assert_allclose(recogniser.predict_proba(NEW).sum(axis=1), 1)
                recogniser.save(tmp_path / "n")
            assert code in ("", "bad_manifest")
    assert loaded >= len(FREE) * len(VALUES) * whole


HUGE: dict[str, dict[tuple[Any, ...], object]] = {
    "sides": {("preparation", "size"): [10**9, 10**9]},
    "pixels": {("preparation", "size"): [65_536, 65_536]},
    "a descriptor for each pixel": {("preparation", "size"): [16_000, 16_000], ("stages", "sift", "step"): 1},
    "enlarged": {("preparation", "size"): [4_000, 4_000], ("stages", "sift", "enlarge"): 8,
                 ("stages", "sift", "step"): 1},
    "scales": {("stages", "sift", "bin_sizes"): [2] * 65},
    "scales of many descriptors": {("preparation", "size"): [2_000, 2_000], ("stages", "sift", "bin_sizes"): [2] * 64,
                                   ("stages", "sift", "step"): 1},
    "step": {("stages", "sift", "step"): 10**9},
    "negative step": {("stages", "sift", "step"): -3},
    "cells": {("stages", "pyramid", "grids"): [[10**9, 10**9]]},
    "cells that fit": {("stages", "pyramid", "grids"): [[64, 64]]},
    "grids": {("stages", "pyramid", "grids"): [[1, 1]] * 10_000},
    "present": {("present",): [0, 10**9]},
    "present twice": {("present",): [0, 0]},
    "present backwards": {("present",): [1, 0]},
    "present too few": {("present",): [0]},
    "classes": {("classes",): ["a"]},
    "classes of the last": {("classes",): ["x" * 1000, *map(str, range(100_000))]},
}  # fmt: skip


@pytest.mark.parametrize("good", [FIRST], indirect=True, ids="-".join)
@pytest.mark.parametrize("name", HUGE)
def test_m31_huge_and_impossible(name: str, good: ModelFile, tmp_path: Path) -> None:
    manifest = good.manifest
    for place, value in HUGE[name].items():
        manifest = changed(manifest, place, value)
    model_file.save(tmp_path / "m", "words", manifest, good.arrays)
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError) as caught:
            striate.load(tmp_path / "m")
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()
    assert caught.value.code == "bad_manifest"


@pytest.mark.parametrize("good", [("fisher", "linear_svm"), ("vlad", "linear_svm")], indirect=True, ids="-".join)
def test_m31_pooling_that_the_encoder_cannot_do(good: ModelFile, tmp_path: Path) -> None:
    refused(tmp_path / "m", changed(good.manifest, ("stages", "pyramid", "pool"), "max"), good.arrays)


@pytest.mark.parametrize("values", [
    {"stages": {}}, {"stages": []}, {"stages": None}, {"present": None}, {"preparation": []}, {"training": []},
    {"classes": None}, {"stages": {"sift": {}, "encoder": "hard", "pyramid": {}, "classifier": "knn"}},
])  # fmt: skip
def test_m23_manifest_of_no_bag_of_words(values: dict[str, Any], good: ModelFile, tmp_path: Path) -> None:
    refused(tmp_path / "m", good.manifest | values, good.arrays)


def test_m23_of_another_kind(good: ModelFile, tmp_path: Path) -> None:
    for kind, code in (("convnet", "bad_manifest"), ("os.system", "unknown_kind")):
        with pytest.raises(ModelFileError) as caught:
            striate.load(model_file.save(tmp_path / "m", kind, good.manifest, good.arrays))
        assert caught.value.code == code
