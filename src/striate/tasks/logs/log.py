"""Base class of logs, and the steps that they hold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from striate.convnet.training.training_context import StepRecord

MOST = 1000  # steps that a log holds, about: more than a screen has columns, and less than 100 kB


class RunLog(ABC):
    """One log of one run, in `folder`. A resumed run continues it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.folder!r})"

    @abstractmethod
    def step(self, step: StepRecord) -> None:
        """Log one step; raises `DiskError`."""

    @abstractmethod
    def close(self) -> None:
        """Flush and close; without a step there is nothing to do."""


def due(step: StepRecord) -> bool:
    """Whether a log holds this step: the last one, and of the others every 1st, 2nd, 4th, 8th …

    So the log of a resumed run has the same rows as one that was not interrupted.

    >>> steps = [StepRecord(n, 4690, 1, 1, 0.0, 0.0) for n in range(1, 4691)]
    >>> held = [step.step for step in steps if due(step)]
    >>> held[:3], held[-1], len(held)                                    # ⌊4,690/8⌋ = 586, and the last
    ([8, 16, 24], 4690, 587)
    """
    every: int = 2 ** max(0, (step.steps - 1) // MOST).bit_length()
    return step.step % every == 0 or step.step >= step.steps


def rate_of(step: StepRecord) -> float | None:
    """The learning rate of a step: its own if it has one, else that of the epoch's end."""
    rate = getattr(step, "learning_rate", None) or (step.record or {}).get("learning_rate")
    return None if rate is None else float(rate)
