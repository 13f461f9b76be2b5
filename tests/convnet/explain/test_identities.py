"""What the three rules have in common, and what one backward pass does to pools that overlap."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from striate.arch import LRN, Add, BatchNorm, Conv, Dense, GlobalPool, Input, Network, Pool, ReLU
from striate.convnet.explain.backward import ForwardPass, positions, seed_of
from striate.convnet.explain.deconvnet import deconvnet
from striate.convnet.explain.explained_net import HEAD, ExplainedNet
from striate.convnet.explain.gradient import gradient
from striate.convnet.explain.guided import guided
from striate.convnet.explain.linear_head import LinearHead
from striate.convnet.explain.rules import RULES
from striate.convnet.explain.target import Target
from tests.convnet.explain.nets import explained, picture

UNIT = Target("dense1", 2, (0, 0))


def without_relu(width: int = 8) -> Network:
    x = Pool(3, 2)(Conv(width, 5, padding=2, name="conv")(Input(3, 15, 17)))
    return Network(Dense(4)(Conv(width, 3, name="last")(x)))


def back(model: ExplainedNet, x: torch.Tensor, rule: str, target: Target = UNIT,
         value: float | None = 1.0) -> torch.Tensor:
    forward = ForwardPass.of(model, x, [target.layer], rule)
    return forward.back(target.layer, seed_of(forward.volumes[target.layer], target, value))


@pytest.mark.parametrize("rule", RULES)
def test_without_a_relu_the_rules_are_one_bit_for_bit(rule: str) -> None:
    model = explained(without_relu())
    x = model.batch(picture(model)[None])
    assert torch.equal(back(model, x, rule), back(model, x, "gradient"))


def test_the_activation_as_seed_is_a_factor() -> None:
    model = explained(without_relu())
    pixels = picture(model)
    unit = next(unit for unit in range(4) if "Nothing" not in deconvnet(model, pixels, Target("dense1", unit)).evidence)
    activation = model.activations(model.batch(pixels[None]), ["dense1"])["dense1"][0, unit].item()
    found = deconvnet(model, pixels, Target("dense1", unit)).array
    slope = gradient(model, pixels, Target("dense1", unit)).array
    np.testing.assert_allclose(found, activation * slope, rtol=1e-5, atol=1e-6 * np.abs(found).max())
    assert np.array_equal(deconvnet(model, pixels, Target("dense1", unit), seed=1.0).array, slope)


def test_where_all_signals_are_positive_the_rules_are_one() -> None:
    network = Network(Dense(4)(ReLU()(Conv(4, 3)(ReLU()(Conv(8, 5)(Input(1, 15, 15)))))))
    model = explained(network, mean=0)
    for tensor in model.net.state_dict().values():
        tensor.abs_()
    found = [back(model, model.batch(picture(model)[None]), rule) for rule in RULES]
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("factor", [0.5, 8.0])
def test_a_seed_times_a_power_of_two_is_the_picture_times_it(rule: str, factor: float) -> None:
    x = LRN()(ReLU()(Conv(4, 3)(Input(2, 9, 9))))
    model = explained(Network(Dense(4)(ReLU()(Pool(3, 2)(x)))))
    batch = model.batch(picture(model)[None])
    assert torch.equal(back(model, batch, rule, value=factor), factor * back(model, batch, rule))


@pytest.mark.parametrize("rule", RULES)
def test_identity_filters_return_the_input_within_the_support_of_the_seed(rule: str) -> None:
    network = Network(ReLU(name="relu")(Conv(2, 1, name="conv")(Input(2, 5, 6))))
    model = explained(network, mean=0, std=1, tensors={"conv.weight": torch.eye(2)[:, :, None, None],
                                                       "conv.bias": torch.zeros(2)})
    pixels = picture(model)
    support = np.random.default_rng(0).integers(0, 2, (5, 6, 2))
    forward = ForwardPass.of(model, model.batch(pixels[None]), ["relu"], rule)
    seed = forward.volumes["relu"].detach() * torch.as_tensor(support).permute(2, 0, 1)
    assert np.array_equal(forward.back("relu", seed)[0].permute(1, 2, 0).numpy(), pixels * support)


@pytest.mark.parametrize("seed", [None, 0.0, -1.0])
def test_a_seed_of_0_or_less_is_stated_and_not_drawn(seed: float | None) -> None:
    network = Network(Dense(2)(Conv(1, 1, name="conv")(Input(1, 3, 3))))
    model = explained(network, mean=0, std=1, tensors={"conv.weight": -torch.ones(1, 1, 1, 1),
                                                       "conv.bias": torch.zeros(1)})
    found = deconvnet(model, np.full((3, 3, 1), 7, np.uint8), Target("conv", 0, (1, 2)), seed)
    assert found.array.shape == (3, 3, 1)
    assert not found.array.any()
    said = {None: "the activation itself, −7", 0.0: "0, where the activation is −7", -1.0: "−1, where"}[seed]
    assert found.evidence.startswith(f"Nothing is drawn of unit 0 of conv at 1,2: its seed is {said}")


def test_one_pixel_that_wins_four_windows_gets_the_sum_of_four_signals() -> None:
    model = explained(Network(Pool(3, 2, name="pool")(Input(1, 5, 5))))
    x = torch.zeros(1, 1, 5, 5)
    x[0, 0, 2, 2] = 1
    for rule in RULES:
        forward = ForwardPass.of(model, x, ["pool"], rule)
        found = forward.back("pool", torch.tensor([[[[1.0, 2.0], [4.0, 8.0]]]]))
        assert found[0, 0, 2, 2] == 15
        assert found.count_nonzero() == 1


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("pool", [Pool(3, 2), Pool(3, 2, padding=2), Pool(2, 1, ((1, 0), (0, 1)))])
def test_of_equal_maxima_the_first_in_row_order_wins(pool: Pool, threads: int, dtype: torch.dtype,
                                                     layout: torch.memory_format) -> None:
    network = Network(pool.with_name("pool")(Input(40, 9, 9)))
    model, before = explained(network), torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        x = torch.zeros(2, 40, 9, 9, dtype=dtype).to(memory_format=layout)
        forward = ForwardPass.of(model, x, ["pool"])
        found = forward.back("pool", torch.ones_like(forward.volumes["pool"]))
    finally:
        torch.set_num_threads(before)
    expected = np.zeros((9, 9))
    (top, _), (left, _) = pool.window.pads(9, 9)
    for i, j in np.ndindex(network.output.height, network.output.width):
        expected[max(0, i * pool.window.stride[0] - top), max(0, j * pool.window.stride[1] - left)] += 1
    assert (found.numpy() == expected).all()


@pytest.mark.parametrize("rule", RULES)
def test_of_equal_maxima_of_a_global_pool_the_first_wins(rule: str) -> None:
    model = explained(Network(GlobalPool("max", name="pool")(Input(2, 3, 4))))
    x = torch.ones(1, 2, 3, 4)
    x[0, 1, 0, 0] = 0
    found = ForwardPass.of(model, x, ["pool"], rule).back("pool", torch.tensor([[[[3.0]], [[5.0]]]]))
    assert found[0, 0, 0, 0] == 3
    assert found[0, 1, 0, 1] == 5
    assert found.count_nonzero() == 2


def test_a_unit_without_a_position_is_where_it_is_strongest_the_first_of_equals() -> None:
    volume = torch.tensor([[[[1.0, 5.0], [5.0, 0.0]]], [[[0.0, 0.0], [0.0, 0.0]]], [[[-3.0, -2.0], [-1.0, -1.0]]]])
    assert positions(volume, Target("conv", 0)).tolist() == [[0, 1], [0, 0], [1, 0]]
    assert seed_of(volume, Target("conv", 0), None)[2, 0].tolist() == [[0, 0], [-1, 0]]


def test_of_an_add_each_branch_gets_the_whole_signal_once() -> None:
    start = Input(1, 3, 3)
    model = explained(Network(Add((2.0, 1.0, 1.0), name="add")(start, ReLU()(start), start)))
    x = torch.tensor([[[[1.0, -1.0, 2.0]] * 3]])
    found = {rule: back(model, x, rule, Target("add", 0, (1, 1)))[0, 0, 1, 1].item() for rule in RULES}
    assert found == {"deconvnet": 4, "gradient": 3, "guided": 3}


def test_the_length_of_a_transfers_features_is_left_out_of_its_deconvnet_only() -> None:
    network = Network(ReLU(name="features")(Dense(3, name="dense")(Input(1, 2, 2))))
    weights = torch.tensor([[1.0, 2.0, -3.0], [0.5, 0.0, 1.0]])
    head = LinearHead(weights, torch.tensor([0.25, 0.0]), torch.tensor([0.1, 0.2, 0.3]))
    model = replace(explained(network), classes=("cat", "dog"), head=head)
    x = model.batch(picture(model)[None])
    margin = Target(HEAD, 0, (0, 0))
    seed = torch.tensor([[[[1.0]], [[0.0]]]])
    forward = ForwardPass.of(model, x, [HEAD, "features"], "deconvnet")
    assert forward.back(HEAD, seed, "features").flatten().tolist() == weights[0].tolist()
    features = forward.volumes["features"].detach().requires_grad_()
    (slope,) = torch.autograd.grad(head(features)[0, 0, 0, 0], features)
    for rule in ("gradient", "guided"):
        forward = ForwardPass.of(model, x, [HEAD, "features"], rule)
        assert torch.allclose(forward.back(HEAD, seed, "features"), slope)
    assert model.words(margin) == "the score of class cat"
    assert guided(model, picture(model), margin).unit == "cat"


def test_the_input_itself_is_a_layer() -> None:
    model = explained(without_relu())
    found = gradient(model, picture(model), Target("input", 1, (3, 4)))
    assert found.array[3, 4].tolist() == [0, 1, 0]
    assert found.array.sum() == 1


@pytest.mark.parametrize("pooled", [False, True])
def test_without_max_pooling_the_picture_does_not_change_a_deconvnet(pooled: bool) -> None:
    x = ReLU()(Conv(4, 3, stride=2, padding=1)(Input(3, 12, 12)))
    x = Pool(2, mode="max" if pooled else "average")(x)
    model = explained(Network(Dense(2)(ReLU(name="relu")(BatchNorm()(Conv(6, 3)(x))))))
    drawn = [deconvnet(model, picture(model, seed), Target("relu", unit, (0, 0)), seed=1.0)
             for unit in range(6) for seed in (1, 2)]
    same = [bool(np.array_equal(one.array, other.array)) for one, other in zip(drawn[::2], drawn[1::2], strict=True)]
    assert all(same) != pooled
    assert any(one.array.any() for one in drawn)
    said = {"not what it looks like" in one.evidence for one in drawn if one.array.any()}
    assert said == {not pooled}
