from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from striate.arch import LAYERS, Conv, Initializer, Pool
from striate.arch.formats.torch import source_writer
from striate.arch.formats.yaml import read_json, read_yaml, write_json, write_yaml
from striate.arch.reference import FORWARD
from striate.core.params import params_of
from striate.errors import NetworkError
from tests.arch.table import TABLE, Row, network_of

rows = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)


def test_every_layer_has_a_row_a_reference_and_torch_code():
    assert {row.layer.kind for row in TABLE.values()} == set(LAYERS) == set(FORWARD)
    assert set(source_writer.MODULES) ^ set(source_writer.FUNCTIONS) == set(LAYERS)


def test_kinds_are_their_names():
    assert {kind: layer.kind for kind, layer in LAYERS.items()} == {kind: kind for kind in LAYERS}


@rows
def test_output(row: Row):
    assert row.layer(*row.inputs).shape == row.output


@rows
def test_tensors(row: Row):
    tensors = row.layer.tensors(row.inputs)
    assert {name: tensor.shape for name, tensor in tensors.items()} == row.tensors
    assert all(tensor.role == ("buffer" if "running" in name else name) for name, tensor in tensors.items())


@rows
def test_costs(row: Row):
    output = row.layer.output(row.inputs)
    assert row.layer.macs(row.inputs, output) == row.macs
    assert row.layer.elementwise(row.inputs, output) == row.elementwise


@rows
def test_equal_by_what_it_does_and_frozen(row: Row):
    again = type(row.layer)(**vars(row.layer))
    assert again == row.layer
    assert hash(again) == hash(row.layer)
    assert type(row.layer)(**vars(row.layer) | {"name": "other"}) == row.layer
    with pytest.raises(FrozenInstanceError):
        row.layer.name = "other"


@rows
def test_comes_back_from_yaml_and_json(row: Row):
    network = network_of(row)
    assert read_yaml(write_yaml(network)) == network
    assert read_json(write_json(network)) == network
    assert read_yaml(write_yaml(network)).name == "net"


@rows
def test_refuses_the_wrong_number_of_inputs(row: Row):
    for inputs in ((), (row.inputs[0],) if row.layer.merges else row.inputs * 2):
        with pytest.raises(NetworkError, match=f"{row.layer.kind}1: {row.layer.kind} was asked for"):
            row.layer(*inputs)


@rows
def test_every_field_refuses_what_it_cannot_be(row: Row):
    checked = params_of(type(row.layer))
    assert set(checked) == {field.name for field in fields(row.layer)}, "every field has a rule"
    for field in checked:
        for nonsense in (object(), float("nan"), b"\0", [[]], 10**400):
            with pytest.raises(NetworkError) as refusal:
                type(row.layer)(**vars(row.layer) | {field: nonsense})
            assert f"{field} was asked for" in str(refusal.value)
            assert len(str(refusal.value)) < 400


def test_numbers_are_kept_plain_and_pairs_short():
    layer = Conv(np.int64(4), [np.int32(3), 3], stride=(1, 2))
    assert layer == Conv(4, 3, stride=(1, 2))
    assert type(layer.filters) is type(layer.kernel_size) is int
    assert Pool(2, 2) == Pool((2, 2), [2, 2]) == Pool(2)


def test_fillers_can_be_named_or_spelt_out():
    assert Conv(4, 3, weight_filler="xavier").weight_filler == Initializer("xavier")
    spelt = Conv(4, 3, weight_filler={"kind": "gaussian", "std": 0.5})
    assert spelt.weight_filler == Initializer("gaussian", std=0.5)


@pytest.mark.parametrize(("filler", "law"), [
    (Initializer("constant", value=3), ("constant", 3.0, 0.0)),
    (Initializer("uniform", low=-2, high=5), ("uniform", -2.0, 5.0)),
    (Initializer("gaussian", mean=1, std=2), ("normal", 1.0, 2.0)),
    (Initializer("xavier"), ("uniform", -0.5, 0.5)),
    (Initializer("xavier", fan="average"), ("uniform", -(3 / 7.5) ** 0.5, (3 / 7.5) ** 0.5)),
    (Initializer("msra", fan="out"), ("normal", 0.0, (2 / 3) ** 0.5)),
])
def test_laws(filler, law):
    assert filler.distribution(fan_in=12, fan_out=3) == law
