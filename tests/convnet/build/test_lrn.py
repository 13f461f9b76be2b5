"""Our normalisation across channels is torch's, forward and backward."""

import pytest
import torch
from torch.nn.functional import local_response_norm

from striate.convnet.build.lrn import CrossChannelLRN


@pytest.mark.parametrize(("channels", "size", "beta"),
                         [(7, 5, 0.75), (6, 4, 0.75), (3, 9, 0.5), (1, 1, 1.0), (8, 2, 2.0)])
def test_it_is_what_torch_computes(channels: int, size: int, beta: float) -> None:
    x = torch.randn(2, channels, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x = x.contiguous(memory_format=torch.channels_last)
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    result = CrossChannelLRN.apply(ours, size, 0.3, beta, 2.0)
    wanted = local_response_norm(theirs, size, 0.3, beta, 2.0)
    torch.testing.assert_close(result, wanted, rtol=1e-12, atol=1e-12)
    gradient = torch.randn(wanted.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    result.backward(gradient)
    wanted.backward(gradient)
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-12, atol=1e-12)
    assert result.is_contiguous(memory_format=torch.channels_last)


def test_bfloat16_keeps_its_format_and_is_summed_wider() -> None:
    x = torch.full((1, 64, 2, 2), 3.0, dtype=torch.bfloat16, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        result = CrossChannelLRN.apply(x, 5, 1e-4, 0.75, 1.0)
        exact = CrossChannelLRN.apply(1 + torch.arange(64.0).reshape(1, 64, 1, 1) / 4096, 5, 1.0, 1.0, 0.0)
    squares = (1 + torch.arange(64.0).double() / 4096) ** 2
    assert exact[0, 9, 0, 0].item() == pytest.approx((5 * (1 + 9 / 4096) / squares[7:12].sum()).item(), rel=1e-6)
    assert result.dtype == torch.bfloat16
    result.float().sum().backward()
    assert x.grad is not None
    assert x.grad.dtype == torch.bfloat16
    wanted = local_response_norm(x.detach().double(), 5, 1e-4, 0.75, 1.0)
    torch.testing.assert_close(result.detach().double(), wanted, rtol=2**-8, atol=0)
