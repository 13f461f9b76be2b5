"""What a sanity check says no to."""

from collections.abc import Callable
from pathlib import Path

from striate import Dense, Input, Network, ReLU
from striate.convnet.explain.sanity import sanity
from striate.convnet.explain.target import Target
from tests.convnet.explain.nets import explained, picture


def asked(**settings: int) -> object:
    model = explained(Network(Dense(2, name="fc")(Input(1, 8, 9))))
    return sanity(model, picture(model), Target("fc", 0), **settings)


def silent(_: Path) -> object:
    network = Network(Dense(2, name="fc")(ReLU()(Dense(3, name="hidden")(Input(1, 8, 9)))))
    model = explained(network, tensors={"hidden.bias": -100.0})
    return sanity(model, picture(model), Target("fc", 0))


def weightless(_: Path) -> object:
    model = explained(Network(Dense(2)(ReLU(name="relu")(Input(1, 8, 9)))))
    return sanity(model, picture(model), Target("relu", 0))


REFUSALS: dict[str, Callable[[Path], object]] = {
    "no stage": lambda _: asked(stages=0),
    "no weights before it": weightless,
    "no signal": silent,
    "no random network": lambda _: asked(draws=0),
}
