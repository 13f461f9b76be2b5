import copy
import gc
import pickle

import pytest

from striate.arch import Add, Concat, Conv, Dense, Input, Network, Pool, ReLU
from striate.errors import NetworkError


def residual() -> Network:
    x = Conv(6, 3, padding=1)(Input(3, 7, 11))
    side = ReLU()(Conv(6, 1, name="side")(x))
    return Network(Dense(5)(Concat()(Add()(x, side), x)), name="residual")


def test_nodes_are_named_and_ordered_as_written():
    network = residual()
    assert [(node.name, node.inputs) for node in network.nodes] == [
        ("conv1", ("input",)), ("side", ("conv1",)), ("relu1", ("side",)), ("add1", ("conv1", "relu1")),
        ("concat1", ("add1", "conv1")), ("dense1", ("concat1",))]
    assert (network.input.shape, network.output.shape) == ((3, 7, 11), (5, 1, 1))
    assert all(node.layer.name == node.name for node in network.nodes)


def test_the_order_is_that_of_the_calls_whatever_the_order_of_use():
    x = Input(1, 5, 5)
    first, second = Conv(2, 3)(x), Conv(4, 3)(x)
    names = {node.name: node.output.channels for node in Network(Concat()(second, first)).nodes}
    assert names == {"conv1": 2, "conv2": 4, "concat1": 6}


def test_what_does_not_lead_to_the_output_is_left_out():
    x = Conv(2, 3)(Input(1, 5, 5))
    Conv(9, 3)(x)
    assert len(Network(ReLU()(x)).nodes) == 2


def test_one_object_called_twice_makes_two_layers():
    layer = Conv(2, 3)
    assert list(Network(layer(layer(Input(2, 9, 9)))).tensors) == [
        "conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias"]


def test_equality_is_by_structure():
    assert residual() == residual()
    assert hash(residual()) == hash(residual())
    assert residual() != residual().on(Input(3, 7, 13))
    x = Input(1, 5, 5)
    assert Network(Conv(2, 3)(x)) != Network(Conv(2, 3, name="other")(x))
    assert Network(Conv(2, 3)(x)) == Network(Conv(2, 3)(x), name="title")


def test_plain_data_both_ways():
    network = residual()
    data = network.to_dict()
    assert data["layers"][1:4] == [
        {"conv": {"filters": 6, "kernel_size": 1}, "name": "side"}, "relu", {"add": None, "from": ["conv1", "relu1"]}]
    assert Network.from_dict(data) == network
    assert Network.from_dict(data, Input(1, 9, 9)) == network.on(Input(1, 9, 9))


def test_copies_and_pickles():
    network = residual()
    assert copy.deepcopy(network) == network == pickle.loads(pickle.dumps(network))


def test_5000_layers_and_no_more():
    x = Input(1, 4, 4)
    for _ in range(5000):
        x = ReLU()(x)
    network = Network(x)
    assert len(pickle.loads(pickle.dumps(network)).nodes) == len(network.nodes) == 5000
    with pytest.raises(NetworkError, match="5,001 were given"):
        Network(ReLU()(x))
    del x
    gc.collect()


def test_a_refusal_in_a_chain_says_the_name_the_layer_would_have():
    x = Pool(2)(Pool(2)(Input(1, 5, 5)))
    with pytest.raises(NetworkError, match=r"^pool3: "):
        Pool(2)(x)
    with pytest.raises(NetworkError, match=r"^mine: "):
        Pool(2, name="mine")(x)
