"""What a run writes down while it goes: one file for each kind of log, one row here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from striate.errors import UsageError, shown
from striate.nets.training.run import Step
from striate.run.logs.log import Log
from striate.run.logs.table import CsvLog
from striate.run.logs.tensorboard import TensorBoardLog

__all__ = ["LOGS", "Log", "Logs"]

LOGS: dict[str, type[Log]] = {"csv": CsvLog, "tensorboard": TensorBoardLog}


class Logs:
    """The logs called `names`, in `folder`; nothing is opened before the first step, so that refusals leave no file.

    Raises `UsageError` (`unknown_log`).

    >>> Logs(("csv", "csv"), Path("runs/a")).logs                        # asked for twice, written once
    [CsvLog(PosixPath('runs/a'))]
    """

    def __init__(self, names: Sequence[str], folder: Path) -> None:
        unknown = [name for name in names if name not in LOGS]
        if unknown:
            raise UsageError("unknown_log", "a log was asked for", allowed=f"{' and '.join(LOGS)} are known",
                             given=f"{shown(unknown[0])} was given", do=f"Use --log {next(iter(LOGS))}")
        self.logs = [LOGS[name](folder) for name in dict.fromkeys(names)]

    def step(self, step: Step) -> None:
        """Write down one step of training, in each log; raises `DiskError`."""
        for log in self.logs:
            log.step(step)

    def close(self) -> None:
        """Write what is left, and close the files."""
        for log in self.logs:
            log.close()
