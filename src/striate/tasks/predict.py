"""Predictions: the classes of pictures by a saved or fitted recogniser."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from striate.core.constraints import Integer
from striate.core.params import Refusal, checked
from striate.core.result import Result
from striate.errors import StriateError
from striate.load_model import load
from striate.model.preprocessing import Pixels
from striate.model.recogniser import Picture, Recogniser

BATCH = 256
BAD_TOP = Refusal("bad_top", "the most probable classes were asked for", "Leave top out for 5")


@dataclass(frozen=True)
class Prediction(Result):
    """The class of one picture, or why it could not be read.

    Attributes:
        picture: its path as it was given; None for bytes and arrays.
        label: the most probable class, of `classes_`, and its `probability`, 0..1; None where there is an error.
        ranked: (class, probability), most probable first, as many as were asked for.
        error: why it could not be read, one sentence; `code`: the same, stable, for programs.

    """

    picture: str | None
    label: Any = None
    probability: float | None = None
    ranked: tuple[tuple[Any, float], ...] = ()
    error: str | None = None
    code: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON values: `picture`, `class`, `probability` and `top`; or `picture`, `error` and `code`."""
        if self.error is not None:
            return {"picture": self.picture, "error": self.error, "code": self.code}
        return {"picture": self.picture, "class": self.label, "probability": self.probability,
                "top": [list(one) for one in self.ranked]}


def predict(model: str | Path | Recogniser, pictures: Picture | Iterable[Picture], *, top: int = 5,
            strict: bool = False) -> list[Prediction]:
    """The class of each picture, in order, with the probabilities of the `top` classes.

    Args:
        model: a model file, or a fitted recogniser, which many threads may predict with at the same time.
        pictures: files, their bytes, or arrays (H, W, C) or (H, W) uint8; one of them, any iterable of them, or a batch
            (N, H, W, C).
        top: how many classes to rank.
        strict: raise the error of the first picture that cannot be read, instead of returning it.

    Raises `UsageError` (`bad_top`), and what `striate.load` raises.

        predictions = striate.predict("runs/digits-compact/model.safetensors", ["scan.png", jpeg_bytes, pixels])
        predictions[0].label, predictions[0].probability

    """
    top = checked("top", top, Integer(1, 1_000_000), BAD_TOP)
    recogniser = model if isinstance(model, Recogniser) else load(model)
    return [one for batch in _batches(pictures) for one in _predicted(recogniser, batch, top, strict)]


def _batches(pictures: Any) -> Iterator[list[Picture]]:
    one = isinstance(pictures, str | Path | bytes)
    if isinstance(pictures, np.ndarray):
        one = pictures.ndim == 2 or (pictures.ndim == 3 and pictures.shape[2] in (1, 3))
    one = one or not isinstance(pictures, Iterable)  # and then refused where it is read
    rest: Iterator[Picture] = iter([pictures] if one else pictures)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _predicted(model: Recogniser, pictures: list[Picture], top: int, strict: bool) -> Iterator[Prediction]:
    found: dict[int, Pixels] = {}
    errors: dict[int, StriateError] = {}
    for index, picture in enumerate(pictures):
        try:
            found[index] = model.read_picture(picture)
        except StriateError as error:
            if strict:
                raise
            errors[index] = error
    scores = dict(zip(found, model.predict_proba(np.stack(list(found.values()))) if found else (), strict=True))
    for index, picture in enumerate(pictures):
        name = str(picture) if isinstance(picture, str | Path) else None
        if index in errors:
            yield Prediction(name, error=str(errors[index]), code=errors[index].code)
            continue
        order = np.argsort(-scores[index], kind="stable")
        ranked = tuple((model.classes_[i].item(), float(scores[index][i])) for i in order[:top])
        yield Prediction(name, *ranked[0], ranked)
