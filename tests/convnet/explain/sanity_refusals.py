"""What a sanity check says no to."""

from collections.abc import Callable
from pathlib import Path

from striate import Dense, Input, Network
from striate.convnet.explain.sanity import sanity
from striate.convnet.explain.target import Target
from tests.convnet.explain.nets import explained, picture


def asked(**settings: int) -> object:
    model = explained(Network(Dense(2, name="fc")(Input(1, 8, 9))))
    return sanity(model, picture(model), Target("fc", 0), **settings)


REFUSALS: dict[str, Callable[[Path], object]] = {
    "no stage": lambda _: asked(stages=0),
    "no random network": lambda _: asked(draws=0),
}
