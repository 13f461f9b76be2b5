"""Tests of held-out probabilities: of classifiers not fitted on the picture nor on its copies."""

from pathlib import Path

import numpy as np
import pytest

from striate.bow import fit_stages
from striate.bow.sift import grid
from striate.classifiers import KNN, Classifier, KernelSVM, LinearSVM
from striate.classifiers.cross_validation import folds_of
from striate.errors import DataError, Interrupted
from tests.bow.small import fitted, labels, model, pictures

MACHINES = [LinearSVM("linear", C=1000.0), KernelSVM("linear", C=1000.0), KNN("linear", k=1)]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: type(machine).__name__)
def test_pictures_of_the_same_pixels_are_held_out_together(machine: Classifier) -> None:
    """Noise with random labels, each picture twice: a classifier fitted on one copy knows the label of the other."""
    rng = np.random.default_rng(0)
    noise = np.tile(rng.integers(0, 256, (20, 23, 19), np.uint8), (2, 1, 1))
    said = np.tile(rng.permutation(["a", "b"] * 10), 2)
    recogniser = model(classifier=machine).fit(noise, said)
    indices, scores = recogniser.held_out_
    assert indices.tolist() == list(range(40))
    assert (recogniser.classes_[scores.argmax(axis=1)] == said).mean() < 0.75
    assert recogniser.score(noise, said) > 0.9  # what it learnt by heart


def test_folds_keep_groups_together_and_classes_even() -> None:
    groups = np.array([0, 1, 2, 3, 0, 1, 2, 3])
    folds = folds_of(np.array([0, 0, 1, 1] * 2), 2, seed=0, groups=groups)
    assert folds[:4].tolist() == folds[4:].tolist()
    assert np.bincount(folds).tolist() == [4, 4]
    alone = folds_of(np.array([0, 0, 1, 1]), 2, seed=0)
    assert folds_of(np.array([0, 0, 1, 1]), 2, seed=0, groups=np.arange(4)).tolist() == alone.tolist()


def test_groups_are_found_by_pixels() -> None:
    several = pictures(6)
    several[4] = several[1]
    assert len(np.unique(fit_stages.content_hash(model()._prepared(several[..., None])[1])[1])) == 5


def test_too_few_others_are_refused() -> None:
    with pytest.raises(DataError, match="nearest"):
        KNN("linear", k=3).fit(np.eye(4, dtype=np.float32), [0, 1, 0, 1], groups=np.array([0, 0, 1, 2]))


@pytest.mark.parametrize("stage", ["words", "features", "classifier"])
def test_f02_what_was_finished_when_it_was_stopped_is_kept(stage: str, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []

    def stop() -> bool:
        name, done, total = told[-1]
        return name == stage and done == total

    with pytest.raises(Interrupted):
        model(memory=tmp_path).fit(pictures(), labels(), watch=lambda *what: told.append(what), stop=stop)
    assert list(tmp_path.glob(f"{stage}-*"))
    again = model(memory=tmp_path).fit(pictures(), labels())
    assert next(row["cached"] for row in again.stages_ if row["stage"] == stage)


def test_what_is_chosen_by_itself_is_part_of_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from striate.bow.sift import DenseSIFT, dense_sift

    fitted(sift=DenseSIFT(), memory=tmp_path)
    usual = grid.choose_grid

    def other(height: int, width: int, *_: object) -> grid.GridSettings:
        return usual(height, width, (2,), 3, 2)

    monkeypatch.setattr(dense_sift, "choose_grid", other)
    assert [row["cached"] for row in fitted(sift=DenseSIFT(), memory=tmp_path).stages_] == [False] * 4


def test_it_says_how_many_descriptors_it_learnt_from() -> None:
    recogniser = fitted(sample=10_000_000)
    everything = 18 * len(recogniser.pipeline_.description.grid.y)
    assert f"learnt from {everything:,} descriptors" in recogniser.stages_[1]["what"]
