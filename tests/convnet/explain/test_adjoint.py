"""Adjointness: ⟨Lx, y⟩ = ⟨x, Lᵀy⟩ for every linear layer, and for maximum pooling with its switches fixed."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from striate.arch import (
    Add,
    BatchNorm,
    Concat,
    Conv,
    Deconv,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Input,
    Layer,
    Network,
    Pad,
    Pool,
    Reshape,
    Scale,
    Slice,
    TableConv,
)
from striate.arch.reference import activations
from striate.convnet.build.operations import max_pool_switches
from striate.convnet.explain.backward import ForwardPass
from striate.convnet.explain.rules import RULES
from striate.errors import NetworkError
from tests.convnet.explain.nets import explained
from tests.examples import examples
from tests.oracles.witness import weights_for

BOUND = {torch.float32: 1e-6, torch.float64: 1e-13}
sides, pads = st.integers(1, 4), st.integers(0, 3)
kernels, strides, dilations = (st.tuples(st.integers(1, 5), st.integers(1, 5)), st.tuples(sides, sides),
                               st.tuples(st.integers(1, 3), st.integers(1, 3)))
uneven, groups = st.tuples(st.tuples(pads, pads), st.tuples(pads, pads)), st.sampled_from([1, 2, 3, 6])
paddings, filters = st.just("same") | uneven, st.sampled_from([6, 12])
modes, roundings = st.sampled_from(["max", "average"]), st.sampled_from(["floor", "ceil"])
LINEAR = {
    "conv": st.builds(Conv, filters, kernels, strides, paddings, dilations, groups),
    "deconv": st.builds(Deconv, filters, kernels, strides, uneven, dilations, groups),
    "table_conv": st.builds(lambda rows, *more: TableConv(tuple(tuple(sorted(row)) for row in rows), *more),
                            st.lists(st.sets(st.integers(0, 5), min_size=1), min_size=1, max_size=5), kernels, strides,
                            paddings),
    "pool": st.builds(Pool, st.tuples(st.integers(4, 5), st.integers(4, 5)), strides, paddings, modes, roundings,
                      st.booleans())
            | st.builds(Pool, kernels, strides, st.sampled_from([0, "same"]), modes, roundings),
    "global_pool": st.builds(GlobalPool, modes),
    "pad": st.builds(Pad, uneven),
    "others": st.sampled_from([Dense(7), Flatten(), Reshape((3, -1, 0)), BatchNorm(), Scale(), Dropout(0.5),
                               Slice(1, 3), Add((2.0, -0.5)), Concat()]),
}


@pytest.mark.parametrize("dtype", BOUND)
@pytest.mark.parametrize("kind", LINEAR)
@examples(160)
@given(st.data())
def test_what_goes_back_is_the_adjoint_of_what_went_forward(kind: str, dtype: torch.dtype, data: st.DataObject) -> None:
    layer, rule = data.draw(LINEAR[kind]), data.draw(st.sampled_from(list(RULES)))
    start = Input(6, data.draw(st.integers(5, 13)), data.draw(st.integers(5, 11)))
    try:
        network = Network(layer(start, start) if layer.merges else layer(start))
    except NetworkError:  # a window that does not fit, or reads padding only
        return
    weights = {name: np.zeros_like(value) if name.endswith(("bias", "running_mean")) else value
               for name, value in weights_for(network).items()}
    model = explained(network)
    model.net.to(dtype).load_state_dict({name: torch.as_tensor(value) for name, value in weights.items()})
    random, (name,) = np.random.default_rng(0), [network.nodes[-1].name]
    x, y = random.normal(size=(1, *start)), random.normal(size=(1, *network.output))
    forward = ForwardPass.of(model, torch.as_tensor(x, dtype=dtype), [name], rule)
    back = forward.back(name, torch.as_tensor(y, dtype=dtype)).double().numpy()
    other = random.normal(size=x.shape)  # the map is linear: another picture tells as much, through the same switches
    went = linear(layer, network, weights, x, other)
    assert abs((went * y).sum() - (other * back).sum()) <= BOUND[dtype] * np.linalg.norm(went) * np.linalg.norm(y)


def linear(layer: Layer, network: Network, weights: dict[str, np.ndarray], x: np.ndarray,
           other: np.ndarray) -> np.ndarray:
    """`other` through the layer, by loops in float64; a maximum pooling takes the pixels that won in `x`."""
    if getattr(layer, "mode", "") == "max":
        switches = max_pool_switches(layer, torch.as_tensor(x))[1].numpy()
        return np.take_along_axis(other.reshape(1, len(other[0]), -1), switches.reshape(1, len(other[0]), -1),
                                  2).reshape(switches.shape)
    return activations(network, weights, other)[network.nodes[-1].name]


def test_switches_are_where_the_reference_finds_the_maxima() -> None:
    layer = Pool(3, 2, ((2, 1), (0, 2)), rounding="ceil")
    x = np.random.default_rng(0).normal(size=(1, 2, 8, 9))
    network = Network(replace(layer)(Input(2, 8, 9)))
    assert (linear(layer, network, {}, x, x) == activations(network, {}, x)["pool1"]).all()
