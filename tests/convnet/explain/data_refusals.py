"""What the explanations of many pictures say no to."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from striate.arch import Conv, Dense, Input, Network, ReLU
from striate.convnet.explain.embedding import embedding
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.probe import probe
from striate.convnet.explain.strongest import strongest
from striate.convnet.explain.target import Target
from tests.convnet.explain.look_sets import LookSet, noise
from tests.convnet.explain.nets import explained


def net() -> ExplainedNet:
    x = ReLU(name="relu")(Conv(2, 3, name="conv")(Input(3, 6, 6)))
    return explained(Network(Dense(2, name="scores")(x), name="small"))


def dead() -> ExplainedNet:
    made = net()
    made.net.state_dict()["conv.bias"].fill_(-1000)
    return made


def one_class() -> LookSet:
    return LookSet(noise(9, 6).pictures.images, np.zeros(9, np.int64))


REFUSALS: dict[str, Callable[[Path], object]] = {
    "a map of nine pictures": lambda _: embedding(net(), noise(9, 6), Target("scores")),
    "a map of dead features": lambda _: embedding(dead(), noise(10, 6), Target("scores")),
    "a probe of one class": lambda _: probe(net(), one_class(), Target("scores")),
    "the strongest of no unit": lambda _: strongest(net(), noise(9, 6), Target("relu", 2)),
    "the strongest of no layer": lambda _: strongest(net(), noise(9, 6), Target("pool", 0)),
}
