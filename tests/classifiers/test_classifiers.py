"""Tests of the common contract of all classifiers, then of each by itself."""

import json
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from sklearn.svm import LinearSVC

from striate.classifiers import CLASSIFIERS, KNN, Classifier, KernelSVM, LinearSVM, linear_svm
from striate.classifiers.cross_validation import folds_of
from striate.classifiers.kernels import KERNELS
from striate.errors import StriateError

DIGITS, ALL = load_digits(return_X_y=True)
DIGITS = (DIGITS / DIGITS.sum(axis=1, keepdims=True)).astype(np.float32)
ORDER = np.random.default_rng(0).permutation(len(ALL))  # as they come, other people wrote the later ones
DIGITS, ALL = DIGITS[ORDER], ALL[ORDER]
TRAIN, TEST, Y, YT = DIGITS[:400], DIGITS[400:700], ALL[:400], ALL[400:700]
ROWS = [(name, kernel) for name in CLASSIFIERS for kernel in KERNELS]


@pytest.fixture(scope="module", params=ROWS, ids="-".join)
def fitted(request: pytest.FixtureRequest) -> Classifier:
    name, kernel = request.param
    return CLASSIFIERS[name](kernel=kernel).fit(TRAIN, Y)  # type: ignore[call-arg]


def test_it_learns(fitted: Classifier) -> None:
    assert fitted.score(TEST, YT) > 0.87
    assert fitted.decision(TEST).shape == (300, 10)
    assert (fitted.decision(TEST).argmax(axis=1) == YT).mean() > 0.87


def test_probabilities_are_honest(fitted: Classifier) -> None:
    told = fitted.predict_proba(TEST)
    np.testing.assert_allclose(told.sum(axis=1), 1)
    sure, right = told.max(axis=1), told.argmax(axis=1) == YT
    assert abs(sure.mean() - right.mean()) < 0.08
    assert -np.log(told[np.arange(300), YT]).mean() < 0.45


def test_arrays_there_and_back(fitted: Classifier) -> None:
    settings, arrays = fitted.to_arrays()
    back = type(fitted).from_arrays(json.loads(json.dumps(settings)), {k: a.copy() for k, a in arrays.items()})
    np.testing.assert_array_equal(back.decision(TEST), fitted.decision(TEST))
    np.testing.assert_array_equal(back.predict_proba(TEST), fitted.predict_proba(TEST))
    assert back.to_arrays()[0] == settings
    assert {array.dtype.name for array in arrays.values()} <= {"float32", "float64", "int64"}


def test_hostile_arrays(fitted: Classifier) -> None:
    settings, arrays = fitted.to_arrays()
    for name, array in arrays.items():
        spoilt: list[Any] = [array[:-1], array[:0], array[None], array.astype(np.float16), array[:1]]
        if array.dtype.kind == "f":
            spoilt.append(np.where(np.arange(array.size).reshape(array.shape) == 0, np.nan, array).astype(array.dtype))
        else:
            spoilt += [array - 1, array * 2]
        for wrong in spoilt:
            with pytest.raises(ValueError, match=r"\w"):
                type(fitted).from_arrays(settings, {**arrays, name: wrong})
        with pytest.raises(ValueError, match=r"\w"):
            type(fitted).from_arrays(settings, {key: value for key, value in arrays.items() if key != name})
    with pytest.raises(ValueError, match="arrays"):
        type(fitted).from_arrays(settings, {**arrays, "more": np.ones(1)})
    for key, value in settings.items():
        for wrong in ("x", -1, -1.0, True, float("nan"), 10**9, [], {}, *([] if key == "C" else [1e300])):
            if type(wrong) is not type(value) or wrong != value:
                with pytest.raises(ValueError, match=r"\w"):
                    type(fitted).from_arrays({**settings, key: wrong}, arrays)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_same_seed_same_bits(name: str) -> None:
    one, other = (CLASSIFIERS[name](seed=3).fit(TRAIN, Y).to_arrays() for _ in range(2))  # type: ignore[call-arg]
    assert one[0] == other[0]
    assert all(one[1][key].tobytes() == other[1][key].tobytes() for key in one[1])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_scikit_learns_tools_work(name: str) -> None:
    model = CLASSIFIERS[name]()
    assert clone(model).get_params() == model.get_params()
    assert cross_val_score(make_pipeline(Normalizer("l1"), model), TRAIN, Y, cv=2).min() > 0.8
    search = GridSearchCV(model, {"kernel": ["hellinger", "chi2"]}, cv=2).fit(TRAIN, Y)
    assert search.best_score_ > 0.8
    two = CLASSIFIERS[name]().fit(TRAIN[Y < 2].astype(np.float64), Y[Y < 2])
    assert two.score(TEST[YT < 2], YT[YT < 2]) == 1


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_odd_data(name: str) -> None:
    X = np.zeros((12, 3), np.float32)  # uniform pictures: no word anywhere
    told = CLASSIFIERS[name]().fit(X, np.arange(12) % 3).predict_proba(X)
    np.testing.assert_allclose(told, 1 / 3, atol=0.34)
    two = CLASSIFIERS[name](kernel="linear").fit(np.eye(2), [0, 1])  # type: ignore[call-arg]
    assert np.isfinite(two.predict_proba(np.eye(2))).all()
    single = np.concatenate([Y[:50], [10]])  # a class with one picture
    model = CLASSIFIERS[name]().fit(DIGITS[:51], single)
    assert model.decision(DIGITS[:51]).shape == (51, 11)
    assert np.isfinite(model.predict_proba(TEST)).all()


