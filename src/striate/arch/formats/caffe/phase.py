"""Phases of a Caffe network: selection of layers by their include and exclude rules."""

from __future__ import annotations

from typing import Any

from striate.arch.formats.caffe.layer_names import legal_name
from striate.core.constraints import OneOf
from striate.core.params import Refusal, checked
from striate.errors import NetworkError

PHASES = ("TRAIN", "TEST")
TEST = PHASES.index("TEST")
UNKNOWN = Refusal("unknown_phase", "a {name} of a Caffe network was asked for", "Write TEST", NetworkError)


def layers_in_phase(net: Any, layers: list[Any], phase: str) -> list[Any]:
    """The layers of `phase`, `TRAIN` or `TEST`, at the level and stages of the file's own state."""
    checked("phase", phase, OneOf(*PHASES), UNKNOWN)
    number, stages = PHASES.index(phase), frozenset(net.state.stage)
    found = [layer for layer in layers if _is_in(layer, number, net.state.level, stages)]
    for layer in found:
        if not layer.HasField("phase"):  # Caffe sets the phase of each layer, too
            layer.phase = number
    return found


def _is_in(layer: Any, phase: int, level: int, stages: frozenset[str]) -> bool:
    if layer.include and layer.exclude:
        raise NetworkError("two_rules", f"{legal_name(layer.name)}: a layer in some phases was asked for",
                           allowed="include or exclude is allowed", given="both were given", do="Leave one out")
    if layer.include:
        return any(_meets(rule, phase, level, stages) for rule in layer.include)
    return not any(_meets(rule, phase, level, stages) for rule in layer.exclude)


def _meets(rule: Any, phase: int, level: int, stages: frozenset[str]) -> bool:
    return (
        (not rule.HasField("phase") or rule.phase == phase)
        and (not rule.HasField("min_level") or level >= rule.min_level)
        and (not rule.HasField("max_level") or level <= rule.max_level)
        and stages.issuperset(rule.stage) and stages.isdisjoint(rule.not_stage)
    )
