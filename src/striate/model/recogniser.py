"""Recogniser: the contract of hand-crafted, learnt and transferred recognisers; scikit-learn's, on pictures.

`__init__` stores its arguments and does nothing more; `fit` learns and returns `self`; what was learnt ends in `_`.
`X` is `(N, H, W)` or `(N, H, W, C)` uint8, an array or a memory map, or a `Dataset` that carries its labels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.core import model_file
from striate.core.estimator import ClassifierEstimator, check_is_fitted
from striate.data import read_picture
from striate.errors import DataError, ModelFileError, StriateError, UsageError, shown
from striate.model.preprocessing import LabelledPictures, Pixels, Preprocessing

Picture = str | Path | bytes | Pixels  # a file, its bytes, or (H, W[, C]) uint8


class Recogniser(ClassifierEstimator, ABC):
    """Base class of recognisers, which map pictures to class probabilities.

    A subclass gives `fit`, `predict_proba`, `KIND`, `to_file` and `from_file`; the rest is derived. Prediction does not
    change a recogniser: many threads may predict with it at the same time.

    Learnt: `classes_` and `preparation_`. Those that are fitted in stages also have `stages_`, a dict for each with
    `stage`, `what` (a sentence), `seconds` and `cached`; those that cross-validate, `held_out_`, the indices (m,) of
    training pictures and their probabilities (m, K) by classifiers that were not fitted on them; `seconds_` is the time
    of training, where known. None of these three is in a model file.
    """

    KIND: str
    LEARNS_FROM_VALIDATION: ClassVar[bool] = False  # whether `striate train` fits it on the validation part, too
    classes_: NDArray[Any]
    preparation_: Preprocessing
    stages_: Sequence[Mapping[str, Any]] = ()
    held_out_: tuple[NDArray[np.int64], NDArray[np.float64]] | None = None
    seconds_: float = 0.0

    @abstractmethod
    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:
        """Learn from pictures `X`, (N, H, W[, C]) uint8 with labels `y` (N,), or from a `Dataset`."""

    @abstractmethod
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Class probabilities, (N, K) float64 with rows that sum to 1, columns in the order of `classes_`."""

    @property
    def has_confidence(self) -> bool:
        """Whether it can tell how known a picture is: whether it has held-out pictures to compare it with."""
        return False

    def predict_with_confidence(  # without held-out pictures, as a subclass may be: a refusal
        self, X: Any  # noqa: ARG002
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Class probabilities (N, K), and how known each picture is, (N,) float64, 0 to 1.

        The confidence is the share of held-out pictures of known classes that look less known. So "below 0.05" refuses
        5 % of the pictures of known classes, and more of others; and recognisers of all kinds can be compared.

        Raises `UsageError` (`no_confidence`) where `has_confidence` is false.
        """
        raise no_confidence()

    @abstractmethod
    def to_file(self) -> tuple[dict[str, Any], model_file.Arrays]:
        """Manifest and arrays: all that `predict_proba` needs, nothing that changes from run to run."""

    @classmethod
    @abstractmethod
    def from_file(cls, file: model_file.ModelFile, path: Path) -> Self:
        """The recogniser in `file`; raises `ModelFileError` when arrays and manifest do not agree."""

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each picture, (N,), taken from `classes_`."""
        check_is_fitted(self, "classes_")
        predicted: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return predicted

    def score(self, X: Any, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None) -> float:
        """Accuracy, 0 to 1, on pictures `X` with labels `y`, or on a `Dataset`.

        `sample_weight` is (N,) or None. Whole-number labels are read as class indices when `classes_` are names.
        """
        check_is_fitted(self, "classes_")
        truth = class_indices(X.labels if y is None and isinstance(X, LabelledPictures) else y, self.classes_)
        right = self.predict_proba(X).argmax(axis=1) == truth
        return float(np.average(right, weights=None if sample_weight is None else np.asarray(sample_weight)))

    def read_picture(self, picture: Picture) -> Pixels:
        """One picture as `predict_proba` reads it: (height, width, channels) uint8, from a file, its bytes or an array.

        An array is (H, W) or (H, W, C) uint8, C = 1 or 3, upright. A large JPEG file is decoded at a fraction of its
        size where that is enough, so an array of all its pixels gives slightly other pixels.

        Raises `PictureError`, `MissingError` and `DataError` (`not_a_picture`, `not_pictures`, `no_pictures`).
        """
        check_is_fitted(self, "preparation_")
        if isinstance(picture, np.ndarray):
            pixels: Pixels = self.preparation_.apply(pictures_of(picture[None])).take(np.zeros(1, np.int64))[0]
            return pixels
        if not isinstance(picture, str | Path | bytes):
            raise DataError("not_a_picture", "a picture was to be read",
                            allowed="a file, its bytes, or an array (H, W) or (H, W, C) uint8 is allowed",
                            given=f"{shown(type(picture).__name__)} was given",
                            do="Give the file, or numpy.asarray(image.convert('RGB')) of a Pillow image")
        return read_picture(picture, self.preparation_.size, self.preparation_.resize, self.preparation_.channels)

    def describe_training(self) -> str:
        """Description of the training, in a few words."""
        return str(self.stages_[-1]["what"]) if self.stages_ else "as it comes"

    def save(self, path: str | Path) -> Path:
        """Write one model file, atomically; the inverse is `striate.load(path)`."""
        check_is_fitted(self, "classes_")
        manifest, arrays = self.to_file()
        return model_file.save(path, self.KIND, {**manifest, "classes": self.classes_.tolist()}, arrays)


def pictures_of(X: Any) -> Pixels | LabelledPictures:
    """`X` as (N, H, W, C) uint8, or the `Dataset` it is; refuses anything else (`not_pictures`, `no_pictures`)."""
    if not isinstance(X, np.ndarray) and isinstance(X, LabelledPictures):  # the second takes 7 µs
        if not len(X):
            raise DataError("no_pictures", "pictures were asked for", given="an empty data set was given",
                            do="Give at least one picture")
        return X
    array = X if isinstance(X, np.ndarray) else np.asarray(X)
    shaped = array.ndim == 3 or (array.ndim == 4 and array.shape[3] in (1, 3))
    if array.dtype != np.uint8 or not shaped:
        raise DataError("not_pictures", "pictures were asked for",
                        allowed="a uint8 array (N, H, W) or (N, H, W, C) with C = 1 or 3, or a Dataset, is allowed",
                        given=f"shape {array.shape} of {array.dtype} was given",
                        do="Scale to 0..255 and convert with .astype('uint8')" if shaped else "Reshape it")
    if not array.size:
        raise DataError("no_pictures", "pictures were asked for",
                        given=f"an empty array of shape {array.shape} was given", do="Give at least one picture")
    return array[..., None] if array.ndim == 3 else array


def no_confidence() -> UsageError:
    """The error that a recogniser cannot tell how known a picture is."""
    return UsageError("no_confidence", "pictures of no known class were to be refused",
                      allowed="models that were compared with held-out pictures in training can do that",
                      given="this one has none: it is of an older striate, or a network trained without validation",
                      do="Train it again, a network with a validation part")


def refuse_not_finite(scores: NDArray[Any]) -> None:
    """Refuse scores or features, a row for each picture, that are infinite or no numbers (`scores_not_finite`)."""
    strange = int((~np.isfinite(scores)).any(axis=1).sum())
    if strange:
        raise UsageError("scores_not_finite", "pictures were to be recognised", allowed="finite scores are allowed",
                         given=f"the network's numbers outgrew float32 for {strange:,} of {len(scores):,} pictures",
                         do="Train it again, with a smaller learning rate")


def labels_of(X: Any, y: ArrayLike | None) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Class index of each picture, (N,) int64, and the classes; from `y`, or from `X` if it is a `Dataset`.

    >>> labels_of(np.zeros((3, 2, 2), np.uint8), ["dog", "cat", "dog"])
    (array([1, 0, 1]), array(['cat', 'dog'], dtype='<U3'))
    """
    if y is None:
        if not isinstance(X, LabelledPictures):
            raise DataError("no_labels", "fit was asked to learn", given="pictures without labels were given",
                            do="Give y, one label per picture, or a Dataset")
        return X.labels, np.array(X.classes)
    given = np.asarray(y)
    if given.ndim != 1 or len(given) != len(X) or given.dtype.kind not in "biuU":
        raise DataError("bad_labels", "fit was asked to learn",
                        allowed="one whole number or name per picture is allowed",
                        given=f"labels of shape {given.shape} and type {given.dtype} came with {len(X):,} pictures",
                        do="Give y, one label per picture, in the order of X")
    classes, indices = np.unique(given, return_inverse=True)
    return indices.astype(np.int64), classes


def training_set(X: Any, y: ArrayLike | None) -> tuple[Pixels | LabelledPictures, NDArray[np.int64], NDArray[Any]]:
    """Training pictures, the class index of each, (N,) int64, and the classes; refuses a single class (`one_class`)."""
    pictures = pictures_of(X)
    labels, classes = labels_of(X, y)
    if len(np.unique(labels)) < 2:
        raise DataError("one_class", "training was asked for", allowed="two or more classes are allowed",
                        given=f"all {len(labels):,} pictures are of one class", do="Add pictures of another class")
    return pictures, labels, classes


def class_indices(y: ArrayLike | None, classes: NDArray[Any]) -> NDArray[np.int64]:
    """The index in `classes` of each label in `y`; refuses unknown labels (`unknown_label`).

    >>> class_indices(["b", "a"], np.array(["a", "b"])), class_indices([1, 0], np.array(["a", "b"]))
    (array([1, 0]), array([1, 0]))
    """
    if y is None:
        raise UsageError("no_labels", "score was asked for", given="pictures without labels were given",
                         do="Give y, one label per picture, or a Dataset")
    given = np.asarray(y)
    names = np.arange(len(classes)) if classes.dtype.kind == "U" and given.dtype.kind in "iu" else classes
    alike = (names.dtype.kind == "U") == (given.dtype.kind == "U")
    order = np.argsort(names, kind="stable")
    found = order[np.searchsorted(names, given, sorter=order).clip(max=len(names) - 1)] if alike else None
    strange = given if found is None else given[names[found] != given]
    if found is None or len(strange):
        raise UsageError("unknown_label", "labels were compared with the model's classes",
                         allowed=f"its {len(classes)} classes are known", given=f"{shown(str(strange[0]))} was given",
                         do="Check that labels and model belong to the same data")
    return np.asarray(found, np.int64)


@contextmanager
def manifest_of(path: Path, what: str) -> Iterator[None]:
    """Context that turns errors while a manifest is read into a refusal of the file (`bad_manifest`)."""
    try:
        yield
    except (StriateError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ModelFileError("bad_manifest", f"{shown(path)} was to be loaded",
                             given=f"its manifest does not describe {what}: {shown(str(error), 300)}",
                             do="Give a file that striate train has written") from error


def restored_classes(names: Any) -> NDArray[Any]:
    """The classes in a manifest, (K,); ValueError unless they are different names or whole numbers of 64 bits."""
    if not isinstance(names, list) or {type(name) for name in names} not in ({str}, {int}, {bool}):
        raise ValueError("its classes must be a list of names or of whole numbers")
    longest = max(len(str(name)) for name in names)
    # NumPy pads every name to the longest.
    if longest > 1000 or longest * len(names) > 1 << 26 or len(set(names)) != len(names):
        raise ValueError("its classes must be different, of at most 1,000 characters each")
    classes = np.array(names)
    if classes.dtype.kind not in "biuU" or classes.tolist() != names:
        raise ValueError("its classes must be whole numbers of 64 bits, or names without a zero at the end")
    return classes
