"""Convolutions fused with their ReLU, and networks that are turned so that no volume is copied to be padded."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from striate import Conv, GlobalPool, Network, Pool, ReLU, Volume, load_network
from striate.arch.axis import Axis
from striate.convnet.build.net import build
from striate.convnet.inference import fused_conv
from striate.convnet.inference.fold_batch_norm import RotatedInput, fold, needs_rotation
from tests.convnet.pretrained.small import filled


def chain(*layers, sides=(32, 30)) -> Network:  # type: ignore[no-untyped-def]
    x = Volume(3, *sides)
    for layer in layers:
        x = layer(x)
    return Network(GlobalPool()(x), name="chain")


SAME = {"padding": "same", "stride": 2}


@pytest.mark.parametrize(("network", "expected"), [
    (chain(Conv(4, 3, **SAME), ReLU(limit=6), Conv(4, 5, **SAME), ReLU(), Conv(4, 3, padding=1)), True),
    (chain(Conv(4, 3, padding="same"), ReLU()), False),  # no padding is uneven
    (chain(Conv(4, 3, **SAME), Pool(3, 2)), False),  # a pooling has a top and a bottom
    (chain(Conv(4, 3, **SAME), Conv(4, 3, 2, 1)), False),  # 16 pixels: turned, the last window would be another
    (chain(Conv(4, 3, **SAME), sides=(31, 33)), False),  # of odd sides the padding is even
    (load_network("efficientnet_lite0"), False),  # ends in scores of a dense layer: see below
    (load_network("resnet18"), False),
], ids=lambda value: value if isinstance(value, bool) else "")
def test_a_network_is_turned_where_its_windows_allow_it(network, expected) -> None:  # type: ignore[no-untyped-def]
    if network.name == "efficientnet_lite0":
        expected = True  # a dense layer on a 1×1 volume has no top either
    assert needs_rotation(build(network)) is expected


@pytest.mark.parametrize("available", [True, False])
@pytest.mark.parametrize("last", [{}, {"groups": 4}, {"bias": False}])
def test_turned_and_fused_networks_say_the_same(monkeypatch, available, last) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(fused_conv, "AVAILABLE", available and fused_conv.AVAILABLE)
    net = filled(chain(Conv(8, 3, **SAME), ReLU(limit=6), Conv(8, 5, **SAME), ReLU(), Conv(8, 3, padding=1, **last)))
    x = torch.randn(3, 3, 32, 30, generator=torch.Generator().manual_seed(0)).to(memory_format=torch.channels_last)
    before = x.clone()
    made = fold(net)
    assert isinstance(made, RotatedInput)
    with torch.inference_mode():
        wanted, found = net.eval()(x), made(x)
        again = made(x[:2])  # another number of pictures than weights were packed for
        half = made.bfloat16()(x.bfloat16()).float()
    assert torch.allclose(found, wanted, rtol=1e-4, atol=1e-5 * float(wanted.abs().max()))
    assert torch.allclose(again, wanted[:2], rtol=1e-4, atol=1e-5 * float(wanted.abs().max()))
    assert torch.allclose(half, wanted, atol=0.05 * float(wanted.abs().max()))
    assert torch.equal(x, before)


def test_a_processor_without_bfloat16_does_it_in_two_steps(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(fused_conv, "DTYPES", {torch.float32})
    net = filled(chain(Conv(8, 3, **SAME), ReLU(limit=6)))
    x = torch.randn(2, 3, 32, 30, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.allclose(fold(net).bfloat16()(x.bfloat16()).float(), net.eval()(x), rtol=0.1, atol=0.1)


def test_fusing_is_what_happens_here() -> None:
    assert fused_conv.AVAILABLE


@given(st.integers(1, 20), st.integers(1, 6), st.integers(1, 4), st.integers(0, 3), st.integers(0, 3),
       st.integers(1, 2))
def test_mirrors_says_whether_windows_stay(size, kernel, stride, before, after, dilation) -> None:  # type: ignore[no-untyped-def]
    axis = Axis(size, kernel, stride, (before, after), dilation)
    count = axis.count("floor")
    if not count:
        return
    beyond = axis.overhang("floor")
    windows = {tuple(i * stride - before + tap * dilation for tap in range(kernel)) for i in range(count)}
    mirrored = Axis(size, kernel, stride, max(beyond, 0), dilation)
    found = {tuple(size - 1 - (i * stride - beyond + tap * dilation) for tap in range(kernel))[::-1]
             for i in range(mirrored.count("floor"))}
    assert axis.is_symmetric == (beyond >= 0 and found == windows)
