"""Record of one candidate of a selection: its trials, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from striate.stats.power_law import Extrapolation
from striate.tasks.methods.auto.families import Family
from striate.tasks.methods.auto.trial import Trial


@dataclass
class CandidateRecord:
    """Record of a candidate: its trials, the error that is expected of it, and what became of it.

    `hurried`: whether it was given up for want of time, so that more might change it.
    """

    family: Family
    first: Trial | None = None
    full: Trial | None = None
    expects: Extrapolation | None = None
    outcome: str = ""
    why: str = ""
    hurried: bool = False

    @property
    def open(self) -> bool:
        """Whether it may yet be trained in full."""
        return not self.outcome and self.full is None

    def end(self, outcome: str, why: str, *, hurried: bool = False) -> None:
        """Give it up, or say what became of it."""
        self.outcome, self.why, self.hurried = outcome, why, hurried
