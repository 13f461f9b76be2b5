"""M27 and M32 of the catalogue of hostile files: refused within a second, in bounded memory, and nothing runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.arch.formats.keras import read_keras
from striate.errors import NetworkError, StriateError
from tests.arch.formats.keras.files import KERAS_2_FUNCTIONAL, KERAS_2_SEQUENTIAL, layer, sequential, text
from tests.examples import examples

CONV = {"filters": 4, "kernel_size": 3}


def payloads(command: str) -> dict[str, dict]:
    """Files that ran `command` in some version of Keras, or look as if they would."""
    system = {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
    call = {"module": "builtins", "class_name": "function", "config": "exec", "registered_name": "exec"}
    return {
        "M27 CVE-2024-3660: marshalled code in a Lambda": sequential(layer(
            "Lambda", "l", function={"class_name": "__lambda__", "config": {"code": "4wAAAAA=", "defaults": None}},
            arguments={"command": command})),
        "M27 CVE-2025-1550: module os in a layer": sequential(
            {"module": "os", "class_name": "system", "config": {"command": command}, "registered_name": None}),
        "M27 CVE-2025-1550: a function of os in a Lambda": sequential(layer("Lambda", "l", function=system, arguments={
            "command": command})),
        "M27 module os for a layer of the table": sequential(layer("Conv2D", "c", **CONV) | {"module": "os"}),
        "M27 CVE-2025-8747: a gadget as layer": sequential(
            {"module": "keras.utils", "class_name": "get_file", "config": {"origin": "file:///etc/passwd"}}),
        "M27 CVE-2025-9906: safe mode switched off first": sequential(
            {"module": "keras.config", "class_name": "enable_unsafe_deserialization", "config": {}},
            layer("Lambda", "l", function=call)),
        "M27 CVE-2025-9906: safe_mode in the config": sequential(layer("Lambda", "l", function=call, safe_mode=False)),
        "M27 CVE-2025-12058: a vocabulary file": sequential(layer("StringLookup", "s", vocabulary="/etc/passwd")),
        "M27 code as activation": sequential(layer("Activation", "a", activation=call)),
        "M27 code as initializer": sequential(layer("Dense", "d", units=2, kernel_initializer=system)),
        "M27 a wrapper of a layer": sequential(layer("TimeDistributed", "t", layer=layer("Lambda", "l"))),
        "M27 TFOpLambda": sequential(layer("TFOpLambda", "o", function="math.add")),
        "M27 a registered object": sequential(
            layer("Conv2D", "c", **CONV) | {"module": "builtins", "registered_name": "evil>Conv2D"}),
        "M27 a model of another module inside": sequential(
            {"module": "os", "class_name": "Functional", "registered_name": "evil>Model", "config": {"layers": [
                {"module": "os", "class_name": "system", "config": {"command": command}}]}}),
    }


@pytest.mark.parametrize("case", payloads(""))
def test_no_payload_runs_and_each_is_refused(case, tmp_path):
    canary = tmp_path / "canary"
    before = set(sys.modules)
    with pytest.raises(NetworkError) as caught:
        read_keras(json.dumps(payloads(f"touch {canary}")[case]))
    assert caught.value.code == "keras_unsupported"
    assert not canary.exists()
    assert not {name for name in set(sys.modules) - before if not name.startswith("striate")}


def test_m27_every_payload_is_listed_at_once():
    layers = [entry for model in payloads("x").values() for entry in model["config"]["layers"][1:]
              if entry["class_name"] != "Functional"]
    with pytest.raises(NetworkError) as caught:
        read_keras(json.dumps(sequential(*layers)))
    told = str(caught.value) + "".join(getattr(caught.value, "__notes__", []))
    assert all(entry["class_name"] in told for entry in layers)


def test_m27_regularizers_and_constraints_are_not_looked_at(tmp_path):
    """Keras would look their classes up; for a network they are nothing, so they are passed over, unread."""
    canary = tmp_path / "canary"
    evil = {"module": "os", "class_name": "system", "config": {"command": f"touch {canary}"}}
    network = read_keras(text(sequential(layer("Conv2D", "c", kernel_regularizer=evil, bias_constraint=evil, **CONV))))
    assert len(network.nodes) == 1
    assert not canary.exists()


def nest(depth: int) -> str:
    inner = json.dumps(layer("ReLU", "r"))
    return '{"class_name": "Sequential", "config": {"layers": [' * depth + inner + "]}}" * depth


HOSTILE = {
    "M27 100,000 lists": "[" * 100_000,
    "M27 100,000 models in one another": nest(100_000),
    "M27 10 models in one another": nest(10),
    "M27 16 MiB of empty lists": "[" + "[]," * ((16 << 20) // 3 - 2) + "[]]",
    "M27 400,000 small objects": "[" + '{"a":0},' * 199_000 + "0]",
    "M27 a million escapes that never close": '"' + '\\"' * 8_000_000,
    "M27 a million quotes": '""' * 8_000_000,
    "M27 16 MiB of closers": "]" * (16 << 20),
    "M27 16 MiB of closers and blanks": "[" + "] " * ((8 << 20) - 1),
    "M27 closers and blanks that never close": "[" + " ]" * ((8 << 20) - 1),
    "M27 a name of 500,000 letters with 4,000 layers": text(sequential(sequential(
        *(layer("ReLU", f"r{i}") for i in range(4_000))) | {"config": {"name": "n" * 500_000, "layers": [
            layer("ReLU", f"r{i}") for i in range(4_000)]}})),
    "M27 a title of 16,000,000 dots": text(sequential() | {"config": {
        "name": "." * 16_000_000, "layers": [layer("InputLayer", "i", batch_shape=[None, 3])]}}),
    "M27 100 MB": "#" * 100_000_000,
    "M27 duplicate keys": '{"class_name": "Sequential", "config": 1, "config": 2}',
    "M27 the same key a hundred thousand times": "{" + '"a": 0, ' * 100_000 + '"a": 0}',
    "M27 NaN": '{"class_name": NaN}',
    "M27 -Infinity": '{"class_name": -Infinity}',
    "M27 200,000 unknown layers": '{"class_name": "Sequential", "config": {"layers": ['
                                  + '{"class_name":"L"},' * 200_000 + "{}]}}",
    "M27 150,000 layers": '{"class_name": "Sequential", "config": {"layers": ['
                          + '{"class_name":"ReLU","config":{}},' * 150_000 + '{"class_name":"ReLU","config":{}}]}}',
    "M27 a layer fed 100,000 times": '{"class_name": "Model", "config": {"layers": [{"class_name": "Add", "name": "a",'
                                     '"config": {}, "inbound_nodes": [[' + '["a", 0, 0],' * 100_000 + '["a", 0, 0]]]}],'
                                     '"input_layers": ["a", 0, 0], "output_layers": ["a", 0, 0]}}',
    "M32 1e999": '{"class_name": 1e999}',
    "M32 a whole number above 2^63": f'{{"class_name": {2**63 + 1}}}',
    "M32 a whole number above 2^53": f'{{"class_name": {2**53 + 1}}}',
    "M32 a million digits": '{"class_name": ' + "9" * 1_000_000 + "}",
    "M32 a million decimals": '{"class_name": 0.' + "9" * 1_000_000 + "}",
    "M32 units of 10^15": text(sequential(layer("Dense", "d", units=10**15), shape=(None, 3))),
    "M32 an input of 2^53": text(sequential(layer("ReLU", "r"), shape=(None, 2**53, 2**53, 3))),
    "M32 parameters without end": text(sequential(layer("Dense", "d", units=65_536), layer("Dense", "e", units=65_536),
                                                  shape=(None, 65_536))),
}

READER = """
import sys, time
from pathlib import Path
from striate.arch.formats.keras import read_keras
from striate.errors import StriateError
text = Path(sys.argv[1]).read_text()
start = time.process_time()
try:
    read_keras(text)
