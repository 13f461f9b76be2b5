"""What a network says about its own training: auxiliary heads, multipliers, sparse and bilinear fills."""

import numpy as np
import pytest
import torch
from torch.nn.functional import conv_transpose2d, cross_entropy, interpolate

from striate import ConvNet, load
from striate.arch import BatchNorm, Conv, Deconv, Dense, GlobalPool, Initializer, Input, Network, Pool, ReLU, Softmax
from striate.convnet.build.initialise import fill
from striate.convnet.build.net import build
from striate.convnet.build.resolve_network import network_for
from striate.convnet.losses import loss_of
from striate.convnet.optimisers import make_optimiser, set_rate
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.training.training_context import StepRecord, TrainingContext
from striate.data import Data


def headed(classes: int = 10, weight: float = 0.3) -> Network:
    x = ReLU()(Conv(4, 3, padding=1)(Input(1, 8, 8)))
    head = Softmax()(Dense(classes, name="head")(GlobalPool()(Conv(2, 1, name="squeeze")(x))))
    return Network(Softmax()(Dense(classes, name="out")(Pool(2)(x))), "headed", [(head, weight)])


def test_heads_are_computed_while_training_only() -> None:
    module = build(headed())
    fill(module, 0)
    seen: list[str] = []
    for name, unit in module._modules.items():
        unit.register_forward_hook(lambda *_, name=name: seen.append(name))
    x = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    both = module.train()(x)
    assert {"squeeze", "head"} <= set(seen)
    seen.clear()
    alone = module.eval()(x)
    assert not {"squeeze", "head"} & set(seen)
    assert [scores.shape for scores in both] == [(2, 10), (2, 10)]
    assert torch.equal(both[0], alone)
    assert module.heads == {"head": 0.3}


def test_scores_of_a_head_may_feed_other_layers_too() -> None:
    scores = Dense(3, name="scores")(Input(1, 4, 4))
    head = Softmax()(scores)
    module = build(Network(Dense(2, name="out")(scores), "fed", [(head, 0.3)]))
    fill(module, 0)
    own, other = module.train()(torch.ones(2, 1, 4, 4))
    assert (own.shape, other.shape) == ((2, 2), (2, 3))


def test_the_loss_is_weighted() -> None:
    module = build(headed(weight=0.25))
    truth = torch.tensor([1, 0])
    own, head = torch.randn(2, 2, 10, generator=torch.Generator().manual_seed(0))
    wanted = cross_entropy(own, truth) + 0.25 * cross_entropy(head, truth)
    assert torch.isclose(loss_of([own, head], truth, module, Recipe()), wanted)
    assert torch.equal(loss_of(own, truth, build(headed().trunk), Recipe()), cross_entropy(own, truth))


def test_a_network_with_heads_learns_saves_and_predicts(digits: Data, tmp_path) -> None:
    steps: list[StepRecord] = []
    model = ConvNet(headed(), epochs=2, seed=3).fit(digits.train, context=TrainingContext(steps.append))
    assert steps[-1].loss < steps[0].loss
    model.save(tmp_path / "headed.safetensors")
    again = load(tmp_path / "headed.safetensors")
    assert again.network_.auxiliary == {"softmax1": 0.3}
    np.testing.assert_array_equal(again.predict_proba(digits.test), model.predict_proba(digits.test))


def test_running_averages_forget_what_they_began_with() -> None:
    module = build(Network(BatchNorm(momentum=0.1, name="bn")(Input(1, 2, 2)))).train()
    batches = torch.randn(3, 4, 1, 2, 2, generator=torch.Generator().manual_seed(0)) + 5
    for step, batch in enumerate(batches):
        module(batch, step)
    ages = 0.9 ** torch.arange(2, -1, -1)
    wanted = (batches.mean((1, 2, 3, 4)) * ages).sum() / ages.sum()
    assert torch.isclose(module.state_dict()["bn.running_mean"][0], wanted)


def test_heads_with_other_classes_are_refused() -> None:
    x = Input(1, 8, 8)
    network = Network(Dense(10)(x), auxiliary=[(Dense(7, name="head")(x), 0.3)])
    with pytest.raises(ValueError, match="its auxiliary head head ends in 7 scores"):
        network_for(network, (8, 8), 1, 10)


@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_multipliers_of_rate_and_decay(optimiser: str) -> None:
    x = Conv(3, 1, lr_mult=(0, 2), name="still")(Input(1, 2, 2))
    network = Network(Dense(2, name="slow", lr_mult=0.5, decay_mult=(4, 9))(Dense(2, name="plain")(x)))
    module = build(network)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(1.0)
            parameter.grad = torch.zeros_like(parameter)
    stepper = make_optimiser(module, Recipe(optimiser=optimiser, weight_decay=0.1, learning_rate=0.2, momentum=0.0))
    set_rate(stepper, 0.2)
    stepper.step()
    left = {name: value.flatten()[0].item() for name, value in module.named_parameters()}
    assert left == pytest.approx({
        "still.weight": 1, "still.bias": 1, "plain.weight": 1 - 0.2 * 0.1, "plain.bias": 1,
        "slow.weight": 1 - 0.5 * 0.2 * 4 * 0.1, "slow.bias": 1})
    rates = sorted(group["lr"] for group in stepper.param_groups)
    assert rates == pytest.approx([0.0, 0.1, 0.1, 0.2, 0.2, 0.4])


def test_a_bilinear_filter_enlarges_as_interpolation_does() -> None:
    layer = Deconv(1, 4, stride=2, padding=1, bias=False, weight_filler="bilinear", name="up")
    network = Network(layer(Input(1, 5, 7)))
    module = build(network)
    fill(module, 0)
    weight = module.state_dict()["up.weight"]
    x = torch.randn(1, 1, 5, 7, generator=torch.Generator().manual_seed(0))
    wanted = interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    got = conv_transpose2d(x, weight, stride=2, padding=1)
    assert torch.allclose(got[:, :, 2:-2, 2:-2], wanted[:, :, 2:-2, 2:-2], atol=1e-6)  # the border has no neighbours


def test_a_sparse_gaussian_keeps_the_share_it_was_told() -> None:
    module = build(
        Network(Dense(500, weight_filler=Initializer("gaussian", std=1, sparse=15), name="d")(Input(400, 1, 1)))
    )
    fill(module, 0)
    weight = module.state_dict()["d.weight"]
    assert (weight != 0).float().mean().item() == pytest.approx(15 / 500, rel=0.05)
    assert weight[weight != 0].std().item() == pytest.approx(1, rel=0.05)
