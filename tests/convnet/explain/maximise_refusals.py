"""What a gradient ascent says no to."""

from collections.abc import Callable
from pathlib import Path

from striate import Dense, Input, Network
from striate.convnet.explain.maximise import maximise
from striate.convnet.explain.target import Target
from tests.convnet.explain.nets import explained


def asked(**settings: object) -> object:
    return maximise(explained(Network(Dense(2, name="fc")(Input(1, 8, 9)))), Target("fc"), **settings)  # type: ignore[arg-type]


REFUSALS: dict[str, Callable[[Path], object]] = {
    "no step": lambda _: asked(steps=0),
    "units that a layer lacks": lambda _: asked(units=[0, 2]),
}
