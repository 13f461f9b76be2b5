"""Typed result of `striate look` for an ensemble: what each member says, and its own explanation."""

from __future__ import annotations

from dataclasses import dataclass

from striate.core.result import Result
from striate.errors import shown
from striate.report.formatting import digits
from striate.report.look_result import LookResult


@dataclass(frozen=True, eq=False, kw_only=True)
class MemberLook(Result):
    """Look at one member of an ensemble.

    Attributes:
        name, kind: of the member; `weight`: 0..1, the weights of all sum to 1.
        label, probability: the most probable class by this member alone; None without a picture.
        target_probability: that of the class which is explained, by this member alone.
        evidence: what it adds to the log odds of that class against the strongest other one, in nats.
        found: the result for the member, as `striate look` gives it for its kind.

    """

    name: str
    kind: str
    weight: float
    label: str | None = None
    probability: float | None = None
    target_probability: float | None = None
    evidence: float | None = None
    found: LookResult


@dataclass(frozen=True, eq=False, kw_only=True)
class EnsembleLookResult(LookResult):
    """Result for an ensemble: its members, each with what it says by itself.

    Attributes:
        members: in the order of their weights in the file.
        temperature: of the pool.
        rival: the class that `evidence` compares the target with, the most probable other one; None without a picture.
        figures: the folder of the figures, or None; those of each member are in a folder in it, by its number.

    """

    members: tuple[MemberLook, ...]
    temperature: float
    rival: str | None = None
    figures: str | None = None

    def summary(self) -> str:
        """The predicted class, what each member says, and the pages, as lines for people."""
        lines = []
        if self.label is not None:
            lines.append(f"{shown(self.picture or 'the picture')}: {shown(self.label, 80)} {digits(self.probability)}%")
        for one in self.members:
            said = "" if one.label is None else f": {shown(one.label, 80)} {digits(one.probability)}%"
            lines.append(f"{shown(one.name, 80)}, weight {one.weight:.2f}{said}")
        pages = [self.page, *(one.found.page for one in self.members)]
        return "\n".join([*lines, *(shown(path, 2000) for path in (self.figures, *pages) if path)])
