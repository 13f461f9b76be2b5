"""Passes of which only the changed part is computed say what whole passes say."""

import numpy as np
import pytest
import torch

from striate import load_network
from striate.arch import (
    LRN,
    Add,
    BatchNorm,
    Concat,
    Conv,
    Dense,
    Dropout,
    GlobalPool,
    Input,
    Network,
    Pad,
    Pool,
    ReLU,
    Sigmoid,
)
from striate.arch.volume import Volume
from striate.convnet.inference import changed_regions
from striate.convnet.inference.changed_regions import ChangedRegions
from striate.convnet.inference.fold_batch_norm import fold_upright
from tests.convnet.pretrained.small import filled


def chain(x: Volume, *layers) -> Volume:  # type: ignore[no-untyped-def]
    for layer in layers:
        x = layer(x)
    return x


def branches() -> Volume:
    x = chain(Input(3, 47, 53), Conv(6, 3, 2, padding="same"), BatchNorm(), ReLU(limit=6))
    same = chain(x, Conv(6, 5, 1, 2, groups=6), BatchNorm(), ReLU())
    return chain(Concat()(Add()(x, same), Conv(4, 1)(x)), ReLU(), Conv(5, 3, 2, dilation=2), GlobalPool(), Dense(4))


NETS = {
    "pools": chain(Input(3, 41, 37), Conv(5, 5, 2), ReLU(), LRN(3), Pool(3, 2, rounding="ceil"), Conv(4, 3, padding=1),
                   ReLU(), Pool(2, 2, mode="average"), Dense(3)),
    "ceil": chain(Input(3, 40, 40), Conv(5, 4), Pool(2, 2, mode="average", rounding="ceil"), Conv(4, 3), Dense(3)),
    "padded": chain(Input(1, 40, 40), Pad(((0, 1), (2, 3))), Conv(5, 3), Pool(3, 2, padding=1), Sigmoid(),
                    Pool(3, 1, padding=1, mode="average"), Dropout(0.5), Conv(3, 1, 3), LRN(3, region="within"),
                    Dense(3)),
    "branches": branches(),
    "one position": chain(Input(3, 9, 9), Conv(5, 9), ReLU(), Dense(3)),
    "stepped over": chain(Input(3, 33, 33), Conv(5, 1, 7), ReLU(), Conv(3, 2), Dense(3)),
}


@pytest.mark.parametrize("whole", [0.6, 2.0], ids=["as used", "rectangles to the end"])
@pytest.mark.parametrize("name", NETS)
def test_only_the_changed_part_is_computed_and_nothing_differs(
        name: str, whole: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changed_regions, "WHOLE", whole)
    net = filled(Network(NETS[name])).eval()
    kept = [net.path[1].name, net.output]
    draws = np.random.default_rng(0)
    channels, height, width = net.network.input
    x = torch.from_numpy(draws.normal(size=(1, channels, height, width)).astype(np.float32))
    side = 5
    rows = np.array([0, height - side, height - side, *draws.integers(0, height - side, 8)])
    columns = np.array([0, width - side, 0, *draws.integers(0, width - side, 8)])
    new = torch.from_numpy(draws.normal(size=(len(rows), channels, side, side)).astype(np.float32)) * 3
    copies = x.repeat(len(rows), 1, 1, 1)
    for i, (row, column) in enumerate(zip(rows, columns, strict=True)):
        copies[i, :, row : row + side, column : column + side] = new[i]
    with torch.inference_mode():
        wanted = net.activations(copies, kept).volumes
        found = ChangedRegions(fold_upright(net, kept), x, kept)(new, (rows, columns))
    for layer in kept:
        largest = float(wanted[layer].abs().max())
        assert torch.allclose(found[layer], wanted[layer], rtol=1e-4, atol=1e-5 * largest), layer


def test_early_layers_compute_a_small_part() -> None:
    net = fold_upright(filled(load_network("lenet_caffe")).eval(), ["conv1"])
    areas = []
    plain = net.module_of("conv1").forward
    net.module_of("conv1").forward = lambda x, padded=False: (  # type: ignore[method-assign]
        areas.append(tuple(x.shape[2:])) or plain(x, padded=padded))
    with torch.inference_mode():
        passes = ChangedRegions(net, torch.zeros(1, 1, 28, 28), ["conv1"])
        passes(torch.ones(2, 1, 3, 3), (np.array([4, 20]), np.array([9, 25])))
    assert areas == [(28, 28), (11, 11)]  # 11 = 3 + 2·(5 − 1): what the windows read that reach 3 pixels


def test_what_is_fused_away_has_no_volume_of_its_own() -> None:
    x = ReLU(name="relu")(Conv(3, 3, name="conv")(Input(1, 9, 9)))
    net = fold_upright(filled(Network(Dense(2, name="scores")(x))))
    with torch.inference_mode():
        base = ChangedRegions(net, torch.ones(1, 1, 9, 9), ["scores"]).base
    assert base["conv"].data_ptr() == base["relu"].data_ptr()
