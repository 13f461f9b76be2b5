"""Budget of a selection: the time that is proposed, and the clock that keeps it."""

from __future__ import annotations

import time
from collections.abc import Sequence

SMALL = (30.0, 1_800, 0.65)  # seconds for as many pictures, and the power of their number by which it grows
PHOTOGRAPHS = (60.0, 400, 0.43)
LEAST, MOST = 20.0, 900.0
REPORT = 2.0  # seconds that writing the model and the report takes


def proposed_seconds(count: int, small: bool) -> float:
    """Seconds for `count` pictures, test pictures included: `small` ones of one size up to 64 pixels, or photographs.

    >>> [round(proposed_seconds(count, small=True)) for count in (300, 1_797, 20_000, 70_000)]
    [20, 30, 144, 324]
    >>> [round(proposed_seconds(count, small=False)) for count in (400, 4_485, 20_000)]
    [60, 170, 323]
    """
    seconds, pictures, power = SMALL if small else PHOTOGRAPHS
    return min(MOST, max(LEAST, seconds * float((count / pictures) ** power)))


class Clock:
    """Clock of a selection: `seconds` in all, of which `spent` were spent before, in a run that is now resumed.

    What `left` has said is kept in `readings`; a run that is resumed with those of before hears the same again, so that
    it decides the same.

    >>> Clock(60, spent=50, readings=[40.0]).left()
    40.0
    """

    def __init__(self, seconds: float, spent: float = 0.0, readings: Sequence[float] = ()) -> None:
        self.seconds, self._started = seconds, time.monotonic() - spent
        self.readings, self._heard = list(readings), 0

    @property
    def spent(self) -> float:
        """Seconds spent by now."""
        return time.monotonic() - self._started

    def left(self) -> float:
        """Seconds that are left for trainings, the report's own time taken off; 0 at least."""
        self._heard += 1
        if self._heard > len(self.readings):
            self.readings.append(max(0.0, self.seconds - REPORT - self.spent))
        return self.readings[self._heard - 1]
