"""How a run tells of itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

from striate.convnet.distributed import ProcessGroup
from striate.convnet.training.training_run import StepRecord


@dataclass
class Progress:
    """Who is told of what; every part may be left as it is."""

    say: Callable[[str], None] = lambda _: None
    stage: Callable[[str, int, int], None] = lambda *_: None
    step: Callable[[StepRecord], None] = lambda _: None
    interruptible: Callable[[], AbstractContextManager[Callable[[], bool]]] = lambda: nullcontext(bool)
    checkpoint_seconds: float | None = None
    ranks: ProcessGroup = field(default_factory=ProcessGroup)

    def told(self, step: Callable[[StepRecord], None]) -> Progress:
        """The same, where `step` is told of every step, too."""

        def both(one: StepRecord) -> None:
            self.step(one)
            step(one)

        return replace(self, step=both)
