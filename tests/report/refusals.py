"""Every refusal of `striate.report`, one row each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from striate.report.train import write_report
from tests.report.facts import made_up

REFUSALS: dict[str, Callable[[Path], object]] = {
    "report: a folder that is not there": lambda folder: write_report(folder / "gone", *made_up(2)),
}
