"""Families of recognisers that are compared in a selection: one row each.

Priors of the learning curves are of log error against log training pictures (stagewise methods) or log training time
(networks). They were set by hand from trainings on Scene-15, digits and Fashion-MNIST, and are wide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from striate.convnet.inference.precision import best_device
from striate.data import Data
from striate.data.dataset import NATIVE
from striate.stats.power_law import Slope
from striate.tasks.methods.bow import BagOfWordsMethod
from striate.tasks.methods.convnet import ConvNetMethod
from striate.tasks.methods.finetune import FinetuneMethod
from striate.tasks.methods.method import TrainingMethod
from striate.tasks.methods.stagewise import StagewiseMethod
from striate.tasks.methods.transfer import TransferMethod

FEW = 10  # training pictures of the smallest class; fewer do not improve a pretrained network
MOST_CLASSES = 1_000  # of a bag of words: a one-versus-rest machine of 32,000 features for each


@dataclass(frozen=True)
class Facts:
    """Facts about the data that families are chosen by: counts of pictures, and whether they are `small`.

    `learnable` are training and validation pictures; `smallest` is the number of training pictures of the smallest
    class; `small` pictures have one size up to 64 pixels a side; `flips`: whether mirror images are of the same class,
    which is taken to be so unless `flip` says otherwise or the classes are single characters.
    """

    train: int
    validation: int
    test: int
    classes: int
    smallest: int
    small: bool
    flips: bool

    @property
    def learnable(self) -> int:
        """Training and validation pictures."""
        return self.train + self.validation

    @classmethod
    def of(cls, data: Data, flip: bool | None = None) -> Facts:
        """The facts of `data`, which has the pictures in their own size if they are small."""
        counts = np.bincount(data.train.labels)
        return cls(len(data.train), len(data.validation), len(data.test), len(data.classes),
                   int(counts[counts > 0].min()), max(data.pictures.images.shape[1:3]) <= NATIVE,
                   any(len(name) > 1 for name in data.classes) if flip is None else flip)


class Family(NamedTuple):
    """Family of recognisers: its name as `--model` takes it, its training method, and how its error falls.

    `curve`: see above, and `photographs`: of these, where it is another; `unfit`: why it does not fit some data, a
    sentence; "" where it fits. `deeper`: the name of a network that is better after long trainings, "" where there is
    none (`network_plan.variant`).
    """

    name: str
    method: type[TrainingMethod[Any]]
    curve: Slope
    unfit: Callable[[Facts], str] = lambda _: ""
    photographs: Slope | None = None
    deeper: str = ""

    @property
    def network(self) -> bool:
        """Whether it is a network whose layers are trained, epoch by epoch, and validated; others are stagewise."""
        return not issubclass(self.method, StagewiseMethod)

    def curve_for(self, facts: Facts) -> Slope:
        """How the error falls on such data."""
        return self.curve if facts.small or self.photographs is None else self.photographs


def _unfit_words(facts: Facts) -> str:
    if facts.classes > MOST_CLASSES:
        return f"{facts.classes:,} classes: it would need a classifier of its own for each"
    return "" if facts.small else "bow-fisher-quick is nearly as good on photographs, in a fifth of the time"


def _unfit_quick_words(facts: Facts) -> str:
    return "bow-fisher is better on small pictures" if facts.small else _unfit_words(replace(facts, small=True))


def _unfit_finetune(facts: Facts) -> str:
    if facts.smallest < FEW:
        return f"the smallest class has {facts.smallest} training pictures, {FEW} are needed"
    if facts.small and best_device().type == "cpu":
        return "on a processor it is too slow for small pictures, which a network of their size learns sooner"
    return ""


# In the order in which they are tried where nothing is known of them.
FAMILIES = (
    Family("transfer", TransferMethod, Slope(0.22, 0.08)),
    Family("knn", TransferMethod, Slope(0.2, 0.08)),
    Family("bow-fisher", BagOfWordsMethod, Slope(0.28, 0.1), _unfit_words),
    Family("bow-fisher-quick", BagOfWordsMethod, Slope(0.28, 0.1), _unfit_quick_words),
    Family("compact", ConvNetMethod, Slope(0.5, 0.35), photographs=Slope(0.25, 0.2), deeper="compact_deep"),
    Family("finetune", FinetuneMethod, Slope(0.3, 0.2), _unfit_finetune),
)
