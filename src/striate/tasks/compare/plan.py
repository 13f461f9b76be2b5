"""Comparison plan: the settings of a comparison, and the trainings that follow from them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from striate.convnet.recipe.validation import REFUSAL, Range
from striate.core.constraints import Integer, Unfit
from striate.core.params import Refusal, check, checked, params_of
from striate.errors import UsageError, shown
from striate.stats.five_by_two_cv import REPEATS
from striate.tasks.methods import TrainingMethod, method_for
from striate.tasks.settings import Settings

MOST_MODELS, MOST_SEEDS, MOST_SIZES, MOST_PICTURES = 8, 20, 12, 1_000_000
SEEDS = 3
AT_ONCE = 2


@dataclass(frozen=True)
class TrainingPlan:
    """One training: of which model, from which seed, on how many pictures per class (None is all there are).

    `half` is None, or which half of repetition `seed` of a 5×2 cross-validation is learnt from.
    """

    model: str
    size: int | None
    seed: int
    half: int | None = None

    @property
    def name(self) -> str:
        """A unique file name."""
        part = f"half-{self.half}" if self.half is not None else f"{self.size or 'all'}"
        return f"{slug(self.model)}-{part}-seed-{self.seed}"

    @property
    def title(self) -> str:
        """Model, size and seed, for people."""
        amount = f"half {self.half + 1} of 2, repetition {self.seed + 1}" if self.half is not None else (
            f"{self.size:,} per class, seed {self.seed}" if self.size else f"seed {self.seed}")
        return f"{Path(self.model).name}, {amount}"


def bad_comparison(do: str) -> Refusal:
    """Refusal of a parameter of a comparison."""
    return Refusal("bad_comparison", "a comparison was asked for", do)


@dataclass(frozen=True)
class DifferentModels:
    """Constraint of the models of a comparison: several, each a name or a file."""

    allowed: str = f"2 to {MOST_MODELS} different models are allowed"

    def read(self, value: Any) -> tuple[str, ...]:
        """Their names as a tuple."""
        if isinstance(value, str) or not all(isinstance(one, str | Path) for one in value):
            raise ValueError
        models = tuple(map(str, value))
        if not 2 <= len(models) <= MOST_MODELS or len(set(map(slug, models))) < len(models):
            raise Unfit(given=f"{shown(', '.join(models)) or 'none'} was given")
        return models


@dataclass(frozen=True)
class PartSizes:
    """Constraint of the sizes of the training part: pictures per class, none twice."""

    allowed: str = f"up to {MOST_SIZES} different sizes from 1 to {MOST_PICTURES:,} are allowed"

    def read(self, value: Any) -> tuple[int, ...]:
        """The sizes, rising."""
        try:
            sizes = sorted({Integer(1, MOST_PICTURES).read(size) for size in value})
        except ValueError:
            sizes = []
        if len(sizes) != len(value) or len(sizes) > MOST_SIZES:
            raise Unfit(given=f"{shown(', '.join(map(str, value)))} were given")
        return tuple(sizes)


@dataclass(frozen=True)
class ComparisonPlan:
    """A comparison of `models` (names or files, as `striate train --model` takes them) on `data`.

    Attributes:
        data: a folder or the name of a known set; models: 2 to 8.
        seeds: trainings of each, from seeds 0, 1, …; sizes: pictures per class to learn from, none for all of them.
        minutes: of training for each recogniser that can be given them; five_by_two: Dietterich's 5×2 cv as well.
        split: a split file to use, or None; strict: as in `striate.load_data`.
        at_once: trainings at the same time, which share the cores; None is 2 where there are two cores.
        command: the command line.

    """

    data: str
    models: Annotated[Sequence[str], DifferentModels(), bad_comparison("Use for example --models bow,compact")]
    seeds: Annotated[int, Integer(1, MOST_SEEDS, "1 to {high} seeds are allowed"),
                     bad_comparison(f"Use --seeds {SEEDS}")] = SEEDS
    sizes: Annotated[Sequence[int], PartSizes(), bad_comparison("Use --sizes 5,10,25")] = ()
    minutes: Annotated[float | None, Range(0.01, 100_000)] = None
    five_by_two: bool = False
    split: str | None = None
    strict: bool = False
    at_once: int | None = None
    command: str = ""

    def checked(self) -> ComparisonPlan:
        """The plan as its constraints read it; refuses what cannot be (`bad_comparison`)."""
        found = check(params_of(ComparisonPlan), self, REFUSAL)
        if self.at_once is not None:
            rule = Integer(1, len(cores()), "1 to {high} trainings at once are allowed here")
            found["at_once"] = checked("at_once", self.at_once, rule, bad_comparison("Leave --at-once out"))
        return replace(self, **found)

    @property
    def largest(self) -> int | None:
        """The size that the verdict is about."""
        return max(self.sizes, default=None)

    def trainings(self) -> list[TrainingPlan]:
        """The trainings, those that take longest first; then the halves of the 5×2 cv."""
        sizes: Sequence[int | None] = sorted(self.sizes, reverse=True) or [None]
        found = [
            TrainingPlan(model, size, seed) for size in sizes for seed in range(self.seeds) for model in self.models
        ]
        if self.five_by_two:
            found += [TrainingPlan(model, None, repeat, half) for repeat in range(REPEATS) for half in (0, 1)
                      for model in self.models]
        return found

    def core_groups(self) -> list[list[int]]:
        """The cores of each training that runs at the same time."""
        every = cores()
        count = self.at_once or min(AT_ONCE, len(every))
        each = len(every) // count
        return [every[i * each : (i + 1) * each] for i in range(count)]

    def method(self, model: str, seed: int = 0) -> tuple[TrainingMethod[Any], bool]:
        """The training method of `model` with its settings, and whether it takes `minutes`; refuses invalid ones."""
        recipe: dict[str, Any] = {"seed": seed}
        if self.minutes is not None:
            try:
                return method_for(self.settings(model, recipe | {"minutes": self.minutes})), True
            except UsageError as error:
                if error.code != "option_without_use":
                    raise
        return method_for(self.settings(model, recipe)), False

    def settings(self, model: str, recipe: dict[str, Any]) -> Settings:
        """The settings of a run of `model`."""
        return Settings(self.data, model, self.split, strict=self.strict, recipe=recipe)


def cores() -> list[int]:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def slug(model: str) -> str:
    """A file name for a model: its own name, and of a file some digits of its path.

    >>> slug("bow"), slug("nets/my net.yaml")
    ('bow', 'my-net-672ec1')
    """
    stem = re.sub(r"[^\w.]+", "-", Path(re.sub(r"\.(ya?ml|json|prototxt)$", "", model)).name).strip("-.") or "model"
    if stem == model:
        return stem[:60]
    return f"{stem[:60]}-{sha256(model.encode('utf-8', 'surrogateescape')).hexdigest()[:6]}"


def file_hash(model: str) -> str | None:
    """A hash of the file that `model` names; None for a name."""
    path = Path(model)
    return sha256(path.read_bytes()).hexdigest() if path.is_file() and path.suffix else None


def sizes_in(text: str | None) -> tuple[int, ...]:
    """`5,10,25` as numbers; refuses anything else (`bad_comparison`).

    >>> sizes_in("25, 5"), sizes_in(None)
    ((5, 25), ())
    """
    parts = [part.strip() for part in (text or "").split(",") if part.strip()]
    if not all(part.isascii() and part.isdecimal() and len(part) < 9 for part in parts):
        raise UsageError("bad_comparison", "sizes of the training part were asked for",
                         allowed="whole numbers of pictures per class are allowed",
                         given=f"{shown(str(text), 60)} was given", do="Use --sizes 5,10,25")
    return tuple(sorted(map(int, parts)))


