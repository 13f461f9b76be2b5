import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from striate.arch import load_network, survey
from striate.cli import inspect
from striate.errors import UsageError, WindowError

GOLDEN = Path(__file__).parents[1] / "golden"


def ask(*arguments: str) -> str:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    inspect.register(app)
    result = CliRunner().invoke(app, ["inspect", *arguments])
    if result.exception:
        raise result.exception
    return result.stdout


def read_table(text: str) -> tuple[list[dict[str, int]], dict[str, int]]:
    """An independent reader: columns by the spaces between them; numbers without their commas."""
    lines = text.split("\n\n")[0].splitlines()
    cells = [re.split(r" {2,}", line.strip()) for line in lines]
    where = {name: cells[0].index(name) for name in ("parameters", "MACs", "FLOPs")}
    rows = [{name: int(line[i].replace(",", "")) for name, i in where.items()} for line in cells[1:-1]]
    return rows, dict(zip(where, (int(cell.replace(",", "")) for cell in cells[-1][1:4]), strict=True))


@pytest.mark.parametrize("name", ["lenet5", "lenet_caffe"])
def test_printed_table_is_golden_and_adds_up(name):
    text = ask(name)
    assert text == (GOLDEN / f"inspect_{name}.txt").read_text()
    rows, total = read_table(text)
    assert len(rows) == len(load_network(name).nodes)
    for column in ("parameters", "MACs", "FLOPs"):
        assert sum(row[column] for row in rows) == total[column]
    facts = survey(load_network(name))
    assert total == {"parameters": facts.total("parameters"), "MACs": facts.total("macs"),
                     "FLOPs": facts.total("flops")}


def test_json_is_one_object_with_the_keys_promised():
    facts = json.loads(ask("lenet5", "--json"))
    assert {"layers", "parameters", "macs", "flops", "neurons"} <= set(facts)
    assert (facts["parameters"], facts["layers"][0]["output"]) == (60_850, [6, 28, 28])
    assert facts["flops"] == sum(layer["flops"] for layer in facts["layers"])
    assert set(facts["layers"][0]) >= {
        "name", "kind", "input", "output", "parameters", "macs", "receptive_field", "unread"}


def test_options():
    assert json.loads(ask("compact", "--input", "3,64,48", "--classes", "15", "--json"))["output"] == [15, 1, 1]
    assert "activations of 32 pictures" in ask("lenet5", "--batch", "32", "--quiet")
    assert ask("lenet5", "--quiet").startswith("lenet5: 1×32×32 → 10×1×1")
    assert ask("lenet5", "--torch-code").startswith('"""lenet5: 1×32×32')
    assert ask("lenet5", "--strict") == ask("lenet5")


def test_what_auxiliary_heads_add_is_said(tmp_path):
    path = tmp_path / "headed.yaml"
    path.write_text("input: [2, 9, 9]\nauxiliary: {head: 0.3}\nlayers:\n- dense: {units: 3}\n  name: head\n"
                    "- dense: {units: 3}\n  name: out\n  from: input\n")
    assert ("of these, only while training, for head (loss weight 0.3): 489 parameters, 486 MACs"
            in ask(str(path), "--quiet").splitlines())
    facts = json.loads(ask(str(path), "--json"))
    assert facts["auxiliary"] == {"heads": {"head": 0.3}, "parameters": 489, "macs": 486}
    assert "only while training" not in ask("lenet5")


def test_a_network_known_by_name_says_where_it_is_from():
    text = ask("vgg16")
    assert "\npaper: Simonyan & Zisserman" in text
    assert "\npublished: " in text
    assert json.loads(ask("vgg16", "--json"))["paper"] in text


def test_a_drawing_is_written_beside_the_table(tmp_path):
    assert ask("lenet5", "--svg", str(tmp_path / "net.svg"), "-q").endswith(f"drawn: {tmp_path / 'net.svg'}\n")
    assert (tmp_path / "net.svg").read_text().startswith("<svg")


def test_refusals_reach_the_caller():
    with pytest.raises(WindowError):
        ask("lenet5", "--input", "1,29,29", "--strict")
    with pytest.raises(UsageError):
        ask("lenet6")


def test_branches_and_unread_pixels_get_their_columns(tmp_path):
    path = tmp_path / "fork.yaml"
    path.write_text("input: [2, 9, 9]\nlayers:\n- pool: {kernel_size: 2}\n"
                    "- conv: {filters: 2, kernel_size: 3, padding: 1}\n- add:\n  from: [pool1, conv1]\n")
    lines = ask(str(path)).splitlines()
    assert lines[0].split() == ["layer", "kind", "from", "output", "parameters", "MACs", "FLOPs", "sees", "memory",
                                "unread"]
    assert lines[1].endswith("1 bottom, 1 right")
    assert "pool1, conv1" in lines[3]
    assert "2×2..6×6" in lines[3]


def test_loads_neither_torch_nor_numpy_and_is_quick():
    code = ("import sys, typer\nfrom striate.cli import inspect\napp = typer.Typer()\napp.callback()(lambda: None)\n"
            "inspect.register(app)\napp(['inspect', 'lenet5'], standalone_mode=False)\n"
            "print(sorted({'torch', 'numpy', 'sklearn', 'PIL'} & set(sys.modules)))")
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        best = min(best, time.perf_counter() - start)
        assert done.stdout.endswith("[]\n")
    assert best < 1  # 0.5 s on an idle machine; bench/ holds the figure itself


def test_a_drawing_is_not_written_over_a_file_unasked(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text("input: [2, 9, 9]\nlayers:\n- relu\n")
    with pytest.raises(UsageError, match="it is there already"):
        ask(str(path), "--svg", str(path))
    assert path.read_text().startswith("input")
    ask(str(path), "--svg", str(path), "--force")
    assert path.read_text().startswith("<svg")


def test_a_link_to_nothing_is_taken_and_replaced_only_when_told(tmp_path):
    link = tmp_path / "net.svg"
    link.symlink_to(tmp_path / "nothing")
    with pytest.raises(UsageError, match="it is there already"):
        ask("lenet5", "--svg", str(link))
    ask("lenet5", "--svg", str(link), "--force")
    assert not link.is_symlink()
    assert not (tmp_path / "nothing").exists()


def test_fields_are_height_by_width(tmp_path):
    path = tmp_path / "tall.yaml"
    path.write_text("input: [2, 9, 9]\nlayers:\n- conv: {filters: 2, kernel_size: [5, 3]}\n")
    assert " 5×3 " in ask(str(path)).splitlines()[1]


def test_phases_belong_to_prototxt():
    with pytest.raises(UsageError, match="only for a prototxt"):
        ask("lenet5", "--phase", "TRAIN")


def test_layers_that_predictions_compute_by_themselves_are_named():
    assert "unfused" not in ask("resnet18")
    text = ask("lenet5")
    assert "\nunfused in predictions: c1_tanh, s2, s2_tanh, c3_tanh, s4, s4_tanh, c5_tanh, f6_tanh\n" in text
    assert json.loads(ask("compact", "--input", "3,32,32", "--json"))["unfused"] == ["add1", "add2", "add3", "add4"]
