"""Opening of the pictures of a training run, packed as a training method reads them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from striate.data import Data, load_data
from striate.data.sources.file_list import digest_of_list
from striate.errors import RunError, shown
from striate.quality import quick_findings
from striate.tasks.progress import Progress
from striate.tasks.settings import Settings


def open_data(settings: Settings, arguments: Mapping[str, Any], begun: Path | None, progress: Progress) -> Data:
    """The data of `settings`, packed with `arguments` of a method; split as in the file `begun`, if there is one."""
    split = begun if begun and begun.exists() else Path(settings.split) if settings.split else None
    files = Path(settings.files) if settings.files else None
    if files and digest_of_list(files) != settings.files_sum:
        raise RunError("list_changed", f"the run was to be resumed with the pictures that {shown(files)} names",
                       given="the list was changed since", do="Start a new run with --out")
    data = load_data(
        settings.data, **arguments, resize=settings.resize, seed=settings.recipe.get("seed", 0),
        split=split, strict=settings.strict, allow_empty_class=settings.allow_empty_class, files=files,
        on_progress=progress.on_progress,
    )
    found = quick_findings(data)
    if found or data.skipped:
        found.append(f"striate check {shlex.quote(settings.data)} reports details and shows the pictures")
    return replace(data, notes=(*data.notes, *found))
