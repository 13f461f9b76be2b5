"""Label check: labels compared with the held-out predictions of a cross-validated recogniser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.data import Data, Dataset, load_data
from striate.errors import DataError
from striate.quality import Finding, label_doubts, label_finding
from striate.report.check_result import DoubtedLabel, LabelCheck
from striate.tasks.methods import TrainingMethod, method_for
from striate.tasks.methods.bow import BagOfWordsMethod
from striate.tasks.progress import Progress
from striate.tasks.run_folder import RunFolder
from striate.tasks.settings import Settings

FOLDS = 4
RANKED = 10_000  # pictures listed in the order of doubt


def checking_method(source: str, model: str, seed: int) -> TrainingMethod[Any]:
    """The training method whose predictions labels are compared with, its settings checked."""
    settings = Settings(source, model, recipe={"seed": seed})
    if BagOfWordsMethod.matches(settings):  # without mirror images: half the time, and as good a ranking
        settings = replace(settings, recipe={"seed": seed, "flip": False})
    return method_for(settings)


def check_labels(source: str, method: TrainingMethod[Any], progress: Progress) -> tuple[LabelCheck, Finding | None]:
    """Labels compared with a cross-validated recogniser, and a finding of likely wrong ones; or why they were not."""
    try:
        data = load_data(source, **method.pack_arguments, seed=method.settings.recipe["seed"], allow_empty_class=True,
                         on_progress=progress.on_progress)
        if len(np.unique(data.pictures.labels)) < 2:
            raise DataError("one_class", "labels were to be checked", given="there is only one class",
                            do="Add a second class")
        method.input_size(data)
        with progress.interruptible() as stop:
            indices, scores = out_of_fold(method, data, progress, stop)
    except DataError as error:
        return LabelCheck(checked=False, why=str(error)), None
    labels = data.pictures.labels[indices]
    doubts = label_doubts(labels, scores)
    keys = [data.pictures.keys[i] for i in indices]
    ranked = (DoubtedLabel(**asdict(one) | {"label": data.classes[one.label], "picture": keys[one.index],
                                            "suggested": data.classes[one.suggested]}) for one in doubts[:RANKED])
    label_check = LabelCheck(checked=True, model=method.settings.model, count=len(indices), ranked=tuple(ranked),
                      accuracy=float((scores.argmax(axis=1) == labels).mean()))
    return label_check, label_finding(doubts, keys, data.classes)


def out_of_fold(method: TrainingMethod[Any], data: Data, progress: Progress,
                stop: Callable[[], bool]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Indices (m,) of pictures, and their probabilities (m, K) by recognisers that had not seen them.

    All pictures take part, those of the test too: nothing is selected and nothing is saved. A method whose models have
    `held_out_` is trained once, any other once for each fold; pictures of the same bytes share a fold.
    """
    everything = np.arange(len(data.pictures))
    nothing = everything[:0]
    with TemporaryDirectory(prefix="striate-") as temporary:
        if method.HELD_OUT:
            model = method.train(_divided(data, everything, nothing), RunFolder(Path(temporary)), progress, stop)
            return model.held_out_[0], model.held_out_[1]
        fold = folds(data)
        scores = np.zeros((len(everything), len(data.classes)))
        for k in range(FOLDS):
            others = np.flatnonzero(fold != k)
            validation = others[::10]
            progress.message(f"recogniser {k + 1} of {FOLDS}")
            model = method.train(_divided(data, np.setdiff1d(others, validation), validation),
                               RunFolder(Path(temporary) / str(k)), progress, stop)
            scores[fold == k] = model.predict_proba(Dataset(data.pictures, np.flatnonzero(fold == k)))
    return everything, scores


def folds(data: Data) -> NDArray[np.int64]:
    """The fold of each picture, (n,) 0 to FOLDS − 1: each class spread evenly, copies together, by digest alone."""
    numbers: dict[str, int] = {}
    seen = np.zeros(len(data.classes), np.int64)
    for digest, label in sorted(zip(data.pictures.digests, data.pictures.labels.tolist(), strict=True)):
        if digest not in numbers:
            numbers[digest] = int(seen[label] % FOLDS)
            seen[label] += 1
    return np.array([numbers[digest] for digest in data.pictures.digests], np.int64)


def _divided(data: Data, train: NDArray[np.int64], validation: NDArray[np.int64]) -> Data:
    return replace(data, split=replace(data.split, train=train, validation=validation, test=train[:0]))
