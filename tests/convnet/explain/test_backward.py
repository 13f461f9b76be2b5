"""Three rules of going back, by hand-computed values."""

import pytest
import torch

from striate.arch import Conv, Dense, Input, Network, ReLU
from striate.convnet.explain.backward import ForwardPass
from tests.convnet.explain.nets import explained

# Captum's BasicModel_ConvNet_One_Conv (captum.testing.helpers.basic_models), with a seed of 1.
HAND = Network(Dense(1)(ReLU(name="relu")(Conv(2, 3, name="conv")(Input(1, 4, 4)))))
WEIGHTS = {"conv.weight": torch.ones(2, 1, 3, 3), "conv.bias": torch.tensor([-50.0, -75.0]),
           "dense1.weight": torch.tensor([[1.0] * 5 + [-1.0] * 3]), "dense1.bias": torch.zeros(1)}
BACK = {"gradient": [[0, 1, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1], [0, 0, 0, 0]],
        "guided": [[0, 1, 1, 1], [1, 3, 3, 2], [1, 3, 3, 2], [1, 2, 2, 1]],
        "deconvnet": [[2, 3, 3, 1], [3, 5, 5, 2], [3, 5, 5, 2], [1, 2, 2, 1]]}


@pytest.mark.parametrize("rule", BACK)
def test_the_hand_example_comes_back_exactly(rule: str) -> None:
    model = explained(HAND, tensors=WEIGHTS)
    found = ForwardPass.of(model, torch.arange(16.0).reshape(1, 1, 4, 4), ["dense1", "relu"], rule)
    assert found.volumes["dense1"].item() == 54
    assert found.volumes["relu"][0].tolist() == [[[0, 4], [31, 40]], [[0, 0], [6, 15]]]
    assert found.back("dense1", torch.ones(1, 1, 1, 1))[0, 0].tolist() == BACK[rule]
