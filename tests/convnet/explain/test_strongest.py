"""Strongest pictures of a unit: their crops, their projections, dead units, and what is said."""

import json

import numpy as np
import pytest
import torch

from striate.arch import ELU, Conv, Dense, GlobalPool, Input, Network, Pool, ReLU
from striate.convnet.explain.backward import ForwardPass, seed_of
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.strongest import strongest
from striate.convnet.explain.target import Target
from striate.core.cache import DiskCache
from striate.data.resize import RESIZE_MODES
from striate.errors import NetworkError, UsageError
from striate.tasks.look_notes import notes_of
from tests.convnet.explain.look_sets import LookSet, resized
from tests.convnet.explain.nets import explained

NOWHERE = DiskCache(None)


def pictures(count: int) -> LookSet:
    return LookSet(np.random.default_rng(2).integers(0, 256, (count, 12, 14, 3), np.uint8))


def small(activation: type = ReLU, **tensors: object) -> ExplainedNet:
    x = activation(name="act1")(Conv(6, 3, padding=1, name="conv1")(Input(3, 12, 14)))
    x = activation(name="act2")(Conv(5, 3, name="conv2")(Pool(2, name="pool1")(x)))
    return explained(Network(Dense(4, name="scores")(GlobalPool(name="features")(x))), tensors=dict(tensors))


@pytest.mark.parametrize("resize", RESIZE_MODES)
@pytest.mark.parametrize("shape", [(97, 61), (61, 97), (83, 83)])
def test_the_crop_of_the_file_holds_the_marked_spot(resize: str, shape: tuple[int, int]) -> None:
    """A unit that adds up 3×3 pixels: of eleven files, nine have a spot of rising brightness, each elsewhere."""
    height, width = shape
    network = Network(Conv(1, 3, bias=False, name="bright")(Input(3, 30, 24)))
    model = explained(network, mean=0.0, tensors={"bright.weight": torch.ones(1, 3, 3, 3)})
    places = np.random.default_rng(5).uniform(0.35, 0.65, (11, 2))
    files = []
    for i, (down, across) in enumerate(places):
        pixels = np.zeros((height, width, 3), np.uint8)
        row, column = int(down * height), int(across * width)
        pixels[row - 3 : row + 4, column - 3 : column + 4] = 20 * i
        files.append(pixels)
    found = strongest(model, resized(files, (30, 24), resize), Target("bright", 0), cache=NOWHERE)
    ((unit, pictures),) = [(one.unit, one.pictures) for one in found.shown]
    assert (unit, {one.picture for one in pictures}) == (0, {*range(2, 11)})
    across = {"squash": (height / 30, width / 24), "crop": (min(height / 30, width / 24),) * 2,
              "pad": (max(height / 30, width / 24),) * 2}[resize]
    for one in pictures:
        row, column = int(places[one.picture][0] * height), int(places[one.picture][1] * width)
        assert one.box is not None
        top, left, bottom, right = one.box
        assert top - 1 <= row + 0.5 <= bottom + 1
        assert left - 1 <= column + 0.5 <= right + 1
        # Three packed pixels, and less than one at each end for whole ones.
        assert 3 * across[0] - 1e-6 <= bottom - top < 3 * across[0] + 2
        assert 3 * across[1] - 1e-6 <= right - left < 3 * across[1] + 2
        assert one.pixels.max() == 20 * one.picture


def test_projections_are_the_deconvnet_of_each_activation_at_its_crop() -> None:
    model, data = small(), pictures(30)
    best = strongest(model, data, Target("act2"), cache=NOWHERE).shown[0].unit
    found = strongest(model, data, Target("act2", best), cache=NOWHERE)
    assert (found.rule, found.unit, found.pictures, found.array.shape) == ("deconvnet", str(best), 30, (1, 9))
    (shown,) = found.shown
    assert len(shown.pictures) == 9
    assert [one.value for one in shown.pictures] == sorted((one.value for one in shown.pictures), reverse=True)
    for one in shown.pictures:
        batch = model.batch(data.pictures.images[one.picture : one.picture + 1])
        forward = ForwardPass.of(model, batch, ["act2"], "deconvnet")
        volume = forward.volumes["act2"]
        assert abs(volume[0, best, one.position[0], one.position[1]].item() - one.value) <= 1e-5 * one.value
        back = forward.back("act2", seed_of(volume, Target("act2", best, one.position), None))
        whole = back[0].permute(1, 2, 0).numpy()
        top, left, bottom, right = one.seen
        assert one.projection.shape == (bottom - top, right - left, 3)
        assert np.abs(one.projection - whole[top:bottom, left:right]).max() <= 1e-5 * np.abs(whole).max()
        outside = whole.copy()
        outside[top:bottom, left:right] = 0
        assert not outside.any()
        assert (one.pixels == data.pictures.images[one.picture, top:bottom, left:right]).all()


