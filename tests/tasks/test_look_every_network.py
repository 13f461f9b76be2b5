"""Looking into networks of every dialect and shape: what each method finds, or the sentence why there is nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import striate
from striate import Conv, ConvNet, Dense, GlobalPool, Input, Network, Pool, ReLU, Sigmoid, Softmax, Transfer
from striate.convnet.explain.methods import METHODS_OF_LOOK
from striate.report.look_network import render_look
from striate.report.network_look_result import NetworkLookResult
from striate.tasks.convert import convert
from tests.convnet.pretrained.small import pictures, saved
from tests.report.reader import Page

OF_PICTURE = [name for name, row in METHODS_OF_LOOK.items() if row.needs != "data"]


def plain(channels: int = 3, side: int = 16, classes: int = 3, width: int = 6, final: bool = False) -> Network:
    """Two convolutions with ReLUs and a dense layer."""
    x = Pool(2, name="pool1")(ReLU(name="relu1")(Conv(width, 3, padding=1, name="conv1")(Input(channels, side, side))))
    x = Dense(classes, name="fc")(Pool(2, name="pool2")(ReLU(name="relu2")(Conv(width, 3, name="conv2")(x))))
    return Network(Softmax(name="prob")(x) if final else x, name="plain")


def through(to: str, ending: str, folder: Path) -> Network:
    """The plain network, written in a dialect and read from it."""
    plain_file = folder / "plain.json"
    plain_file.write_text(json.dumps(plain(final=True).to_dict()))
    convert(plain_file, folder / f"net{ending}", to=to)
    return striate.load_network(folder / f"net{ending}")


class Module(nn.Module):
    """A torch module whose ReLU is a function and used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3, stride=2)
        self.last = nn.Linear(5 * 6 * 6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.first(x))
        return self.last(torch.relu(self.second(x)).flatten(1))


def no_relu() -> Network:
    x = Sigmoid(name="squash")(Conv(4, 3, name="conv1")(Input(3, 16, 16)))
    return Network(Dense(3, name="fc")(GlobalPool(name="mean")(x)), name="no_relu")


def with_head() -> Network:
    x = ReLU(name="relu1")(Conv(4, 3, name="conv1")(Input(3, 16, 16)))
    head = Dense(3, name="aux")(GlobalPool(name="aux_mean")(x))
    x = ReLU(name="relu2")(Conv(4, 3, name="conv2")(x))
    return Network(Dense(3, name="fc")(GlobalPool(name="mean")(x)), name="with_head", auxiliary=[(head, 0.3)])


NETWORKS: dict[str, Callable[[Path], Network]] = {
    "prototxt": partial(through, "caffe", ".prototxt"),
    "keras": partial(through, "keras", ".json"),
    "yaml": partial(through, "yaml", ".yaml"),
    "from_torch": lambda _: striate.from_torch(Module(), Input(3, 16, 16)),
    "zoo, grey 28x28": lambda _: striate.load_network("lenet_caffe"),
    "zoo, without a window in its last layers": lambda _: striate.load_network("lenet5"),
    "one channel of maps": lambda _: plain(width=1),
    "two classes": lambda _: plain(classes=2),
    "four classes": lambda _: plain(classes=4),
    "a final softmax": lambda _: plain(final=True),
    "no ReLU": lambda _: no_relu(),
    "auxiliary heads": lambda _: with_head(),
    "dense layers only": lambda _: Network(Dense(3, name="fc2")(ReLU(name="relu")(Dense(8, name="fc1")(
        Input(1, 8, 8)))), name="dense"),
    "one layer": lambda _: Network(Dense(2, name="fc")(Input(1, 8, 8)), name="one"),
}


def fitted(network: Network) -> tuple[ConvNet, np.ndarray]:
    """The network after one epoch on a few random pictures, and one of them."""
    channels, height, width = network.input
    count = network.output.size
    pictures = np.random.default_rng(0).integers(0, 256, (2 * count, height, width, channels), np.uint8)
    return ConvNet(network, epochs=1, seed=0).fit(pictures, [i % count for i in range(2 * count)]), pictures[0]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_method_says_something_of_every_network(name: str, tmp_path: Path) -> None:
    model, picture = fitted(NETWORKS[name](tmp_path))
    found = striate.look(model, picture, show=OF_PICTURE)
    assert isinstance(found, NetworkLookResult)
    json.dumps(found.as_dict(), allow_nan=False)
    page = Page(render_look(found))
    refused = {panel.method: panel.refused for panel in found.panels if panel.refused}
    for panel in found.panels:
        assert panel.refused or panel.maps
        assert (panel.refused or panel.evidence) in page.text[panel.method]
    assert refused.keys() == REFUSED.get(name, set()), refused
    assert found.layer in found.layers
    for one in found.explanations.values():
        assert np.isfinite(one.array).all()


REFUSED: dict[str, set[str]] = {
    "zoo, without a window in its last layers": {"guided", "deconvnet"},  # tanh
    "no ReLU": {"guided", "deconvnet"},
}


def scores_at_positions() -> Network:
    """Four classes, which are the positions of one map."""
    x = ReLU(name="relu1")(Conv(4, 3, name="conv1")(Input(3, 16, 16)))
    return Network(Conv(1, 13, name="conv2")(x), name="positions")


def test_scores_may_be_the_positions_of_a_map() -> None:
    model, picture = fitted(scores_at_positions())
    name = str(model.classes_[2])
    found = striate.look(model, picture, show="class_evidence,gradient,occlusion,faithfulness,sanity", class_name=name)
    assert isinstance(found, NetworkLookResult)
    assert not {panel.method: panel.refused for panel in found.panels if panel.refused}
    assert {found.explanations[panel.method].unit for panel in found.panels} == {name}
    evidence = found.explanations["class_evidence"]
    assert evidence.array.shape == (14, 14)
    assert evidence.array.sum() + evidence.bias == pytest.approx(evidence.total, rel=1e-4, abs=1e-5)
    named = striate.look(model, picture, show="gradient,grad_cam,occlusion,dot_product", layer="conv2", unit="0,1,0")
    assert isinstance(named, NetworkLookResult)
    assert {named.explanations[panel.method].unit for panel in named.panels} == {name}


def test_a_unit_of_the_last_layer_of_a_transfer_with_neighbours(tmp_path: Path) -> None:
    net, weights = saved(tmp_path)
    some, names = pictures()
    model = Transfer(net, weights=weights, head="knn").fit(some, names)
    last = model.features_.network.nodes[-1].name
    found = striate.look(model, some[0], show=OF_PICTURE, layer=last, unit=7)  # of 8 units, and of two classes
    assert isinstance(found, NetworkLookResult)
    assert {panel.method for panel in found.panels if panel.refused} == {"filters", "class_evidence", "faithfulness"}
    assert {found.explanations[name].unit for name in ("gradient", "dot_product", "grad_cam", "deconvnet")} == {"7"}
    assert found.explanations["occlusion"].layer is None
    assert found.explanations["occlusion"].unit == found.label
    render_look(found)


@pytest.mark.slow
def test_a_colour_network_of_224_pixels() -> None:
    model, picture = fitted(plain(side=224))
    found = striate.look(model, picture)
    assert isinstance(found, NetworkLookResult)
    assert not any(panel.refused for panel in found.panels)
