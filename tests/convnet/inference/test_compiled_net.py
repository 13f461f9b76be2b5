"""The compiled form of a network: the scores of the module that trains, for every kind of layer, whoever asks."""

from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from functools import partial

import numpy as np
import pytest
import torch

from striate import (
    LRN,
    Add,
    BatchNorm,
    Concat,
    Conv,
    ConvNet,
    Deconv,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Input,
    LeakyReLU,
    Maximum,
    Multiply,
    Network,
    Pad,
    Pool,
    ReLU,
    Scale,
    Slice,
    Softmax,
    Tanh,
    Volume,
    load_network,
)
from striate.arch.unfused import FUSABLE, unfused
from striate.arch.zoo import ZOO
from striate.convnet.build.initialise import fill
from striate.convnet.build.net import Net, build
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.build.operations import OPERATIONS
from striate.convnet.inference.compiled_net import CompiledNet, CurrentForm
from striate.convnet.inference.fold_batch_norm import InPlaceReLU
from striate.convnet.inference.lowering import lower
from striate.model.preprocessing import InMemoryDataset

MEAN, STD = (120.0, 100.0, 90.0), (60.0, 55.0, 70.0)


def initialised(network: Network, seed: int = 0) -> Net:
    """Its module, initialised as for training, with averages and biases of a trained one."""
    net = build(network)
    fill(net, seed)
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in net.state_dict().items():
        if name.endswith("running_var"):
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
        elif name.endswith(("running_mean", "bias")):
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.1)
    return net.eval()


def preparation(network: Network) -> InputNormalisation:
    channels, height, width = network.input
    return InputNormalisation((height, width), channels, "squash", MEAN[:channels], STD[:channels])


