"""Tables: `log.csv`, a row per epoch, and `steps.csv`, about a thousand of the steps.

`log.csv` is replaced as a whole; rows of `steps.csv` are appended, for there are many. A run that was killed may have
left rows behind the checkpoint that it resumes from: they are removed before the first new one.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any, TextIO

from striate.convnet.training.training_context import StepRecord
from striate.core import atomic
from striate.tasks.logs.log import RunLog, due, rate_of
from striate.tasks.run_folder import RunFolder

COLUMNS = ("step", "loss", "learning_rate", "pictures_per_second")
SECONDS = 1.0  # between two writings of log.csv: epochs of small sets take less


class CsvLog(RunLog):
    """CSV log: both tables; read by any spreadsheet, `pandas.read_csv` or `tail -f`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.epochs: list[dict[str, Any]] = []
        self.steps: TextIO | None = None
        self.written, self.saved = float("-inf"), 0

    def step(self, step: StepRecord) -> None:
        """A row of `steps.csv` if it is due, and of `log.csv` at the end of an epoch."""
        if self.steps is None:
            self.epochs = rows_before(self.folder / "log.csv", "epoch", step.epoch)
            self.saved = len(self.epochs)
            self.steps = self._reopen(step.step)
        if due(step):
            rate = rate_of(step)
            row = (step.step, f"{step.loss:.6g}", "" if rate is None else f"{rate:.6g}",
                   f"{step.pictures_per_second:.1f}")
            try:
                self.steps.write(",".join(map(str, row)) + "\n")
            except OSError as error:
                raise atomic.disk_error(self.folder / "steps.csv", error) from error
        if step.record:
            self.epochs.append(step.record)
            if time.monotonic() - self.written > SECONDS:
                self._write()

    def close(self) -> None:
        """Write the epochs that were not written yet."""
        if self.steps is None:
            return
        if self.saved < len(self.epochs):
            self._write()
        self.steps.close()
        self.steps = None

    def _write(self) -> None:
        RunFolder(self.folder).write_log(self.epochs)
        self.written, self.saved = time.monotonic(), len(self.epochs)

    def _reopen(self, first: int) -> TextIO:
        """`steps.csv` with the rows before step `first`, open at its end; a line is on disk when it is written."""
        path = self.folder / "steps.csv"
        rows = rows_before(path, "step", first)
        lines = [",".join(COLUMNS), *(",".join(row[name] for name in COLUMNS) for row in rows)]
        atomic.write_text(path, "\n".join(lines) + "\n")
        try:
            return path.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            raise atomic.disk_error(path, error) from error


def rows_before(path: Path, column: str, first: int) -> list[dict[str, Any]]:
    """The whole rows of a table, as text, whose number in `column` is below `first`; none where there is no table."""
    if first <= 1 or not path.is_file():
        return []
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = list(csv.DictReader(file))
    whole = [row for row in rows if None not in row and None not in row.values()]
    return [row for row in whole if (row.get(column) or "").isdecimal() and int(row[column]) < first]
