"""How a run tells of itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

from striate.nets.ranks import Ranks
from striate.nets.training.run import Step


@dataclass
class Watch:
    """Who is told of what; every part may be left as it is."""

    say: Callable[[str], None] = lambda _: None
    stage: Callable[[str, int, int], None] = lambda *_: None
    step: Callable[[Step], None] = lambda _: None
    interruptible: Callable[[], AbstractContextManager[Callable[[], bool]]] = lambda: nullcontext(bool)
    checkpoint_seconds: float | None = None
    ranks: Ranks = field(default_factory=Ranks)

    def told(self, step: Callable[[Step], None]) -> Watch:
        """The same, where `step` is told of every step, too."""

        def both(one: Step) -> None:
            self.step(one)
            step(one)

        return replace(self, step=both)
