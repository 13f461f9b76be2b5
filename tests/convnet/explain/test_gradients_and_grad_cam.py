"""Gradient methods and Grad-CAM of one picture: their sums, defaults, sentences, and zero where there is nothing."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch

from striate.arch import Conv, Dense, GlobalPool, Input, Network, Pool, ReLU, Softmax, load_network
from striate.convnet.explain import mean_gradient
from striate.convnet.explain.deconvnet import deconvnet
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.grad_cam import default_layer, grad_cam
from striate.convnet.explain.gradient import gradient
from striate.convnet.explain.guided import guided
from striate.convnet.explain.integrated_gradients import integrated_gradients
from striate.convnet.explain.methods import METHODS_OF_LOOK
from striate.convnet.explain.smoothgrad import smoothgrad
from striate.convnet.explain.target import Target
from striate.model.explanation import Explanation
from tests.convnet.explain.nets import explained, picture

MINE = ("gradient", "guided", "deconvnet", "integrated_gradients", "smoothgrad", "grad_cam")


def small(channels: int = 1, classes: int = 3) -> Network:
    x = Pool(3, 2, name="pool")(ReLU(name="relu")(Conv(6, 3, name="conv")(Input(channels, 12, 13))))
    return Network(Softmax(name="prob")(Dense(classes, name="scores")(ReLU()(Conv(8, 3, name="conv2")(x)))))


def method(name: str) -> Any:
    module, function = METHODS_OF_LOOK[name].explain.split(":")
    return getattr(import_module(module), function)


@pytest.mark.parametrize("name", MINE)
@pytest.mark.parametrize(("channels", "classes"), [(1, 1), (3, 4)])
def test_each_method_says_what_it_shows_and_what_it_does_not(name: str, channels: int, classes: int) -> None:
    model = explained(small(channels, classes))
    for target in (Target("conv", 2), Target("conv", 2, (1, 3)), Target("pool"), model.class_target(classes - 1)):
        found: Explanation = method(name)(model, picture(model), target)
        shape = (12, 13) if name == "grad_cam" and target.layer == "conv" else found.array.shape[:2]
        assert found.array.shape == (shape if name == "grad_cam" else (12, 13, channels))
        assert found.array.dtype == np.float32
        assert found.layer == target.layer
        assert found.evidence.endswith(".")
        assert found.evidence.count(". ") == 0
        assert " not " in found.evidence or " may." in found.evidence
        assert model.words(Target(target.layer, target.unit, found.position)) in found.evidence
        assert (found.position is None) == (target.unit is None)
    assert found.unit == f"class {classes - 1}"


@pytest.mark.parametrize("name", MINE)
@pytest.mark.parametrize("case", ["black picture", "zero weights", "dead units", "one value"])
def test_never_not_a_number(name: str, case: str) -> None:
    zero = {"zero weights": ("conv.weight", "conv.bias", "scores.weight"), "dead units": ("conv.weight",)}.get(case, ())
    model = explained(small())
    for key, tensor in model.net.state_dict().items():
        if key in zero:
            tensor.fill_(0)
        if case == "dead units" and key == "conv.bias":
            tensor.fill_(-1)
    pixels = np.full_like(picture(model), 0 if case == "black picture" else 200 if case == "one value" else 7)
    found = method(name)(model, pixels, model.class_target(1))
    assert np.isfinite(found.array).all()
    if zero:
        assert not found.array.any()
        assert {"gradient": "is zero at every pixel", "guided": "Nothing comes back", "deconvnet": "Nothing",
                "grad_cam": "leaves no positive trace in layer"}.get(name, "") in found.evidence


def test_grad_cam_of_a_class_without_a_positive_trace_is_flat_and_says_so() -> None:
    model = explained(small(), tensors={"scores.weight": -1.0})
    found = grad_cam(model, picture(model), model.class_target(0))
    assert found.evidence.startswith("This class leaves no positive trace in layer relu2: Grad-CAM of the score of")
    assert not found.array.any()
    assert found.raw.min() < 0
    raw = grad_cam(model, picture(model), model.class_target(0), rectified=False)
    assert np.array_equal(raw.array, found.raw)
    assert "raises (above 0) and lowers (below 0)" in raw.evidence


def test_grad_cam_with_a_global_pool_behind_it_adds_up_to_the_score() -> None:
    x = ReLU(name="relu")(Conv(5, 3)(Input(2, 9, 8)))
    model = explained(Network(Dense(3, name="scores")(GlobalPool()(x))))
    found = grad_cam(model, picture(model), model.class_target(2), rectified=False)
    score = model.activations(model.batch(picture(model)[None]), ["scores"])["scores"][0, 2].item()
    bias = model.net.state_dict()["scores.bias"][2].item()
    assert found.array.sum() + bias == pytest.approx(score, rel=1e-5)


@pytest.mark.parametrize(("name", "layer"), [
    ("lenet_caffe", "conv2"), ("lenet5", "s4_tanh"), ("alexnet", "relu5"), ("googlenet", "inception_5b/output"),
    ("resnet18", "res5b_relu"), ("efficientnet_lite0", "head/relu6"), ("vgg16", "relu5_3")])
def test_grad_cam_looks_at_the_last_maps_by_default(name: str, layer: str) -> None:
    network = load_network(name)
    nodes = {node.name: node for node in network.trunk.nodes}

    class Described:
        def path_to(self, target: str) -> list[object]:
            return [nodes[one] for one in nodes]

    assert default_layer(Described(), Target(list(nodes)[-1], 0)) == layer  # type: ignore[arg-type]


def test_grad_cam_of_a_network_without_maps_is_that_of_its_input() -> None:
    model = explained(Network(Dense(2)(ReLU()(Dense(4)(Input(3, 5, 6))))))
    found = grad_cam(model, picture(model), model.class_target(0))
    assert (found.maps, found.array.shape) == ("input", (5, 6))


def test_integrated_gradients_add_up_to_the_difference_of_the_score() -> None:
    model = explained(small(3))
    pixels = picture(model)
    found = integrated_gradients(model, pixels, model.class_target(1), steps=400)
    ends = np.stack([pixels, np.full_like(pixels, 120)])
    scores = model.activations(model.batch(ends), ["scores"])["scores"][:, 1].flatten().tolist()
    assert (found.activation, found.baseline) == pytest.approx(tuple(scores))
    assert found.total == pytest.approx(scores[0] - scores[1])
    assert found.array.sum() == pytest.approx(found.total, abs=0.005 * abs(scores[0] - scores[1]))
    assert found.total is not None
    assert found.rest == pytest.approx(found.total - found.array.sum(dtype=np.float64), abs=1e-9)
    assert "parts of one sum" in found.evidence


def test_integrated_gradients_of_a_linear_network_need_one_step_only() -> None:
    model = explained(Network(Dense(2)(Conv(3, 3)(Input(1, 6, 6)))))
    found = integrated_gradients(model, picture(model), model.class_target(0), steps=1)
    slope = gradient(model, picture(model), model.class_target(0)).array
    normalised = model.batch(picture(model)[None])[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(found.array, slope * normalised, rtol=1e-5, atol=1e-7)
    assert abs(found.rest) < 1e-5


def test_integrated_gradients_say_when_the_steps_do_not_do() -> None:
    network = Network(Dense(1, name="scores")(ReLU(name="relu")(Dense(1, name="dense")(Input(1, 1, 1)))))
    model = explained(network, mean=0, std=1, tensors={
        "dense.weight": torch.ones(1, 1), "dense.bias": torch.tensor([-150.0]),
        "scores.weight": torch.ones(1, 1), "scores.bias": torch.zeros(1)})
    found = integrated_gradients(model, np.full((1, 1, 1), 200, np.uint8), model.class_target(0), steps=1)
    assert (found.total, found.array.item(), found.rest) == (50, 0, 50)  # at 100, halfway, the ReLU is shut
    assert found.evidence.startswith("Does not add up, so a hint only (1 step leaves 50 of 50): how")


@pytest.mark.parametrize(("bias", "steps", "rest"), [(-150.0, 64, 2.5), (-190.0, 256, 0.5), (-199.9, 1024, 0.1)])
def test_integrated_gradients_take_more_steps_until_they_add_up(bias: float, steps: int, rest: float) -> None:
    """The ReLU is open at the end of the way only, where few steps are."""
    network = Network(Dense(1, name="scores")(ReLU(name="relu")(Dense(1, name="dense")(Input(1, 1, 1)))))
    model = explained(network, mean=0, std=1, tensors={
        "dense.weight": torch.ones(1, 1), "dense.bias": torch.tensor([bias]),
        "scores.weight": torch.ones(1, 1), "scores.bias": torch.zeros(1)})
    found = integrated_gradients(model, np.full((1, 1, 1), 200, np.uint8), model.class_target(0))
    middles = (np.arange(steps) + 0.5) / steps
    assert found.steps == steps
    assert found.rest == pytest.approx(200 + bias - 200 * (200 * middles + bias > 0).mean(), abs=1e-4)
    assert abs(found.rest) <= rest
    assert ("Does not add up" in found.evidence) is (abs(found.rest) > 0.05 * (200 + bias))


def test_batches_change_averages_by_rounding_only(monkeypatch: pytest.MonkeyPatch) -> None:
    model = explained(small())
    found = [smoothgrad(model, picture(model), model.class_target(1), copies=7).array,
             integrated_gradients(model, picture(model), model.class_target(1), steps=7).array]
    monkeypatch.setattr(mean_gradient, "batch_size", lambda *_, **__: 2)
    again = [smoothgrad(model, picture(model), model.class_target(1), copies=7).array,
             integrated_gradients(model, picture(model), model.class_target(1), steps=7).array]
    np.testing.assert_allclose(again, found, rtol=1e-4, atol=1e-6)


def test_smoothgrad_is_a_mean_of_gradients_of_noisy_pictures() -> None:
    model, copies = explained(small()), 5
    pixels = picture(model)
    plain = smoothgrad(model, pixels, model.class_target(1), copies=copies, noise=0)
    np.testing.assert_allclose(plain.array, gradient(model, pixels, model.class_target(1)).array, rtol=1e-5, atol=1e-8)
    found = smoothgrad(model, pixels, model.class_target(1), copies=copies, noise=0.3, seed=4)
    batch = model.batch(pixels[None])
    random, deviation = np.random.default_rng(4), 0.3 * (batch.max() - batch.min())
    mean = torch.zeros(1, *model.network.input)
    for _ in range(copies):
        x = (batch + deviation * torch.from_numpy(random.standard_normal(batch.shape, np.float32))).requires_grad_()
        mean += torch.autograd.grad(model.net(x)[0, 1], x)[0] / copies
    np.testing.assert_allclose(found.array, mean[0].permute(1, 2, 0).numpy(), rtol=1e-4, atol=1e-6)


def test_the_same_seed_gives_the_same_bytes() -> None:
    model = explained(small())
    found = [smoothgrad(model, picture(model), model.class_target(1), copies=3, seed=seed).array for seed in (1, 1, 2)]
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_averages_stay_at_the_position_of_the_picture_itself() -> None:
    model = explained(small())
    found = [average(model, picture(model), Target("conv", 3)) for average in (smoothgrad, integrated_gradients)]
    assert {one.position for one in found} == {gradient(model, picture(model), Target("conv", 3)).position}
    again = smoothgrad(model, picture(model), Target("conv", 3, found[0].position))
    assert np.array_equal(found[0].array, again.array)


def test_the_seed_is_named() -> None:
    model = explained(small())
    unit = next(unit for unit in range(6) if gradient(model, picture(model), Target("relu", unit)).array.any())
    target = Target("relu", unit)
    seeds = {"starts from 1 there": [gradient, guided], "the activation itself": [deconvnet]}
    for words, methods in seeds.items():
        assert all(words in one(model, picture(model), target).evidence for one in methods)


def test_scores_spread_over_positions_have_their_classes() -> None:
    model: ExplainedNet = explained(Network(Conv(3, 2, name="scores")(Input(1, 3, 3))))
    pixels = picture(model)
    flat = model.net(model.batch(pixels[None]))[0]
    for index in range(12):
        target = model.class_target(index)
        volume = model.activations(model.batch(pixels[None]), ["scores"])["scores"]
        assert target.at is not None
        assert volume[0, target.unit][target.at] == flat[index]
        assert model.class_of(target) == f"class {index}"
    assert model.class_of(Target("scores", 1)) is None
