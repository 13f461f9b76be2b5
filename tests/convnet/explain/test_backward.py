"""Three rules of going back, and Grad-CAM, by hand-computed values."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from striate.arch import Conv, Dense, Input, Network, ReLU
from striate.convnet.explain.backward import ForwardPass
from striate.convnet.explain.deconvnet import deconvnet
from striate.convnet.explain.grad_cam import grad_cam
from striate.convnet.explain.gradient import gradient
from striate.convnet.explain.guided import guided
from striate.model.explanation import Explanation
from tests.convnet.explain.nets import explained

# Captum's BasicModel_ConvNet_One_Conv (captum.testing.helpers.basic_models), with a seed of 1.
HAND = Network(Dense(1)(ReLU(name="relu")(Conv(2, 3, name="conv")(Input(1, 4, 4)))))
WEIGHTS = {"conv.weight": torch.ones(2, 1, 3, 3), "conv.bias": torch.tensor([-50.0, -75.0]),
           "dense1.weight": torch.tensor([[1.0] * 5 + [-1.0] * 3]), "dense1.bias": torch.zeros(1)}
BACK = {"gradient": [[0, 1, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1], [0, 0, 0, 0]],
        "guided": [[0, 1, 1, 1], [1, 3, 3, 2], [1, 3, 3, 2], [1, 2, 2, 1]],
        "deconvnet": [[2, 3, 3, 1], [3, 5, 5, 2], [3, 5, 5, 2], [1, 2, 2, 1]]}
CAM = {"conv": [[11.25, 13.5], [20.25, 22.5]], "relu": [[0, 4], [28, 32.5]]}
PICTURE = np.arange(16, dtype=np.uint8).reshape(4, 4, 1)


@pytest.mark.parametrize("rule", BACK)
def test_the_hand_example_comes_back_exactly(rule: str) -> None:
    model = explained(HAND, tensors=WEIGHTS)
    found = ForwardPass.of(model, torch.arange(16.0).reshape(1, 1, 4, 4), ["dense1", "relu"], rule)
    assert found.volumes["dense1"].item() == 54
    assert found.volumes["relu"][0].tolist() == [[[0, 4], [31, 40]], [[0, 0], [6, 15]]]
    assert found.back("dense1", torch.ones(1, 1, 1, 1))[0, 0].tolist() == BACK[rule]


@pytest.mark.parametrize("layer", CAM)
@pytest.mark.parametrize("rectified", [True, False])
def test_grad_cam_of_the_hand_example_is_exact(layer: str, rectified: bool) -> None:
    model = explained(HAND, mean=0, std=1, tensors=WEIGHTS)
    found = grad_cam(model, PICTURE, model.class_target(0), layer, rectified)
    assert found.array.tolist() == CAM[layer]
    assert found.raw.tolist() == CAM[layer]


@pytest.mark.parametrize("method", [gradient, guided, deconvnet])
def test_the_methods_give_the_hand_example(method: Callable[..., Explanation]) -> None:
    model = explained(HAND, mean=0, std=1, tensors=WEIGHTS)
    found = method(model, PICTURE, model.class_target(0))
    factor = 54 if method is deconvnet else 1  # the activation itself is its seed
    assert found.array[:, :, 0].tolist() == (factor * np.array(BACK[method.__name__])).tolist()


def test_the_last_pass_gives_the_same_and_frees_what_was_stored() -> None:
    forward = ForwardPass.of(explained(HAND, tensors=WEIGHTS), torch.arange(16.0).reshape(1, 1, 4, 4), ["dense1"])
    seed = torch.ones(1, 1, 1, 1)
    assert torch.equal(forward.back("dense1", seed), forward.back("dense1", seed, last=True))
    with pytest.raises(RuntimeError, match="second time"):
        forward.back("dense1", seed)
