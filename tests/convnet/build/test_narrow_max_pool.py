"""Max pooling of few bfloat16 channels gives torch's bits, forwards and backwards."""

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.arch import Input, Network, Pool
from striate.convnet.build import operations
from striate.convnet.build.narrow_max_pool import is_narrow, narrow_max_pool
from striate.convnet.build.net import build


def pictures(channels: int, side: int) -> torch.Tensor:
    """(3, channels, side, side) bfloat16, channels last, many of whose values are equal."""
    torch.manual_seed(1)
    x = torch.randint(-4, 5, (3, channels, side, side)).bfloat16()
    return x.contiguous(memory_format=torch.channels_last).requires_grad_()


@pytest.mark.parametrize(("kernel", "stride", "padding", "ceil"), [
    ((2, 2), (2, 2), (0, 0), False), ((3, 3), (2, 2), (1, 1), True), ((3, 2), (1, 2), (1, 0), False)])
def test_it_gives_the_bits_of_torch(kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int],
                                    ceil: bool) -> None:
    x = pictures(5, 11)
    found, expected = (pool(x, kernel, stride, padding, (1, 1), ceil) for pool in (narrow_max_pool, F.max_pool2d))
    assert found.dtype == torch.bfloat16
    assert torch.equal(found, expected)
    slope = torch.randn_like(expected)
    assert torch.equal(*(torch.autograd.grad(one, x, slope)[0] for one in (found, expected)))


@pytest.mark.parametrize(("channels", "kind", "narrow"), [
    (20, torch.bfloat16, True), (6, torch.bfloat16, True), (16, torch.bfloat16, False), (50, torch.bfloat16, False),
    (20, torch.float32, False)])
def test_what_is_narrow(channels: int, kind: torch.dtype, narrow: bool) -> None:
    assert is_narrow(torch.zeros(1, channels, 2, 2, dtype=kind)) is narrow


@pytest.mark.parametrize("layer", [Pool(2), Pool(3, stride=2, padding=((0, 1), (0, 1)))])
def test_networks_use_it_while_training(monkeypatch: pytest.MonkeyPatch, layer: Pool) -> None:
    calls: list[torch.Tensor] = []
    original = operations.narrow_max_pool
    monkeypatch.setattr(operations, "narrow_max_pool", lambda *args: (calls.append(args[0]), original(*args))[1])
    x, module = pictures(5, 8), build(Network(layer(Input(5, 8, 8))))
    trained = module.train()(x)
    assert len(calls) == 1
    assert torch.equal(trained, module.eval()(x))
    assert len(calls) == 1
