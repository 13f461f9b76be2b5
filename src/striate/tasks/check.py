"""Check of a data set: its faults as a typed result, a page, and a list of the clean pictures."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from striate._version import __version__
from striate.core.atomic import make_folder
from striate.data.sources.file_list import write_list as write_names
from striate.data.sources.file_source import FileSource
from striate.errors import UsageError, shown
from striate.quality import Finding, ScannedSource, findings, scan_pictures
from striate.report.check import write_check
from striate.report.check_result import CheckedData, CheckResult, CleanList, LabelCheck
from striate.tasks.run_folder import RunFolder

MOST = 20_000  # pictures, up to which labels are checked by default: some minutes on two cores


def check(data: str | Path, *, labels: bool | None = None, model: str = "bow", seed: int = 0,
          out: str | Path | None = None, write_list: str | Path | None = None,
          message: Callable[[str], None] = lambda _: None,
          on_progress: Callable[[str, int, int], None] = lambda *_: None) -> CheckResult:
    """Find faults in the labelled pictures of `data`, a folder or the name of a known set; changes nothing.

    Args:
        data: a folder of class folders, or the name of a known set.
        labels: whether they are compared with the held-out predictions of a cross-validated recogniser, which takes
            minutes; None does so for up to 20,000 pictures.
        model: that recogniser, as `striate train --model` takes it.
        seed: of that recogniser.
        out: the page to write for people, or None.
        write_list: where to write the names of the pictures that are left when those of errors are taken out.
        message: called with a sentence for people.
        on_progress: called with (stage, done, total).

    Raises `UsageError` (`out_in_data`, `list_of_arrays`) and what opening a data set raises.

        found = striate.check("pictures", labels=False)
        found.clean, [one.check.title for one in found.findings]

    """
    source, page, list_to = str(data), Path(out) if out else None, Path(write_list) if write_list else None
    started = time.monotonic()
    for path in (page, list_to):
        if path is not None:
            RunFolder(path.parent).keep_out_of(source, "what a check writes")
    if labels is not False:
        from striate.tasks.check_labels import (  # here, because torch takes seconds to load
            check_labels,
            checking_method,
        )
        from striate.tasks.progress import Progress

        method = checking_method(source, model, seed)
    scanned = scan_pictures(source, on_progress=on_progress)
    if list_to is not None and not isinstance(scanned.source, FileSource):
        raise UsageError("list_of_arrays", f"a list of the clean files of {shown(source)} was asked for",
                         allowed="folders of pictures have files", given="it has none", do="Leave out --write-list")
    found = findings(scanned)
    all_findings = list(found)
    if labels is False or (labels is None and len(scanned.rows) > MOST):
        why = "--no-labels" if labels is False else f"more than {MOST:,} pictures; ask for it with --labels"
        label_check = LabelCheck(checked=False, why=why)
    else:
        label_check, doubted = check_labels(source, method, Progress(message, on_progress))
        all_findings += [doubted] if doubted and doubted.cases else []
    listed = CleanList(str(list_to), _write_clean(list_to, scanned, found)) if list_to else None
    result = CheckResult(
        striate=__version__, data=_data(source, scanned), labels=label_check, findings=tuple(all_findings),
        clean=all(one.check.level == "note" for one in all_findings), page=str(page) if page else None, list=listed,
        seconds=time.monotonic() - started)
    if page is not None:
        make_folder(page.parent)
        write_check(page, result, scanned.pixels)
    return result


def _data(source: str, scanned: ScannedSource) -> CheckedData:
    opened = scanned.source
    counts = {}
    for part in sorted(set(scanned.parts), key=("", "train", "validation", "test").index):
        here = np.array([one == part for one in scanned.parts], bool)
        counts[part or "all"] = np.bincount(scanned.labels[here], minlength=len(opened.classes)).tolist()
    return CheckedData(source, opened.name, opened.classes, counts, len(scanned.rows), len(scanned.skipped))


def _write_clean(path: Path, scanned: ScannedSource, found: list[Finding]) -> int:
    errors = [case for finding in found if finding.check.level == "error" for case in finding.cases]
    dropped = {key for case in errors for key in case.left_out}
    names = [key for key in scanned.keys if key not in dropped]
    write_names(path, names)
    return len(names)
