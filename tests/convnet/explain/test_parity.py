"""Gradient, guided, deconvnet, their averages and Grad-CAM beside Captum's and TorchCAM's, of the same weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from captum.attr import Deconvolution, GuidedBackprop, IntegratedGradients, LayerGradCam, Saliency
from torchcam.methods import GradCAM as TorchCAM

from striate.arch import LRN, Add, BatchNorm, Concat, Conv, Dense, GlobalPool, Input, Network, Pool, ReLU, load_network
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.explain.deconvnet import deconvnet
from striate.convnet.explain.grad_cam import grad_cam
from striate.convnet.explain.gradient import gradient
from striate.convnet.explain.guided import guided
from striate.convnet.explain.integrated_gradients import integrated_gradients
from tests.convnet.explain.as_modules import AsModules
from tests.convnet.explain.nets import explained, picture

# In float32 two of GoogLeNet's maxima (inception_5a/pool) round to another winner, and its gradient differs by 1 %.
QUICK, LARGE = ("lenet_caffe", "small"), ("alexnet", "resnet18", "googlenet")
RUNS = [pytest.param(name, dtype, marks=[pytest.mark.slow] * (name in LARGE),
                     id=f"{name}, {str(dtype).removeprefix('torch.')}" + ", sample" * (name == "resnet18"))
        for name in (*QUICK, *LARGE) for dtype in (torch.float32, torch.float64)
        if (name, dtype) != ("googlenet", torch.float32)]
LAYERS = {"lenet_caffe": ("conv1", "pool1", "conv2"), "small": ("first", "branch", "after_add"),
          "alexnet": ("conv2", "norm2", "relu5", "pool5"), "resnet18": ("res2a", "res4b_relu", "res5b_relu"),
          "googlenet": ("inception_3a/output", "inception_4b/3x3", "inception_5b/output")}


def small() -> Network:
    """Branches, an add, LRN, batch normalisation and pools that overlap, on 33×29 pixels."""
    x = LRN(3)(ReLU(name="first")(Conv(8, 5, stride=2)(Input(3, 33, 29))))
    x = Pool(3, 2, rounding="ceil")(x)
    left = ReLU(name="branch")(BatchNorm()(Conv(6, 3, padding=1)(x)))
    x = Concat()(left, Pool(3, 1, padding=1)(Conv(2, 1)(x)))
    x = ReLU(name="after_add")(Add()(x, BatchNorm()(Conv(8, 3, padding=1, groups=2)(x))))
    return Network(Dense(5, name="scores")(GlobalPool()(x)))


class Wide(InputNormalisation):
    """Normalisation in float64."""

    def batch(self, pictures: np.ndarray, device: torch.device | None = None) -> torch.Tensor:
        return super().batch(pictures, device).double()


def close(found: np.ndarray, theirs: torch.Tensor) -> None:
    expected = theirs.detach().numpy()
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU activations")
@pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already require gradients")
@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True")
@pytest.mark.parametrize(("name", "dtype"), RUNS)
def test_maps_are_those_of_captum_and_torchcam(name: str, dtype: torch.dtype) -> None:
    network = small() if name == "small" else load_network(name)
    model = explained(network)
    if dtype == torch.float64:
        model = replace(model, net=model.net.double(), preparation=Wide(**vars(model.preparation)))
    other, pixels = AsModules(network, model.net.state_dict()), picture(model)
    batch = model.batch(pixels[None])
    scores = other(batch)
    best = int(scores[0].argmax())
    assert torch.allclose(model.net(batch), scores, rtol=1e-4, atol=1e-5 * float(scores.abs().max()))
    target = model.class_target(best)
    close(gradient(model, pixels, target).array, Saliency(other).attribute(batch, best, abs=False)[0].permute(1, 2, 0))
    close(guided(model, pixels, target).array, GuidedBackprop(other).attribute(batch, best)[0].permute(1, 2, 0))
    if not any(node.layer.kind == "lrn" for node in network.nodes):  # which Captum goes back through
        close(deconvnet(model, pixels, target, seed=1.0).array,
              Deconvolution(other).attribute(batch, best)[0].permute(1, 2, 0))
    for layer in LAYERS[name]:
        found = grad_cam(model, pixels, target, layer)
        theirs = LayerGradCam(other, other.unit(layer)).attribute(batch, best, relu_attributions=True)[0, 0]
        close(found.array, theirs)
        close(found.raw, LayerGradCam(other, other.unit(layer)).attribute(batch, best)[0, 0])
        with TorchCAM(other, other.unit(layer)) as cam:
            again = cam(best, other(batch.clone().requires_grad_()), normalized=False)[0][0]
        close(found.array, again)


def test_integrated_gradients_are_those_of_captum() -> None:
    network = small()
    model = explained(network)
    other, pixels = AsModules(network, model.net.state_dict()), picture(model)
    theirs = IntegratedGradients(other).attribute(model.batch(pixels[None]), target=3, n_steps=40,
                                                  method="riemann_middle")
    found = integrated_gradients(model, pixels, model.class_target(3), steps=40)
    expected = theirs[0].permute(1, 2, 0).detach().numpy()
    assert np.abs(found.array - expected).max() <= 1e-5 * np.abs(expected).max()
