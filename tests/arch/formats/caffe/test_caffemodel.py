"""Caffe's weights in all three forms, with what protobuf itself makes of the same table of fields as a witness."""

import time

import numpy as np
import pytest

from striate.arch import BatchNorm, Conv, Dense, Input, Network, PReLU, ReLU
from striate.arch.formats.caffe import read_caffe, read_caffemodel, write_caffe, write_caffemodel
from striate.arch.formats.caffe.messages import message_class
from striate.errors import NetworkError
from tests.arch.formats.caffe.refusals import NET, NORM, WEIGHTS, sums
from tests.arch.formats.caffe.test_opencv import weights_of

DRAW = np.random.default_rng(11)
DRAWN = {name: DRAW.normal(size=array.shape).astype(np.float32) for name, array in WEIGHTS.items()}


def wire(number: int, kind: int, body: bytes) -> bytes:
    """One field: a tag, a length where there is one, and the bytes."""
    def varint(value: int) -> bytes:
        return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)
    return varint(number << 3 | kind) + (varint(len(body)) if kind == 2 else b"") + body


def old_blob(array: np.ndarray, double: bool = False, parts: int = 1) -> bytes:
    """A blob of 2013: four numbers for its shape, the values in `parts` runs."""
    sides = (1,) * (4 - array.ndim) + array.shape
    shape = b"".join(wire(number, 0, wire(0, 0, b"")[1:] + bytes([side])) for number, side in enumerate(sides, 1))
    runs = np.array_split(array.reshape(-1).astype("<f8" if double else "<f4"), parts)
    return shape + b"".join(wire(8 if double else 5, 2, run.tobytes()) for run in runs)


