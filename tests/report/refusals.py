"""Every refusal of `striate.report`, one row each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.report.facts import made_up
from tests.report.reader import report_of

REFUSALS: dict[str, Callable[[Path], object]] = {
    "report: a folder that is not there": lambda folder: report_of(folder / "gone", made_up(2)),
}
