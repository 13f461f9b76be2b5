"""Presets of recipes: every field left open is filled in by the size and the number of the pictures.

To tune a preset is to edit its row. The numbers for small pictures were chosen on validation pictures of digits and
Fashion-MNIST.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from striate.convnet.recipe.recipe import Recipe

SMALL = 64  # pixels: pictures with no longer side are small, others are photographs
FEW = 10_000  # training pictures; so few are seen so often that turned and scaled copies help
PASSES = 5  # over the pictures; a budget that shows them fewer times is better spent on them as they are
MOVES = ("shift", "rotate", "zoom")
MEMORY = 2_000_000_000  # bytes that the activations of one batch may take


@dataclass(frozen=True)
class DataFacts:
    """Facts about the data and the network that presets are chosen by.

    Attributes:
        count: training pictures.
        classes: their names.
        size: height and width in pixels.
        channels: 1 or 3.
        macs: multiply-adds of the network for one picture, forward.
        memory: bytes of activations that one picture takes in training (`survey(network).training_memory`); 0 is
            unknown, and bounds nothing.
        normalised: whether the network has batch normalisation.
        pretrained: whether it begins with pretrained weights.

    """

    count: int
    classes: tuple[str, ...]
    size: tuple[int, int] = (32, 32)
    channels: int = 1
    macs: int = 0
    memory: int = 0
    normalised: bool = True
    pretrained: bool = False


@dataclass(frozen=True)
class Preset:
    """A preset: the default budget, and a value for each field of the recipe.

    Attributes:
        shown: how many pictures the budget shows, repeats included.
        epochs: fewest and most that it may come to.
        values: by field; `batch_size` is the largest, `flip` is for classes that are not single characters.

    """

    shown: int
    epochs: tuple[int, int]
    values: dict[str, Any]

    def epochs_for(self, count: int) -> int:
        """The epochs of a run without a budget, on `count` training pictures."""
        fewest, most = self.epochs
        return min(most, max(fewest, round(self.shown / count)))


# Settings of each optimiser, where the preset has another.
OPTIMISERS: dict[str, dict[str, Any]] = {
    "sgd": {"optimiser": "sgd", "learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.02},
    "adamw": {"optimiser": "adamw", "learning_rate": 0.003, "momentum": 0.9, "weight_decay": 0.02},
    "muon": {"optimiser": "muon", "learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.02},
}
# Networks without normalisation, which sgd would drive to infinity at that rate: LeNet on digits, within 4 epochs.
UNNORMALISED: dict[str, Any] = {"learning_rate": 0.01, "weight_decay": 0.0005}
PLAIN: dict[str, Any] = {
    **OPTIMISERS["adamw"],
    "batch_size": 128, "schedule": "linear", "warmup": 0.15, "cooldown": 0.3,
    "label_smoothing": 0.0, "average": 0.0, "mixup": 0.0, "cutmix": 0.0,
    "flip": True, "shift": 0.04, "rotate": 0.0, "zoom": 0.0,
    "cutout": 0.0, "crop": 0.0, "colour": 0.0, "randaugment": 0.0,
    "test_time": "none",
}
FAST: dict[str, Any] = {"batch_size": 256, "learning_rate": 0.06, "warmup": 0.1, "label_smoothing": 0.1}
TURNED: dict[str, Any] = {"shift": 0.08, "rotate": 10.0, "zoom": 0.1}
# Chosen on 450 of Scene-15's training pictures, with 70 of a class to learn from (one split): 0.0005 with statistics of
# batches lost 5 points in the first epoch; 0.0001 with gentler crops was 0.9 points worse.
GENTLE: dict[str, Any] = {"learning_rate": 0.0004, "batch_size": 32, "warmup": 0.1, "label_smoothing": 0.1,
                          "crop": 0.3, "shift": 0.0, "average": 0.98}
CAREFUL: dict[str, Any] = {"learning_rate": 0.005}  # of sgd and muon there; not tuned
PRESETS = {
    "few small pictures": Preset(600_000, (4, 50), PLAIN | TURNED),
    "many small pictures": Preset(600_000, (4, 50), PLAIN | OPTIMISERS["muon"] | FAST),
    "few photographs": Preset(600_000, (4, 50), PLAIN | TURNED),
    "many photographs": Preset(600_000, (4, 50), PLAIN),
    "pretrained network": Preset(15_000, (3, 20), PLAIN | GENTLE),
}


def name_for(facts: DataFacts) -> str:
    """The row of `PRESETS` for these pictures.

    >>> name_for(DataFacts(60_000, ("a", "b"), (28, 28))), name_for(DataFacts(800, ("cat", "dog"), (200, 300)))
    ('many small pictures', 'few photographs')
    """
    if facts.pretrained:
        return "pretrained network"
    return _name(facts.count, max(facts.size) <= SMALL)


def preset_for(count: int, *, small: bool) -> Preset:
    """The preset of a network with random weights for `count` training pictures, `small` ones or photographs."""
    return PRESETS[_name(count, small)]


def _name(count: int, small: bool) -> str:
    return f"{'few' if count <= FEW else 'many'} {'small pictures' if small else 'photographs'}"


def plan(recipe: Recipe, facts: DataFacts) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe with every open field filled in, and the reasons, one line each.

    The fields that `recipe` has stay; `clip` stays off, and of the budgets only epochs and steps are filled in.

    >>> recipe, reasons = plan(Recipe(), DataFacts(1257, ("0", "1"), (8, 8)))
    >>> recipe.batch_size, recipe.epochs, recipe.flip
    (32, 50, False)
    >>> for reason in reasons: print(reason)
    preset few small pictures: 1,257 training pictures of 8×8 pixels
    optimiser adamw, peak rate 0.003, schedule linear: by the preset
    batch 32: steps in one pass over the pictures: 40
    50 epochs: 600,000 pictures would be 477.3; 4 to 50 are allowed
    flip off: the classes are single characters
    """
    preset = PRESETS[name_for(facts)]
    height, width = facts.size
    reasons = [f"preset {name_for(facts)}: {facts.count:,} training pictures of {height}×{width} pixels"]
    row = dict(preset.values)
    if recipe.optimiser not in (None, row["optimiser"]):
        row |= OPTIMISERS[str(recipe.optimiser)]
    if row["optimiser"] == "sgd" and not facts.normalised:
        row |= UNNORMALISED
    if facts.pretrained and row["optimiser"] != "adamw":
        row |= CAREFUL
    batch, why = batch_for(facts, row.pop("batch_size"))
    single = all(len(name) == 1 for name in facts.classes)
    row["flip"] = row["flip"] and not single
    filled = {name: value for name, value in row.items() if getattr(recipe, name) is None}
    chosen = replace(recipe, batch_size=recipe.batch_size or batch, **filled)
    names = {"optimiser": "optimiser {}", "learning_rate": "peak rate {:g}", "schedule": "schedule {}"}
    parts = [text.format(filled[name]) for name, text in names.items() if name in filled]
    if parts:
        reasons.append(f"{', '.join(parts)}: by the preset")
    if recipe.batch_size is None:
        reasons.append(f"batch {batch}: {why}")
    if recipe.epochs is None and recipe.minutes is None and recipe.steps is None:
        fewest, most = preset.epochs
        exact = preset.shown / facts.count
        epochs = preset.epochs_for(facts.count)
        chosen = replace(chosen, epochs=epochs)
        reasons.append(f"{epochs} epochs: " + (
            f"about {preset.shown:,} pictures are shown" if epochs == round(exact) else
            f"{preset.shown:,} pictures would be {exact:,.1f}; {fewest} to {most} are allowed"))
    if recipe.flip is None and single:
        reasons.append("flip off: the classes are single characters")
    if chosen.epochs and not chosen.plan:
        chosen = replace(chosen, steps=chosen.epochs * chosen.per_epoch(facts.count, chosen.batch_size or batch))
    if total := chosen.plan[0][1] if chosen.plan else chosen.steps:
        chosen, more = without_moves(chosen, recipe, total / chosen.per_epoch(facts.count, chosen.batch_size or batch))
        reasons += more
    return chosen, tuple(reasons)


