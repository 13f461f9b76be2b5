"""A set of pictures examined: what is wrong with it, as facts, as a page, and as a list of what is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate._version import __version__
from striate.data import Data, Dataset, load_data
from striate.data.sources.chosen import write_list
from striate.data.sources.files import FileSource
from striate.doctor import Doubt, Examined, Finding, examine, findings, label_doubts, label_finding
from striate.errors import DataError, UsageError, shown
from striate.report.check import write_check
from striate.run.folder import RunFolder
from striate.run.kinds import Kind, kind_for
from striate.run.kinds.words import WordsRun
from striate.run.settings import Settings
from striate.run.watch import Watch

MOST = 20_000  # pictures, up to which labels are checked unless asked otherwise: some minutes on two cores
FOLDS = 4
RANKED = 10_000  # pictures that are told in the order of doubt


def check_data(
    source: str, *, page: Path | None = None, list_to: Path | None = None, labels: bool | None = None,
    model: str = "bow", seed: int = 0, watch: Watch | None = None,
) -> dict[str, Any]:
    """Examine the pictures of `source`; returns the facts of `striate.report.check`, JSON values.

    page: where to write them for people. list_to: where to write the names of the pictures that are left when those of
    errors are taken out. labels: whether labels are held against those of the recogniser `model`, cross-validated;
    None does so for up to 20,000 pictures.

    Raises `UsageError` (`out_in_data`, `list_of_arrays`) and what opening a data set raises.
    """
    watch, started = watch or Watch(), time.monotonic()
    for path in (page, list_to):
        if path is not None:
            RunFolder(path.parent).keep_out_of(source, "what a check writes")
    settings = Settings(source, model, recipe={"seed": seed})
    if WordsRun.knows(settings):
        settings = replace(settings, recipe={"seed": seed, "flip": False})  # half the time, and ranks as well
    kind = kind_for(settings)
    examined = examine(source, on_progress=watch.stage)
    if list_to is not None and not isinstance(examined.source, FileSource):
        raise UsageError("list_of_arrays", f"a list of the clean files of {shown(source)} was asked for",
                         allowed="folders of pictures have files", given="it has none", do="Leave out --write-list")
    found = findings(examined)
    told, doubted = None, None
    if labels is False or (labels is None and len(examined.rows) > MOST):
        why = "--no-labels" if labels is False else f"more than {MOST:,} pictures; ask for it with --labels"
        told = {"checked": False, "why": why}
    else:
        told, doubted = _labels(source, kind, watch)
    facts: dict[str, Any] = {
        "striate": __version__, "data": _data(source, examined), "labels": told,
        "findings": [one.as_dict() for one in (*found, *([doubted] if doubted and doubted.cases else []))],
        "clean": False, "page": str(page) if page else None, "list": None,
    }
    facts["clean"] = all(one["level"] == "note" for one in facts["findings"])
    if list_to is not None:
        facts["list"] = {"path": str(list_to), "count": _write_clean(list_to, examined, found)}
    facts["seconds"] = time.monotonic() - started
    if page is not None:
        page.parent.mkdir(parents=True, exist_ok=True)
        write_check(page, facts, examined.pixels)
    return facts


def _data(source: str, examined: Examined) -> dict[str, Any]:
    opened = examined.source
    counts = {}
    for part in sorted(set(examined.parts), key=("", "train", "validation", "test").index):
        here = np.array([one == part for one in examined.parts], bool)
        counts[part or "all"] = np.bincount(examined.labels[here], minlength=len(opened.classes)).tolist()
    return {"source": source, "name": opened.name, "classes": list(opened.classes), "counts": counts,
            "count": len(examined.rows), "left_out": len(examined.skipped)}


def _write_clean(path: Path, examined: Examined, found: list[Finding]) -> int:
    dropped = {key for finding in found if finding.kind.level == "error" for case in finding.cases for key in case.drop}
    names = [key for key in examined.keys if key not in dropped]
    write_list(path, names)
    return len(names)


def _labels(source: str, kind: Kind[Any], watch: Watch) -> tuple[dict[str, Any], Finding | None]:
    """What a cross-validated recogniser says of the labels; why it could not be asked, where it could not."""
    try:
        data = load_data(source, **kind.packing, seed=kind.settings.recipe["seed"], allow_empty_class=True,
                         on_progress=watch.stage)
        if len(np.unique(data.pictures.labels)) < 2:
            raise DataError("one_class", "labels were to be checked", given="there is only one class",
                            do="Add a second class")
        kind.size_for(data)
        with watch.interruptible() as stop:
            indices, scores = held_out(kind, data, watch, stop)
    except DataError as error:
        return {"checked": False, "why": str(error)}, None
    labels = data.pictures.labels[indices]
    doubts = label_doubts(labels, scores)
    keys = [data.pictures.keys[i] for i in indices]
    told = {
        "checked": True, "model": kind.settings.model, "count": len(indices),
        "accuracy": float((scores.argmax(axis=1) == labels).mean()),
        "ranked": [_row(one, keys, data.classes) for one in doubts[:RANKED]],
    }
    return told, label_finding(doubts, keys, data.classes)


def _row(doubt: Doubt, keys: list[str], classes: tuple[str, ...]) -> dict[str, Any]:
    return asdict(doubt) | {"picture": keys[doubt.index], "label": classes[doubt.label],
                            "suggested": classes[doubt.suggested]}


def held_out(
    kind: Kind[Any], data: Data, watch: Watch, stop: Callable[[], bool]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Indices (m,) of pictures, and their probabilities (m, K) by recognisers that had not seen them.

    All pictures take part, those of the test too: nothing is chosen and nothing is kept. A kind whose models carry
    `held_out_` is trained once, any other once for each fold; pictures of the same bytes share a fold.
    """
    everything = np.arange(len(data.pictures))
    nothing = everything[:0]
    with TemporaryDirectory(prefix="striate-") as room:
        if kind.HELD_OUT:
            model = kind.train(_divided(data, everything, nothing), RunFolder(Path(room)), watch, stop)
            return model.held_out_[0], model.held_out_[1]
        fold = folds(data)
        scores = np.zeros((len(everything), len(data.classes)))
        for k in range(FOLDS):
            learnt = np.flatnonzero(fold != k)
            chosen_by = learnt[:: 10]
            watch.say(f"recogniser {k + 1} of {FOLDS}")
            model = kind.train(_divided(data, np.setdiff1d(learnt, chosen_by), chosen_by),
                               RunFolder(Path(room) / str(k)), watch, stop)
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
