"""What a finding is: a kind of fault, with the cases in which it was met."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from striate.quality.scan import ScannedSource

# error: figures would be wrong, or a picture is lost; warning: to be looked at; note: to be known, and no finding.
Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Case:
    """One case: the pictures that are in it, by name; what is to be said; those that a list of clean files leaves out.

    `count`: how many pictures it stands for, where they are too many to name.
    """

    pictures: tuple[str, ...]
    said: str = ""
    drop: tuple[str, ...] = ()
    count: int | None = None


@dataclass(frozen=True)
class Check:
    """A kind of finding: its code, its level, what it is (a title), and why it matters and what to do (sentences)."""

    name: str
    level: Level
    title: str
    advice: str
    find: Callable[[ScannedSource], Iterable[Case]] = lambda _: ()


@dataclass(frozen=True)
class Finding:
    """All cases of one kind, the worst first."""

    kind: Check
    cases: tuple[Case, ...]

    @property
    def count(self) -> int:
        """How many pictures, or classes where there are no pictures, are concerned."""
        named = {key for case in self.cases for key in case.pictures}
        return sum(case.count or 0 for case in self.cases) or len(named) or len(self.cases)

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        kind = self.kind
        return {"kind": kind.name, "level": kind.level, "title": kind.title, "advice": kind.advice,
                "count": self.count,
                "cases": [{"pictures": list(one.pictures), "said": one.said, "left_out": list(one.drop),
                           "count": one.count} for one in self.cases]}