def without_moves(recipe: Recipe, asked: Recipe, passes: float) -> tuple[Recipe, tuple[str, ...]]:
    """`recipe` without shifts, turns and zooms that were not `asked` for, if it makes few `passes`; and the reason.

    After a minute of Fashion-MNIST, 2.9 passes, 0.3 % more of the validation pictures were right without shifts
    (seeds 0 and 1).

    >>> recipe, reasons = without_moves(Recipe(shift=0.04, zoom=0.1), Recipe(zoom=0.1), 2.9)
    >>> recipe.shift, recipe.zoom, reasons
    (0.0, 0.1, ('pictures are not moved: each is shown 2.9 times',))
    """
    free: dict[str, Any] = {name: 0.0 for name in MOVES if getattr(asked, name) is None}
    if passes >= PASSES or not free:
        return recipe, ()
    return replace(recipe, **free), (f"pictures are not moved: each is shown {passes:.1f} times",)


def batch_for(facts: DataFacts, largest: int) -> tuple[int, str]:
    """Pictures per step, and why: a power of two, about 40 steps per pass where the pictures are few, within `MEMORY`.

    >>> batch_for(DataFacts(9_000, ("a", "b"), (224, 224), 3, memory=30_000_000), 128)
    (64, '2 GB of memory hold 66 at 30 MB each')
    """
    batch = min(largest, max(16, 2 ** round(math.log2(max(facts.count, 1) / 40))))
    fitting = MEMORY // facts.memory if facts.memory else batch
    if fitting < batch:
        each = f"{facts.memory / 1e6:,.0f} MB"
        if not fitting:
            return 1, f"one picture takes {each} of memory"
        return 2 ** (fitting.bit_length() - 1), f"{MEMORY / 1e9:g} GB of memory hold {fitting:,} at {each} each"
    if batch == largest:
        return batch, "the largest of the preset"
    return batch, f"steps in one pass over the pictures: {Recipe.per_epoch(facts.count, batch):,}"
