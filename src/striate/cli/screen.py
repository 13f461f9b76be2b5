"""Screen output of a command: messages and progress bars on stderr, the result on stdout."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from striate.cli.plain_progress import PlainProgress
from striate.core.result import json_values
from striate.errors import shown

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from striate.convnet.training.training_context import StepRecord


class Screen:
    """Messages and bars for one command; silent with `quiet`, with plain lines when stderr is not a terminal."""

    def __init__(self, *, quiet: bool = False, as_json: bool = False) -> None:
        self.quiet, self.as_json = quiet, as_json
        self.bars: Progress | None = None
        self.task: TaskID | None = None
        self.shown = self.accuracy = ""
        self.lines = PlainProgress(self.say)
        self.terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def say(self, text: str) -> None:
        """A message for people."""
        if not self.quiet:
            sys.stderr.write(shown(text, 2000) + "\n")

    def answer(self, result: Any, text: str) -> None:
        """The typed result (or several) as one JSON value on stdout, or `text`."""
        values = json_values(result)
        sys.stdout.write(json.dumps(values, ensure_ascii=True, allow_nan=False) if self.as_json else text)
        sys.stdout.write("\n")

    def stage(self, stage: str, done: int, total: int) -> None:
        """Progress of a stage: packing pictures, describing them, learning words; `total` 0 where it is not known."""
        if self.terminal:
            self._show(stage if total else f"{stage} {done:,}", done, total, "", key=stage)
        else:
            self.lines.stage(stage, done, total)

    def part(self, name: str, done: int, total: int) -> None:
        """The part of the work that begins, by name, in a bar that vanishes; nothing where stderr is no terminal."""
        if self.terminal:
            self._show(name, done, total, "", key="parts", vanishing=True)

    def step(self, step: StepRecord) -> None:
        """Progress of training: loss, accuracy, pictures per second; bar and lines add the time left."""
        if step.step == 1:
            self.accuracy = ""
        if step.record and step.record["validation_accuracy"] is not None:
            self.accuracy = f" · validation {step.record['validation_accuracy']:.1%}"
        detail = f"loss {step.loss:.3f}{self.accuracy} · {step.pictures_per_second:,.0f} pictures/s"
        if self.terminal:
            self._show(f"epoch {step.epoch}/{step.epochs}", step.step, step.steps, detail, key="training")
        else:
            self.lines.step(step, detail)

    def close(self) -> None:
        """End the bar, which stays on screen."""
        if self.bars:
            self.bars.stop()
        self.bars = self.task = None
        self.shown = ""

    def _show(self, text: str, done: int, total: int, detail: str, key: str = "",
              vanishing: bool = False) -> None:
        if self.quiet:
            return
        if self.shown != (key or text):
            self.close()
            self.bars, self.shown = new_bars(vanishing), key or text
            self.bars.start()
            self.task = self.bars.add_task(text, total=total or None, detail=detail)
        assert self.bars
        assert self.task is not None
        self.bars.update(self.task, completed=done, total=total or None, description=text, detail=detail)
        if total and done >= total:
            self.close()


def new_bars(vanishing: bool = False) -> Progress:
    """A rich progress display on stderr, which stays there when it has ended unless it is `vanishing`."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"), BarColumn(bar_width=24), TaskProgressColumn(), TimeRemainingColumn(),
        TextColumn("left"),
        TextColumn("{task.fields[detail]}"), console=Console(stderr=True), transient=vanishing,
    )
