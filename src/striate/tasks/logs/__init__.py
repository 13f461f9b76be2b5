"""Logs of a training run: one file for each format, one row in `LOGS`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from striate.convnet.training.training_context import StepRecord
from striate.errors import UsageError, shown
from striate.tasks.logs.csv_log import CsvLog
from striate.tasks.logs.log import RunLog
from striate.tasks.logs.tensorboard_log import TensorBoardLog

__all__ = ["LOGS", "RunLog", "RunLogs"]

LOGS: dict[str, type[RunLog]] = {"csv": CsvLog, "tensorboard": TensorBoardLog}


class RunLogs:
    """The logs called `names`, in `folder`; nothing is opened before the first step, so that refusals leave no file.

    Raises `UsageError` (`unknown_log`).

    >>> RunLogs(("csv", "csv"), Path("runs/a")).logs                        # given twice, written once
    [CsvLog(PosixPath('runs/a'))]
    """

    def __init__(self, names: Sequence[str], folder: Path) -> None:
        unknown = [name for name in names if name not in LOGS]
        if unknown:
            raise UsageError("unknown_log", "a log was asked for", allowed=f"{' and '.join(LOGS)} are known",
                             given=f"{shown(unknown[0])} was given", do=f"Use --log {next(iter(LOGS))}")
        self.logs = [LOGS[name](folder) for name in dict.fromkeys(names)]

    def step(self, step: StepRecord) -> None:
        """Log one step of training; raises `DiskError`."""
        for log in self.logs:
            log.step(step)

    def close(self) -> None:
        """Flush and close the logs."""
        for log in self.logs:
            log.close()
