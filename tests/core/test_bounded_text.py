"""Tests of bounded YAML and JSON, and that nothing else reads them."""

import json
import re
import time
from pathlib import Path

import pytest
import yaml

import striate
from striate.core.bounded_text import SETTINGS, Limits, TooLargeError, load_json, load_settings, load_yaml

LIMITS = Limits(1_000, 3, values=20, word=12, digits=20, whole=2**53, plain=True)
OWN_PIPES = {"convnet/distributed/process_group.py", "tasks/compare/worker.py", "tasks/compare/process_pool.py",
             "data/worker_process.py"}  # between processes of ours; nobody else can write into them


@pytest.mark.parametrize(("text", "said"), [
    ("[[[[1]]]]", "nested too deeply"), ("[" * 9, "Expecting value"), ("[1,2", "Expecting"),
    ('{"a": 1, "a": 2}', "the key 'a' stands twice"),
    ("[" + "1," * 21 + "1]", "more than 20 values"), ("[NaN]", "NaN is a number"), ("[-Infinity]", "-Infinity is"),
    ("1e999", "1e999 is too large"), (str(2**53 + 1), "is too large"), ("1." + "0" * 30, "is too large"),
    ("9" * 900, "is too large"),
])
def test_json_beyond_its_limits(text, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        load_json(text, LIMITS)


def test_json_within_its_limits():
    text = '{"a": [{"b": [1, -2.5, "[[[[[[", null, true]}]}'
    assert load_json(text, Limits(1_000, 4)) == load_json(text.encode(), Limits(1_000, 4)) == json.loads(text)
    assert load_json("1e999", Limits(9, 0, finite=False)) == float("inf")
    with pytest.raises(ValueError, match="more than 1,000 digits"):
        load_json("9" * 1_001, Limits(2_000, 1))
    with pytest.raises(ValueError, match="nested too deeply"):
        load_json("[" * 400_000 + "]" * 400_000, Limits(1 << 20, 64))


@pytest.mark.parametrize(("text", "said"), [
    ("[[[[1]]]]", "nested too deeply"), ("a: 1\nb: 2\na: 3", "the key 'a' stands twice at line 3"),
    ("a: &a [x]\nb: *a", "an anchor or alias stands at line 1"), ("a: !!int 1", "a tag stands at line 1"),
    ("? [1]\n: 2", "a key that is no word stands at line 1"), ("a: " + "x" * 13, "more than 12 characters"),
    ("- a\n" * 30, "more than 20 values"),
])
def test_yaml_beyond_its_limits(text, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        load_yaml(text, LIMITS)


def test_yaml_of_settings_may_hold_what_it_does_not_repeat():
    assert load_yaml("a: &a !!int '1'\nb: &c 2", Limits(100, 3)) == {"a": 1, "b": 2}
    for text in ("a: &a [1]\nb: *a", "a: {b: 1, b: 2}", "[" * 17, "a: !!bool x", "a: 2020-99-99",
                 f"a: {'1:' * 400}1.5"):
        with pytest.raises((ValueError, yaml.YAMLError)):
            load_yaml(text, SETTINGS)


def test_size_is_that_of_the_bytes(tmp_path: Path):
    for load in (load_json, load_yaml):
        with pytest.raises(TooLargeError) as caught:
            load('"' + "é" * 5 + '"', Limits(11, 1))
        assert caught.value.size == 12
    (tmp_path / "a.yaml").write_bytes(b"#" * (SETTINGS.bytes + 1))
    with pytest.raises(TooLargeError):
        load_settings(tmp_path / "a.yaml")


@pytest.mark.parametrize("text", ["- " * 30_000 + "1", "[" * 60_000, "{a: " * 15_000, "? " * 30_000])
def test_no_depth_takes_long(text):
    began = time.perf_counter()
    with pytest.raises(ValueError, match="nested"):
        load_yaml(text, SETTINGS)
    assert time.perf_counter() - began < 2


def test_there_is_one_door():
    root = Path(striate.__file__).parent
    found = {str(path.relative_to(root)) for path in root.rglob("*.py")
             if re.search(r"(?<!>> )\b(json\.loads?|yaml\.(safe_)?load|yaml\.parse)\(",
                          re.sub(r"(?m)^\s*>>>.*$", "", path.read_text()))}
    assert found == OWN_PIPES | {"core/bounded_text.py"}