def pictures(network: Network, count: int, seed: int = 0) -> np.ndarray:
    """Coarse noise, for fine noise looks alike to any network."""
    channels, height, width = network.input
    coarse = np.random.default_rng(seed).integers(0, 256, (count, -(-height // 5), -(-width // 5), channels), np.uint8)
    return np.ascontiguousarray(coarse.repeat(5, 1).repeat(5, 2)[:, :height, :width])


def difference(net: Net, precision: str, count: int = 3) -> tuple[float, float]:
    """Largest difference of scores, over the largest score, and the share of pictures with the same label."""
    images, prepared = pictures(net.network, count), preparation(net.network)
    with torch.inference_mode():
        wanted = net(prepared.batch(images)).flatten(1)
    found = CompiledNet(net.network, net.state_dict(), prepared, precision).forward(images).flatten(1)
    assert found.dtype == torch.float32
    return (float((found - wanted).abs().max() / wanted.abs().max()),
            float((found.argmax(1) == wanted.argmax(1)).double().mean()))


def odd(*layers: object, sides: tuple[int, int] = (17, 19)) -> Network:
    x = Volume(3, *sides)
    for layer in layers:
        x = layer(x)  # type: ignore[operator]
    return Network(Dense(5)(x), name="odd")


def two_readers() -> Network:
    """A convolution that is added to what it reads, a sum that is read twice, and one that writes over nothing."""
    x = ReLU()(Conv(8, 3, padding=1)(Input(3, 17, 19)))
    x = Add()(x, Conv(8, 3, padding=1)(x))
    shortcut = Conv(8, 1)(x)
    y = ReLU()(Add()(shortcut, BatchNorm()(Conv(8, 3, padding=1)(x))))
    z = Add()(y, Conv(8, 3, padding=1)(ReLU(6)(Conv(8, 3, padding=1)(y))))
    return Network(Dense(5)(Concat()(y, z, x)), name="readers")


def late_reader() -> Network:
    """A convolution in front of one sum and added to another."""
    v = ReLU()(Conv(8, 3, padding=1)(Input(3, 9, 9)))
    a = Conv(8, 3, padding=1)(v)
    first = Add()(Conv(8, 1)(Tanh()(v)), v)
    return Network(Dense(4)(Add()(first, a)), name="late")


def weighted() -> Network:
    """A convolution that is read before its ReLU as well, and a sum with coefficients."""
    conv = Conv(8, 3, padding=1)(Input(3, 9, 9))
    x = Concat()(ReLU()(conv), conv)
    y = ReLU()(Conv(4, 3, padding=1)(x))
    return Network(Dense(4)(ReLU()(Add(coefficients=(1, -2))(y, Conv(4, 3, padding=1)(x)))), name="weighted")


def merges() -> Network:
    x = ReLU()(Conv(8, 3, padding=1)(Input(3, 12, 12)))
    first, second = Slice(0, 4)(x), Slice(4, 4)(x)
    y = Multiply()(first, Maximum()(first, second))
    return Network(Softmax()(Dense(6)(Flatten()(Concat()(y, second)))), name="merges")


ODD = {
    "pooling between": odd(Conv(8, 3, padding=1, bias=False), Pool(2), BatchNorm(), ReLU(), Conv(8, 3), Pool(3, 2)),
    "signed pooling": odd(Conv(8, 3), Pool(3, 2, 1), Conv(8, 3), Pool(2, rounding="ceil"), Tanh()),
    "padded pooling": odd(Conv(8, 3), ReLU(), Pool(3, 1, 1), Pool(3, 2, "same"), Pool(5, 3, 2, rounding="ceil")),
    "average pooling": odd(Conv(8, 3), ReLU(), Pool(3, 2, 1, mode="average", rounding="ceil")),
    "lrn": odd(Conv(8, 3), ReLU(), LRN(5, alpha=0.5), Conv(9, 3), LRN(3, alpha=0.5, beta=0.5, k=2), LRN(7, alpha=0.1)),
    "lrn within": odd(Conv(8, 3), ReLU(), LRN(3, alpha=0.5, region="within")),
    "no convolution first": odd(Pool(2), Conv(8, 3, padding="same", stride=2), LeakyReLU(0.1)),
    "dense alone": odd(Dense(20), ReLU(), Dropout(0.5), Dense(10), ReLU(6)),
    "uneven first": odd(Conv(8, 3, 2, "same"), ReLU(), Pool(2)),
    "turned": odd(Conv(8, 3, 2, "same"), ReLU(6), Conv(8, 3, padding=1), GlobalPool(), sides=(16, 16)),
    "scale": odd(Conv(8, 3), BatchNorm(), Scale(), ReLU(), Scale(), Deconv(6, 3, 2), Pad(1), Tanh()),
    "grouped first": odd(Conv(6, 3, groups=3), ReLU()),
    "readers": two_readers(), "late reader": late_reader(), "merges": merges(),
    "weighted": weighted(),
    "convolutions alone": Network(GlobalPool()(Conv(7, 3)(ReLU()(Conv(8, 3)(Input(3, 17, 19))))), name="conv"),
}
SMALL = [name for name, entry in ZOO.items() if (entry.input or Volume(3, 32, 32)).height < 100]


@pytest.mark.parametrize("name", ODD)
def test_every_layer_is_right_in_both_precisions(name: str) -> None:
    net = initialised(ODD[name])
    assert difference(net, "float32")[0] < 1e-4
    assert difference(net, "bfloat16")[0] < 0.03


def test_a_normalisation_with_a_negative_factor_stays_behind_the_pooling() -> None:
    net = initialised(ODD["pooling between"])
    net.state_dict()["batch_norm1.weight"][::2] *= -1
    assert difference(net, "float32")[0] < 1e-4


@pytest.mark.parametrize("name", SMALL)
def test_small_networks_of_the_zoo_give_the_same_scores(name: str) -> None:
    net = initialised(load_network(name))
    assert difference(net, "float32")[0] < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ZOO if name not in SMALL])
def test_large_networks_of_the_zoo_give_the_same_scores(name: str) -> None:
    net = initialised(load_network(name))
    assert difference(net, "float32", 2)[0] < 1e-4


def by_themselves(network: Network) -> tuple[str, ...]:
    """Elementwise layers, sums, products and maxima whose kernel is that which trains, or a ReLU alone."""
    kinds = {node.name: node.layer.kind for node in network.nodes}
    steps = lower(initialised(network), preparation(network), torch.float32, 2)[1:]  # the first reads bytes
    return tuple(step.output for step in steps if kinds[step.output] in FUSABLE and (
        isinstance(step.kernel, InPlaceReLU)
        or (isinstance(step.kernel, partial) and step.kernel.func in OPERATIONS.values())))


@pytest.mark.parametrize("network", [*ODD.values(), *map(load_network, SMALL)], ids=[*ODD, *SMALL])
def test_layers_that_are_computed_by_themselves_are_known_without_weights(network: Network) -> None:
    assert unfused(network) == by_themselves(network)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ZOO if name not in SMALL])
def test_the_same_of_large_networks(name: str) -> None:
    assert unfused(load_network(name)) == by_themselves(load_network(name))


