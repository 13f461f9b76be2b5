"""Crops of what a unit sees, on the pixels of the file: a marked spot is inside, within a pixel."""

import numpy as np
import pytest
import torch

from striate.arch import Concat, Conv, Deconv, Dense, Input, Network, Pool, ReLU
from striate.convnet.explain.crops import box_seen, crop_of, reduced
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.target import Target
from striate.data.placement import Box
from striate.data.resize import RESIZE_MODES
from tests.convnet.explain.look_sets import LookSet, resized
from tests.convnet.explain.nets import explained

SIZE = (36, 28)


def seeing() -> ExplainedNet:
    """A network of positive weights with uneven padding, branches of different fields and a transposed convolution."""
    x = ReLU()(Conv(4, 3, stride=2, padding="same", name="conv1")(Input(3, *SIZE)))
    x = Concat(name="joined")(Conv(2, 1, name="narrow")(x), Conv(2, 5, padding=2, name="wide")(x))
    x = Deconv(3, 3, stride=2, padding=1, name="spread")(Pool(3, 2, mode="average", name="pool")(x))
    net = explained(Network(Dense(2, name="scores")(x)))
    for name, tensor in net.net.state_dict().items():
        tensor.fill_(0.0 if name.endswith("bias") else 0.1)
    return net


@pytest.mark.parametrize(("layer", "unit", "at"), [
    ("conv1", 0, (0, 0)), ("conv1", 1, (17, 13)), ("conv1", 1, (9, 7)), ("joined", 0, (8, 6)), ("joined", 3, (8, 6)),
    ("joined", 2, (0, 13)), ("pool", 1, (3, 2)), ("pool", 3, (7, 5)), ("spread", 0, (4, 5)), ("spread", 2, (0, 3)),
    ("scores", 1, (0, 0))])
def test_a_gradient_touches_the_box_and_no_pixel_outside(layer: str, unit: int, at: tuple[int, int]) -> None:
    model = seeing()
    batch = torch.full((1, 3, *SIZE), 1.0, requires_grad=True)
    volume = model.net.activations(batch, [layer]).volumes[layer]
    (gradient,) = torch.autograd.grad(volume[0, unit, at[0], at[1]], batch)
    touched = gradient[0].abs().sum(0).numpy() > 0
    rows, columns = (np.flatnonzero(touched.any(axis=axis)) for axis in (1, 0))
    assert box_seen(model, Target(layer, unit, at)) == (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)


@pytest.mark.parametrize("resize", RESIZE_MODES)
@pytest.mark.parametrize("shape", [(101, 67), (67, 101), (73, 73), (31, 211)])
def test_the_border_of_a_crop_lies_where_it_lay_in_the_file(resize: str, shape: tuple[int, int]) -> None:
    """The file is bright where the unit sees it and dark elsewhere: so is the packed picture, within a pixel."""
    height, width = shape
    empty = resized([np.zeros((height, width, 3), np.uint8)], SIZE, resize)
    for seen in [Box(9, 13, 17, 22), Box(12, 10, 14, 25), Box(0, 12, 28, 24)]:
        found = crop_of(empty, 0, seen, empty.original(0))
        assert found.seen == (seen.top, seen.left, seen.bottom, seen.right)
        if found.box is None:
            continue
        top, left, bottom, right = found.box
        assert found.pixels.shape[:2] == (bottom - top, right - left)
        bright = np.zeros((height, width, 3), np.uint8)
        bright[top:bottom, left:right] = 255
        packed = resized([bright], SIZE, resize).pictures.images[0, :, :, 0] > 127
        # Columns of the file to a column of the packed picture: the box's edges are within a pixel of either.
        rows, columns = (np.flatnonzero(packed.any(axis=axis)) for axis in (1, 0))
        inner = resized([np.full((height, width, 3), 255, np.uint8)], SIZE, resize).pictures.images[0, :, :, 0] > 127
        shown = np.zeros(SIZE, bool)
        shown[int(seen.top) : int(seen.bottom), int(seen.left) : int(seen.right)] = True
        rows_shown, columns_shown = (np.flatnonzero((shown & inner).any(axis=axis)) for axis in (1, 0))
        for got, wanted in ((rows, rows_shown), (columns, columns_shown)):
            assert abs(got[0] - wanted[0]) <= 1
            assert abs(got[-1] - wanted[-1]) <= 1


def test_a_unit_that_sees_black_bars_alone_has_a_crop_of_the_packed_picture() -> None:
    data = resized([np.full((20, 90, 3), 200, np.uint8)], SIZE, "pad")
    found = crop_of(data, 0, Box(3, 0, 9, 5), data.original(0))
    assert (found.box, found.seen, found.pixels.shape, found.pixels.max()) == (None, (0, 3, 5, 9), (5, 6, 3), 0)


def test_without_a_file_it_is_the_packed_picture_and_a_large_one_is_reduced() -> None:
    images = np.arange(SIZE[0] * SIZE[1] * 3, dtype=np.uint32).astype(np.uint8).reshape(1, *SIZE, 3)
    found = crop_of(LookSet(images), 0, Box(2, 5, 12, 9), None)
    assert found.box is None
    assert (found.pixels == images[0, 5:9, 2:12]).all()
    assert reduced(np.zeros((10, 2000, 1), np.uint8)).shape == (1, 256, 1)
