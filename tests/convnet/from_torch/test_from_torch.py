"""Modules come in as networks that compute the same, bit for bit but for the order of sums."""

from __future__ import annotations

import copy
import time
from collections import OrderedDict

import pytest
import torch
from torch import Tensor, nn

from striate.arch import Network, Volume
from striate.convnet.build.net import build
from striate.convnet.from_torch import from_torch, torch_weights
from striate.errors import NetworkError
from tests.convnet.from_torch.modules import MODULES, AlexNet, BasicBlock, GoogLeNet, ResNet


def randomised(module: nn.Module) -> nn.Module:
    """Every tensor drawn anew, so that nothing is 0 or 1 by default, and the module as it predicts."""
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if tensor.is_floating_point():
                drawn = torch.randn(tensor.shape, generator=random) * 0.3
                tensor.copy_(drawn.abs() + 0.5 if name.endswith("running_var") else drawn)
    return module.eval()


def answers(module: nn.Module, network: Network) -> tuple[Tensor, Tensor]:
    """What the module computes, and what our network computes with its weights."""
    net = build(network).eval()
    net.load_state_dict(torch_weights(module, network))
    picture = torch.randn((5, *network.input), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return module(picture.clone()).flatten(1), net(picture)


@pytest.mark.parametrize("name", MODULES)
def test_computes_the_same(name: str) -> None:
    module = randomised(MODULES[name].module())
    network = from_torch(module, MODULES[name].input)
    expected, got = answers(module, network)
    assert expected.shape == got.shape
    assert expected.std() > 1e-3  # else an equal answer says nothing
    torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-5)
    if MODULES[name].kinds:
        assert [node.layer.kind for node in network.nodes] == MODULES[name].kinds.split()
    learnt = sum(tensor.numel() for key, tensor in module.named_parameters() if not key.startswith("aux"))
    assert network.parameters == learnt


def test_names_are_module_paths_and_functions_stand_in_their_module() -> None:
    names = [node.name for node in from_torch(ResNet(BasicBlock, 1), Volume(3, 37, 41)).nodes]
    assert names[:13] == [
        "conv1", "bn1", "relu", "maxpool", "layer1/0/conv1", "layer1/0/bn1", "layer1/0/relu", "layer1/0/conv2",
        "layer1/0/bn2", "layer1/0/downsample/0", "layer1/0/downsample/1", "layer1/0/add", "layer1/0/relu_2"]
    assert names[-2:] == ["avgpool", "fc"]


def test_the_module_is_left_as_it_was() -> None:
    """Read as it predicts though it is in training; running values, gradients and modes stay."""
    module = GoogLeNet().train()
    before = copy.deepcopy(module.state_dict())
    network = from_torch(module, Volume(3, 29, 31))
    assert network.output == Volume(5, 1, 1)
    assert "aux" not in {node.name for node in network.nodes}
    assert [node.layer.kind for node in network.nodes].count("dropout") == 1
    assert all(child.training for child in module.modules())
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
    assert all(parameter.requires_grad and parameter.grad is None for parameter in module.parameters())


def test_hooks_on_gradients_change_nothing() -> None:
    """Neither what is read, nor do they run."""
    module = AlexNet()
    ran: list[int] = []
    network = from_torch(module, Volume(3, 223, 223))
    for m in (module, module.features, module.features[0]):
        m.register_full_backward_hook(lambda *_: ran.append(1))
        m.register_full_backward_pre_hook(lambda *_: ran.append(1))
    assert from_torch(module, Volume(3, 223, 223)) == network
    assert not ran
    assert len(module.features._backward_hooks) == 1  # its own stay


def test_weights_share_memory_and_have_every_name() -> None:
    module = AlexNet()
    network = from_torch(module, Volume(3, 223, 223))
    weights = torch_weights(module, network)
    assert {name: tuple(tensor.shape) for name, tensor in weights.items()} == {
        name: tensor.shape for name, tensor in network.tensors.items()}
    assert weights["features/0.weight"].data_ptr() == module.features[0].weight.data_ptr()
    assert not weights["features/0.weight"].requires_grad


def test_double_precision_and_channels_last() -> None:
    module = randomised(ResNet(BasicBlock, 1)).double().to(memory_format=torch.channels_last)
    network = from_torch(module, Volume(3, 37, 41))
    net = build(network).double().eval()
    net.load_state_dict(torch_weights(module, network))
    x = torch.randn(2, 3, 37, 41, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(net(x), module(x), rtol=1e-12, atol=1e-12)


def test_all_that_is_not_supported_is_listed() -> None:
    names = [f"unlucky_layer_number_{number}" for number in range(200)]
    module = nn.Sequential(OrderedDict([*((name, nn.SiLU()) for name in names), ("last", nn.Hardswish())]))
    with pytest.raises(NetworkError) as caught:
        from_torch(module, Volume(3, 8, 8))
    assert "it uses SiLU (unlucky_layer_number_0 and 199 more), Hardswish (last)." in str(caught.value)
    assert len(str(caught.value)) < 600
    assert all(name in caught.value.__notes__[0] for name in [*names, "last"])


def test_a_thousand_modules_in_place_take_a_moment() -> None:
    layers = [layer for _ in range(1_000) for layer in (nn.BatchNorm2d(2), nn.ReLU(inplace=True))]
    start = time.perf_counter()
    assert len(from_torch(nn.Sequential(*layers), Volume(2, 8, 8)).nodes) == 2_000
    assert time.perf_counter() - start < 60
