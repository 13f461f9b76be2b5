"""Target of an explanation: a layer, one of its units, and a position."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """Target of an explanation.

    Attributes:
        layer: a name.
        unit: a channel of its output, from 0; None is all of them.
        at: (row, column) in the output, from 0; None is where the unit is strongest, or everywhere.

    >>> str(Target("conv1", 7, (3, 4))), str(Target("conv1"))
    ('unit 7 of conv1 at 3,4', 'conv1')

    """

    layer: str
    unit: int | None = None
    at: tuple[int, int] | None = None

    def __str__(self) -> str:
        if self.unit is None:
            return self.layer
        return f"unit {self.unit} of {self.layer}" + ("" if self.at is None else f" at {self.at[0]},{self.at[1]}")