@pytest.mark.parametrize("kernel", KERNELS)
def test_both_forms_are_one_machine_and_liblinears(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_svm, "STRIP", 400 * 4 * 30)  # the gram form in several strips
    C = 20.0
    primal, gram = (LinearSVM(kernel, C=C, form=form, tol=1e-3).fit(TRAIN, Y) for form in ("primal", "gram"))  # type: ignore[arg-type]
    np.testing.assert_allclose(primal.decision(TEST), gram.decision(TEST), atol=0.02)
    theirs = LinearSVC(C=C, tol=1e-6, max_iter=100_000).fit(KERNELS[kernel].map(TRAIN), Y)
    np.testing.assert_allclose(primal.decision(TEST), theirs.decision_function(KERNELS[kernel].map(TEST)), atol=0.03)
    # Probabilities come from decisions on folds, so the chosen way agrees too.
    np.testing.assert_allclose(primal.predict_proba(TEST), gram.predict_proba(TEST), atol=0.03)


@pytest.mark.parametrize("kernel", ["linear", "hellinger", "chi2"])
def test_the_exact_machine_is_the_linear_one_where_the_map_is_good(kernel: str) -> None:
    exact, mapped = KernelSVM(kernel, C=10.0, tol=1e-3).fit(TRAIN, Y), LinearSVM(kernel, C=10.0, tol=1e-3).fit(TRAIN, Y)
    away = 0.02 if kernel != "chi2" else 0.15
    np.testing.assert_allclose(exact.decision(TEST), mapped.decision(TEST), atol=away)


def test_folds_are_even_and_calibration_never_saw_its_pictures() -> None:
    folds = folds_of(Y, 5, seed=0)
    assert np.bincount(folds).tolist() == [80] * 5
    for k in range(10):
        assert np.ptp(np.bincount(folds[k == Y], minlength=5)) <= 1
    # Labels without any meaning: a calibration on pictures the classifier was fitted on would be sure of them.
    noise = np.random.default_rng(0).integers(0, 4, 400)
    rough = np.random.default_rng(1).random((400, 600), dtype=np.float32)
    model = LinearSVM(C=1.0).fit(rough, noise)
    assert (model.decision(rough).argmax(axis=1) == noise).mean() > 0.9  # learnt by heart
    assert model.predict_proba(rough).max(axis=1).mean() < 0.5  # and knows that it knows nothing
    assert min(model.calibration_.losses.values()) > np.log(4) - 0.02


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize("kernel", KERNELS)
def test_neighbours_against_scikit_learn(kernel: str, k: int) -> None:
    metric = {"linear": "euclidean", "intersection": "manhattan"}.get(kernel)
    if kernel == "chi2":
        def metric(x: np.ndarray, y: np.ndarray) -> float:
            return float(((x - y) ** 2 / np.where(x + y > 0, x + y, 1)).sum())
    change = np.sqrt if kernel == "hellinger" else np.asarray
    theirs = KNeighborsClassifier(k, metric=metric or "euclidean", algorithm="brute")
    theirs.fit(change(TRAIN.astype(np.float64)), Y)
    found = KNN(kernel, k=k).fit(TRAIN, Y).decision(TEST)
    np.testing.assert_allclose(np.floor(found) / k, theirs.predict_proba(change(TEST.astype(np.float64))))


