"""Typed results of `striate look`: for every kind of recogniser, and for bags of visual words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from striate.core.result import Result
from striate.errors import shown
from striate.model.explanation import Explanation
from striate.report.formatting import digits

if TYPE_CHECKING:
    from striate.bow.explain.maps import WordContribution, WordView
    from striate.bow.explain.word_pages import WordPages


@dataclass(frozen=True, eq=False, kw_only=True)
class LookResult(Result, ABC):
    """Result of `striate look`: what a recogniser has learnt, and the evidence for a prediction; base of every kind.

    Attributes:
        striate: its version; `model`: the file; `page`: the page that was written, or None.
        classes: names; `size`: (H, W, C) of the pictures that it reads.
        picture: its name, None without one or for bytes and arrays; the next four are None or empty without one.
        label, probability: the most probable class; `ranked`: (class, probability), the most probable first.
        target: the class that is explained.
        refused: why there is no explanation of the decision, one sentence, or None.
        explanations: by name; not among the JSON values.

    """

    striate: str
    model: str | None
    page: str | None = field(metadata={"key": "look"})
    classes: tuple[str, ...]
    size: tuple[int, int, int]
    picture: str | None = None
    label: str | None = field(default=None, metadata={"key": "class"})
    probability: float | None = None
    ranked: tuple[tuple[str, float], ...] = field(default=(), metadata={"key": "top"})
    target: str | None = field(default=None, metadata={"key": "asked"})
    refused: str | None = None
    explanations: Mapping[str, Explanation] = field(default_factory=dict, metadata={"key": None})

    @abstractmethod
    def summary(self) -> str:
        """What was found, and where the page is, as lines for people."""


@dataclass(frozen=True, eq=False, kw_only=True)
class WordsLookResult(LookResult):
    """Result for a bag of words: its visual words, and their contributions to a decision.

    Attributes:
        encoder, classifier, kernel: by name; `words`: how many there are.
        favouring, against: the words that contribute most to the decision for the target, and most against it.
        pages: patches of the words; `view`: the words in the picture, None without one. Neither is in the JSON.

    `decision`, in the JSON: margin, bias, and the sums of all words for and against; bias + for + against = margin.

    """

    encoder: str
    classifier: str
    kernel: str
    words: int
    favouring: tuple[WordContribution, ...] = field(default=(), metadata={"key": "for"})
    against: tuple[WordContribution, ...] = ()
    pages: WordPages = field(metadata={"key": None})
    view: WordView | None = field(default=None, metadata={"key": None})

    @property
    def decision(self) -> Mapping[str, float] | None:
        """Margin, bias, and the sums of all words for and against, in margins; None where there are none."""
        found = self.explanations.get("contributions")
        if found is None or found.total is None:
            return None
        return {"margin": found.total, "bias": found.bias, "for": found.positive, "against": found.negative}

    def summary(self) -> str:
        """The predicted class, the words for and against, and the page, as lines for people."""
        lines = []
        if self.picture:
            target = shown(self.target or "", 40)
            lines.append(f"{shown(self.picture)}: {shown(self.label or '', 80)} {digits(self.probability)}%")
            for side, words in (("for", self.favouring), ("against", self.against)):
                lines += [f"{side} {target}: word {one.word:<6} {one.value:+.3f}  {one.times:,} times" for one in words]
            if self.refused:
                lines.append(shown(self.refused, 500))
        else:
            lines.append(f"{self.words:,} words")
        return "\n".join([*lines, shown(self.page or "", 2000)])

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        return super().as_dict() | {"decision": self.decision}
