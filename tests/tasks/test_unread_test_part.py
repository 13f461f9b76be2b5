"""No training method reads a picture or a label of the test part before the recogniser is saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from striate.data import Dataset
from striate.tasks import Progress, RunFolder, Settings, train_model
from striate.tasks.methods import METHODS, method_for
from striate.tasks.methods.method import TrainingMethod
from tests.convnet.pretrained.small import pictures
from tests.tasks.sealed_test_part import ReadTooEarlyError, SealedArray, seal_test_part

STAGES = "sift: {bin_sizes: [2, 3], step: 6}\nencoder: {hard: {words: 12, iterations: 5}}\n"
RUNS: dict[str, dict[str, Any]] = {
    "lenet5": {"recipe": {"epochs": 2}},
    "words.yaml": {},
    "transfer": {"size": (32, 32)},
    "knn": {"size": (32, 32)},
    "finetune": {"size": (32, 32), "recipe": {"epochs": 1}},
    "auto": {"size": (32, 32), "recipe": {"minutes": 0.05}},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of 60 pictures of two classes."""
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    for i, (picture, label) in enumerate(zip(*pictures(60), strict=True)):
        (tmp_path / "pictures" / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(tmp_path / "pictures" / label / f"{i}.png")
    (tmp_path / "words.yaml").write_text(STAGES)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "pictures"


def trained(folder: Path, model: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    run = RunFolder(folder.parent / "run")
    seal_test_part(monkeypatch, run.model)
    return train_model(Settings(str(folder), model, **RUNS[model]), run, Progress())


def test_every_training_method_is_listed(folder: Path) -> None:
    assert {type(method_for(Settings("digits", model, **given))) for model, given in RUNS.items()} == set(METHODS)


@pytest.mark.parametrize("model", RUNS)
def test_the_test_part_is_not_read_before_the_recogniser_is_saved(
        model: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = trained(folder, model, monkeypatch)
    assert result.test.count == sum(result.data.counts["test"]) == 12


@pytest.mark.parametrize("peek", [
    lambda part: part.labels, lambda part: part.take([3]), lambda part: part.images,
    lambda part: part.pictures.images[part.indices[0]], lambda part: np.asarray(part.pictures.labels),
    lambda part: part.pictures.labels.tolist(), lambda part: np.take(part.pictures.images, part.indices[:1], axis=0),
    lambda part: part.pictures.images[:, 0], lambda part: np.bincount(part.pictures.labels),
])  # fmt: skip
def test_a_method_that_reads_it_is_caught(peek: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    method: type[TrainingMethod[Any]] = type(method_for(Settings("digits", "knn")))
    train = method.train

    def peeking(self: Any, data: Any, *more: Any) -> Any:
        peek(data.test)
        return train(self, data, *more)

    monkeypatch.setattr(method, "train", peeking)
    with pytest.raises(ReadTooEarlyError, match="test pictures were read before the end"):
        trained(folder, "knn", monkeypatch)


def test_other_parts_are_read_as_they_are() -> None:
    rows = np.arange(24, dtype=np.uint8).reshape(6, 2, 2, 1)
    sealed = SealedArray(rows, np.array([1, 4]), lambda: False)
    assert np.array_equal(np.take(sealed, [0, 5], axis=0), rows[[0, 5]])  # type: ignore[call-overload]
    assert np.array_equal(sealed[2:4], rows[2:4])
    pack: Any = type("Pack", (), {"images": sealed, "labels": SealedArray(np.arange(6), sealed.test, sealed.is_open)})
    assert Dataset(pack, np.array([0, 3])).labels.tolist() == [0, 3]
    assert np.array_equal(SealedArray(rows, sealed.test, lambda: True), rows)
