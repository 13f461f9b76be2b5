"""What the explanations of a network say no to."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from striate import BagOfWords, ConvNet
from striate.arch import Concat, Conv, Dense, Input, Network, ReLU, Sigmoid, Softmax
from striate.convnet.explain.backward import ForwardPass
from striate.convnet.explain.deconvnet import deconvnet
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.grad_cam import grad_cam
from striate.convnet.explain.gradient import gradient
from striate.convnet.explain.guided import guided
from striate.convnet.explain.integrated_gradients import integrated_gradients
from striate.convnet.explain.sanity import sanity
from striate.convnet.explain.smoothgrad import smoothgrad
from striate.convnet.explain.target import Target
from tests.convnet.explain.nets import explained, picture


def net() -> ExplainedNet:
    x = ReLU(name="relu")(Conv(2, 3, name="conv")(Input(1, 5, 6)))
    return explained(Network(Softmax(name="prob")(Dense(2, name="scores")(Sigmoid(name="gate")(x))), name="small"))


def huge() -> ExplainedNet:
    network = Network(Dense(2, name="scores")(Conv(1, 1, name="conv")(Input(1, 2, 2))))
    return explained(network, tensors={"conv.weight": torch.full((1, 1, 1, 1), 3e38), "conv.bias": torch.zeros(1)})


def beside() -> ExplainedNet:
    start = Input(1, 5, 6)
    left, right = Conv(2, 3, name="left")(start), Conv(2, 3, name="right")(start)
    return explained(Network(Dense(2, name="scores")(Concat(name="both")(left, right))))


def look(method: Callable[..., object], target: Target, model: Callable[[], ExplainedNet] = net,
         **more: object) -> object:
    made = model()
    return method(made, picture(made), target, **more)


def not_finite(_: Path) -> object:
    recogniser = ConvNet(Network(Dense(2)(Input(1, 4, 4))), epochs=1).fit(np.zeros((4, 4, 4), np.uint8), [0, 1, 0, 1])
    recogniser.module_.state_dict()["dense1.bias"][0] = torch.nan
    return ExplainedNet.of(recogniser)


def by_neighbours(_: Path) -> object:
    return replace(net(), scored=False).class_target(1)


SCORE = Target("scores", 1, (0, 0))

REFUSALS: dict[str, Callable[[Path], object]] = {
    "a bag of words": lambda _: ExplainedNet.of(BagOfWords()),
    "weights that are no numbers": not_finite,
    "a class of neighbours": by_neighbours,
    "a final softmax": lambda _: look(gradient, Target("prob", 1)),
    "a layer by a wrong name": lambda _: look(gradient, Target("cnov", 1)),
    "a unit out of range": lambda _: look(gradient, Target("conv", 2)),
    "a class out of range": lambda _: look(gradient, net().class_target(7)),
    "a row out of range": lambda _: look(grad_cam, Target("conv", 1, (3, 0))),
    "a column out of range": lambda _: look(guided, Target("conv", 1, (0, -1))),
    "deconvnet through a sigmoid": lambda _: look(deconvnet, SCORE),
    "guided through a sigmoid": lambda _: look(guided, SCORE),
    "a rule that is none": lambda _: ForwardPass.of(net(), torch.zeros(1, 1, 5, 6), ["conv"], "guided_gradient"),
    "signals beyond float32": lambda _: look(gradient, Target("conv", 0, (0, 0)), huge),
    "a seed that is no number": lambda _: look(deconvnet, Target("conv", 0), seed="1"),
    "nothing with weights": lambda _: look(sanity, Target("input", 0)),
    "no steps": lambda _: look(integrated_gradients, SCORE, steps=0),
    "no copies": lambda _: look(smoothgrad, SCORE, copies=0),
    "negative noise": lambda _: look(smoothgrad, SCORE, noise=-0.1),
    "a layer beside the target": lambda _: look(grad_cam, Target("left", 0), beside, layer="right"),
    "a layer behind the target": lambda _: look(grad_cam, Target("conv", 0), layer="scores"),
}
