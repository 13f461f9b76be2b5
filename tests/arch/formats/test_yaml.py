import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.arch import Conv, Dense, Initializer, Input, Network, Pool, ReLU, load_network
from striate.arch.formats.synonyms import FIELDS, FILLER_FIELDS, FILLERS, LAYER_TYPES, normalised_word
from striate.arch.formats.yaml import read_json, read_yaml, write_json, write_yaml
from striate.arch.initializer import USES
from striate.arch.layers import LAYERS
from striate.errors import NetworkError, StriateError
from tests.arch.networks import networks
from tests.examples import examples


def test_the_example_of_the_documents():
    network = read_yaml("""
        input: [1, 28, 28]
        layers:
          - conv: {filters: 20, kernel_size: 5}
          - pool: {kernel_size: 2}
          - conv: {filters: 50, kernel_size: 5}
          - pool: {kernel_size: 2}
          - dense: {units: 500}
          - relu
          - dense: {units: 10}
    """)
    x = Pool(2)(Conv(20, 5)(Input(1, 28, 28)))
    x = Pool(2)(Conv(50, 5)(x))
    assert network == Network(Dense(10)(ReLU()(Dense(500)(x))))
    assert network.parameters == 431_080  # Caffe's LeNet


def test_branches_names_and_fillers():
    network = read_yaml("""
        name: fork
        input: [3, 8, 8]
        layers:
          - conv: {filters: 4, kernel_size: [3, 5], padding: same, weight_filler: {kind: gaussian, std: 0.01}}
            name: left/3x5
          - conv: {filters: 2, kernel_size: 1, weight_filler: xavier}
            from: input
          - concat:
            from: [left/3x5, conv2]
    """)
    assert [node.inputs for node in network.nodes] == [("input",), ("input",), ("left/3x5", "conv2")]
    assert network.nodes[0].layer == Conv(4, (3, 5), padding="same", weight_filler=Initializer("gaussian", std=0.01))
    assert network.name == "fork"


@examples(500)
@given(networks())
def test_round_trip(network):
    for write, read in ((write_yaml, read_yaml), (write_json, read_json)):
        again = read(write(network))
        assert again == network
        assert again.name == network.name
        assert write(again) == write(network)


def outcome(read, given_) -> str:
    """The network or the refusal in words; any other exception is a failure of the test."""
    try:
        return repr(read(given_))
    except StriateError as error:
        return str(error)


@examples(150)
@given(networks(), st.data())
def test_damaged_text_is_refused_or_read_but_never_worse(network, data):
    text = write_yaml(network)
    where = data.draw(st.integers(0, len(text) - 1))
    put = data.draw(st.sampled_from(["", "\0", "{", "[", "*a", "&a ", "!!x ", "-", "'", "9" * 20, "\x85"]))
    damaged = text[:where] + put + text[where + data.draw(st.integers(0, 3)):]
    assert outcome(read_yaml, damaged).isprintable()
    assert outcome(read_json, damaged).isprintable()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["relu", "conv"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.text(max_size=5) | st.sampled_from(["input", "layers", "name", "from", "conv", "filters", "relu"]), inner,
        max_size=4), max_leaves=12)


@examples(300)
@given(json_values, json_values)
def test_any_structure_is_refused_or_read_but_never_worse(value, item):
    for candidate in (value, {"input": [1, 5, 5], "layers": [item]}, {"input": value, "layers": ["relu", item]}):
        assert outcome(Network.from_dict, candidate).isprintable()


@pytest.mark.parametrize(("text", "problem"), [
    ("[" * 17 + "]" * 17, "more than 16 levels are opened at line 1"),
    ("a: &a [x]\nb: [*a, *a]", "an anchor or alias stands at line 1"),
    ("\n- *a", "an anchor or alias stands at line 2"),
    ("a: !!int 1", "a tag stands at line 1"),
    ("a: 1\nb: 2\na: 3", "the key 'a' stands twice at line 3"),
    ("a: " + "9" * 1_001, "a word too long, stand at line 1"),
    ("- a\n" * 150_001, "more words than a network needs"),
    ("a: [", "did not find expected node content at line 2"),
])
def test_what_is_wrong_with_a_text(text, problem):
    with pytest.raises(NetworkError, match=re.escape(problem)):
        read_yaml(text)


@pytest.mark.parametrize("table", [LAYER_TYPES, FIELDS, FILLERS, FILLER_FIELDS])
def test_synonyms_are_spelt_plainly_and_lead_to_words_we_have(table):
    words = {"kind", "name", *LAYERS, *USES}
    for kind in (Initializer, *LAYERS.values()):
        words.update(field.name for field in fields(kind))
    for word, ours in table.items():
        assert normalised_word(word) == word
        assert {re.split(r"[:,]", one.removeprefix("{kind: "))[0] for one in ([ours] if isinstance(ours, str) else ours)
                } <= words


