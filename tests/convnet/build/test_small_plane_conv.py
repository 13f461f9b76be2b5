"""A 3×3 convolution over a plane of at most 3×3 pixels is torch's own, and so are its gradients."""

from collections.abc import Callable

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.arch import Conv, Input, Network
from striate.convnet.build import operations
from striate.convnet.build.net import build
from striate.convnet.build.small_plane_conv import SmallPlaneConv, small_plane_conv


def tensors(height: int, width: int, kind: torch.dtype = torch.float64) -> tuple[torch.Tensor, ...]:
    """x (5, 7, height, width), channels last, weight (11, 7, 3, 3) and bias (11,)."""
    torch.manual_seed(2)
    x = torch.randn(5, 7, height, width, dtype=kind).contiguous(memory_format=torch.channels_last)
    return tuple(one.requires_grad_() for one in (
        x, torch.randn(11, 7, 3, 3, dtype=kind), torch.randn(11, dtype=kind)))


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 1), (3, 3)])
def test_values_and_gradients_are_those_of_torch(size: tuple[int, int], biased: bool) -> None:
    x, weight, bias = tensors(*size)
    own = (x, weight, bias) if biased else (x, weight)
    expected = F.conv2d(*own, padding=1)  # type: ignore[arg-type]
    found = SmallPlaneConv.apply(x, weight, bias if biased else None)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    assert found.is_contiguous(memory_format=torch.channels_last)
    slope = torch.randn_like(expected)
    for ours, theirs in zip(torch.autograd.grad(found, own, slope), torch.autograd.grad(expected, own, slope),
                            strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_gradients_are_those_of_finite_differences() -> None:
    x, weight, bias = tensors(2, 3)
    assert torch.autograd.gradcheck(SmallPlaneConv.apply, (x[:2], weight[:2], bias[:2]))


def test_no_pictures_have_gradients_of_zero() -> None:
    _, weight, bias = tensors(3, 3)
    found = SmallPlaneConv.apply(weight.new_zeros(0, 7, 3, 3), weight, bias)  # type: ignore[no-untyped-call]
    found.sum().backward()
    assert tuple(found.shape) == (0, 11, 3, 3)
    assert not weight.grad.any()  # type: ignore[union-attr]
    assert not bias.grad.any()  # type: ignore[union-attr]


def test_products_are_in_bfloat16_and_gradients_in_the_format_of_the_weights() -> None:
    x, weight, bias = tensors(3, 3, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        found = small_plane_conv(x.bfloat16(), weight, bias)
    assert found.dtype == torch.bfloat16
    exact = F.conv2d(*(one.detach().bfloat16().double() for one in (x, weight, bias)), padding=1)
    assert (found.double() - exact).abs().max() <= exact.abs().max() / 256  # half a step of bfloat16's 8 bits
    found.float().sum().backward()
    assert weight.grad is not None
    assert weight.grad.dtype == torch.float32


@pytest.mark.parametrize(("layer", "side", "kind", "used"), [
    (Conv(4, 3, padding=1), 3, torch.bfloat16, True),
    (Conv(4, 3, padding=1), 3, torch.float32, False),
    (Conv(4, 3, padding=1), 4, torch.bfloat16, False),
    (Conv(4, 3), 3, torch.bfloat16, False),
    (Conv(4, 3, padding=1, stride=2), 3, torch.bfloat16, False),
    (Conv(4, 3, padding=2, dilation=2), 3, torch.bfloat16, False),
    (Conv(4, 3, padding=1, groups=2), 3, torch.bfloat16, False),
    (Conv(4, 1), 3, torch.bfloat16, False),
])
def test_it_is_used_for_such_planes_while_training(monkeypatch: pytest.MonkeyPatch, layer: Callable[..., object],
                                                   side: int, kind: torch.dtype, used: bool) -> None:
    calls: list[torch.Tensor] = []
    original = operations.small_plane_conv
    monkeypatch.setattr(operations, "small_plane_conv", lambda *args: (calls.append(args[0]), original(*args))[1])
    module = build(Network(layer(Input(2, side, side))))  # type: ignore[arg-type]
    for name, value in module.state_dict().items():
        torch.nn.init.normal_(value) if name.endswith("weight") else None
    x = torch.randn(3, 2, side, side).to(kind)
    with torch.autocast("cpu", kind, enabled=kind == torch.bfloat16):
        trained = module.train()(x)
        assert len(calls) == used
        torch.testing.assert_close(trained, module.eval()(x))
    assert len(calls) == used  # a prediction is torch's own, to the bit
