"""Predictions: the classes of pictures by a saved or fitted recogniser, as a list or as a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.core.constraints import Integer, Real
from striate.core.executor import map_ordered, worker_count
from striate.core.params import Refusal, checked
from striate.core.result import Result
from striate.errors import StriateError
from striate.load_model import load
from striate.model.preprocessing import Pixels
from striate.model.recogniser import Picture, Recogniser, no_confidence
from striate.tasks.picture_names import Pause, Unread, expanded

FIRST, BATCH = 64, 256  # pictures that are computed together: few at first, for an early answer, then twice as many
BATCH_BYTES = 40 << 20  # of their pixels, with which a batch is full, too
AHEAD = 128  # pictures that are read while a batch is computed
CHUNK = 8  # pictures that a thread reads at once: one lock hand-over for some milliseconds of decoding
BAD_REJECT = Refusal("bad_reject", "pictures of no known class were to be refused", "Give a share such as 0.05")
BAD_TOP = Refusal("bad_top", "the most probable classes were asked for", "Leave top out for 5")

Item = Picture | Unread | Pause
Read = tuple[str | None, Pixels | StriateError]  # the name of a picture, and its pixels or why they cannot be read


@dataclass(frozen=True)
class Prediction(Result):
    """The class of one picture, or why it could not be read.

    Attributes:
        picture: its path as it was given; None for bytes and arrays.
        label: the most probable class, of `classes_`, and its `probability`, 0..1; None where there is an error.
            Both are None for a picture that is none of the classes, if such pictures are to be refused.
        ranked: (class, probability), most probable first, as many as were asked for.
        confidence: the share of held-out pictures that look less known, 0..1, if pictures are to be refused.
        error: why it could not be read, one sentence; `code`: the same, stable, for programs.

    """

    picture: str | None
    label: Any = None
    probability: float | None = None
    ranked: tuple[tuple[Any, float], ...] = ()
    error: str | None = None
    code: str | None = None
    confidence: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON values: `picture`, `class`, `probability` and `top`; or `picture`, `error` and `code`.

        With `confidence` if pictures are to be refused; `class` and `probability` are None for "none of these".
        """
        if self.error is not None:
            return {"picture": self.picture, "error": self.error, "code": self.code}
        known = {} if self.confidence is None else {"confidence": self.confidence}
        return {"picture": self.picture, "class": self.label, "probability": self.probability, **known,
                "top": [list(one) for one in self.ranked]}


def predict(model: str | Path | Recogniser, pictures: Picture | Iterable[Picture], *, top: int = 5,
            strict: bool = False, reject: float | None = None) -> list[Prediction]:
    """The class of each picture, in order, with the probabilities of the `top` classes.

    Args:
        model: a model file, or a fitted recogniser, which many threads may predict with at the same time.
        pictures: files, folders (all picture files below), patterns (`"photos/*.jpg"`), bytes of files, or arrays
            (H, W, C) or (H, W) uint8; one of them, any iterable of them, or a batch (N, H, W, C).
        top: how many classes to rank.
        strict: raise the error of the first picture that cannot be read, instead of returning it.
        reject: the share of pictures of known classes, 0 to 1, that may be refused as "none of these", so that pictures
            of other classes are; None refuses none.

    Raises `UsageError` (`bad_top`, `bad_reject`, `no_confidence`), `DataError` (`folder_without_pictures`),
    `MissingError` (`no_match`), and what `striate.load` raises.

        predictions = striate.predict("runs/digits-auto/model.safetensors", ["scan.png", jpeg_bytes, pixels])
        predictions[0].label, predictions[0].probability

    """
    return list(predict_stream(model, pictures, top=top, strict=strict, reject=reject))


