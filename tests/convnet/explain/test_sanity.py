"""The sanity check: what is randomised, what is compared, and what comes out on a trained network."""

from functools import partial
from types import MappingProxyType

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from striate import BatchNorm, Conv, ConvNet, Dense, Input, Network, Pool, ReLU, Tanh, Transfer
from striate.convnet.build.initialise import fill
from striate.convnet.build.net import build
from striate.convnet.explain import sanity as room
from striate.convnet.explain.deconvnet import deconvnet
from striate.convnet.explain.explained_net import HEAD, ExplainedNet
from striate.convnet.explain.gradient import gradient
from striate.convnet.explain.methods import METHODS_OF_LOOK
from striate.convnet.explain.sanity import SanityVerdict, randomised, rank_correlation, sanity
from striate.convnet.explain.target import Target
from striate.data import Data
from striate.errors import UsageError
from striate.model.explanation import Explanation
from tests.convnet.explain.nets import explained, picture
from tests.convnet.pretrained.small import pictures, saved


def network() -> Network:
    x = ReLU(name="relu1")(BatchNorm(name="norm")(Conv(4, 3, name="conv1")(Input(1, 10, 10))))
    return Network(Dense(3, name="fc")(ReLU(name="relu2")(Conv(5, 3, name="conv2")(x))))


def test_rank_correlation_is_scipys() -> None:
    draws = np.random.default_rng(0)
    for _ in range(20):
        first, second = draws.integers(0, 6, (2, 7, 5)).astype(float)  # with ties
        assert rank_correlation(first, second) == pytest.approx(spearmanr(first.ravel(), second.ravel()).statistic)
    assert rank_correlation(np.zeros((7, 5)), second) == 0  # no order, no likeness


def test_the_layers_named_are_redrawn_and_the_others_are_the_same() -> None:
    model, drawn = explained(network()), build(network())
    before = {name: tensor.clone() for name, tensor in model.net.state_dict().items()}
    fill(drawn, 5)
    changed = randomised(model, ["fc", "norm"], picture(model), 5)
    fresh, now = drawn.state_dict(), changed.net.state_dict()
    for name, tensor in now.items():
        if name.startswith("fc") or name in ("norm.weight", "norm.bias"):
            assert torch.equal(tensor, fresh[name]), name
        elif name.startswith("conv"):
            assert torch.equal(tensor, before[name]), name
    volume = changed.activations(changed.batch(picture(model)[None]), ["norm"])["norm"]
    assert torch.allclose(volume.mean((0, 2, 3)), torch.zeros(4), atol=1e-5)
    assert torch.allclose(volume.var((0, 2, 3), correction=0), torch.ones(4), atol=1e-2)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.net.state_dict().items())


def test_the_cascade_goes_from_the_scores_to_the_picture() -> None:
    model = explained(network())
    found = sanity(model, picture(model), Target("fc", 0), stages=4, draws=1)
    assert (found.stages, found.reached) == ((1, 2, 3, 4), ("fc", "conv2", "norm", "conv1"))
    assert found.array.shape == (4, 4)
    assert found.methods == ("gradient", "grad_cam", "guided", "deconvnet")
    again = sanity(model, picture(model), Target("fc", 0), stages=4, draws=1)
    assert np.array_equal(found.array, again.array)
    other = sanity(model, picture(model), Target("fc", 0), stages=4, draws=1, seed=1)
    assert not np.array_equal(found.array, other.array)


def test_the_head_of_a_transfer_is_the_first_to_be_randomised(tmp_path) -> None:  # type: ignore[no-untyped-def]
    net, weights = saved(tmp_path)
    model = ExplainedNet.of(Transfer(net, weights=weights, precision="float32").fit(*pictures()))
    found = sanity(model, pictures()[0][0], model.class_target(0), stages=2, draws=1)
    assert (found.stages, found.reached) == ((1, 2, 3), (HEAD, "batch_norm1", "conv1"))
    changed = randomised(model, [HEAD], pictures()[0][0], 0)
    assert model.head is not None
    assert changed.head is not None
    assert changed.head.weights.std() == pytest.approx(float(model.head.weights.std()), rel=0.5)
    assert not torch.equal(changed.head.weights, model.head.weights)


def test_a_method_that_ignores_the_network_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "METHODS_OF_LOOK", MappingProxyType(
        METHODS_OF_LOOK | {"gradient": METHODS_OF_LOOK["gradient"]._replace(explain=f"{__name__}:edges")}))
    model = explained(network())
    found = sanity(model, picture(model), Target("fc", 0), stages=2, draws=1)
    assert found.array[0].tolist() == pytest.approx([1, 1, 1])
    assert found.verdicts[0].keeps_its_likeness
    assert "shows what the picture has, not what decided" in found.verdicts[0].sentence


def edges(model: ExplainedNet, pixels: np.ndarray, target: Target) -> Explanation:
    """A map that knows the picture alone."""
    return Explanation(np.abs(np.diff(pixels.astype(float), axis=0)), "levels", "")


