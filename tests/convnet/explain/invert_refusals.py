"""What an inversion says no to."""

from collections.abc import Callable
from pathlib import Path

from striate import Dense, Input, Network
from striate.convnet.explain.invert import invert
from striate.convnet.explain.target import Target
from tests.convnet.explain.nets import explained, picture


def asked(**settings: float) -> object:
    model = explained(Network(Dense(2, name="fc")(Input(1, 8, 9))))
    return invert(model, picture(model), Target("fc"), **settings)  # type: ignore[arg-type]


REFUSALS: dict[str, Callable[[Path], object]] = {
    "no step of descent": lambda _: asked(steps=0),
    "variation below zero": lambda _: asked(variation=-1.0),
}
