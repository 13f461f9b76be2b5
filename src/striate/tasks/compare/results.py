"""Result file of one training: its predictions, its costs, and all that they depend on.

The file is that of `core.model_file` (hashed, no pickle, one parser for hostile bytes). It is reused only for exactly
the same data, model, subset, budget, threads, machine and versions: anything else is another measurement.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.core import model_file
from striate.data import Data
from striate.errors import MissingError, StriateError
from striate.stats.metrics import TOLERANCE
from striate.tasks.compare.plan import ComparisonPlan, TrainingPlan, file_hash
from striate.tasks.environment import environment

KIND = "comparison cell"
COSTS = ("training", "features", "prediction", "memory", "bytes", "parameters", "macs")  # seconds, bytes, counts
TEXTS = ("how", "hand_crafted", "learnt", "chosen", "timed")


@dataclass(frozen=True, eq=False)
class TrainingRecord:
    """Record of a finished training.

    `probabilities` (n, K) float32 of the test pictures; `held` (m, K) float32 and `held_labels` (m,) of pictures held
    out of the training, m may be 0; `facts`: the names of `COSTS` (None where it has none), `how` it was trained, in
    words, `hand_crafted`, how many pictures it has `learnt` from and `chosen` by, and whether it was `timed`.
    """

    training: TrainingPlan
    probabilities: NDArray[np.float32]
    held: NDArray[np.float32]
    held_labels: NDArray[np.int64]
    facts: dict[str, Any]


def identity(plan: ComparisonPlan, training: TrainingPlan, threads: int, data: str) -> dict[str, Any]:
    """All that predictions and costs of a training depend on, JSON values; `data` is its `data_identity`."""
    versions = environment(threads, "")
    return {"data": data, "model": training.model, "content": file_hash(training.model), "size": training.size,
            "seed": training.seed, "half": training.half,
            "minutes": plan.minutes if plan.method(training.model)[1] else None,
            **{name: versions[name] for name in versions if name not in ("cores", "precision")}}


def data_identity(data: Data) -> str:
    """A hash of the classes, and of the content, class and part of every picture; whatever their size."""
    part = np.full(len(data.pictures), 3)
    for number, indices in enumerate((data.split.train, data.split.validation, data.split.test)):
        part[indices] = number
    rows = sorted(zip(data.pictures.digests, data.pictures.labels.tolist(), part.tolist(), strict=True))
    return sha256(model_file.canonical([list(data.classes), rows]).encode()).hexdigest()


def write(path: Path, done: TrainingRecord, identity: dict[str, Any]) -> None:
    """Write the record of a training atomically."""
    model_file.save(path, KIND, {"identity": identity, "facts": done.facts}, {
        "probabilities": done.probabilities, "held": done.held, "held_labels": done.held_labels})


def read(path: Path, training: TrainingPlan, identity: dict[str, Any], pictures: int | None,
         classes: int) -> tuple[TrainingRecord | None, str]:
    """The record in `path` and "", or None and why the training must be repeated ("" where there is no file).

    `pictures`: the number of test pictures it must have predicted.
    """
    try:
        file = model_file.load(path)
    except MissingError:
        return None, ""
    except StriateError as error:
        return None, f"{path.name} is damaged ({error.given}) and is computed again"
    if file.manifest.get("kind") != KIND or file.manifest.get("identity") != identity:
        return None, f"{path.name} is of other data, settings or versions and is computed again"
    names = ("probabilities", "held", "held_labels")
    facts, arrays = file.manifest.get("facts"), [file.arrays.get(name) for name in names]
    probabilities, held, labels = arrays
    if (
        probabilities is None or held is None or labels is None or not _facts(facts)
        or not _chances(probabilities, pictures, classes) or not _chances(held, len(labels), classes)
        or labels.dtype != np.int64 or labels.ndim != 1
        or (labels.size and not 0 <= labels.min() <= labels.max() < classes)
    ):
        return None, f"{path.name} is not what a comparison writes and is computed again"
    assert isinstance(facts, dict)
    return TrainingRecord(training, probabilities, held, labels, facts), ""


def _facts(facts: object) -> bool:
    if not isinstance(facts, dict) or set(facts) != {*COSTS, *TEXTS}:
        return False
    numbers = all(facts[name] is None or (type(facts[name]) in (int, float) and facts[name] >= 0) for name in COSTS)
    return (numbers and isinstance(facts["how"], str) and facts["training"] is not None
            and all(type(facts[name]) is bool for name in ("hand_crafted", "timed"))
            and all(type(facts[name]) is int and facts[name] >= 0 for name in ("learnt", "chosen")))


def _chances(array: NDArray[Any], pictures: int | None, classes: int) -> bool:
    if array.dtype != np.float32 or array.ndim != 2 or array.shape[1] != classes:
        return False
    whole = pictures is None or len(array) == pictures
    return bool(whole and (array >= 0).all() and (np.abs(array.sum(axis=1, dtype=np.float64) - 1) <= TOLERANCE).all())
