"""`auto`: selects among `transfer`, `knn` and `finetune` on the validation pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.convnet.distributed import ProcessGroup
from striate.convnet.inference.precision import best_device
from striate.convnet.recipe.recipe import BUDGETS
from striate.data import Data
from striate.errors import RunError
from striate.model.recogniser import Recogniser
from striate.stats.metrics import Evaluation
from striate.tasks.methods.finetune import FinetuneMethod
from striate.tasks.methods.method import TrainingMethod
from striate.tasks.methods.transfer import TransferMethod
from striate.tasks.progress import Progress
from striate.tasks.run_folder import RunFolder
from striate.tasks.settings import Settings

NAME, FIRST = "auto", "transfer"
FROZEN = (FIRST, "knn")
FEW = 10  # training pictures of the smallest class; fewer do not improve a network
SHARE = 0.8  # of the minutes for fine-tuning; the rest for features and predictions


class AutoMethod(TrainingMethod[Recogniser]):
    """`transfer`, unless `knn` or `finetune` is clearly better; fine-tuning is tried where there is a budget or a GPU.

    All are fitted on the training pictures and compared on the validation pictures. A frozen network's classifier, if
    selected, is then fitted on both.
    """

    PRETRAINED = True

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        recipe = dict(settings.recipe)
        if recipe.get("minutes"):
            recipe["minutes"] = SHARE * recipe["minutes"]
        self.methods: dict[str, TrainingMethod[Any]] = {
            name: TransferMethod(replace(settings, model=name, recipe={
                key: value for key, value in settings.recipe.items() if key in TransferMethod.FIELDS}))
            for name in FROZEN}
        self.methods["finetune"] = FinetuneMethod(replace(settings, model="finetune", recipe=recipe))
        self.chosen, self.why = self.methods[FIRST], ""

    @classmethod
    def matches(cls, settings: Settings) -> bool:
        """By name."""
        return settings.model == NAME

    @property
    def pack_arguments(self) -> dict[str, Any]:
        """Those of the pretrained network."""
        return self.methods[FIRST].pack_arguments

    def input_size(self, data: Data) -> tuple[int, int]:
        """The packed size."""
        return self.methods["finetune"].input_size(data)

    def train(self, data: Data, folder: RunFolder, progress: Progress, stop: Callable[[], bool]) -> Recogniser:
        """Every method that is worth trying, on the training pictures; then the best."""
        progress = replace(progress, group=ProcessGroup())  # the others wait: it trains alone
        tried, reasons = self._candidates(data)
        truth = data.validation.labels
        found: dict[str, tuple[Recogniser, NDArray[np.bool_]]] = {}
        alone = replace(data, split=replace(data.split, validation=np.empty(0, np.int64)))
        for name in tried if len(tried) > 1 else ():
            progress.message(f"trying {name}")
            method = self.methods[name]
            try:
                model: Recogniser = method.train(data if method.DISTRIBUTED else alone, folder, progress, stop)
            except RunError as error:
                if error.code != "loss_not_finite":
                    raise
                reasons.append(f"{name} failed: its loss diverged; a smaller --learning-rate may help")
                continue
            found[name] = model, model.predict_proba(data.validation).argmax(axis=1) == truth
        best = FIRST
        for name in list(found)[1:]:
            if surely_better(found[name][1], found[best][1]):
                best = name
        shares = ", ".join(f"{name} {100 * right.mean():.1f} %" for name, (_, right) in found.items())
        why = f"accuracy on {len(truth):,} validation pictures: {shares}" if found else "nothing was compared"
        self.chosen, self.why = self.methods[best], "; ".join([f"{best} was selected: {why}", *reasons])
        progress.message(self.why)
        if not self.chosen.DISTRIBUTED:
            folder.remove_log()  # of a method that was tried and not selected
        whole: Recogniser = (
            found[best][0] if self.chosen.DISTRIBUTED else self.chosen.train(data, folder, progress, stop))
        return whole

    def _candidates(self, data: Data) -> tuple[list[str], list[str]]:
        """The methods to try, and why not others."""
        if not len(data.validation):
            return [FIRST], ["there is no validation part to select on"]
        counts = np.bincount(data.train.labels)
        smallest = int(counts[counts > 0].min())
        if smallest < FEW:
            return list(FROZEN), [f"finetune was not tried: the smallest class has {smallest} training pictures, "
                                  f"{FEW} are needed"]
        if best_device().type == "cpu" and not any(self.settings.recipe.get(name) for name in BUDGETS):
            return list(FROZEN), ["finetune was not tried: it takes minutes; give them with --minutes"]
        return [*FROZEN, "finetune"], []

    def validate(self, model: Recogniser, data: Data) -> Evaluation:
        """Delegates to the selected method."""
        return self.chosen.validate(model, data)

    def recipe(self, model: Recogniser) -> dict[str, Any]:
        """Delegates to the selected method."""
        return self.chosen.recipe(model)

    def report_fields(self, model: Recogniser) -> dict[str, Any]:
        """Those of the selected method, and why it was selected."""
        facts = self.chosen.report_fields(model)
        return facts | {"reasons": (self.why, *facts.get("reasons", ()))}


def surely_better(these: NDArray[np.bool_], those: NDArray[np.bool_]) -> bool:
    """Whether `these` (n,) bool are right more often than `those` on the same pictures, by over one standard error.

    The difference of two counts of pictures that only one gets right, b and c, has the standard error √(b + c) where
    both are as good; below that the simpler method is preferred (Breiman et al., *Classification and Regression Trees*,
    1984, section 3.4.3).

    >>> surely_better(np.array([1, 1, 1, 1, 0], bool), np.array([1, 0, 0, 0, 1], bool))  # 3 against 1: 2 is not over 2
    False
    """
    only_these, only_those = int(np.sum(these & ~those)), int(np.sum(those & ~these))
    return only_these - only_those > float(np.sqrt(only_these + only_those))