def test_labels_in_bfloat16_are_those_of_float32() -> None:
    rng = np.random.default_rng(0)
    prototypes = rng.integers(0, 256, (10, 16, 16, 1))
    labels = np.arange(400) % 10
    images = np.clip(prototypes[labels] + rng.normal(0, 60, (400, 16, 16, 1)), 0, 255).astype(np.uint8)
    model = ConvNet(epochs=3, seed=0, size=(16, 16)).fit(images[:200], labels[:200])
    made = [CompiledNet(model.network_, model.module_.state_dict(), model.preparation_, precision).scores(
        InMemoryDataset(images)) for precision in ("float32", "bfloat16")]
    assert (made[0].argmax(1) == made[1].argmax(1)).mean() >= 0.99
    assert not np.array_equal(*made)


@pytest.mark.parametrize("how", ["none", "flip", "shift"])
def test_views_are_averaged_as_for_the_module(how: str) -> None:
    from striate.convnet.training.validation_epoch import logits_of

    net = initialised(load_network("lenet_caffe"))
    data, prepared = InMemoryDataset(pictures(net.network, 7)), preparation(net.network)
    found = CompiledNet(net.network, net.state_dict(), prepared, "float32").scores(data, how)
    assert np.allclose(found, logits_of(net, data, prepared, how=how).numpy(), atol=1e-4 * np.abs(found).max())


def test_scores_do_not_depend_on_the_number_of_threads_and_many_may_ask() -> None:
    net = initialised(load_network("compact"))
    compiled = CompiledNet(net.network, net.state_dict(), preparation(net.network), "auto")
    data = InMemoryDataset(pictures(net.network, 2 * compiled.batch + 5))
    usual, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(compiled.scores(data))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(usual)
    with ThreadPoolExecutor(4) as pool:
        found += pool.map(lambda _: compiled.scores(data), range(8))
    assert all(np.array_equal(one, found[0]) for one in found)


@pytest.mark.parametrize("network", [
    *map(load_network, ("compact", "lenet5", "resnet20")), odd(Conv(8, 3), Dense(2100), ReLU()),
], ids=lambda network: network.name)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_picture_has_the_same_bits_alone_and_among_others(network: Network, precision: str) -> None:
    net = initialised(network)
    compiled = CompiledNet(net.network, net.state_dict(), preparation(net.network), precision)
    images, usual = pictures(net.network, 9), torch.get_num_threads()
    found = compiled.forward(images)
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            for count in (1, 2, 3, 8):
                assert torch.equal(compiled.forward(images[:count]), found[:count]), (threads, count)
    finally:
        torch.set_num_threads(usual)


def test_batches_follow_from_network_and_number_of_pictures() -> None:
    net = initialised(load_network("lenet_caffe"))
    compiled = CompiledNet(net.network, net.state_dict(), preparation(net.network))
    sizes = {count: [len(one) for one in compiled.batches(InMemoryDataset(pictures(net.network, count)))]
             for count in (1, 2, 5, 200)}
    assert sizes == {1: [1], 2: [1, 1], 5: [3, 2], 200: [50, 50, 50, 50]}


def test_a_change_of_the_module_is_seen() -> None:
    net, form = initialised(load_network("lenet_caffe")), CurrentForm()
    prepared = preparation(net.network)
    images = pictures(net.network, 2)
    first = form.of(net, prepared, "float32")
    assert form.of(net, prepared, "float32") is first
    assert form.of(net, prepared, "bfloat16") is not first
    with torch.no_grad():
        net.state_dict()["conv1.weight"].mul_(2)
    changed = form.of(net, prepared, "float32")
    assert not torch.equal(changed.forward(images), first.forward(images))
    net.load_state_dict(initialised(net.network, 5).state_dict(), assign=True)
    assert not torch.equal(form.of(net, prepared, "float32").forward(images), changed.forward(images))
    assert deepcopy(form)._made is None


def test_training_again_answers_anew() -> None:
    images = np.repeat(np.array([0, 255], np.uint8), 8)[:, None, None] * np.ones((1, 8, 8), np.uint8)
    model = ConvNet(epochs=2, seed=0).fit(images, ["dark"] * 8 + ["light"] * 8)
    first = model.predict_proba(images)
    assert model.fit(images, ["light"] * 8 + ["dark"] * 8).predict(images[:1]) == ["light"]
    assert not np.allclose(model.predict_proba(images), first)
    assert np.array_equal(deepcopy(model).predict_proba(images), model.predict_proba(images))


def test_weights_that_are_no_numbers_show_in_the_scores() -> None:
    net = initialised(load_network("lenet_caffe"))
    net.state_dict()["conv1.weight"][0] = torch.nan
    found = CompiledNet(net.network, net.state_dict(), preparation(net.network)).forward(pictures(net.network, 1))
    assert found.isnan().all()
