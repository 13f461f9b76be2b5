"""Pictures of a training run: announced, and described for the report."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.data import Data, Dataset
from striate.model.recogniser import Recogniser
from striate.report.embedded_images import Misclassified, SamplePicture
from striate.report.train_result import SplitOrigin, TrainingData
from striate.tasks.methods import TrainingMethod
from striate.tasks.progress import Progress

MISTAKES = 24  # shown in the report
SAMPLES = 3  # of each class
SAMPLE_CLASSES = 300  # classes up to this many are shown


def announce(data: Data, size: tuple[int, int], method: TrainingMethod[Any], progress: Progress) -> None:
    """Report the data, the `size` that pictures are resized to, and what was skipped."""
    height, width, channels = data.pictures.images.shape[1:]
    progress.message(
        f"{data.name}: {len(data.classes)} classes, {method.describe_split(data)}, {len(data.test):,} for testing; "
        f"{height}×{width} {'grey' if channels == 1 else 'colour'}"
        + (f", resized to {size[0]}×{size[1]}" if size != (height, width) else "")
    )
    for skipped in data.skipped[:5]:
        progress.message(f"skipped: {skipped.reason}")
    if len(data.skipped) > 5:
        progress.message(f"skipped {len(data.skipped) - 5:,} more; the report lists them")
    for note in data.notes:
        progress.message(f"note: {note}")


def describe(source: str, data: Data, model: Recogniser) -> TrainingData:
    """The pictures of a run, for its report."""
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    return TrainingData(
        source=source,
        name=data.name,
        classes=data.classes,
        counts={n: np.bincount(p.labels, minlength=len(data.classes)).tolist() for n, p in parts.items()},
        size=(*model.preparation_.size, model.preparation_.channels),
        resize=model.preparation_.resize,
        skipped=data.skipped,
        notes=data.notes,
        split=SplitOrigin(data.split.kind, data.split.seed),
        leaked=data.leaked(data.test),
        fingerprint=data.pictures.fingerprint,
    )


def samples(part: Dataset) -> list[SamplePicture]:
    """The first pictures of each class."""
    labels, keys = part.labels, part.keys
    present = np.unique(labels)[:SAMPLE_CLASSES]
    chosen = np.concatenate([np.flatnonzero(labels == label)[:SAMPLES] for label in present])
    return [SamplePicture(int(labels[i]), pixels, keys[i]) for i, pixels in zip(chosen, part.take(chosen), strict=True)]


def mistakes(part: Dataset, scores: np.ndarray) -> list[Misclassified]:
    """The wrong predictions with most confidence, the worst first."""
    labels, keys, predicted = part.labels, part.keys, scores.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    worst = wrong[np.argsort(-scores[wrong, predicted[wrong]], kind="stable")][:MISTAKES]
    return [
        Misclassified(keys[i], pixels, int(labels[i]), int(predicted[i]), float(scores[i, predicted[i]]))
        for i, pixels in zip(worst, part.take(worst), strict=True)
    ]
