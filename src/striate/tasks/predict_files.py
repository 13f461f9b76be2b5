"""Predictions of picture files by name: streamed to a callback or into a file, with progress, until stopped."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

from striate.core import atomic
from striate.core.constraints import Integer
from striate.core.params import checked
from striate.core.result import Result
from striate.load_model import load
from striate.tasks.picture_names import count_pictures, pictures_named
from striate.tasks.predict import BAD_TOP, Prediction, checked_reject, predicted_batches, refuse_without_confidence
from striate.tasks.prediction_table import table_for
from striate.tasks.progress import Progress

PATIENCE = 1.0  # seconds before progress is told


@dataclass(frozen=True)
class PredictedFiles(Result):
    """What predicting picture files came to.

    Attributes:
        out: the file of predictions; None where there is none.
        pictures: how many were answered; `unread`: how many of them could not be read.
        seconds: of reading and predicting, without loading the model.

    """

    out: str | None
    pictures: int
    unread: int
    seconds: float


def predict_files(model: str | Path, names: Sequence[str], *, top: int = 5, strict: bool = False, null: bool = False,
                  out: str | Path | None = None, force: bool = False,
                  each: Callable[[list[Prediction]], object] = lambda _: None,
                  progress: Progress | None = None, reject: float | None = None) -> PredictedFiles:
    """Predict the pictures that `names` stand for, in order, with the recogniser in the file `model`.

    Args:
        model: a model file.
        names: files, folders, patterns, or `-` for names on standard input; see `picture_names`.
        top: how many classes to rank.
        strict: raise the error of the first picture that cannot be read.
        null: names on standard input are ended by NUL bytes.
        out: a file for the predictions, `.csv` or `.jsonl`; it appears when it is complete. When stopped, what is
            answered by then is kept beside it, as `answers.partial.csv`.
        force: write over a file that is there.
        each: called with every batch of predictions.
        progress: progress callbacks of the task.
        reject: the share of pictures of known classes that may be refused as "none of these"; None refuses none.

    Raises what `striate.predict` and `picture_names` raise; `UsageError` (`bad_out`, `out_exists`), `DiskError`.

    """
    progress, top = progress or Progress(), checked("top", top, Integer(1, 1_000_000), BAD_TOP)
    table, share = table_for(out) if out else None, checked_reject(reject)
    with _output(out, force) as file:
        total = count_pictures(names)
        recogniser = load(model)
        refuse_without_confidence(recogniser, share)
        ranks = min(top, len(recogniser.classes_))
        if file and table:
            file.write(table.header(ranks).encode())
        done = unread = 0
        started = time.monotonic()
        with progress.interruptible() as stop:
            for batch in predicted_batches(recogniser, pictures_named(names, null=null), top, strict, share):
                done += len(batch)
                unread += sum(one.error is not None for one in batch)
                if file and table:
                    file.write("".join(table.line(one, ranks) for one in batch).encode("utf-8", "surrogateescape"))
                if batch:
                    each(batch)
                if time.monotonic() - started > PATIENCE:
                    progress.on_progress("predicting", done, max(total, done) if total else 0)
                if stop() and done != total:
                    _stop(done, out, file, progress)
    return PredictedFiles(str(out) if out else None, done, unread, time.monotonic() - started)


def _stop(done: int, out: str | Path | None, file: BinaryIO | None, progress: Progress) -> NoReturn:
    """Keep the predictions made so far beside the file that they were for, tell of them, and stop."""
    kept = ""
    if out and file:
        partial = Path(out).with_suffix(f".partial{Path(out).suffix}")
        file.flush()
        with atomic.replacing(partial) as copy, Path(file.name).open("rb") as so_far:
            shutil.copyfileobj(so_far, copy)
        kept = f"; their predictions are in {partial}"
    progress.message(f"stopped after {done:,} pictures{kept}")
    raise KeyboardInterrupt


@contextmanager
def _output(out: str | Path | None, force: bool) -> Iterator[BinaryIO | None]:
    """The file that replaces `out` at the end, opened before anything that takes long; None where there is none."""
    if out is None:
        yield None
        return
    atomic.refuse_taken(out, force)
    with atomic.replacing(out) as file:
        yield file