def equal(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    assert list(found) == list(wanted)
    for name, array in wanted.items():
        assert found[name].dtype == np.float32
        assert np.array_equal(found[name], array), name


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("parts", [1, 3])
def test_the_form_of_2014(double, parts):
    layers = b""
    for name, number in (("conv", 4), ("fc", 14)):
        blobs = b"".join(wire(6, 2, old_blob(DRAWN[f"{name}.{part}"], double, parts)) for part in ("weight", "bias"))
        layers += wire(2, 2, wire(4, 2, name.encode()) + wire(5, 0, bytes([number])) + blobs)
    layers += wire(2, 2, wire(4, 2, b"relu") + wire(5, 0, bytes([18])))
    equal(read_caffemodel(layers, NET), DRAWN)


def test_the_form_of_2013():
    layers = b""
    for name, type_ in (("conv", "conv"), ("fc", "innerproduct")):
        blobs = b"".join(wire(50, 2, old_blob(DRAWN[f"{name}.{part}"])) for part in ("weight", "bias"))
        layers += wire(2, 2, wire(1, 2, wire(1, 2, name.encode()) + wire(2, 2, type_.encode()) + blobs))
    equal(read_caffemodel(layers, NET), DRAWN)


def test_protobuf_reads_what_is_written():
    """The numbers of the fields and the layout, by another reader. Real numbers are doubles there, so data are not."""
    net = message_class("NetParameter").FromString(write_caffemodel(NET, DRAWN))
    assert [(layer.name, layer.type) for layer in net.layer] == [("conv", "Convolution"), ("fc", "InnerProduct")]
    assert [list(blob.shape.dim) for blob in net.layer[0].blobs] == [[4, 1, 3, 3], [4]]


def test_fields_that_are_not_known_are_passed_over():
    model = write_caffemodel(NET, DRAWN)
    for more in (wire(9_000, 2, b"later"), wire(15, 0, b"\x05"), wire(15, 1, b"8" * 8), wire(15, 5, b"4444")):
        equal(read_caffemodel(more + model + more, NET), DRAWN)


def test_running_sums_are_divided_by_their_factor():
    network = Network(BatchNorm(scale=False, shift=False, name="bn")(Input(3, 2, 2)))
    mean, variance = np.array([2.0, 4.0, 8.0], np.float32), np.array([1.0, 2.0, 3.0], np.float32)
    model = write_caffemodel(network, {"bn.running_mean": mean, "bn.running_var": variance})
    one = np.float32(1).tobytes()
    assert model.endswith(one)
    for factor, kept in ((4.0, 0.25), (0.0, 0.0)):
        found = read_caffemodel(model[:-4] + np.float32(factor).tobytes(), network)
        equal(found, {"bn.running_mean": mean * np.float32(kept), "bn.running_var": variance * np.float32(kept)})


def test_a_variance_of_0_and_any_sign_of_a_mean_are_kept():
    for mean, variance, factor, wanted in ((-3, 0, 2, (-1.5, 0)), (5, 7, 0, (0, 0)), (2, 6, 4, (0.5, 1.5))):
        found = read_caffemodel(sums(mean, variance, factor, "<f8"), NORM)
        assert (found["bn.running_mean"][0], found["bn.running_var"][0]) == wanted


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("given", [(1, 1e30, 1e-30, "<f4"), (1e30, 1, 1e-30, "<f4"), (1, 1, -1, "<f4"),
                                   (1, -1, 1, "<f4"), (1, 1e300, 1, "<f8"), (1e300, 1, 1, "<f8"), (1, 1, 1e300, "<f8"),
                                   (0, 0, float("nan"), "<f4")])
def test_sums_that_make_no_mean_and_variance_are_refused_without_a_warning(given):
    with pytest.raises(NetworkError, match=r"bn.* (not finite|below 0)"):
        read_caffemodel(sums(*given), NORM)


def test_weights_follow_a_network_through_its_prototxt():
    network = Network(Dense(3)(PReLU(shared=True)(BatchNorm()(Conv(4, 3, bias=False, name="c/1")(Input(2, 6, 6))))))
    weights = weights_of(network)
    model = write_caffemodel(network, weights)
    equal(read_caffemodel(model, network), weights)
    again = read_caffe(write_caffe(network))
    found = read_caffemodel(model, again)
    assert np.array_equal(found["batch_norm1/scale.weight"], weights["batch_norm1.weight"])
    assert sorted(again.tensors) == sorted(found)


def test_names_are_matched_as_the_network_reader_made_them():
    text = "".join(f"""layer {{ name: "{name}" type: "InnerProduct" bottom: "{bottom}" top: "{top}"
        inner_product_param {{ num_output: 2 }} }}""" for name, bottom, top in (("a.b", "x", "1"), ("a b", "1", "2")))
    network = read_caffe('input: "x" input_dim: [1, 2, 1, 1] ' + text)
    assert [node.name for node in network.nodes] == ["a_b", "a_b_2"]
    weights = weights_of(network)
    model = write_caffemodel(network, weights)
    caffes = model.replace(b"\x0a\x03a_b", b"\x0a\x03a.b").replace(b"\x0a\x05a_b_2", b"\x0a\x05a bXX")
    assert caffes != model
    text = text.replace("a b", "a bXX")
    network = read_caffe('input: "x" input_dim: [1, 2, 1, 1] ' + text)
    found = read_caffemodel(caffes, network)
    assert np.array_equal(found["a_b.weight"], weights["a_b.weight"])
    assert np.array_equal(found["a_bXX.weight"], weights["a_b_2.weight"])


def test_a_network_of_5000_layers_is_read_and_written():
    x = Input(1, 2, 2)
    for index in range(2_500):
        x = ReLU()(Conv(1, 1, name=f"conv_{index}")(x))
    network = Network(x)
    start = time.perf_counter()
    text = write_caffe(network)
    assert read_caffe(text) == network
    weights = weights_of(network)
    equal(read_caffemodel(write_caffemodel(network, weights), network), weights)
    assert time.perf_counter() - start < 20  # 3 s on an idle machine
