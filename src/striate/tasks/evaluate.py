"""Evaluation of a saved recogniser on labelled pictures."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from striate.core.constraints import OneOf, unquoted
from striate.core.params import Refusal, checked
from striate.data import Dataset, load_data
from striate.data.source import Skipped
from striate.errors import DataError, shown
from striate.load_model import load
from striate.model.recogniser import Recogniser
from striate.stats import metrics
from striate.stats.metrics import Evaluation
from striate.tasks.progress import Progress

PARTS = ("test", "validation", "train", "all")
BAD_PART = Refusal("bad_part", "a part was chosen", "Choose one of them with --part", given=unquoted)


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelEvaluation(Evaluation):
    """An evaluation of a saved recogniser on one part of a data set.

    `model` is its file, None for a recogniser in memory, `data` the set's name, `part` test, validation, train or all;
    `leaked` counts training pictures among them, None where that is not known; `skipped` pictures could not be read;
    `notes` are sentences; `seconds` is the time of the evaluation.
    """

    model: str | None
    data: str
    part: str
    leaked: int | None
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    seconds: float


def evaluate(model: str | Path | Recogniser, data: str, *, part: str | None = None, split: str | Path | None = None,
             files: str | Path | None = None, strict: bool = False,
             progress: Progress | None = None) -> ModelEvaluation:
    """Metrics of a recogniser on labelled pictures `data`: a folder, or the name of a known set.

    `model` is a model file, or a fitted recogniser. `part` is `test`, `validation`, `train` or `all`. None is the test
    part of `split`, else of the `split.json` beside the model's file (pictures that a split does not know count as
    test), else of the folder's own division; else all. `files` is a list of the pictures of a folder that are to be
    used. Raises `UsageError` (`bad_part`), `DataError` (`empty_part`), and what `striate.load` and `striate.load_data`
    raise.

        result = striate.evaluate("runs/digits-compact/model.safetensors", "digits")
        result.accuracy, result.interval
    """
    progress = progress or Progress()
    if part is not None:
        checked("part", part, OneOf(*PARTS, phrase="{words} are allowed"), BAD_PART)
    recogniser, path = (model, None) if isinstance(model, Recogniser) else (load(model), Path(model))
    started = time.monotonic()
    beside = path.with_name("split.json") if path else None
    division = Path(split) if split else beside if beside and beside.exists() else None
    preparation = recogniser.preparation_
    opened = load_data(data, size=preparation.size, resize=preparation.resize, channels=preparation.channels,
                       split=division, files=Path(files) if files else None, strict=strict,
                       on_progress=progress.on_progress)
    known = division is not None or opened.split.kind == "divided"
    part = part or ("test" if known else "all")
    everything = Dataset(opened.pictures, np.arange(len(opened.pictures.labels)))
    chosen: Dataset = everything if part == "all" else getattr(opened, part)
    if not len(chosen):
        raise DataError("empty_part", f"the {part} part of {shown(data)} was to be measured",
                        given="it has no pictures", do="Choose another with --part")
    labels = labels_for(recogniser, chosen)
    leaked = opened.leaked(chosen) if known and part in ("test", "all") else None
    notes = [*opened.notes]
    if leaked:
        notes.append(f"{leaked:,} of these pictures are among those of training or validation")
    if not known:
        which = "no split.json beside the model" if path else "no split was given"
        notes.append(f"{which}: training pictures may be among these")
    if known and part == "validation" and recogniser.LEARNS_FROM_VALIDATION:
        notes.append("models of this kind are also fitted on the validation part: expect less on new pictures")
    progress.message(f"{opened.name}: {len(chosen):,} pictures ({part}{f', by {division.name}' if division else ''})")
    for note in notes:
        progress.message(f"note: {note}")
    found = metrics.evaluate(labels, recogniser.predict_proba(chosen), tuple(map(str, recogniser.classes_)))
    return ModelEvaluation(**vars(found), model=str(path) if path else None, data=opened.name, part=part, leaked=leaked,
                           skipped=opened.skipped, notes=tuple(notes), seconds=time.monotonic() - started)


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
