"""Evaluation of a saved recogniser on labelled pictures."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from striate.core.result import Result
from striate.data import Dataset
from striate.data.source import Skipped
from striate.errors import DataError, shown
from striate.load_model import load
from striate.model.recogniser import Recogniser
from striate.stats import metrics
from striate.stats.metrics import Evaluation, Interval, wilson
from striate.tasks.labelled_part import LabelledPart, check_part
from striate.tasks.predict import checked_reject, refuse_without_confidence
from striate.tasks.progress import Progress
from striate.tasks.watched_pictures import WatchedPictures


@dataclass(frozen=True)
class AnsweredPictures(Result):
    """The pictures that are not refused as "none of these", where `share` of those of known classes may be.

    `coverage`: the part of all pictures that they are, with its 95 % interval; `accuracy` on them, with its own; None
    where there is none.
    """

    share: float
    coverage: float
    coverage_interval: Interval
    accuracy: float | None
    interval: Interval | None

    @classmethod
    def of(cls, right: NDArray[np.bool_], confidence: NDArray[np.float64], share: float) -> Self:
        """Those of n pictures, `right` (n,) or not, whose `confidence` (n,) is `share` or more.

        >>> answered = AnsweredPictures.of(np.array([True, True, False]), np.array([0.5, 0.1, 0.01]), 0.05)
        >>> round(answered.coverage, 2), answered.accuracy
        (0.67, 1.0)
        """
        kept = confidence >= share
        count, hits = int(kept.sum()), int((kept & right).sum())
        return cls(share, count / len(right), wilson(count, len(right)), hits / count if count else None,
                   wilson(hits, count) if count else None)


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelEvaluation(Evaluation):
    """An evaluation of a saved recogniser on one part of a data set.

    `model` is its file, None for a recogniser in memory, `data` the set's name, `part` test, validation, train or all;
    `leaked` counts training pictures among them, None where that is not known; `skipped` pictures could not be read;
    `notes` are sentences; `seconds` is the time of the evaluation. `answered`: what came of refusing pictures, None
    where none was to be refused; all other metrics are of all pictures.
    """

    model: str | None
    data: str
    part: str
    leaked: int | None
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    seconds: float
    answered: AnsweredPictures | None = None


def evaluate(model: str | Path | Recogniser, data: str, *, part: str | None = None, split: str | Path | None = None,
             files: str | Path | None = None, strict: bool = False, reject: float | None = None,
             progress: Progress | None = None) -> ModelEvaluation:
    """Metrics of a recogniser on labelled pictures `data`: a folder, or the name of a known set.

    `model` is a model file, or a fitted recogniser. `part` is `test`, `validation`, `train` or `all`. None is the test
    part of `split`, else of the `split.json` beside the model's file (pictures that a split does not know count as
    test), else of the folder's own division; else all. `files` is a list of the pictures of a folder that are to be
    used. `reject` is the share of pictures of known classes that may be refused as "none of these". Raises `UsageError`
    (`bad_part`, `bad_reject`, `no_confidence`), `DataError` (`empty_part`), and what `striate.load` and
    `striate.load_data` raise.

        result = striate.evaluate("runs/digits-auto/model.safetensors", "digits")
        result.accuracy, result.interval
    """
    check_part(part)  # before the model is read
    share = checked_reject(reject)
    progress = progress or Progress()
    recogniser, path = (model, None) if isinstance(model, Recogniser) else (load(model), Path(model))
    refuse_without_confidence(recogniser, share)
    started = time.monotonic()
    chosen = LabelledPart.of(recogniser.preparation_, data, model=path, part=part, split=split, files=files,
                             strict=strict, progress=progress)
    labels = labels_for(recogniser, chosen.pictures)
    notes = [*chosen.notes]
    if chosen.known and chosen.part == "validation" and recogniser.LEARNS_FROM_VALIDATION:
        notes.append("models of this kind are also fitted on the validation part: expect less on new pictures")
    progress.message(str(chosen))
    for note in notes:
        progress.message(f"note: {note}")
    pictures = WatchedPictures(chosen.pictures, partial(progress.on_progress, "predicting"))
    answered = None
    if share is None:
        scores = recogniser.predict_proba(pictures)
    else:
        scores, confidence = recogniser.predict_with_confidence(pictures)
        answered = AnsweredPictures.of(scores.argmax(axis=1) == labels, confidence, share)
    found = metrics.evaluate(labels, scores, tuple(map(str, recogniser.classes_)))
    return ModelEvaluation(**vars(found), model=str(path) if path else None, data=chosen.data.name, part=chosen.part,
                           leaked=chosen.leaked if chosen.part in ("test", "all") else None,
                           skipped=chosen.data.skipped, notes=tuple(notes), seconds=time.monotonic() - started,
                           answered=answered)


def labels_for(model: Recogniser, part: Dataset) -> np.ndarray:
    """The index among the model's classes of each picture of `part`, by name (`classes_differ`)."""
    index = {str(name): i for i, name in enumerate(model.classes_)}
    present = [part.classes[i] for i in np.unique(part.labels)]
    unknown = [shown(name) for name in present if name not in index]
    if unknown:
        raise DataError("classes_differ", "a model was to be measured", allowed=f"it knows {len(index)} classes",
                        given=f"the data has others: {', '.join(unknown[:5])}",
                        do="Give a folder whose class folders carry the names the model learnt")
    return np.array([index.get(name, -1) for name in part.classes])[part.labels]
