"""Typed result of `striate check`: the faults of a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from striate.core.result import Result, json_values
from striate.quality.finding import Finding


@dataclass(frozen=True)
class CheckedData(Result):
    """A checked data set: `counts` of each part by class, `count` pictures in all; `left_out` cannot be read."""

    source: str
    name: str
    classes: Sequence[str]
    counts: Mapping[str, Sequence[int]]
    count: int
    left_out: int


@dataclass(frozen=True)
class DoubtedLabel(Result):
    """A picture whose label may be wrong: the suggested one, both probabilities, and whether an error is likely."""

    index: int
    label: str
    suggested: str
    given: float
    other: float
    likely: bool
    picture: str


@dataclass(frozen=True, kw_only=True)
class LabelCheck(Result):
    """Labels compared with a cross-validated recogniser, or `why` they were not.

    `accuracy` is that of the recogniser `model` on `count` pictures; `ranked` has the most doubtful first.
    """

    checked: bool
    why: str | None = None
    model: str = ""
    count: int = 0
    accuracy: float = 0.0
    ranked: Sequence[DoubtedLabel] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON values: the reason alone where nothing was checked."""
        return {"checked": False, "why": self.why} if not self.checked else {
            name: json_values(value) for name, value in vars(self).items() if name != "why"}


@dataclass(frozen=True)
class CleanList(Result):
    """A file with the names of the `count` pictures that are left when those of errors are taken out."""

    path: str
    count: int


@dataclass(frozen=True, kw_only=True)
class CheckResult(Result):
    """A check of a set of pictures: findings, errors first; `clean` if none of them is more than a note.

    `page` and `list` are the files that were written, or None.
    """

    striate: str
    data: CheckedData
    labels: LabelCheck
    findings: Sequence[Finding]
    clean: bool
    page: str | None
    list: CleanList | None
    seconds: float
