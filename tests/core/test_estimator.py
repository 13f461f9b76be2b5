"""scikit-learn's contract without its base classes: the same parameters, copies, errors and tags as theirs."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted as their_check

from striate.core.estimator import ClassifierEstimator, Estimator, TransformerEstimator, check_is_fitted

X, Y = np.arange(12.0)[:, None], np.repeat(["low", "high"], 6)


class Halves:
    """What both classifiers below do."""

    def __init__(self, at: float = 1.0, *, inner: Any = None, **_: Any) -> None:
        self.at, self.inner = at, inner

    def fit(self, X: Any, y: Any) -> Any:
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Any) -> Any:
        return np.where(np.asarray(X)[:, 0] < self.at, "low", "high")


class Ours(Halves, ClassifierEstimator):
    def __init__(self, at: float = 1.0, *, inner: Any = None) -> None:
        super().__init__(at, inner=inner)


class Theirs(Halves, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    def __init__(self, at: float = 1.0, *, inner: Any = None) -> None:
        super().__init__(at, inner=inner)


class OurDouble(TransformerEstimator):
    def fit(self, X: Any, y: Any = None) -> Any:
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> Any:
        return 2 * X


class TheirDouble(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    def fit(self, X: Any, y: Any = None) -> Any:
        return self


def nested(kind: Any) -> Any:
    return kind(3, inner=kind(inner=kind(at=5)))


def values(params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if not isinstance(value, Halves)}


@pytest.mark.parametrize("deep", [False, True])
def test_parameters_are_theirs(deep: bool) -> None:
    ours, theirs = (nested(kind).get_params(deep) for kind in (Ours, Theirs))
    assert list(ours) == sorted(ours, key=list(theirs).index)
    assert ours.keys() == theirs.keys()
    assert values(ours) == values(theirs)


def test_parameters_are_set_as_theirs_are() -> None:
    for kind in (Ours, Theirs):
        model = nested(kind)
        assert model.set_params(at=8, inner__inner__at=9) is model
        assert (model.at, model.inner.at, model.inner.inner.at) == (8, 1.0, 9)
        new = kind(at=7)
        model.set_params(inner__at=4, inner=new)  # the new one is set, whichever comes first
        assert (model.inner, new.at) == (new, 4)
    said = []
    for kind in (Ours, Theirs):
        with pytest.raises(ValueError, match="Invalid parameter 'rate'") as caught:
            kind().set_params(rate=1)
        said.append(str(caught.value).replace("Theirs", "Ours"))
    assert said[0] == said[1]


def test_the_text_is_theirs() -> None:
    for setting in ({}, {"at": 2.5}, {"at": 1.0}, {"inner": "x"}, {"inner": [1, 2]}):
        assert repr(Ours(**setting)) == repr(Theirs(**setting)).replace("Theirs", "Ours")


def test_clones_are_equal_and_unfitted() -> None:
    model = nested(Ours).fit(X, Y)
    copy = clone(model)
    assert repr(copy) == repr(model)
    assert copy is not model
    assert copy.inner is not model.inner
    assert not hasattr(copy, "classes_")
    assert repr(pickle.loads(pickle.dumps(model))) == repr(model)


def test_tags_are_theirs() -> None:
    assert get_tags(Ours()) == get_tags(Theirs())
    assert get_tags(OurDouble()) == get_tags(TheirDouble())
    assert is_classifier(Ours())
    assert not is_classifier(OurDouble())
    assert get_tags(Estimator()) == get_tags(BaseEstimator())


def test_searches_pipelines_and_scores_take_them() -> None:
    search = GridSearchCV(Ours(), {"at": [1, 6, 9]}, cv=3).fit(X, Y)
    assert search.best_params_ == {"at": 6}
    pipeline = make_pipeline(OurDouble(), Ours(at=12))
    assert cross_val_score(pipeline, X, Y, cv=3).tolist() == [1, 1, 1]
    assert GridSearchCV(pipeline, {"ours__at": [2, 12]}, cv=3).fit(X, Y).best_params_ == {"ours__at": 12}
    weights = np.arange(12)
    assert Ours(at=3).score(X, Y, weights) == Theirs(at=3).score(X, Y, weights)


def test_unfitted_they_say_so_as_theirs_do() -> None:
    said = []
    for check in (check_is_fitted, their_check):
        with pytest.raises(NotFittedError) as caught:
            check(Ours(), "classes_")
        check(Ours().fit(X, Y), "classes_")
        said.append(str(caught.value))
    assert said[0] == said[1]
    their_check(Ours().fit(X, Y))  # without a name it looks for any attribute that was learnt


def test_it_waits_for_no_import_of_scikit_learn() -> None:
    script = "import sys, striate.core.estimator; assert not {'sklearn', 'scipy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
