"""Progress callbacks of a task: messages, stages, training steps, and the request to stop."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

from striate.convnet.distributed import ProcessGroup
from striate.convnet.training.training_context import StepRecord


@dataclass(frozen=True)
class Progress:
    """Progress callbacks of a task; by default none, in one process that is not interrupted.

    Attributes:
        message: called with a sentence for people.
        on_progress: called with (stage, done, total); total is 0 where it is not known.
        on_step: called after every training step.
        interruptible: a context manager that gives a function, which returns true when the task should stop.
        checkpoint_seconds: how often training saves its state; None is what `ConvNet.fit` does.
        group: the processes that train together.
        on_part: called with (name, done, total) when the next of several named parts of the work begins.

    """

    message: Callable[[str], None] = lambda _: None
    on_progress: Callable[[str, int, int], None] = lambda *_: None
    on_step: Callable[[StepRecord], None] = lambda _: None
    interruptible: Callable[[], AbstractContextManager[Callable[[], bool]]] = lambda: nullcontext(bool)
    checkpoint_seconds: float | None = None
    group: ProcessGroup = field(default_factory=ProcessGroup)
    on_part: Callable[[str, int, int], None] = lambda *_: None

    def with_step_callback(self, callback: Callable[[StepRecord], None]) -> Progress:
        """The same, where `callback` is called after every step, too."""

        def both(step: StepRecord) -> None:
            self.on_step(step)
            callback(step)

        return replace(self, on_step=both)
