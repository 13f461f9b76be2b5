"""Ours: `ConvNet.fit` on pictures held in memory, nothing drawn, mixed, averaged or validated.

    cd bench && python -m rivals.ours resnet9

Prints its speed.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from rivals.work import DECAY, MOMENTUM, RATE, WORKS, Timer, Work, made, parser
from striate.convnet.recogniser import ConvNet
from striate.convnet.training.training_context import TrainingContext
from striate.errors import Interrupted

# Whatever a step could do besides learning from its pictures is off, for the rivals do nothing of it.
OFF = {"flip": False, "shift": 0.0, "rotate": 0.0, "zoom": 0.0, "cutout": 0.0, "crop": 0.0, "colour": 0.0,
       "randaugment": 0.0, "mixup": 0.0, "cutmix": 0.0, "average": 0.0, "label_smoothing": 0.0, "balance": False,
       "test_time": "none"}
SAME = {"optimiser": "sgd", "learning_rate": RATE, "momentum": MOMENTUM, "weight_decay": DECAY, "schedule": "constant",
        "warmup": 0.0, "steps": 1_000_000}


def model_for(work: Work, **more: object) -> tuple[ConvNet, list[str]]:
    """The model that does the same as the rivals, and the names of the settings that this striate does not have."""
    known = ConvNet().get_params()
    wanted = OFF | SAME | {"batch_size": work.batch} | more
    return (ConvNet(work.network, **{name: value for name, value in wanted.items() if name in known}),
            sorted(wanted.keys() - known.keys()))


def main() -> None:
    given = parser().parse_args()
    work = WORKS[given.net]
    model, absent = model_for(work)
    pictures, labels = made(work)
    timer, losses, waited = Timer(work.batch, given.seconds), [0.0], [0.0]

    def on_step(step: Any) -> None:
        losses[0] = step.loss
        waited[0] += getattr(step, "waited", 0.0)
        timer.tick(step.step)

    with suppress(Interrupted):
        model.fit(pictures, labels, context=TrainingContext(on_step, stop=lambda: timer.done))
    network = model.network_
    timer.report(work, network.parameters, losses[0], macs=sum(node.macs for node in network.nodes),
                 settings_not_there=absent)


if __name__ == "__main__":
    main()