def test_ties_between_classes_go_to_the_nearest_and_between_distances_to_the_first() -> None:
    X = np.array([[0], [2], [3], [5]], np.float32)
    model = KNN("linear", k=2).fit(X, [1, 1, 0, 0])
    assert model.predict([[2.4], [2.6]]).tolist() == [1, 0]
    equal = KNN("linear", k=1).fit(X, [1, 1, 0, 0])
    assert equal.predict([[2.5]]).tolist() == [1]
    np.testing.assert_allclose(model.decision([[2.4]]), [[1 + 1 / 3, 1 + 1 / 2]])


def test_leaving_one_out_never_asks_the_picture_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).integers(0, 4, 400)
    model = KNN("linear").fit(TRAIN, noise)
    assert max(model.scores_.values()) < 0.4
    assert model.predict_proba(TRAIN).max(axis=1).mean() < 0.6
    monkeypatch.setattr("striate.classifiers.knn.MOST_LEFT_OUT", 100)
    assert KNN("linear").fit(TRAIN, Y).notes_


def test_probabilities_of_neighbours_are_the_likeliest_by_leaving_one_out() -> None:
    generator = np.random.default_rng(5)
    labels = np.arange(300) % 3
    X = (generator.normal(size=(300, 4)) + 1.2 * np.eye(3, 4)[labels]).astype(np.float32)
    model = KNN("linear", k=9).fit(X, labels)
    votes = np.zeros((300, 3))
    for i in range(300):
        for j in np.argsort(np.square(X - X[i]).sum(axis=1), kind="stable")[1:10]:
            votes[i, labels[j]] += 1

    def loss(doubt: float, t: float) -> float:
        powers = ((votes + doubt / 3) / (9 + doubt)) ** (1 / t)
        return -float(np.log(powers[np.arange(300), labels] / powers.sum(axis=1)).mean())

    best = min(loss(2.0**a, t) for a in range(-6, 5) for t in np.geomspace(0.2, 5, 200))
    assert loss(model.doubt_, model.temperature_) == pytest.approx(best, abs=0.004)  # of votes without the ½ for ties
    assert loss(model.doubt_, 2 * model.temperature_) > best + 0.02
    settings, arrays = model.to_arrays()
    again = KNN.from_arrays(settings, arrays)
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    older = KNN.from_arrays({key: one for key, one in settings.items() if key != "temperature"}, arrays)
    assert older.temperature_ == 1.0
    for wrong in (0.0, -1.0, float("nan"), "1", None, True):
        with pytest.raises((ValueError, StriateError), match="temperature"):
            KNN.from_arrays({**settings, "temperature": wrong}, arrays)


@pytest.mark.parametrize("form", ["primal", "gram"])
def test_many_pictures_choose_c_on_some_and_learn_from_all(form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = LinearSVM("hellinger", form=form, tol=1e-3).fit(TRAIN, Y)
    monkeypatch.setattr("striate.classifiers.cross_validation.MOST_TRIED", 200)
    model = LinearSVM("hellinger", form=form, tol=1e-3).fit(TRAIN, Y)
    assert model.notes_ == ["C was chosen on 200 of 400 pictures"]
    assert whole.notes_ == []
    given = LinearSVM("hellinger", C=model.C_, form=form, tol=1e-3).fit(TRAIN, Y)
    np.testing.assert_allclose(model.decision(TEST), given.decision(TEST), atol=0.02)
    np.testing.assert_allclose(model.predict_proba(TEST), given.predict_proba(TEST), atol=0.03)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_copies_of_a_picture_are_held_out_with_it(name: str) -> None:
    """Random labels: a classifier fitted on the copy of a held-out picture would know them."""
    random = np.random.default_rng(0)
    features, labels = random.random((60, 400), np.float32), np.arange(60) % 2
    model = CLASSIFIERS[name](kernel="linear").fit(np.tile(features, (2, 1)), np.tile(labels, 2), copies=2)
    indices, scores = model.held_out_
    assert indices.tolist() == list(range(60))
    assert scores.shape == (60, 2)
    assert (scores.argmax(axis=1) == labels).mean() < 0.75
    np.testing.assert_allclose(scores.sum(axis=1), 1)


def test_copies_take_part_in_learning() -> None:
    features = np.array([[0, 4], [1, 3], [3, 1], [4, 0]] * 3, np.float32)
    labels = np.array([0, 0, 1, 1] * 3)
    plain = LinearSVM(C=1).fit(features, labels)
    twice = LinearSVM(C=0.5).fit(np.tile(features, (2, 1)), np.tile(labels, 2), copies=2)
    np.testing.assert_allclose(twice.weights_, plain.weights_, atol=0.03)  # half the price, twice the pictures
