"""How a run tells of itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from striate.nets.train import Step


@dataclass
class Watch:
    """Who is told of what; every part may be left as it is."""

    say: Callable[[str], None] = lambda _: None
    stage: Callable[[str, int, int], None] = lambda *_: None
    step: Callable[[Step], None] = lambda _: None
    interruptible: Callable[[], AbstractContextManager[Callable[[], bool]]] = lambda: nullcontext(bool)
    checkpoint_seconds: float = 20.0
