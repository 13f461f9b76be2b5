"""Traits of layer kinds: every kind has them, and they are those of the reference implementation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from striate.arch import LAYERS
from striate.arch.layer_traits import ELEMENTWISE, KEEPS_SIGN, OWN_CHANNEL, SAME_VALUES, TRAITS
from striate.arch.reference import apply
from tests.arch.table import TABLE

Array = NDArray[np.float64]
# Kinds that are so with some settings: a convolution in as many groups as channels, an LRN within each map, a sum.
WITH_SOME_SETTINGS = {"conv", "lrn", "add", "tanh"}


def computed(name: str) -> tuple[Callable[..., Array], list[Array]]:
    """The function of a row's layer, with random weights, and random inputs."""
    row, draw = TABLE[name], np.random.default_rng(3)
    weights = {key: draw.normal(size=shape) for key, shape in row.tensors.items()}
    if "running_var" in weights:
        weights["running_var"] = np.abs(weights["running_var"])
    return (lambda *inputs: apply(row.layer, weights, *inputs)), [draw.normal(size=(1, *one)) for one in row.inputs]


def agree(found: bool, name: str, kinds: frozenset[str]) -> None:
    kind = TABLE[name].layer.kind
    assert found == (kind in kinds) or (found and kind in WITH_SOME_SETTINGS)


def test_every_kind_of_layer_has_its_traits() -> None:
    assert TRAITS.keys() == LAYERS.keys()


@pytest.mark.parametrize("name", TABLE)
def test_one_value_makes_the_one_at_its_place(name: str) -> None:
    function, (first, *others) = computed(name)
    changed = first.copy()
    changed[0, 1, 2, 2] += 0.5
    before, after = function(first, *others), function(changed, *others)
    alone = before.shape == first.shape and {tuple(at) for at in np.argwhere(before != after)} <= {(0, 1, 2, 2)}
    assert (alone and not others) == (TABLE[name].layer.kind in ELEMENTWISE)


@pytest.mark.parametrize("name", TABLE)
def test_the_values_stay_in_their_order(name: str) -> None:
    function, inputs = computed(name)
    assert np.array_equal(function(*inputs).ravel(), inputs[0].ravel()) == (TABLE[name].layer.kind in SAME_VALUES)


@pytest.mark.parametrize("name", TABLE)
def test_a_channel_reads_its_own_alone(name: str) -> None:
    function, inputs = computed(name)
    own = []
    for place, one in enumerate(inputs):
        changed = one.copy()
        changed[:, 1] += np.random.default_rng(4).normal(size=changed[:, 1].shape)
        before = function(*inputs)
        after = function(*inputs[:place], changed, *inputs[place + 1 :])
        own.append(before.shape[1] == one.shape[1] and set(np.argwhere(before != after)[:, 1].tolist()) <= {1})
    agree(all(own), name, OWN_CHANNEL)


@pytest.mark.parametrize("name", TABLE)
def test_values_of_0_or_more_make_such_and_zeros_zeros(name: str) -> None:
    function, inputs = computed(name)
    sizes = [np.abs(one) for one in inputs]
    kept = bool((function(*sizes) >= 0).all()) and not function(*(one * 0 for one in inputs)).any()
    agree(kept, name, KEEPS_SIGN)
