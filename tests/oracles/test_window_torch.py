"""torch as a witness of the window arithmetic: over every setting, the shape it computes and the pixels it reads."""

import pytest
import torch
from hypothesis import assume, example, given
from hypothesis import strategies as st
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.arch.axis import Axis
from tests.examples import examples

sizes, kernels, strides, dilations = st.integers(1, 40), st.integers(1, 9), st.integers(1, 7), st.integers(1, 4)


def torch_count(run) -> int:
    """The length torch gives, or 0 where it refuses."""
    try:
        return run().shape[-1]
    except RuntimeError:
        return 0


@examples(500)
@given(sizes, kernels, strides, st.integers(0, 6), dilations)
def test_convolution(size, kernel, stride, padding, dilation):
    x, weight = torch.zeros(1, 1, size), torch.zeros(1, 1, kernel)
    count = torch_count(lambda: F.conv1d(x, weight, None, stride, padding, dilation))
    assert Axis(size, kernel, stride, padding, dilation).count("floor") == count


@pytest.mark.filterwarnings("ignore:Using padding='same'")  # torch says that it copies; we only want its answer
@examples(200)
@given(sizes, kernels, dilations)
def test_same_convolution(size, kernel, dilation):
    """At stride 1, where torch has it: also on which side the odd pixel goes."""
    axis = Axis(size, kernel, 1, None, dilation)
    x, weight = torch.arange(1.0, size + 1)[None, None], torch.arange(1.0, kernel + 1)[None, None]
    wanted = F.conv1d(x, weight, padding="same", dilation=dilation)
    assert torch.equal(F.conv1d(F.pad(x, axis.pads), weight, dilation=dilation), wanted)


@examples(500)
@given(sizes, kernels, strides, st.integers(0, 4), dilations, st.sampled_from(["floor", "ceil"]))
def test_max_pooling(size, kernel, stride, padding, dilation, rounding):
    assume(2 * padding <= kernel)
    axis = Axis(size, kernel, stride, padding, dilation)
    assume(axis.travel >= 0)  # torch lets a window larger than its input pass under ceil; we never do
    x = torch.zeros(1, 1, size)
    count = torch_count(lambda: F.max_pool1d(x, kernel, stride, padding, dilation, rounding == "ceil"))
    assert axis.count(rounding) == count


@examples(300)
@given(sizes, kernels, strides, st.integers(0, 4), st.sampled_from(["floor", "ceil"]))
def test_unread_pixels_are_those_without_a_gradient(size, kernel, stride, padding, rounding):
    assume(2 * padding <= kernel)
    axis = Axis(size, kernel, stride, padding)
    assume(axis.count(rounding))
    x = torch.ones(1, 1, size, requires_grad=True)
    F.avg_pool1d(x, kernel, stride, padding, rounding == "ceil").sum().backward()
    read = x.grad.flatten().nonzero()
    assert axis.unread(rounding) == size - 1 - int(read.max())
    assert axis.between(rounding) == int(read.max() - read.min()) + 1 - len(read)


@examples(300)
@example(3, 6, 1, 4, 2)  # a tap that no position brings into the input
@given(sizes, kernels, strides, st.integers(0, 4), dilations)
def test_pixels_between_the_taps_of_dilated_windows(size, kernel, stride, padding, dilation):
    axis = Axis(size, kernel, stride, padding, dilation)
    x = torch.ones(1, 1, size, requires_grad=True)
    assume(axis.count("floor"))
    F.conv1d(x, torch.ones(1, 1, kernel), None, stride, padding, dilation).sum().backward()
    read = x.grad.flatten().nonzero()
    assume(len(read))
    assert axis.between("floor") == int(read.max() - read.min()) + 1 - len(read)


def test_a_window_larger_than_its_input():
    with pytest.raises(RuntimeError):
        F.conv1d(torch.zeros(1, 1, 4), torch.zeros(1, 1, 5))
    assert [Axis(4, 5, 2).count(rounding) for rounding in ("floor", "ceil", "exact")] == [0, 0, 0]