@pytest.mark.parametrize(("item", "ours"), [
    ("linear", "dense"), ("Conv2D", "conv"), ("max_pool", "pool"), ("MaxPool2d", "pool"), ("lrelu", "leaky_relu"),
    ("avg_pool", "pool: {mode: average}"), ("eltwise", "add"), ("cat", "concat"), ("bn", "batch_norm"),
    ("conv_transpose", "deconv"), ("relu6", "relu: {limit: 6}"), ("LeakyReLU", "leaky_relu"), ("convv", "conv"),
])
def test_the_kind_that_was_meant_is_said(item, ours):
    with pytest.raises(NetworkError) as caught:
        read_yaml(f"input: [1, 8, 8]\nlayers: [{item}]")
    assert caught.value.do == f"Write {ours}"


@pytest.mark.parametrize(("item", "ours"), [
    ("conv: {units: 3}", "filters"), ("dense: {filters: 3}", "units"), ("conv: {kernel: 3}", "kernel_size"),
    ("pool: {strides: 2}", "stride"), ("conv: {pad: 1}", "padding"), ("deconv: {out_channels: 1}", "filters"),
    ("pool: {kernel_size: 2, mode: avg}", "mode: average"), ("pool: {kernel_size: 2, padding: VALID}", "padding: 0"),
    ("dense: {units: 3, bias_filler: {kind: gaussian, stddev: 1}}", "std"),
    ("dense: {units: 3, weight_filler: He}", "msra"),
])
def test_the_field_or_value_that_was_meant_is_said(item, ours):
    with pytest.raises(NetworkError) as caught:
        read_yaml(f"input: [1, 8, 8]\nlayers:\n- {item}")
    assert caught.value.do == f"Write {ours}"


def test_the_input_given_takes_the_place_of_the_files(tmp_path):
    path = tmp_path / "net.JSON"
    path.write_text(json.dumps({"layers": [{"dense": {"units": 3}}]}))
    assert load_network(path, Input(1, 5, 7)).input.shape == (1, 5, 7)
    assert load_network(str(path), Input(1, 5, 7), classes=3).output.shape == (3, 1, 1)
    with pytest.raises(NetworkError):
        load_network(path)


HOSTILE = {
    "10,000 levels": "layers: " + "[" * 10_000,
    "block levels": "\n".join(" " * i + "a:" for i in range(1_000)),
    "billion laughs": "a: &a [x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n",
    "1 MiB of keys": "\n".join(f"k{i}: 1" for i in range(90_000))[: (1 << 20)],
    "1 MiB of layers": "input: [1, 8, 8]\nlayers:\n" + "- relu\n" * 140_000,
    "100 MB": "#" * 100_000_000,
    "hundred thousand froms": "input: [1, 8, 8]\nlayers:\n- add:\n  from: [" + "input, " * 100_000 + "input]",
    "a name that is not there, beside 4,000 long ones": "input: [1, 8, 8]\nlayers:\n" + "".join(
        f"- relu:\n  name: {'x' * 90}{i}\n" for i in range(4_000)) + "- relu:\n  from: nowhere\n",
    "one long word": "input: " + "x" * 1_000_000,
}


HOSTILE_JSON = {
    "80,000 keys, one twice": "{" + ", ".join(f'"k{i}": 1' for i in range(80_000)) + ', "k5": 1}',
    "4,000 layers that feed nothing": json.dumps(
        {"input": [1, 8, 8],
         "layers": [{"relu": None, "from": "input", "name": "n" * 80 + str(i)} for i in range(4_000)]}),
}


READER = """
import sys, time
from pathlib import Path
from striate.arch import load_network
from striate.errors import StriateError
start = time.process_time()
try:
    load_network(sys.argv[1])
except StriateError as error:
    print(len(str(error)), time.process_time() - start)
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux")
@pytest.mark.parametrize("case", HOSTILE | HOSTILE_JSON)
def test_hostile_text_is_refused_within_a_second_and_bounded_memory(case, tmp_path):
    path = tmp_path / ("net.yaml" if case in HOSTILE else "net.json")
    path.write_text((HOSTILE | HOSTILE_JSON)[case])
    done = subprocess.run([sys.executable, "-c", READER, path], capture_output=True, text=True, timeout=20, check=True)
    length, seconds, peak = map(float, done.stdout.split())
    assert length < 600
    assert seconds < 2  # 1 s on an idle machine
    assert peak * 1024 < 100e6 + 2 * path.stat().st_size
