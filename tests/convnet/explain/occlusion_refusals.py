"""What an occlusion says no to."""

from collections.abc import Callable
from pathlib import Path

from striate import Dense, Input, Network
from striate.convnet.explain.occlusion import occlusion
from striate.convnet.explain.target import Target
from tests.convnet.explain.nets import explained, picture


def asked(**settings: int) -> object:
    model = explained(Network(Dense(2, name="fc")(Input(1, 8, 9))))
    return occlusion(model, picture(model), Target("fc", 0), **settings)


REFUSALS: dict[str, Callable[[Path], object]] = {
    "window larger than the picture": lambda _: asked(window=9),
    "windows that leave pixels out": lambda _: asked(window=4, stride=5),
}
