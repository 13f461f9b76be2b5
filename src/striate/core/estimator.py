"""Estimators by scikit-learn's contract, whose import waits until scikit-learn itself is used.

`sklearn.base` takes 0.6 s to import, half of torch, for a prediction that needs none of it. scikit-learn asks of an
estimator what it can do, not where it comes from (Developing scikit-learn estimators, "Rolling your own estimator"):
parameters by `get_params` and `set_params`, and tags by `__sklearn_tags__`. So `clone`, pipelines, `GridSearchCV`
and the like take these. They are no subclasses of `sklearn.base.BaseEstimator`, and have no requests of metadata.
"""

from __future__ import annotations

from inspect import signature
from typing import Any, Self

import numpy as np


class Estimator:
    """Base class of estimators: `__init__` stores its arguments, `fit` learns, and what was learnt ends in `_`."""

    def get_params(self, deep: bool = True) -> dict[str, object]:
        """The arguments of `__init__` by name; `deep`: those of estimators among them, too, as `NAME__PARAMETER`.

        >>> class Mean(Estimator):
        ...     def __init__(self, trim=0.0):
        ...         self.trim = trim
        >>> Mean(0.1).get_params()
        {'trim': 0.1}
        """
        found: dict[str, object] = {}
        for name in self._param_names():
            value = getattr(self, name)
            if deep and hasattr(value, "get_params") and not isinstance(value, type):
                found |= {f"{name}__{key}": inner for key, inner in value.get_params().items()}
            found[name] = value
        return found

    def set_params(self, **params: Any) -> Self:
        """Set arguments of `__init__` by name, and those of estimators among them; ValueError for an unknown one.

        `pipeline.set_params(classifier__C=1)` sets C of its `classifier`.
        """
        nested: dict[str, dict[str, Any]] = {}
        for key, value in params.items():
            name, inner, rest = key.partition("__")
            if name not in self._param_names():
                raise ValueError(f"Invalid parameter {name!r} for estimator {self}. "
                                 f"Valid parameters are: {self._param_names()!r}.")
            if inner:
                nested.setdefault(name, {})[rest] = value
            else:
                setattr(self, name, value)
        for name, values in nested.items():
            getattr(self, name).set_params(**values)
        return self

    def __repr__(self) -> str:
        usual = signature(type(self)).parameters
        set_ = (f"{name}={value!r}" for name, value in self.get_params(deep=False).items()
                if repr(value) != repr(usual[name].default))
        return f"{type(self).__name__}({', '.join(set_)})"

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import Tags, TargetTags

        return Tags(estimator_type=None, target_tags=TargetTags(required=False), transformer_tags=None,
                    regressor_tags=None, classifier_tags=None)

    @classmethod
    def _param_names(cls) -> list[str]:
        return sorted(signature(cls).parameters)


class ClassifierEstimator(Estimator):
    """Base class of estimators that predict classes."""

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy, 0 to 1, of `predict(X)` for the true classes `y` (n,), weighted by `sample_weight` (n,)."""
        right = np.asarray(y) == self.predict(X)  # type: ignore[attr-defined]  # of the subclass
        return float(np.average(right, weights=sample_weight))

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.estimator_type, tags.classifier_tags, tags.target_tags.required = "classifier", ClassifierTags(), True
        return tags


class TransformerEstimator(Estimator):
    """Base class of estimators that transform what they are given, by `transform`."""

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """What `fit(X, y, **fit_params).transform(X)` gives."""
        return self.fit(X, y, **fit_params).transform(X)  # type: ignore[attr-defined]  # of the subclass

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import TransformerTags

        tags = super().__sklearn_tags__()
        tags.transformer_tags = TransformerTags()
        return tags


def check_is_fitted(estimator: Estimator, learnt: str) -> None:
    """Refuse an estimator that has not the attribute `learnt` yet, with scikit-learn's `NotFittedError`."""
    if not hasattr(estimator, learnt):
        from sklearn.exceptions import NotFittedError

        raise NotFittedError(f"This {type(estimator).__name__} instance is not fitted yet. "
                             "Call 'fit' with appropriate arguments before using this estimator.")
