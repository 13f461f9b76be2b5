"""Tests of the metrics against hand-made cases, scikit-learn, SciPy, and properties of any input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import binomtest
from sklearn import metrics as reference

from striate.errors import StriateError
from striate.stats.metrics import BINS, COVERAGES, SMALLEST, evaluate, wilson
from tests.stats.refusals import REFUSALS

Floats = npt.NDArray[np.float64]


def random_case(seed: int, n: int, k: int) -> tuple[npt.NDArray[np.int64], Floats, list[str]]:
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet(np.full(k, 0.5), size=n)
    labels = np.where(rng.random(n) < 0.6, chances.argmax(1), rng.integers(0, k, n))
    return labels, chances, [f"class {i}" for i in range(k)]


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_wilson_agrees_with_scipy(confidence: float) -> None:
    for n in (1, 2, 3, 7, 50, 360, 10_000):
        for successes in {0, 1, n // 3, n // 2, n - 1, n}:
            expected = binomtest(successes, n).proportion_ci(confidence, method="wilson")
            assert wilson(successes, n, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(("n", "k"), [(1, 2), (13, 2), (211, 3), (500, 11), (997, 101)])
def test_agrees_with_scikit_learn(n: int, k: int) -> None:
    labels, chances, classes = random_case(n, n, k)
    ours, predicted, names = evaluate(labels, chances, classes), chances.argmax(1), list(range(k))
    assert ours.accuracy == pytest.approx(reference.accuracy_score(labels, predicted))
    assert ours.nll == pytest.approx(reference.log_loss(labels, chances, labels=names))
    np.testing.assert_array_equal(ours.confusion, reference.confusion_matrix(labels, predicted, labels=names))
    present = np.unique(labels)
    recalls = reference.recall_score(labels, predicted, labels=present, average="macro", zero_division=0)
    assert ours.balanced_accuracy == pytest.approx(recalls)
    if k > 5:
        assert ours.top5 == pytest.approx(reference.top_k_accuracy_score(labels, chances, k=5, labels=names))
    each = reference.precision_recall_fscore_support(labels, predicted, labels=names, zero_division=np.nan)
    for result, precision, recall, f1, count in zip(ours.per_class, *each, strict=True):
        assert result.count == count
        for figure, expected in ((result.precision, precision), (result.recall, recall), (result.f1, f1)):
            assert (figure is None) == bool(np.isnan(expected))
            assert figure is None or figure == pytest.approx(expected)


def test_calibration_error_agrees_with_a_loop_over_the_definition() -> None:
    labels, chances, classes = random_case(5, 1009, 7)
    expected = 0.0
    for m in range(1, BINS + 1):
        inside = [(row.max(), row.argmax() == label) for row, label in zip(chances, labels, strict=True)
                  if (m - 1) / BINS < row.max() <= m / BINS]
        if inside:
            confidence, right = np.mean(inside, axis=0)
            expected += len(inside) / len(labels) * abs(right - confidence)
    assert evaluate(labels, chances, classes).ece == pytest.approx(expected)


def test_calibration_error_by_hand() -> None:
    # Nine out of ten right at 0.9 is honest; five out of ten right at 0.9 is 0.4 too sure.
    chances = np.tile([0.9, 0.1], (10, 1))
    assert evaluate([0] * 9 + [1], chances, "ab").ece == pytest.approx(0.0)
    assert evaluate([0] * 5 + [1] * 5, chances, "ab").ece == pytest.approx(0.4)


def test_bins_are_closed_on_the_right() -> None:
    third = 10 / 15
    result = evaluate([0, 0], [[third, 1 - third], [1.0, 0.0]], "ab")
    assert [(i, one.count) for i, one in enumerate(result.reliability) if one.count] == [(9, 1), (14, 1)]
    assert sum(one.count for one in result.reliability) == result.count


def test_the_surest_pictures_against_a_loop() -> None:
    labels, chances, classes = random_case(5, 1009, 9)
    highest, right = chances.max(axis=1), chances.argmax(axis=1) == labels
    found = evaluate(labels, chances, classes)
    assert len(found.surest) == len(COVERAGES)
    for point, coverage in zip(found.surest, COVERAGES, strict=True):
        some = sorted(zip(highest, right, strict=True), reverse=True)[: point.count]
        assert coverage <= point.coverage < coverage + 1 / 1009
        assert point.threshold == some[-1][0]
        assert point.accuracy == np.mean([hit for _, hit in some])
        assert point.interval == wilson(sum(bool(hit) for _, hit in some), point.count)
    assert (found.surest[0].count, found.surest[0].accuracy) == (1009, found.accuracy)


def test_equal_probabilities_are_answered_together() -> None:
    chances = np.repeat([[0.9, 0.1], [0.6, 0.4]], [6, 4], axis=0)
    found = evaluate([0] * 6 + [1] * 4, chances, "ab").surest
    assert [(one.count, one.coverage, one.threshold, one.accuracy) for one in found] == [
        (10, 1.0, 0.6, 0.6), (6, 0.6, 0.9, 1.0)]  # half of the pictures are the surest six
    ten = np.stack([np.linspace(0.6, 0.9, 10), np.linspace(0.4, 0.1, 10)], axis=1)
    assert [one.count for one in evaluate([0] * 10, ten, "ab").surest] == [10, 9, 8, 7, 5]  # 95 % of ten are ten


def test_undefined_figures_are_none_and_never_nan() -> None:
    # "c" has no picture but is predicted once; "d" has neither.
    result = evaluate([0, 1], [[1, 0, 0, 0], [0, 0, 1, 0]], "abcd").as_dict()
    assert [(row["precision"], row["recall"], row["f1"]) for row in result["per_class"]] == [
        (1.0, 1.0, 1.0), (None, 0.0, 0.0), (0.0, None, 0.0), (None, None, None)]
    assert result["per_class"][2]["interval"] is None
    assert result["balanced_accuracy"] == 0.5  # over "a" and "b", the classes present
    assert result["top5"] is None
    json.dumps(result, allow_nan=False)


@pytest.mark.parametrize(("k", "expected"), [(2, None), (5, None), (6, 5 / 6), (7, 5 / 7)])
def test_top5_is_a_number_from_six_classes_on(k: int, expected: float | None) -> None:
    falling = np.tile(np.arange(k, 0, -1.0), (k, 1))
    assert evaluate(np.arange(k), falling / falling.sum(1, keepdims=True), "abcdefg"[:k]).top5 == expected


def test_an_impossible_answer_costs_a_finite_number_of_nats() -> None:
    assert evaluate([1], [[1.0, 0.0]], "ab").nll == pytest.approx(-np.log(SMALLEST))


def test_of_equals_the_class_named_first_wins() -> None:
    fair = np.full((8, 8), 1 / 8)
    result = evaluate(np.arange(8), fair, "abcdefgh")
    assert result.confusion[:, 0].tolist() == [1] * 8
    assert result.top5 == 5 / 8


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_every_precision_of_softmax_is_accepted(dtype: type[np.floating[Any]]) -> None:
    labels, chances, classes = random_case(3, 64, 1000)
    assert evaluate(labels, chances.astype(dtype), classes).count == 64


def test_the_result_cannot_be_changed() -> None:
    result = evaluate([0], [[0.9, 0.1]], "ab")
    with pytest.raises(ValueError, match="read-only"):
        result.confusion[0, 0] = 7


def test_d09_class_names_come_back_exactly() -> None:
    names = ["<script>", "a\nb", "=cmd", " space ", "\udcff", "🦉"]
    rows = evaluate([0], [[1.0, 0, 0, 0, 0, 0]], names).as_dict()["per_class"]
    assert [row["class"] for row in json.loads(json.dumps(rows))] == names


weights = hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9),
                     elements=st.floats(0.001, 1.0))


@settings(deadline=None)
@given(weights=weights, seed=st.integers(0, 2**32 - 1))
def test_what_must_hold_for_any_input(weights: Floats, seed: int) -> None:
    n, k = weights.shape
    labels = np.random.default_rng(seed).integers(0, k, size=(n,))
    chances = weights / weights.sum(1, keepdims=True)
    result = evaluate(labels, chances, [str(i) for i in range(k)])
    assert result.count == n == result.confusion.sum()
    assert np.trace(result.confusion) == round(result.accuracy * n)
    low, high = result.interval
    assert 0 <= low <= result.accuracy <= high <= 1
    assert result.top5 is None or result.accuracy <= result.top5 <= 1
    assert 0 <= result.ece <= 1
    assert result.nll >= 0
    assert sum(one.count for one in result.per_class) == sum(one.count for one in result.reliability) == n
    order = np.argsort(np.random.default_rng(seed).random(n), kind="stable")
    again = evaluate(labels[order], chances[order], [str(i) for i in range(k)])
    np.testing.assert_array_equal(again.confusion, result.confusion)
    assert again.nll == pytest.approx(result.nll)
    json.dumps(result.as_dict(), allow_nan=False)


@given(n=st.integers(1, 10_000), data=st.data())
def test_wilson_holds_the_proportion_and_mirrors(n: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, n))
    low, high = wilson(successes, n)
    assert 0 <= low <= successes / n <= high <= 1
    assert low < high
    assert wilson(n - successes, n) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case: str, tmp_path: Path) -> None:
    with pytest.raises(StriateError) as caught:
        REFUSALS[case](tmp_path)
    parts = (caught.value.asked, caught.value.allowed, caught.value.given, caught.value.do)
    assert all(parts), "a refusal says what was asked, what is allowed, what was given and what to do"


@pytest.mark.parametrize(("case", "index"), [
    ("evaluate: F14 label above the classes", 1), ("evaluate: F14 label below zero", 2),
    ("evaluate: F14 NaN", 1), ("evaluate: F14 infinity", 2), ("evaluate: rows that do not sum to one", 1)])
def test_f14_names_the_first_picture_at_fault(case: str, index: int, tmp_path: Path) -> None:
    with pytest.raises(StriateError, match=rf"picture {index} is no"):
        REFUSALS[case](tmp_path)