def test_where_deconvnet_is_not_defined_it_is_the_gradient_and_named() -> None:
    data = pictures(12)
    found = strongest(small(ELU), data, Target("act2", 0), cache=NOWHERE)
    assert (found.rule, found.dead) == ("gradient", None)
    assert "gradient" in found.evidence
    assert strongest(small(ELU), data, Target("conv1", 0), cache=NOWHERE).rule == "deconvnet"  # no ELU before it


def test_dead_units_are_named_and_have_no_pictures() -> None:
    weights = torch.randn(6, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    weights[2], weights[4] = 0, 0
    bias = torch.zeros(6)
    bias[2], bias[4] = -1, 1
    model = small(**{"conv1.weight": weights, "conv1.bias": bias})
    data = pictures(12)
    for layer in ("act1", "pool1", "conv1"):
        found = strongest(model, data, Target(layer), cache=NOWHERE)
        assert (found.dead, found.of, len(found.shown)) == ((2,), 6, 5)
        assert 2 not in [one.unit for one in found.shown]
    assert strongest(model, data, Target("act1", 2), cache=NOWHERE).shown[0].pictures == ()
    before = strongest(model, data, Target("conv1", 2), cache=NOWHERE).shown[0].pictures  # below 0, so nothing is drawn
    assert [one.value for one in before] == [-1.0] * 9
    assert not any(one.projection.any() for one in before)
    assert strongest(model, data, Target("scores", 0), cache=NOWHERE).dead is None


def test_units_at_the_limit_of_their_relu_are_in_the_order_of_what_goes_into_it() -> None:
    x = ReLU(0.5, name="act")(Conv(6, 3, name="conv")(Input(3, 12, 14)))
    model = explained(Network(Dense(2, name="scores")(x)))
    model.net.state_dict()["conv.bias"][:] = torch.tensor([9.0, -9.0, 9.0, 9.0, 0.0, 0.0])
    model.net.state_dict()["conv.weight"].mul_(0.1)
    found = strongest(model, pictures(12), Target("act"), cache=NOWHERE)
    assert (found.saturated, found.dead) == ((0, 2, 3), (1,))
    before = strongest(model, pictures(12), Target("conv"), cache=NOWHERE)
    assert [one.unit for one in found.shown] == [one.unit for one in before.shown]
    assert {one.unit for one in found.shown[:3]} == {0, 2, 3}
    for own, source in zip(found.shown[:3], before.shown, strict=False):
        assert [one.value for one in own.pictures] == [0.5] * 9
        assert [(one.picture, one.position) for one in own.pictures] == [
            (one.picture, one.position) for one in source.pictures]
    assert found.ordered_by == "conv"
    assert f"what goes into it, from {found.ordered_by}" in notes_of(found)[0]


def test_behind_a_pooling_of_a_limited_relu_saturated_units_are_shown_last() -> None:
    x = Pool(2, name="pool")(ReLU(0.5)(Conv(6, 3, name="conv")(Input(3, 12, 14))))
    model = explained(Network(Dense(2, name="scores")(x)))
    model.net.state_dict()["conv.bias"][:] = torch.tensor([9.0, -9.0, 9.0, 9.0, 0.0, 0.0])
    model.net.state_dict()["conv.weight"].mul_(0.1)
    found = strongest(model, pictures(12), Target("pool"), cache=NOWHERE)
    assert (found.saturated, found.ordered_by) == ((0, 2, 3), None)
    assert [one.unit for one in found.shown][2:] == [0, 2, 3]
    assert "they are the first of all that do" in notes_of(found)[0]


def test_its_json_has_the_numbers_and_no_pixels() -> None:
    data = pictures(12)
    found = strongest(small(), data, Target("act2", 1), cache=NOWHERE)
    said = json.loads(json.dumps(found.as_dict()))
    first = said["shown"][0]["pictures"][0]
    assert set(first) == {"picture", "key", "class", "value", "position", "seen", "box"}
    assert (first["key"], first["class"]) == (data.keys[first["picture"]], "one")
    assert said["array"][0][0] == pytest.approx(first["value"])
    assert "unit 1 of act2 most" in found.evidence
    assert "5 of 6 units" in strongest(small(), data, Target("act1"), cache=NOWHERE).evidence


def test_unknown_layers_and_units_are_refused() -> None:
    with pytest.raises(NetworkError, match="act1"):
        strongest(small(), pictures(3), Target("acty1"))
    with pytest.raises(UsageError) as refused:
        strongest(small(), pictures(3), Target("act1", 6))
    assert refused.value.code == "no_such_unit"
