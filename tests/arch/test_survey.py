from hypothesis import given

from striate.arch import Add, Conv, Dense, Input, Network, Pool, ReLU, load_network, survey
from tests.arch.networks import networks
from tests.arch.test_network import residual
from tests.examples import examples


def test_keys_of_the_json():
    facts = survey(residual(), batch=3).as_dict()
    assert {"layers", "parameters", "macs", "flops", "neurons"} <= set(facts)
    for layer in facts["layers"]:
        assert {"name", "kind", "input", "output", "parameters", "macs", "receptive_field", "unread"} <= set(layer)


def test_totals_by_hand():
    counted = survey(residual())
    # conv1 (3·3·3 + 1)·6, side (6 + 1)·6, dense1 (12·7·11 + 1)·5
    assert counted.total("parameters") == 168 + 42 + 4625 == residual().parameters
    assert counted.total("macs") == 162 * 77 + 36 * 77 + 12 * 77 * 5
    # biases, relu, add: one operation per output
    assert counted.total("flops") == 2 * counted.total("macs") + 6 * 77 * 4 + 5
    assert counted.total("neurons") == 6 * 77 * 2 + 5


def test_memory_of_a_chain():
    network = Network(Dense(2)(ReLU()(Conv(5, 3)(Input(1, 7, 7)))))
    counted = survey(network, batch=10)
    sizes = [49, 125, 125, 2]
    assert counted.training_memory == 4 * 10 * sum(sizes)
    assert counted.inference_memory == 4 * 10 * (125 + 125)
    assert [row.memory for row in counted.rows] == [40 * size for size in sizes[1:]]


def test_memory_keeps_what_a_later_branch_needs():
    x = ReLU()(Input(1, 5, 5))
    y = ReLU()(ReLU()(x))
    assert survey(Network(Add()(x, y))).inference_memory == 4 * 25 * 3


def test_receptive_fields_of_lenet5():
    rows = {row.name: row for row in survey(load_network("lenet5")).rows}
    sizes = {name: rows[name].fields[0].size for name in ("c1", "s2", "c3", "s4", "c5", "f6")}
    assert sizes == {"c1": 5, "s2": 6, "c3": 14, "s4": 16, "c5": 32, "f6": 32}
    assert (rows["s4"].fields[0].stride, rows["s4"].fields[0].offset) == (4, 7.5)
    assert (rows["c5"].fields[0].first, rows["c5"].fields[0].last) == (0, 31)


def test_receptive_field_through_branches():
    x = Conv(4, 3, stride=2, padding=1)(Input(1, 17, 19))
    merged = Add()(Conv(4, 1)(x), Conv(4, 5, padding=2)(x))
    row = survey(Network(Pool(3)(merged))).rows[-1]
    vertical, horizontal = row.fields
    assert (vertical.least, vertical.size, vertical.stride) == (7, 15, 6)
    assert vertical == horizontal
    assert row.as_dict()["receptive_field"] == 15


def test_unread_names_the_side():
    network = Network(Pool(2)(Conv(2, 3, stride=2)(Input(1, 10, 15))))
    assert [row.as_dict()["unread"] for row in survey(network).rows] == [{"bottom": 1}, {"right": 1}]


@examples(60)
@given(networks())
def test_rows_agree_with_the_network(network):
    counted = survey(network)
    assert counted.total("parameters") == network.parameters
    for role, column in (("weight", "weights"), ("bias", "biases"), ("buffer", "buffers")):
        assert counted.total(column) == sum(t.size for t in network.tensors.values() if t.role == role)
    assert counted.inference_memory <= counted.training_memory
