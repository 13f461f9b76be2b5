"""Largest activations of every unit, against all of them sorted."""

import numpy as np
import pytest
import torch

from striate.arch import BatchNorm, Concat, Conv, Dense, GlobalPool, Input, Network, Pool, ReLU
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.top_activations import TopActivations, top_activations
from striate.core.cache import DiskCache
from tests.convnet.explain.look_sets import LookSet, noise
from tests.convnet.explain.nets import explained

NOWHERE = DiskCache(None)


def small() -> ExplainedNet:
    x = ReLU(name="relu1")(BatchNorm(name="bn1")(Conv(6, 3, padding=1, name="conv1")(Input(3, 12, 12))))
    x = Pool(2, name="pool1")(x)
    x = Concat(name="joined")(ReLU()(Conv(4, 1)(x)), ReLU()(Conv(5, 3, padding=1)(x)))
    return explained(Network(Dense(4, name="scores")(GlobalPool(name="features")(x))))


def everything(model: ExplainedNet, data: LookSet, layer: str) -> np.ndarray:
    """Activations (N, C, H, W) by the network as it is, neither folded nor fused."""
    with torch.no_grad():
        return model.activations(model.batch(data.pictures.images), [layer])[layer].numpy()


@pytest.mark.parametrize("layer", ["conv1", "relu1", "pool1", "joined", "features", "scores"])
def test_of_2000_pictures_the_nine_are_those_of_brute_force(layer: str) -> None:
    model, data = small(), noise(2000, 12)
    found = top_activations(model, data, layer, cache=NOWHERE)
    volumes = everything(model, data, layer)
    maxima = volumes.max(axis=(2, 3))
    order = np.lexsort((np.broadcast_to(np.arange(2000)[:, None], maxima.shape), -maxima), axis=0)[:9].T
    values = np.take_along_axis(maxima.T, order, 1)
    assert found.count == 2000
    assert found.values.shape == (volumes.shape[1], 9)
    assert np.abs(found.values - values).max() <= 1e-5 * max(1, np.abs(values).max())
    # Folding rounds otherwise: the order is compared where values differ by more than that.
    near = np.abs(np.diff(np.sort(-maxima, axis=0)[:10], axis=0)).T <= 1e-5
    clear = ~(near | np.pad(near, ((0, 0), (1, 0)))[:, :9])
    assert clear.mean() > 0.8
    assert (found.pictures == order)[clear].all()
    for unit, rank in zip(*np.nonzero(clear), strict=True):
        row, column = found.positions[unit, rank]
        here = volumes[found.pictures[unit, rank], unit]
        assert here[row, column] >= here.max() - 1e-5


def test_of_equal_activations_the_earlier_picture_and_the_first_position_win() -> None:
    picture = np.zeros((4, 4), np.float32)
    picture[1, 2] = picture[3, 0] = 5
    volume = torch.from_numpy(np.stack([np.stack([picture, picture * 0])] * 30))
    top = TopActivations.none(2, 9)
    for some in volume.split(7):
        top = top.merged(some)
    assert top.pictures.tolist() == [list(range(9))] * 2
    assert top.values.tolist() == [[5.0] * 9, [0.0] * 9]
    assert top.positions.tolist() == [[[1, 2]] * 9, [[0, 0]] * 9]
    later = top.merged(torch.full((1, 2, 4, 4), 5.0))
    assert later.pictures[0].tolist() == list(range(9))
    assert (later.pictures[1, 0], later.count) == (30, 31)


@pytest.mark.parametrize("size", [1, 3, 32])
def test_batches_of_any_size_find_the_same(size: int) -> None:
    volume = torch.from_numpy(np.random.default_rng(1).integers(0, 12, (100, 5, 3, 2)).astype(np.float32))
    whole = TopActivations.none(5, 9).merged(volume)
    parts = TopActivations.none(5, 9)
    for some in volume.split(size):
        parts = parts.merged(some)
    maxima = volume.amax((2, 3)).numpy()
    expected = np.lexsort((np.broadcast_to(np.arange(100)[:, None], maxima.shape), -maxima), axis=0)[:9].T
    for one in (whole, parts):
        assert (one.pictures == expected).all()
        assert (one.values == np.take_along_axis(maxima.T, expected, 1)).all()
        assert (one.positions == whole.positions).all()
        assert one.values.nbytes + one.pictures.nbytes + one.positions.nbytes == 5 * 9 * (4 + 8 + 16)


def test_fewer_pictures_than_nine() -> None:
    found = top_activations(small(), noise(4, 12), "relu1", cache=NOWHERE)
    assert found.values.shape == (6, 4)
    assert (np.sort(found.pictures, axis=1) == np.arange(4)).all()


def test_they_are_cached_and_not_for_other_weights_layers_or_pictures() -> None:
    model, data, calls = small(), noise(40, 12), []

    def again(layer: str = "relu1", of: ExplainedNet = model, pictures: LookSet = data) -> tuple[TopActivations, bool]:
        calls.clear()
        return top_activations(of, pictures, layer, on_progress=lambda *step: calls.append(step)), bool(calls)

    first, computed = again()
    assert computed
    assert calls[-1] == ("activations of relu1", 40, 40)
    second, computed = again()
    assert not computed
    assert (first.values == second.values).all()
    assert (first.positions == second.positions).all()
    other = noise(40, 12)
    other.digests = (*other.digests[1:], "f" * 32)
    assert again(layer="bn1")[1]
    assert again(pictures=other)[1]
    weights = {name: tensor + 1 for name, tensor in model.net.state_dict().items() if name.startswith("conv1")}
    assert again(of=explained(model.network, tensors=weights))[1]
    assert again(of=explained(model.network, mean=100.0))[1]
