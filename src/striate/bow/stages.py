"""Stages of a bag of words: presets by name, and YAML files of stages.

```yaml
sift: {bin_sizes: [4, 6, 8], step: 4}
encoder: {fisher: {components: 64}}
pyramid: {grids: [[1, 1], [3, 1]], weights: equal, normalise: [power, l2]}
classifier: {linear_svm: {kernel: linear}}
```
A stage left out is that of `bow` for pictures of that size: they are small under 128 pixels on the short side. Settings
are those of the estimators, and each stage checks its own when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from striate.bow.encoders import ENCODERS, Encoder, Fisher, Hard
from striate.bow.pyramid import SpatialPyramid
from striate.bow.sift import DenseSIFT
from striate.classifiers import CLASSIFIERS, KNN, Classifier, LinearSVM
from striate.classifiers.kernels import KERNELS
from striate.core import bounded_text
from striate.core.estimator import Estimator
from striate.core.params import check_params
from striate.errors import MissingError, UsageError, shown

ESTIMATORS: Mapping[str, Mapping[str, type[Estimator]]] = MappingProxyType({
    "sift": {"sift": DenseSIFT}, "encoder": ENCODERS, "pyramid": {"pyramid": SpatialPyramid},
    "classifier": CLASSIFIERS,
})
SIGNED = ("vlad", "fisher")  # encoders whose vectors have negative values
RUN_ONLY = ("threads", "seed")  # settings that the recogniser gives to every stage
MOST = 1 << 53  # the largest number in a file of stages: larger integers are no floats


@dataclass(frozen=True)
class Stages:
    """The four pipeline steps as unfitted estimators."""

    sift: DenseSIFT
    encoder: Encoder
    pyramid: SpatialPyramid
    classifier: Classifier

    def __post_init__(self) -> None:
        for stage in ESTIMATORS:
            kind_of(stage, getattr(self, stage))

    def checked(self) -> Self:
        """These stages, after a check of each and of their combination; raises `UsageError`, whatever the pictures."""
        for stage in ESTIMATORS:
            check_params(getattr(self, stage))
        kernel = self.classifier.kernel
        kind = kind_of("encoder", self.encoder)
        for name, given, allowed in (("kernel", kernel, ("linear",) if kind in SIGNED else tuple(KERNELS)),
                                     ("pool", self.pyramid.pool, self.encoder.POOLS)):
            if given not in allowed:
                raise UsageError("stages_apart", f"the {kind} encoder was to be used with {name} {given}",
                                 allowed=f"{', '.join(allowed)} suits it", given="its numbers have signs"
                                 if name == "kernel" else f"it cannot pool by {given}", do=f"Use {allowed[0]}")
        return self

    def as_dict(self) -> dict[str, Any]:
        """JSON values: `{stage: settings}`, or `{stage: {kind: settings}}` where there are several kinds.

        >>> PRESETS["bow-knn"](small=True).as_dict()["classifier"]
        {'knn': {'k': None, 'kernel': 'hellinger'}}
        """
        return {stage: stage_settings(stage, getattr(self, stage)) for stage in ESTIMATORS}

    @classmethod
    def from_dict(cls, values: object, small: bool = False) -> Self:
        """The stages that `as_dict` gave; raises ValueError with a sentence on what is wrong.

        A stage left out is that of `bow` for photographs, or for `small` pictures.
        """
        strange = [str(key) for key in values if key not in ESTIMATORS] if isinstance(values, dict) else [str(values)]
        if strange:
            raise ValueError(f"it has no stage {shown(', '.join(strange), 60)}; it must be a mapping of "
                             f"{', '.join(ESTIMATORS)}")
        assert isinstance(values, dict)
        usual = PRESETS["bow"](small)
        return cls(**{stage: estimator_of(stage, values[stage]) if stage in values else getattr(usual, stage)
                      for stage in ESTIMATORS})


def stage_settings(stage: str, estimator: Estimator) -> dict[str, Any]:
    """The settings of an estimator as JSON values, under the name of its kind where its stage has several."""
    settings = {name: _json_value(value) for name, value in estimator.get_params(deep=False).items()
                if name not in RUN_ONLY}
    return settings if len(ESTIMATORS[stage]) == 1 else {kind_of(stage, estimator): settings}


def kind_of(stage: str, estimator: Estimator) -> str:
    """The name of an estimator among those of its stage; refuses other classes (`strange_stage`)."""
    for name, kind in ESTIMATORS[stage].items():
        if type(estimator) is kind:
            return name
    names = [kind.__name__ for kind in ESTIMATORS[stage].values()]
    raise UsageError("strange_stage", f"{stage} of a bag of words was set",
                     allowed=f"{', '.join(names)} {'are' if len(names) > 1 else 'is'} allowed",
                     given=f"{shown(type(estimator).__name__)} was given", do="Give one of these, or none")


def estimator_of(stage: str, values: object) -> Any:
    """The inverse of `stage_settings`; raises ValueError with a sentence on what is wrong."""
    kinds = ESTIMATORS[stage]
    if len(kinds) == 1:
        name, settings = stage, values
    else:
        if isinstance(values, str):
            values = {values: {}}
        if not isinstance(values, dict) or len(values) != 1 or next(iter(values)) not in kinds:
            raise ValueError(f"{stage} must be one of {', '.join(kinds)}, with its settings")
        name, settings = next(iter(values.items()))
    known = [key for key in kinds[name]().get_params(deep=False) if key not in RUN_ONLY]
    settings = {} if settings is None else settings
    if not isinstance(settings, dict) or not set(settings) <= set(known):
        strange = [str(key) for key in settings if key not in known] if isinstance(settings, dict) else [str(settings)]
        raise ValueError(f"{name} has no setting {shown(', '.join(strange), 60)}; it has {', '.join(known)}")
    return kinds[name](**{key: _from_json(value) for key, value in settings.items()})


def stages_named(spec: str | Path, small: bool = False) -> Stages:
    """The stages of a name in `PRESETS` or of a YAML file, for photographs or for `small` pictures.

    Raises `UsageError` (`bad_stages`) and `MissingError` (`no_stages`).
    """
    if str(spec) in PRESETS:
        return PRESETS[str(spec)](small)
    asked = f"the stages {shown(spec)} were asked for"
    do = "Give sift, encoder, pyramid and classifier with their settings, or one of " + ", ".join(PRESETS)
    if not _is_file(spec):
        raise MissingError("no_stages", asked, given="there is no such file and no such name", do=do)
    try:
        return Stages.from_dict(bounded_text.load_settings(Path(spec)), small)
    except bounded_text.REFUSALS as error:
        raise UsageError("bad_stages", asked, allowed="a YAML file of stages is allowed", given=shown(str(error), 300),
                         do=do) from error


def names_stages(spec: str | Path) -> bool:
    """Whether `spec` is a name of `PRESETS`, or a YAML file that is no network."""
    if str(spec) in PRESETS:
        return True
    if Path(spec).suffix.lower() not in (".yaml", ".yml") or not _is_file(spec):
        return False
    try:
        values = bounded_text.load_settings(Path(spec))
    except bounded_text.REFUSALS:
        return False  # the reader of networks refuses it
    return isinstance(values, dict) and not values.keys() & {"layers", "input"}


def seeded(estimator: Any, seed: int, threads: int | None = None) -> Any:
    """An unfitted copy with `seed` and `threads`, where it has such settings."""
    from sklearn.base import clone  # here, because it takes half a second that predicting need not wait for

    given = {"seed": seed, "threads": threads}
    copy = clone(estimator)
    return copy.set_params(**{name: given[name] for name in RUN_ONLY if name in copy.get_params(deep=False)})


def _json_value(value: Any) -> Any:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_json_value(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_from_json(item) for item in value)
    if value is None or isinstance(value, str) or (isinstance(value, int | float) and abs(value) <= MOST):
        return value
    raise ValueError(f"{shown(str(value), 60)} cannot be set; words, numbers up to 2**53 and lists of them can")


def _is_file(spec: str | Path) -> bool:
    with suppress(OSError):  # a name may be longer than the system allows
        return Path(spec).is_file()
    return False


def _bow(small: bool) -> Stages:
    pyramid = SpatialPyramid(weights="equal")
    return Stages(DenseSIFT(), Hard(200 if small else 1000, iterations=25), pyramid, LinearSVM("hellinger"))


def _bow_knn(small: bool) -> Stages:
    return replace(_bow(small), classifier=KNN("hellinger"))


def _bow_fisher(small: bool) -> Stages:
    grids = ((1, 1), (3, 3)) if small else ((1, 1), (2, 2), (3, 1))
    encoder = Fisher(16, 32) if small else Fisher(128, 64)
    pyramid = SpatialPyramid(grids, weights="equal", normalise=("region_l2", "power", "l2"))
    return Stages(DenseSIFT() if small else DenseSIFT(points=64), encoder, pyramid, LinearSVM("linear"))


def _bow_fisher_quick(small: bool) -> Stages:
    usual = _bow_fisher(small)
    return usual if small else replace(usual, sift=DenseSIFT(points=32), encoder=Fisher(32, 64))


# Chosen by cross-validation on the training pictures of Scene-15, and for small pictures of Fashion-MNIST and digits.
PRESETS: Mapping[str, Callable[[bool], Stages]] = MappingProxyType({
    "bow": _bow, "bow-knn": _bow_knn, "bow-fisher": _bow_fisher, "bow-fisher-quick": _bow_fisher_quick,
})
