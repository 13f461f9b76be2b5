"""Rank 0 of a distributed run: the note by which a run that torchrun restarts finds its folder.

Rank 0 writes the run folder and prints messages; the others train, wait and end. Each machine packs the pictures for
itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from striate.convnet.distributed import ProcessGroup
from striate.core import atomic
from striate.tasks.run_folder import RUNS, RunFolder, run_name

NOTE = ".started-by"  # in the folder of an unfinished run


def torchrun_id() -> str | None:
    """The torchrun that started this process, as text that no other has; None if none did.

    >>> torchrun_id() is None
    True
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return None
    parent, begun = os.getppid(), ""
    status = Path(f"/proc/{parent}/stat")
    if status.exists():  # numbers of processes are used again; when one began is field 22, 20 after the name
        begun = status.read_text().rpartition(")")[2].split()[19]
    return json.dumps([os.uname().nodename, parent, begun, os.environ["TORCHELASTIC_RUN_ID"]])


def write_restart_note(folder: RunFolder) -> None:
    """Note in the folder, which is locked, who started the run."""
    if (who := torchrun_id()) is not None:
        atomic.write_text(folder.path / NOTE, who)


def remove_restart_note(folder: RunFolder) -> None:
    """Remove the note: the run is finished."""
    (folder.path / NOTE).unlink(missing_ok=True)


def restarted_run(out: str | Path | None, data: str, model: str) -> RunFolder | None:
    """The unfinished run that the same torchrun has begun before it started this process again, if there is one."""
    who = torchrun_id()
    if who is None:
        return None
    paths = [Path(out)] if out is not None else sorted(RUNS.glob(f"{run_name(data, model)}*"))
    for path in paths:
        note, folder = path / NOTE, RunFolder(path)
        if note.exists() and note.read_text() == who and folder.recipe.exists() and not folder.finished:
            return folder
    return None


@contextmanager
def broadcast_file(group: ProcessGroup, path: Path | None) -> Iterator[Path | None]:
    """Rank 0's file `path`, text, to be read on every machine; None where rank 0 has none. Collective."""
    text = group.broadcast(path.read_text("utf-8") if group.is_rank_zero and path and path.exists() else None)
    if text is None or group.is_rank_zero:
        yield path if text is not None else None
        return
    with TemporaryDirectory(prefix="striate-") as temporary:
        copy = Path(temporary) / "file"
        copy.write_text(text, "utf-8")
        yield copy