def two_poolings() -> Network:
    x = Pool(2)(ReLU(name="relu1")(Conv(4, 5, name="conv1")(Input(1, 32, 32))))
    return Network(Dense(3, name="fc")(Pool(2)(ReLU(name="relu2")(Conv(5, 5, name="conv2")(x)))))


def test_maps_of_a_unit_are_compared_within_what_it_sees_at_its_place() -> None:
    model = explained(two_poolings(), seed=7)
    pixels = picture(model)
    target = Target("conv2", 2, (1, 8))
    found = sanity(model, pixels, target, stages=1, draws=1, methods=("gradient", "deconvnet"))
    changed = randomised(model, ["conv2", "conv1"], pixels, 0)
    seen = np.s_[2:16, 16:30]  # 14 pixels of the receptive field, 2 a step
    for row, method in enumerate((gradient, partial(deconvnet, seed=1.0))):
        first, second = (np.abs(method(one, pixels, target).array).sum(axis=2) for one in (model, changed))
        assert first.any()
        assert not np.delete(np.delete(first, np.r_[2:16], 0), np.r_[16:30], 1).any()
        assert found.array[row, -1] == pytest.approx(spearmanr(first[seen].ravel(), second[seen].ravel()).statistic)
        assert spearmanr(first.ravel(), second.ravel()).statistic > found.array[row, -1] + 0.2
    placed = sanity(model, pixels, Target("conv2", 2), stages=1, draws=1)
    values = model.activations(model.batch(pixels[None]), ["conv2"])["conv2"][0, 2]
    assert placed.position == np.unravel_index(int(values.argmax()), values.shape)
    assert np.array_equal(placed.array, sanity(model, pixels, Target("conv2", 2, placed.position), stages=1,
                                               draws=1).array)


def test_the_size_of_a_seed_above_0_changes_no_verdict_of_deconvnet(monkeypatch: pytest.MonkeyPatch) -> None:
    model = explained(two_poolings(), seed=7)
    pixels, target = picture(model), Target("relu2", 2)
    own = deconvnet(model, pixels, target)
    assert own.array.any()
    first = sanity(model, pixels, target, stages=1, methods=["deconvnet"])
    monkeypatch.setattr(room, "CHECKED", {"deconvnet": {"seed": float(own.units.split()[-1])}})
    assert "activation itself" in own.units
    assert sanity(model, pixels, target, stages=1, methods=["deconvnet"]).array == pytest.approx(first.array, abs=1e-3)


def test_a_map_that_is_the_same_everywhere_gets_no_verdict() -> None:
    model = explained(network(), tensors={"conv2.weight": 0.0, "conv2.bias": -1.0, "fc.bias": 1.0})
    with pytest.raises(UsageError) as refused:
        sanity(model, picture(model), Target("fc", 0), stages=1, draws=1)
    assert refused.value.code == "no_map_to_check"
    assert room.quick_sanity(model, picture(model), Target("fc", 0), ["gradient"]) is None
    model = explained(network())
    found = sanity(model, picture(model), Target("fc", 0), stages=1, draws=1, layer="fc")  # a map of one place
    assert found.undefined == ("grad_cam",)


def test_rules_that_a_network_lacks_are_named() -> None:
    model = explained(Network(Dense(3, name="fc")(Tanh()(Conv(4, 3)(Input(1, 8, 8))))))
    found = sanity(model, picture(model), Target("fc", 0), stages=1, draws=1)
    assert (found.methods, found.undefined) == (("gradient", "grad_cam"), ("guided", "deconvnet"))


@pytest.mark.parametrize(("all_layers", "upper_half", "kept"), [
    (0.31, 0.0, True), (0.1, 0.6, True), (0.29, 0.49, False), (-0.9, -0.9, False)])
def test_verdicts(all_layers: float, upper_half: float, kept: bool) -> None:
    verdict = SanityVerdict("gradient", "the score of class a", all_layers, upper_half, 1)
    assert verdict.keeps_its_likeness is kept
    assert ("not what decided" in verdict.sentence) is kept


def test_on_a_trained_network_gradient_and_grad_cam_lose_their_likeness_and_guided_keeps_it(digits: Data) -> None:
    x = ReLU()(Conv(16, 3, padding=1)(ReLU()(Conv(8, 3, padding=1)(Input(1, 8, 8)))))
    net = Network(Dense(10)(ReLU()(Dense(32)(Pool(2)(x)))))
    model = ExplainedNet.of(ConvNet(net, epochs=8, seed=0).fit(digits.train))
    some = model.preparation.apply(digits.train).take(np.arange(8))
    last = np.array([
        [one.all_layers for one in sanity(
            model, pixels, model.class_target(int(model.predict_proba(pixels[None]).argmax())), stages=1).verdicts]
        for pixels in some])
    gradient, grad_cam, guided, _ = last.mean(axis=0)
    assert gradient < 0.3
    assert grad_cam < 0.3
    assert guided > max(gradient, grad_cam) + 0.1
