"""Occlusion maps against covering one place after another by hand, and against Captum's."""

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch

from striate import Transfer
from striate.arch import BatchNorm, Conv, Dense, Input, Network, Pool, ReLU
from striate.convnet.explain import occlusion as room
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.occlusion import first_pixels, occlusion
from striate.convnet.explain.target import Target
from tests.convnet.explain.nets import explained, picture
from tests.convnet.pretrained.small import pictures, saved


def model(channels: int = 3) -> ExplainedNet:
    x = ReLU(name="relu1")(BatchNorm()(Conv(6, 3, padding=1, name="conv1")(Input(channels, 22, 27))))
    x = ReLU(name="relu2")(Conv(8, 3, name="conv2")(Pool(2, name="pool1")(x)))
    return explained(Network(Dense(4, name="scores")(Pool(3, 2, name="pool2")(x))), seed=2)


def covered(net: ExplainedNet, pixels: np.ndarray, row: int, column: int, side: int) -> torch.Tensor:
    batch = net.batch(pixels[None])
    batch[:, :, row : row + side, column : column + side] = 0  # the mean colour
    return batch


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("batch", [3, 32])
def test_the_three_panels_are_those_of_covering_by_hand(channels: int, batch: int) -> None:
    net = model(channels)
    pixels = picture(net)
    with patch.object(room, "batch_size", lambda _: batch):
        found = occlusion(net, pixels, Target("scores", 2), window=6, stride=4)
    assert (found.rows.tolist(), found.columns.tolist()) == ([0, 4, 8, 12, 16], [0, 4, 8, 12, 16, 20, 21])
    maps = net.activations(net.batch(pixels[None]), ["pool2"])["pool2"].sum((0, 2, 3))
    assert (found.map_layer, found.map_unit) == ("pool2", int(maps.argmax()))
    for i, row in enumerate(found.rows):
        for j, column in enumerate(found.columns):
            volumes = net.activations(covered(net, pixels, row, column, 6), ["scores", "pool2"])
            said = volumes["scores"].double().flatten().softmax(0)
            assert found.probability[i, j] == pytest.approx(float(said[2]), abs=1e-6)
            assert found.labels[i, j] == int(said.argmax())
            total = float(volumes["pool2"][0, found.map_unit].sum())
            assert found.activation[i, j] == pytest.approx(total, rel=1e-5)
    probability = net.predict_proba(pixels[None])[0]
    assert found.untouched == pytest.approx((probability[2], probability.argmax(), float(maps.max())), rel=1e-5)


def test_a_unit_of_a_layer_gives_the_map_and_the_most_probable_class() -> None:
    net = model()
    found = occlusion(net, picture(net), Target("conv1", 5), window=6, stride=4)
    whole = net.activations(net.batch(picture(net)[None]), ["conv1"])["conv1"][0, 5]
    assert (found.map_layer, found.map_unit) == ("conv1", 5)
    assert found.untouched[2] == pytest.approx(float(whole.sum()), 1e-5)
    assert found.unit == f"class {net.predict_proba(picture(net)[None])[0].argmax()}"


def test_the_mean_of_the_windows_over_a_pixel_is_captums() -> None:
    from captum.attr import Occlusion

    net = model()
    pixels = picture(net, 1)
    side, stride = 7, 5  # 22 = 7 + 3·5 and 27 = 7 + 4·5: Captum cuts off a last window that does not fit
    found = occlusion(net, pixels, Target("scores", 1), window=side, stride=stride)
    theirs = Occlusion(lambda x: net.net(x).softmax(1)).attribute(
        net.batch(pixels[None]).contiguous(), (3, side, side), strides=(3, stride, stride), target=1, baselines=0)
    assert np.allclose(found.array, theirs[0, 0].numpy(), rtol=1e-5, atol=1e-5 * float(theirs.abs().max()))


@pytest.mark.parametrize(("size", "window", "stride"), [
    (28, 4, None), (224, 32, None), (23, 5, 4), (5, 5, 3), (9, 1, 1)])
def test_every_pixel_is_covered_and_the_last_window_meets_the_border(size: int, window: int,
                                                                     stride: int | None) -> None:
    starts = first_pixels(size, window, stride)
    seen = np.zeros(size, int)
    for start in starts:
        seen[start : start + window] += 1
    assert seen.min() >= 1
    assert (starts[0], starts[-1]) == (0, size - window)


def test_windows_by_default_are_625() -> None:
    assert len(first_pixels(224, 32, None)) == len(first_pixels(28, 4, None)) == 25


@pytest.mark.parametrize("head", ["linear_svm", "knn"])
def test_a_transfer_is_asked_for_its_own_probabilities(head: str, tmp_path: Path) -> None:
    network, weights = saved(tmp_path)
    transfer = Transfer(network, weights=weights, head=head, precision="float32").fit(*pictures())
    net, pixels = ExplainedNet.of(transfer), pictures()[0][3]
    target = Target(net.scores, 0) if net.scored else Target(net.net.output)
    found = occlusion(net, pixels, target, window=32)  # all of the picture is grey
    said = transfer.predict_proba(pixels[None])[0]
    grey = net.probabilities(net.net(torch.zeros(1, 3, 32, 32)).numpy())[0]
    chosen = 0 if net.scored else int(said.argmax())
    assert found.untouched[0] == pytest.approx(said[chosen], abs=1e-6)
    assert found.probability.item() == pytest.approx(grey[chosen], abs=1e-6)
    assert abs(said[chosen] - grey[chosen]) > 1e-3


def test_its_sentence_gives_the_largest_fall_or_says_that_nothing_falls_or_that_it_says_nothing() -> None:
    def sentence(weight: float, bias: float) -> tuple[str, np.ndarray]:
        """The score of class 1 is the sum of a bright picture."""
        weights = torch.zeros(2, 64)
        weights[1] = weight
        net = explained(Network(Dense(2, name="fc")(Input(1, 8, 8))), mean=0.0, std=255.0,
                        tensors={"fc.weight": weights, "fc.bias": [0.0, bias]})
        found = occlusion(net, np.full((8, 8, 1), 255, np.uint8), Target("fc", 1), window=4, stride=4)
        return found.evidence, found.probability

    said, probability = sentence(1 / 16, -2)  # 4 without a window of 16 pixels, 1 less with it
    assert (probability == pytest.approx(1 / (1 + np.exp(-1)), 1e-4))
    assert "from 0.8808 to 0.7311 at most" in said
    said, _ = sentence(1 / 16, 10)
    assert said.startswith("Nothing falls here: the probability of class 1, 1, falls by 1.4e−6 at most")
    assert sentence(0.0, 0.0)[0].startswith("Nothing falls here: the probability of class 1, 0.5, falls nowhere")
    said, _ = sentence(1 / 16, -30)
    assert said.startswith("Says nothing here: the probability of class 1 is 5e−12 without")
    assert "falls" not in said
