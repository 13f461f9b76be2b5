"""A set of pictures scanned: what is wrong with it, as facts, as a page, and as a list of what is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from striate._version import __version__
from striate.core.atomic import disk_error
from striate.data.sources.file_list import write_list
from striate.data.sources.file_source import FileSource
from striate.errors import UsageError, shown
from striate.quality import Finding, ScannedSource, findings, scan_pictures
from striate.report.check import write_check
from striate.tasks.run_folder import RunFolder

MOST = 20_000  # pictures, up to which labels are checked unless asked otherwise: some minutes on two cores


def check_data(
    source: str, *, page: Path | None = None, list_to: Path | None = None, labels: bool | None = None,
    model: str = "bow", seed: int = 0, say: Callable[[str], None] = lambda _: None,
    stage: Callable[[str, int, int], None] = lambda *_: None,
) -> dict[str, Any]:
    """Examine the pictures of `source`; returns the facts of `striate.report.check`, JSON values.

    page: where to write them for people. list_to: where to write the names of the pictures that are left when those of
    errors are taken out. labels: whether labels are held against those of the recogniser `model`, cross-validated;
    None does so for up to 20,000 pictures. say, stage: as in `Watch`.

    Raises `UsageError` (`out_in_data`, `list_of_arrays`) and what opening a data set raises.
    """
    started = time.monotonic()
    for path in (page, list_to):
        if path is not None:
            RunFolder(path.parent).keep_out_of(source, "what a check writes")
    if labels is not False:
        from striate.tasks.check_labels import (  # here, because torch takes seconds to load
            checking_method,
            doubted_labels,
        )
        from striate.tasks.progress import Progress

        method = checking_method(source, model, seed)
    scanned = scan_pictures(source, on_progress=stage)
    if list_to is not None and not isinstance(scanned.source, FileSource):
        raise UsageError("list_of_arrays", f"a list of the clean files of {shown(source)} was asked for",
                         allowed="folders of pictures have files", given="it has none", do="Leave out --write-list")
    found = findings(scanned)
    every = list(found)
    if labels is False or (labels is None and len(scanned.rows) > MOST):
        why = "--no-labels" if labels is False else f"more than {MOST:,} pictures; ask for it with --labels"
        told: dict[str, Any] = {"checked": False, "why": why}
    else:
        told, doubted = doubted_labels(source, method, Progress(say, stage))
        every += [doubted] if doubted and doubted.cases else []
    facts: dict[str, Any] = {
        "striate": __version__, "data": _data(source, scanned), "labels": told,
        "findings": [one.as_dict() for one in every], "clean": all(one.check.level == "note" for one in every),
        "page": str(page) if page else None, "list": None,
    }
    if list_to is not None:
        facts["list"] = {"path": str(list_to), "count": _write_clean(list_to, scanned, found)}
    facts["seconds"] = time.monotonic() - started
    if page is not None:
        try:
            page.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(page.parent, error) from error
        write_check(page, facts, scanned.pixels)
    return facts


def _data(source: str, scanned: ScannedSource) -> dict[str, Any]:
    opened = scanned.source
    counts = {}
    for part in sorted(set(scanned.parts), key=("", "train", "validation", "test").index):
        here = np.array([one == part for one in scanned.parts], bool)
        counts[part or "all"] = np.bincount(scanned.labels[here], minlength=len(opened.classes)).tolist()
    return {"source": source, "name": opened.name, "classes": list(opened.classes), "counts": counts,
            "count": len(scanned.rows), "left_out": len(scanned.skipped)}


def _write_clean(path: Path, scanned: ScannedSource, found: list[Finding]) -> int:
    errors = [case for finding in found if finding.check.level == "error" for case in finding.cases]
    dropped = {key for case in errors for key in case.left_out}
    names = [key for key in scanned.keys if key not in dropped]
    write_list(path, names)
    return len(names)
