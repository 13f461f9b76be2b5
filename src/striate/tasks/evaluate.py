"""A saved recogniser measured on pictures it did not learn from."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from striate.data import Data, Dataset, load_data
from striate.errors import DataError, UsageError, shown
from striate.load_model import load
from striate.model.recogniser import Recogniser
from striate.stats import metrics
from striate.tasks.progress import Progress

PARTS = ("test", "validation", "train", "all")


def evaluate_model(
    model_path: Path, source: str, *, part: str | None = None, split: Path | None = None,
    files: Path | None = None, strict: bool = False, watch: Progress | None = None,
) -> dict[str, Any]:
    """Figures of the model at `model_path` on the pictures of `source`, JSON values.

    `part` is `test`, `validation`, `train` or `all`. None is the test part of `split`, else of the `split.json` beside
    the model (pictures that a split does not know count as test), else of the folder's own division; else all. `files`
    is a list of the pictures of a folder that are to be used.
    """
    watch = watch or Progress()
    if part not in (None, *PARTS):
        raise UsageError("bad_part", "a part was chosen", allowed=f"{', '.join(PARTS)} are allowed",
                         given=f"{shown(str(part))} was given", do="Choose one of them with --part")
    model = load(model_path)
    started = time.monotonic()

    def opened(split: Path | None) -> Data:
        return load_data(source, size=model.preparation_.size, resize=model.preparation_.resize,
                         channels=model.preparation_.channels, split=split, files=files, strict=strict,
                         on_progress=watch.stage)

    beside = model_path.with_name("split.json")
    split = split or (beside if beside.exists() else None)
    data = opened(split)
    known = split is not None or data.split.kind == "divided"
    part = part or ("test" if known else "all")
    chosen = Dataset(data.pictures, np.arange(len(data.pictures.labels))) if part == "all" else getattr(data, part)
    if not len(chosen):
        raise DataError("empty_part", f"the {part} part of {shown(source)} was to be measured",
                        given="it has no pictures", do="Choose another with --part")
    labels = labels_for(model, chosen)
    leaked = data.leaked(chosen) if known and part in ("test", "all") else None
    notes = [*data.notes]
    if leaked:
        notes.append(f"{leaked:,} of these pictures are among those of training or validation")
    if not known:
        notes.append("no split.json stands beside the model: pictures that it learnt from may be among these")
    if known and part == "validation" and model.LEARNS_FROM_VALIDATION:
        notes.append("a model of this kind learns from the validation part too: expect less from new pictures")
    watch.say(f"{data.name}: {len(chosen):,} pictures ({part}{f', by {split.name}' if split else ''})")
    for note in notes:
        watch.say(f"note: {note}")
    figures = metrics.evaluate(labels, model.predict_proba(chosen), tuple(map(str, model.classes_)))
    skipped = [asdict(one) for one in data.skipped]
    return {"model": str(model_path), "data": data.name, "part": part, "leaked": leaked, **figures.as_dict(),
            "skipped": skipped, "notes": notes, "seconds": time.monotonic() - started}


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
