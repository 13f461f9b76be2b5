"""Files of pictures through a saved recogniser."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from striate.data import read_picture
from striate.errors import StriateError
from striate.model.recogniser import Recogniser

BATCH = 256


def predict_pictures(
    model: Recogniser, paths: Iterable[Path], *, top: int = 5, strict: bool = False
) -> list[dict[str, Any]]:
    """For each file `{picture, class, probability, top}`, or `{picture, error, code}` for a bad one.

    With `strict` the first bad picture is raised as a `PictureError`.
    """
    return [result for batch in chunks(paths, BATCH) for result in _predict(model, batch, top, strict)]


def _predict(model: Recogniser, paths: list[Path], top: int, strict: bool) -> Iterator[dict[str, Any]]:
    preparation = model.preparation_
    found: dict[int, np.ndarray] = {}
    errors: dict[int, StriateError] = {}
    for index, path in enumerate(paths):
        try:
            found[index] = read_picture(path, preparation.size, preparation.resize, preparation.channels)
        except StriateError as error:
            if strict:
                raise
            errors[index] = error
    scores = dict(zip(found, model.predict_proba(np.stack(list(found.values()))) if found else (), strict=True))
    for index, path in enumerate(paths):
        if index in errors:
            yield {"picture": str(path), "error": str(errors[index]), "code": errors[index].code}
            continue
        best = np.argsort(-scores[index], kind="stable")[:top]
        ranked = [[model.classes_[i].item(), float(scores[index][i])] for i in best]
        yield {"picture": str(path), "class": ranked[0][0], "probability": ranked[0][1], "top": ranked}


def chunks(items: Iterable[Path], size: int) -> Iterator[list[Path]]:
    """Lists of up to `size` items.

    >>> [len(chunk) for chunk in chunks([Path("a")] * 5, 2)]
    [2, 2, 1]
    """
    items = list(items)
    return (items[first : first + size] for first in range(0, len(items), size))
