"""What a test of faithfulness says no to."""

from collections.abc import Callable
from pathlib import Path

from striate import Conv, Dense, Input, Network
from striate.convnet.explain.faithfulness import faithfulness
from striate.convnet.explain.target import Target
from tests.convnet.explain.nets import explained, picture


def asked(target: Target, **settings: int) -> object:
    model = explained(Network(Dense(2, name="fc")(Conv(3, 3, name="conv")(Input(1, 8, 9)))))
    return faithfulness(model, picture(model), target, methods=["gradient"], **settings)


REFUSALS: dict[str, Callable[[Path], object]] = {
    "faithfulness to an inner unit": lambda _: asked(Target("conv", 1)),
    "faithfulness to all classes": lambda _: asked(Target("fc")),
    "no step of covering": lambda _: asked(Target("fc", 1), steps=0),
}
