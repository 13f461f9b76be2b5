"""Refusals of the filters of a layer."""

from collections.abc import Callable
from pathlib import Path

from striate import Add, Conv, Dense, Input, Network
from striate.convnet.explain.filters import filters
from striate.convnet.explain.target import Target
from tests.convnet.explain.nets import explained

X = Input(1, 6, 6)
NET = Network(Dense(2)(Add(name="add")(Conv(2, 3, name="a")(X), Conv(2, 3, name="b")(X))))

REFUSALS: dict[str, Callable[[Path], object]] = {
    "no_filters": lambda _: filters(explained(NET), Target("add")),
}
