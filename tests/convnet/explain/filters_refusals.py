"""Refusals of the filters of a layer."""

from collections.abc import Callable
from pathlib import Path

from striate import Add, Conv, Dense, Input, Network, Transfer
from striate.convnet.explain.explained_net import HEAD, ExplainedNet
from striate.convnet.explain.filters import filters
from striate.convnet.explain.target import Target
from tests.convnet.explain.nets import explained
from tests.convnet.pretrained.small import pictures, saved

X = Input(1, 6, 6)
NET = Network(Dense(2)(Add(name="add")(Conv(2, 3, name="a")(X), Conv(2, 3, name="b")(X))))


def with_head(folder: Path) -> Transfer:
    net, weights = saved(folder)
    return Transfer(net, weights=weights).fit(*pictures())


REFUSALS: dict[str, Callable[[Path], object]] = {
    "no_filters of the picture": lambda _: filters(explained(NET), Target("input")),
    "no_filters of a head": lambda folder: filters(ExplainedNet.of(with_head(folder)), Target(HEAD)),
    "no_filters": lambda _: filters(explained(NET), Target("add")),
}