except StriateError as error:
    print(len(str(error)), time.process_time() - start)
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux")
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_text_is_refused_within_a_second_and_bounded_memory(case, tmp_path):
    path = tmp_path / "model.json"
    path.write_text(HOSTILE[case])
    done = subprocess.run([sys.executable, "-c", READER, path], capture_output=True, text=True, timeout=20, check=True)
    length, seconds, peak = map(float, done.stdout.split())
    assert length < 600
    assert seconds < 2  # 1 s on an idle machine
    assert peak * 1024 < 100e6 + 2 * len(HOSTILE[case])


def outcome(model: object) -> str:
    """The network or the refusal in words; any other exception is a failure of the test."""
    try:
        return repr(read_keras(model if isinstance(model, str) else json.dumps(model)))
    except StriateError as error:
        return str(error)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 2**60) | st.floats() | st.text(max_size=8)
    | st.sampled_from(["Conv2D", "relu", "same", "channels_first", "start", "a", "os"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["class_name", "config", "layers", "name", "module", "inbound_nodes", "args"]), inner,
        max_size=4), max_leaves=10)


@examples(200)
@given(st.sampled_from([KERAS_2_SEQUENTIAL, KERAS_2_FUNCTIONAL]), st.data())
def test_any_value_in_any_place_is_refused_or_read_but_never_worse(fixture, data):
    model = json.loads(fixture)
    at, place = model, data.draw(st.integers(1, 6))
    for _ in range(place):
        keys = list(at) if isinstance(at, dict) else list(range(len(at))) if isinstance(at, list) else []
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        holder, at = at, at[key]
    holder[key] = data.draw(values)
    assert outcome(model).isprintable()


@examples(200)
@given(st.sampled_from([KERAS_2_SEQUENTIAL, KERAS_2_FUNCTIONAL]), st.data())
def test_damaged_text_is_refused_or_read_but_never_worse(fixture, data):
    where = data.draw(st.integers(0, len(fixture) - 1))
    put = data.draw(st.sampled_from(["", "\0", "{", "[", '"', "\\", "1e999", "NaN", "9" * 20, "\ud800", "null", "-1"]))
    assert outcome(fixture[:where] + put + fixture[where + data.draw(st.integers(0, 3)):]).isprintable()
