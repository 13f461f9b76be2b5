"""Tests of "none of these": predict and evaluate refuse the pictures that look less known than the share asked for."""

from pathlib import Path

import numpy as np
import pytest

import striate
from striate import ConvNet
from striate.cli.evaluate import answers
from striate.data import load_data
from striate.errors import UsageError
from striate.tasks.prediction_table import csv_line


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    data = load_data("digits")
    folder = tmp_path_factory.mktemp("model")
    model = ConvNet("lenet5", epochs=3, seed=0).fit(data.train, validation=data.validation)
    return model.save(folder / "model.safetensors"), data.test.images[:90, :, :, 0]


def test_pictures_below_the_share_are_none_of_these(trained: tuple[Path, np.ndarray]) -> None:
    path, pictures = trained
    confidence = striate.load(path).predict_with_confidence(pictures)[1]
    found = striate.predict(path, pictures, reject=0.2)
    plain = striate.predict(path, pictures)
    assert [one.label is None for one in found] == (confidence < 0.2).tolist()
    assert 8 < sum(one.label is None for one in found) < 30
    assert [one.confidence for one in found] == pytest.approx(confidence.tolist(), abs=1e-6)
    assert [one.ranked[0][0] for one in found] == [one.label for one in plain]  # the most probable one is still there
    refused = next(one for one in found if one.label is None)
    row = refused.as_dict()
    assert (row["class"], row["probability"]) == (None, None)
    assert row["top"][0][0] == refused.ranked[0][0]
    assert "none_of_these" in csv_line(refused, 2)
    assert csv_line(refused, 2).startswith(",,")
    assert all(one.label is not None and one.confidence is None for one in plain)
    assert all("confidence" not in one.as_dict() for one in plain)


def test_evaluate_says_what_was_answered(trained: tuple[Path, np.ndarray]) -> None:
    path, _ = trained
    test = load_data("digits").test
    scores, confidence = striate.load(path).predict_with_confidence(test)
    kept, right = confidence >= 0.2, scores.argmax(axis=1) == test.labels
    answered = striate.evaluate(path, "digits", part="test", reject=0.2).answered
    assert answered is not None
    assert answered.coverage == pytest.approx(kept.mean())
    assert answered.accuracy == pytest.approx(right[kept].mean())
    assert answered.coverage == pytest.approx(0.8, abs=0.1)
    assert answered.accuracy > right.mean()
    assert striate.evaluate(path, "digits", part="test").answered is None
    assert answers(answered).startswith(f"answered {100 * kept.mean():.1f} %")
    assert "none of these" in answers(answered)


def test_what_cannot_be_refused(trained: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    path, pictures = trained
    for wrong in (-0.1, 1.5, float("nan"), "a lot"):
        with pytest.raises(UsageError) as refused:
            striate.predict(path, pictures, reject=wrong)  # type: ignore[arg-type]
        assert refused.value.code == "bad_reject"
    without = ConvNet("lenet5", epochs=1).fit(pictures, np.arange(len(pictures)) % 2).save(tmp_path / "m.safetensors")
    with pytest.raises(UsageError) as refused:
        striate.predict(without, pictures, reject=0.05)
    assert refused.value.code == "no_confidence"
