"""Base class of the methods that fit in stages: no epochs, and both training and validation pictures are used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from striate.data import Data
from striate.errors import UsageError, shown
from striate.stats import metrics
from striate.stats.metrics import Evaluation
from striate.tasks.methods.method import TrainingMethod, learnable
from striate.tasks.progress import Progress
from striate.tasks.settings import Settings

R = TypeVar("R", bound=Any)


class StagewiseMethod(TrainingMethod[R]):
    """Settings are selected by cross-validation; its held-out probabilities give the validation accuracy.

    `OPTIONS`: its options, in words; `FIELDS`: those of the recipe; `REASON`: why it has no others.
    """

    HELD_OUT = True
    OPTIONS: ClassVar[str] = "seed, size, resize and flip"
    FIELDS: ClassVar[tuple[str, ...]] = ("seed", "flip")
    REASON: ClassVar[str]

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        useless = [name for name in settings.recipe if name not in self.FIELDS]
        if settings.sharded:
            raise UsageError("option_without_use", f"{shown(settings.model)} was to be trained with --sharded",
                             allowed="networks can be divided among processes: it has no steps to divide",
                             given="--sharded was given", do="Leave it out, or train a network")
        if useless:
            raise UsageError("option_without_use", f"{shown(settings.model)} was to be trained with {useless[0]}",
                             allowed=f"{self.OPTIONS} are allowed: {self.REASON}",
                             given=f"{useless[0]} {shown(str(settings.recipe[useless[0]]))} was given",
                             do="Leave it out, or train a network")

    def describe_split(self, data: Data) -> str:
        """All are used for fitting and for cross-validation."""
        return f"{len(learnable(data)):,} pictures for training and cross-validation"

    def validate(self, model: R, data: Data) -> Evaluation:
        """Training and validation pictures, each by a classifier of cross-validation that was not fitted on it."""
        indices, scores = model.held_out_
        return metrics.evaluate(learnable(data).labels[indices], scores, data.classes)


def report_stages(rows: Sequence[Mapping[str, Any]], progress: Progress) -> None:
    """Report the result and the time of each stage."""
    for row in rows:
        how = "from the cache" if row["cached"] else f"{row['seconds']:.1f} s"
        progress.message(f"{row['stage']}: {row['what']} ({how})")
