"""Recognition of the dialect of a file, which is cheap and runs nothing."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from striate.arch import Input, load_network
from striate.arch.formats.dialects import DIALECTS, READABLE, dialect_of, is_solver, limit_of
from striate.arch.formats.keras import write_keras
from striate.arch.formats.yaml import write_json, write_yaml


def test_the_table() -> None:
    assert list(DIALECTS) == ["yaml", "json", "caffe", "caffe-train", "keras", "torch"]
    assert READABLE == (".yaml", ".yml", ".json", ".prototxt", ".pbtxt")
    assert [limit_of(suffix) >> 20 for suffix in READABLE] == [1, 1, 16, 4, 4]
    suffixes = [suffix for dialect in DIALECTS.values() for suffix in dialect.writes]
    assert len(suffixes) == len(set(suffixes))


@pytest.mark.parametrize(("text", "name"), [
    ('{"input": [1, 8, 8], "layers": ["relu"]}', "json"),
    ('{"layers": [{"config": {"class_name": 1}}]}', "json"),
    ('{"name": "class_name", "input": [1, 8, 8], "config": 1}', "json"),
    ('{"name": "\\"config\\": {", "layers": []}', "json"),
    ('{"module": "keras", "class_name": "Sequential", "config": {"layers": []}}', "keras"),
    ('{"module": {"layers": [{"input": 1}]}, "config": {}}', "keras"),
    ("[]", "json"), ("", "json"), ('{"a": "unclosed', "json"), ('["config", {"config": 1}]', "json"),
])
def test_json_of_ours_and_of_keras(text: str, name: str) -> None:
    assert dialect_of(".json", text).name == name


@pytest.mark.parametrize(("text", "solver"), [
    ('net: "x.prototxt"\nbase_lr: 0.1', True), ("max_iter: 5", True), ("# layer {\nbase_lr: 1", True),
    ('net_param { layer { name: "a" } }', True), ('train_net: "layer {"', True),
    ('name: "base_lr: 1"\nlayer { param { lr_mult: 1 } }', False), ("layers { name: 'max_iter: 3' }", False),
    ('input: "data"\ninput_dim: 1', False), ("", False), ('name: "net"', False),
    ("layer { base_lr: 1 }", False), ("state { base_lr: 1 } layer { max_iter: 1 }", False),
])
def test_solvers_and_networks(text: str, solver: bool) -> None:
    assert is_solver(text) is solver


@pytest.mark.parametrize("text", [
    '"' * (16 << 20), "{" * (4 << 20), '{"a":' * (1 << 20), "\\" * (4 << 20), "'" * 9999, "a" * (4 << 20),
    "a " * (1 << 20), '{"' + "\\" * (4 << 20), '"' + '\\"' * (2 << 20), "'" + "\\'" * (1 << 20)])
def test_hostile_text_is_told_apart_at_once(text: str) -> None:
    start = time.perf_counter()
    assert dialect_of(".json", text).name == "json"
    assert not is_solver(text[:4 << 20])
    assert time.perf_counter() - start < 1


def test_files_of_every_dialect(tmp_path: Path) -> None:
    network = load_network("compact", classes=7)
    for name, write in (("a.yaml", write_yaml), ("b.YML", write_yaml), ("c.json", write_json), ("d.json", write_keras)):
        (tmp_path / name).write_text(write(network))
        again = load_network(tmp_path / name, classes=7)
        assert (again.input, again.parameters) == (network.input, network.parameters)
        assert load_network(tmp_path / name, Input(3, 32, 32)).input == Input(3, 32, 32)
    (tmp_path / "bom.json").write_bytes(b"\xef\xbb\xbf" + write_json(network).encode())
    assert load_network(tmp_path / "bom.json") == network


def test_a_zoo_network_has_the_classes_of_its_paper() -> None:
    assert load_network("alexnet").output.size == 1000
    assert load_network("alexnet", classes=15).output.size == 15


def test_a_name_of_the_zoo_comes_before_a_file_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lenet5").write_text("no network")
    assert load_network("lenet5").name == "lenet5"


@pytest.mark.parametrize(("name", "text", "idle"), [
    ("a.yaml", "input: [1, 8, 8]\nlayers: [relu]\n", "formats.keras formats.caffe formats.torch_code google"),
    ("a.json", '{"input": [1, 8, 8], "layers": ["relu"]}', "formats.keras formats.caffe formats.torch_code google"),
    ("k.json", "", "formats.caffe formats.torch_code google"),
])
def test_reading_one_dialect_imports_that_one_only(name: str, text: str, idle: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text or write_keras(load_network("compact")))
    code = ("import sys\nfrom striate.arch import load_network\n"
            f"load_network({str(tmp_path / name)!r})\nprint('\\n'.join(sys.modules))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"torch", "numpy", "keras"}
    for word in idle.split():
        assert not [module for module in loaded if f".{word}." in f".{module}."]


def test_nothing_in_a_file_is_opened_or_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "trap.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    layers = [{"class_name": "trap.Layer", "module": "trap", "config": {"name": "a"}}]
    (tmp_path / "net.json").write_text(json.dumps({"class_name": "Sequential", "config": {"layers": layers}}))
    with pytest.raises(ValueError, match="trap"):
        load_network(tmp_path / "net.json")
    assert "trap" not in sys.modules
