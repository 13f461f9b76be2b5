"""Plan of the full training of a network in a selection: which one of its family, and for how long."""

from __future__ import annotations

from striate.convnet.recipe import presets
from striate.tasks.methods.auto.families import Facts, Family

DEEP, MANY = 8, 10_000  # passes that `compact` could make, over so many pictures, from which `compact_deep` is better
DEEPER = 1.65  # times the time of a step of `compact` that one of `compact_deep` takes
WELL_WITHIN = 0.85  # of the passes that there is time for: where a preset's most epochs are fewer, these are trained
PASSES = 2  # fewer do not improve a pretrained network
TRAINING = 19  # forward passes that a step of fine-tuning takes for each picture; features are bfloat16, it is not


def finetuning_seconds(facts: Facts, predict_seconds: float) -> float:
    """The least seconds that fine-tuning needs, by those that its frozen network takes to predict one picture.

    >>> round(finetuning_seconds(Facts(1_000, 100, 100, 10, 90, small=False, flips=True), predict_seconds=0.002))
    76
    """
    return PASSES * facts.train * TRAINING * predict_seconds


def variant(family: Family, facts: Facts, speed: float, seconds: float) -> tuple[str, float | None]:
    """The network of `family` for `seconds`, and its minutes; None is the epochs of its preset.

    `speed`: pictures per second of a step of the family's own network. A preset that has its most epochs, as for few
    pictures, is trained to its end; of many pictures it has fewer, to save time, and more of them are better.

    >>> from dataclasses import replace
    >>> from striate.tasks.methods.auto.families import FAMILIES
    >>> compact = next(family for family in FAMILIES if family.name == "compact")
    >>> facts = Facts(50_000, 5_000, 0, 10, 4_900, small=True, flips=True)
    >>> variant(compact, facts, speed=3_000, seconds=60), variant(compact, facts, speed=3_000, seconds=300)
    (('compact', 1.0), ('compact_deep', 5.0))
    >>> few = replace(facts, train=1_000)
    >>> variant(compact, few, speed=3_000, seconds=60), variant(compact, facts, speed=3_000, seconds=3_600)
    (('compact', None), ('compact_deep', 60.0))
    """
    passes = speed * seconds / facts.train
    deeper = family.deeper and facts.train >= MANY and passes >= DEEP
    preset = presets.preset_for(facts.train, small=facts.small)
    most = preset.epochs[1]
    slower = DEEPER if deeper else 1.0
    to_its_end = preset.epochs_for(facts.train) == most and most * slower < WELL_WITHIN * passes
    return family.deeper if deeper else family.name, None if to_its_end else seconds / 60
