"""Progress as plain lines, for a server's log: one per epoch, and one at least every half a minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from striate.core.humanize import duration

if TYPE_CHECKING:
    from striate.convnet.training.training_context import StepRecord

SECONDS = 30.0


class PlainProgress:
    """Progress lines through `say`; no escape codes, nothing to redraw."""

    def __init__(self, say: Callable[[str], None], now: Callable[[], float] = time.monotonic) -> None:
        self.say, self.now = say, now
        self.task, self.first, self.done = "", 0, 0
        self.started = self.last_line = 0.0

    def stage(self, stage: str, done: int, total: int) -> None:
        """A stage that takes long; one that is over before its first line is due has none. `total` 0 is not known."""
        self._follow(stage, done)
        reported = self.last_line > self.started
        if self.now() - self.last_line >= SECONDS or (reported and total and done >= total):
            self._line(f"{stage} {done:,}{f'/{total:,}' if total else ''}{self.time_left(done, total)}")

    def step(self, step: StepRecord, detail: str) -> None:
        """The end of an epoch, or a step within a long one; `detail` is the text beside the bar."""
        self._follow("training", step.step)
        if step.record or self.now() - self.last_line >= SECONDS:
            self._line(f"epoch {step.epoch}/{step.epochs} · step {step.step:,}/{step.steps:,} · {detail}"
                       + self.time_left(step.step, step.steps))

    def time_left(self, done: int, total: int) -> str:
        """The remaining time at the speed so far, in words; nothing until a speed is known."""
        since = done - self.first
        if since <= 0 or done >= total:
            return ""
        seconds = (self.now() - self.started) / since * (total - done)
        return f" · {duration(seconds, 'whole')} left"

    def _follow(self, task: str, done: int) -> None:
        """Begin anew with another task, or with the same one from its beginning."""
        if task != self.task or done < self.done:
            self.task, self.first = task, done
            self.started = self.last_line = self.now()
        self.done = done

    def _line(self, text: str) -> None:
        self.say(text)
        self.last_line = self.now()