def predict_stream(model: str | Path | Recogniser, pictures: Picture | Iterable[Picture], *, top: int = 5,
                   strict: bool = False, reject: float | None = None) -> Iterator[Prediction]:
    """The predictions of `striate.predict`, each as soon as it is there, in constant memory for any number of pictures.

    `pictures` are read ahead of the predictions that are asked for, by one thread for each core, some hundreds at most.

        for found in striate.predict_stream("model.safetensors", "photos/"):
            print(found.picture, found.label)

    """
    top = checked("top", top, Integer(1, 1_000_000), BAD_TOP)
    share = checked_reject(reject)
    recogniser = model if isinstance(model, Recogniser) else load(model)
    refuse_without_confidence(recogniser, share)
    return (one for batch in predicted_batches(recogniser, _items(pictures), top, strict, share) for one in batch)


def checked_reject(reject: float | None) -> float | None:
    """The share of known pictures that may be refused, checked (`bad_reject`); None is allowed."""
    return None if reject is None else checked("reject", reject, Real(0, 1), BAD_REJECT)


def refuse_without_confidence(model: Recogniser, reject: float | None) -> None:
    """Raise `UsageError` (`no_confidence`) if pictures are to be refused and `model` cannot tell how known they are."""
    if reject is not None and not model.has_confidence:
        raise no_confidence()


def predicted_batches(model: Recogniser, items: Iterable[Item], top: int, strict: bool,
                      reject: float | None = None) -> Iterator[list[Prediction]]:
    """Predictions of pictures, a batch at a time, in order: while one is computed, the next ones are read by threads.

    Batches do not depend on the number of threads. A `Pause` ends a batch, which may then be empty.
    """
    def read(item: Picture | Unread) -> Read:
        if isinstance(item, Unread):
            return item.picture, item.error
        name = str(item) if isinstance(item, str | Path) else None
        try:
            return name, model.read_picture(item)
        except StriateError as error:
            return name, error.with_traceback(None)

    rest, paused = iter(items), True

    def until_pause() -> Iterator[Picture | Unread]:
        nonlocal paused
        paused = False
        for item in rest:
            if paused := isinstance(item, Pause):
                return
            yield item

    while paused:
        batch: list[Read] = []
        most, size = FIRST, 0
        for one in map_ordered(read, until_pause(), worker_count(None), chunk=CHUNK, ahead=AHEAD // CHUNK):
            if strict and isinstance(one[1], StriateError):
                raise one[1]
            batch.append(one)
            size += one[1].nbytes if isinstance(one[1], np.ndarray) else 0
            if len(batch) == most or size >= BATCH_BYTES:
                yield _predicted(model, batch, top, reject)
                batch, size, most = [], 0, min(2 * most, BATCH)
        yield _predicted(model, batch, top, reject)


def _items(pictures: Any) -> Iterator[Item]:
    one = isinstance(pictures, str | Path | bytes)
    if isinstance(pictures, np.ndarray):
        one = pictures.ndim == 2 or (pictures.ndim == 3 and pictures.shape[2] in (1, 3))
    one = one or not isinstance(pictures, Iterable)  # and then refused where it is read
    for picture in [pictures] if one else pictures:
        if isinstance(picture, str | Path):
            yield from expanded(str(picture))
        else:
            yield picture


def _predicted(model: Recogniser, batch: list[Read], top: int, reject: float | None) -> list[Prediction]:
    pixels = [found for _, found in batch if not isinstance(found, StriateError)]
    scores: Iterator[NDArray[np.float64]] = iter(())
    confidences: Iterator[float | None] = repeat(None)
    if pixels and reject is None:
        scores = iter(model.predict_proba(np.stack(pixels)))
    elif pixels:
        probabilities, known = model.predict_with_confidence(np.stack(pixels))
        scores, confidences = iter(probabilities), iter(known.tolist())
    predictions = []
    for name, found in batch:
        if isinstance(found, StriateError):
            predictions.append(Prediction(name, error=str(found), code=found.code))
            continue
        row = next(scores)
        ranked = tuple((model.classes_[i].item(), float(row[i])) for i in np.argsort(-row, kind="stable")[:top])
        confidence = next(confidences)
        refused = reject is not None and confidence is not None and confidence < reject
        label, probability = (None, None) if refused else ranked[0]
        predictions.append(Prediction(name, label, probability, ranked, confidence=confidence))
    return predictions
