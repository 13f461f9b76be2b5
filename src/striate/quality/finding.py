"""Findings of a check, case by case."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from striate.quality.scan import ScannedSource

Find = Callable[["ScannedSource"], "Iterable[Case]"]
# error: figures would be wrong, or a picture is lost; warning: needs a look; note: for information only.
Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Case:
    """One case of a finding.

    Attributes:
        pictures: their names; `text`: the reason.
        left_out: those of them that a list of clean files leaves out.
        count: the number of pictures, where they are too many to name.

    """

    pictures: tuple[str, ...]
    text: str = ""
    left_out: tuple[str, ...] = ()
    count: int | None = None


@dataclass(frozen=True)
class Check:
    """A check of a set of pictures, made by `check` from the function that finds its cases, the worst first.

    `name` is stable, for programs; `advice` says why it matters and what to do, in sentences.
    """

    name: str
    level: Level
    title: str
    advice: str
    find: Find = lambda _: ()


def check(name: str, level: Level, title: str, advice: str) -> Callable[[Find], Check]:
    """Decorator that makes the `Check` of a function that finds its cases."""
    return lambda find: Check(name, level, title, advice, find)


@dataclass(frozen=True)
class Finding:
    """All cases that one check found, the worst first."""

    check: Check
    cases: tuple[Case, ...]

    @property
    def count(self) -> int:
        """The number of pictures, or of classes where there are no pictures."""
        named = {key for case in self.cases for key in case.pictures}
        return sum(case.count or 0 for case in self.cases) or len(named) or len(self.cases)

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        check = self.check
        return {"kind": check.name, "level": check.level, "title": check.title, "advice": check.advice,
                "count": self.count,
                "cases": [{"pictures": list(one.pictures), "said": one.text, "left_out": list(one.left_out),
                           "count": one.count} for one in self.cases]}
