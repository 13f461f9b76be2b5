"""What the evidence for a class says no to."""

from collections.abc import Callable
from pathlib import Path

from striate import BatchNorm, Dense, Input, Network, Transfer
from striate.convnet.explain.class_evidence import class_evidence
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.target import Target
from tests.convnet.explain.nets import explained, picture
from tests.convnet.pretrained.small import pictures, saved


def asked(network: Network, target: Target) -> object:
    model = explained(network)
    return class_evidence(model, picture(model), target)


def of_neighbours(folder: Path) -> object:
    net, weights = saved(folder)
    model = ExplainedNet.of(Transfer(net, weights=weights, head="knn").fit(*pictures()))
    return class_evidence(model, pictures(1)[0][0], Target(model.scores, 0))


TWO = Network(Dense(2, name="fc2")(Dense(3, name="fc1")(Input(1, 4, 4))))
REFUSALS: dict[str, Callable[[Path], object]] = {
    "evidence for an inner unit": lambda _: asked(TWO, Target("fc1", 0)),
    "evidence for all classes": lambda _: asked(TWO, Target("fc2")),
    "evidence of neighbours": of_neighbours,
    "no linear scores": lambda _: asked(
        Network(BatchNorm(name="norm")(Dense(2)(Input(1, 4, 4)))), Target("norm", 0)),
}
