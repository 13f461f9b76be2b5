import pytest

from striate.arch import ZOO, Input, load_network, refuse_unread
from striate.arch.zoo import build
from striate.errors import WindowError


@pytest.mark.parametrize("name", ZOO)
def test_builds_for_classes_and_channels(name):
    for channels, classes in ((1, 2), (3, 7)):
        network = build(name, Input(channels, 32, 32), classes)
        assert network.output.shape == (classes, 1, 1)
        assert network.input.shape == (channels, 32, 32)
        assert network.name == name
    assert load_network(name) == build(name)
    assert ZOO[name].paper


def test_lenet5_has_the_numbers_of_the_paper():
    network = load_network("lenet5")
    by_layer = {node.name: (node.parameters, node.output.shape) for node in network.nodes if node.tensors}
    assert by_layer == {
        "c1": (156, (6, 28, 28)), "s2": (12, (6, 14, 14)), "c3": (1516, (16, 10, 10)), "s4": (32, (16, 5, 5)),
        "c5": (48120, (120, 1, 1)), "f6": (10164, (84, 1, 1)), "output": (850, (10, 1, 1))}
    assert sum(count for name, (count, _) in by_layer.items() if name != "output") == 60_000
    # The paper counts connections: the bias is one, and so is each of the four pixels a unit of S2 sums.
    macs = {node.name: node.macs for node in network.nodes}
    assert (macs["c1"] + 6 * 28 * 28, macs["c3"] + 16 * 10 * 10) == (122_304, 151_600)
    refuse_unread(network)


@pytest.mark.parametrize("side", [16, 20, 28, 32, 64])
def test_lenet5_on_other_sizes(side):
    assert load_network("lenet5", Input(1, side, side)).output.shape == (10, 1, 1)


def test_lenet5_refuses_what_is_too_small():
    with pytest.raises(WindowError, match=r"^c3: a 5×5 filter does not fit a 4×4 input"):
        load_network("lenet5", Input(1, 12, 12))


@pytest.mark.parametrize(("side", "sides"), [
    (1, [1]), (8, [8, 4]), (28, [28, 14, 7]), (32, [32, 16, 8, 4]), (96, [48, 24, 12, 6]), (224, [56, 28, 14, 7])])
def test_compact_is_as_deep_as_the_picture_is_large(side, sides):
    network = load_network("compact", Input(3, side, side), 15)
    assert list(dict.fromkeys(node.output.height for node in network.nodes if node.layer.kind == "conv")) == sides


def test_compact_at_28_pixels_takes_about_ten_million_multiply_adds():
    assert 5e6 < sum(node.macs for node in load_network("compact", Input(1, 28, 28)).nodes) < 2e7
