"""The four commands from end to end, on a folder of real pictures."""

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from striate.cli.train import surest
from striate.stats.metrics import evaluate
from tests.cli.conftest import Program, answer

FILES = {"model.safetensors", "report.html", "report.json", "split.json", "recipe.yaml", "log.csv", "steps.csv",
         ".lock"}
COMPACT = ("--model", "compact")


def state(root: Path) -> dict[str, tuple[int, str]]:
    return {str(path.relative_to(root)): (path.stat().st_mtime_ns,
                                          hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
            for path in sorted(root.rglob("*"))}


def test_train_evaluate_predict(striate: Program, folder: Path, tmp_path: Path) -> None:
    before = state(folder)
    result = answer(striate("train", folder, *COMPACT, "--epochs", "3", "--json", "--out", "run"))
    assert {path.name for path in (tmp_path / "run").iterdir()} == FILES
    assert result["model"] == "run/model.safetensors"
    assert result["report"] == "run/report.html"
    low, high = result["test"]["interval"]
    assert 0 <= low <= result["test"]["accuracy"] <= high <= 1
    assert 0 <= result["validation"]["accuracy"] <= 1
    assert 0 <= result["test"]["balanced_accuracy"] <= 1
    assert result["seconds"] > 0
    assert [skipped["code"] for skipped in result["data"]["skipped"]] == ["image_empty"]
    parts = json.loads((tmp_path / "run" / "split.json").read_text())["parts"]
    assert sum(map(len, parts.values())) == 72
    assert result["test"]["count"] == len(parts["test"])
    log = (tmp_path / "run" / "log.csv").read_text().splitlines()
    assert [row["epoch"] for row in csv.DictReader(log)] == ["1", "2", "3"]
    assert yaml.safe_load((tmp_path / "run" / "recipe.yaml").read_text())["recipe"]["epochs"] == 3
    assert json.loads((tmp_path / "run" / "report.json").read_text())["test"] == result["test"]

    measured = answer(striate("evaluate", "run/model.safetensors", folder, "--json"))
    assert measured["part"] == "test"  # by the split.json beside the model: nothing it learnt from is counted
    assert measured["accuracy"] == result["test"]["accuracy"]
    assert measured["interval"] == result["test"]["interval"]
    assert measured["count"] == result["test"]["count"]
    assert [row["class"] for row in measured["per_class"]] == ["digit 0", "digit 1", "digit 7"]

    picture = next((folder / "digit 0").glob("*.png"))
    done = striate("predict", "run/model.safetensors", picture, folder / "digit 7" / "broken.png", "--json")
    assert done.returncode == 2  # one picture could not be read; the other has its answer all the same
    good, bad = json.loads(done.stdout)
    assert good["picture"] == str(picture)
    assert [good["class"], good["probability"]] == good["top"][0]
    assert sum(p for _, p in good["top"]) == pytest.approx(1)
    assert "class" not in bad
    assert bad["code"] == "image_empty"
    assert state(folder) == before  # nothing was written into the pictures


def test_second_run_decodes_nothing(striate: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(striate("train", folder, *COMPACT, "--epochs", "1", "--json", "--out", "a"))

    def refuse(*_: object) -> None:
        raise AssertionError("a picture was opened")

    monkeypatch.setattr(Image, "open", refuse)
    answer(striate("train", folder, *COMPACT, "--epochs", "1", "--json", "--out", "b"))


def test_as_a_process_of_its_own(process: Program, folder: Path) -> None:
    assert answer(process("train", folder, *COMPACT, "--epochs", "1", "--json", "--out", "a"))["model"] == (
        "a/model.safetensors")


def test_same_seed_same_file(striate: Program, folder: Path, tmp_path: Path) -> None:
    for out in ("a", "b"):
        answer(striate("train", folder, *COMPACT, "--epochs", "2", "--seed", "7", "--json", "--out", out))
    assert (tmp_path / "a/model.safetensors").read_bytes() == (tmp_path / "b/model.safetensors").read_bytes()
    answer(striate("train", folder, *COMPACT, "--epochs", "2", "--seed", "8", "--json", "--out", "c"))
    assert (tmp_path / "a/model.safetensors").read_bytes() != (tmp_path / "c/model.safetensors").read_bytes()


def test_for_people(striate: Program, folder: Path) -> None:
    done = striate("train", folder, "--epochs", "1", "--model", "lenet5")
    assert done.returncode == 0, done.stderr
    assert "test accuracy" in done.stdout
    assert "next    striate predict" in done.stdout
    assert "skipped: digit 7/broken.png" in done.stderr
    model = next(Path(word) for word in done.stdout.split() if word.endswith(".safetensors"))
    done = striate("evaluate", model, folder, "-q")
    assert done.stdout.startswith("accuracy ")
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
    assert "digit 7" in striate("evaluate", model, folder).stdout


def test_the_accuracy_of_the_surest_pictures_is_said() -> None:
    chances = np.repeat([[0.9, 0.1], [0.6, 0.4]], [8, 2], axis=0)
    found = evaluate([0] * 7 + [1] + [1] * 2, chances, "ab")
    assert surest(found) == "the surest 80 % of them: 87.5 % (95 %: 52.9 to 97.8)\n"
    assert surest(evaluate([0] * 10, chances[:1].repeat(10, axis=0), "ab")) == ""  # all are as sure


def test_default_folders_do_not_collide(striate: Program, folder: Path, tmp_path: Path) -> None:
    for _ in range(2):
        answer(striate("train", folder, *COMPACT, "--epochs", "1", "--json"))
    names = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert names == [f"{folder.name}-compact", f"{folder.name}-compact-2"]


def test_yaml_network_and_saved_split(striate: Program, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text("input: [1, 16, 16]\nlayers:\n  - conv: {filters: 4, kernel_size: 3}\n"
                                       "  - relu\n  - dense: {units: 3}\n")
    short = ("--epochs", "1", "--json")
    first = answer(striate("train", folder, "--model", "net.yaml", *short, "--out", "a", "--seed", "3"))
    assert first["data"]["size"] == [16, 16, 1]
    answer(striate("train", folder, *COMPACT, "--split", "a/split.json", *short, "--out", "b"))
    parts = [json.loads((tmp_path / out / "split.json").read_text())["parts"] for out in "ab"]
    assert parts[0] == parts[1]


TRAIN_TEST = """
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN } data_param { source: "no_lmdb" } }
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TEST } data_param { source: "no_lmdb" } }
layer { name: "c1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "ip1" type: "InnerProduct" bottom: "conv1" top: "ip1" inner_product_param { num_output: 10 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip1" bottom: "label" top: "loss" }
"""
SOLVER = 'base_lr: 0.01 lr_policy: "multistep" gamma: 0.1 stepvalue: 3 stepvalue: 5 max_iter: 7 momentum: 0.9'


def test_caffes_own_files_train(striate: Program, tmp_path: Path) -> None:
    """A network that leaves its picture to a data base, and a solver; options beside the recipe count more."""
    (tmp_path / "net.prototxt").write_text(TRAIN_TEST)
    (tmp_path / "solver.prototxt").write_text(SOLVER)
    assert striate("convert", "solver.prototxt", "recipe.yaml").returncode == 0
    asked = ("train", "digits", "--model", "net.prototxt", "--recipe", "recipe.yaml", "--json")
    recipe = answer(striate(*asked, "--out", "run"))["recipe"]
    assert (recipe["steps"], recipe["schedule"], recipe["step_values"]) == (7, "multistep", [3, 5])
    assert (recipe["optimiser"], recipe["learning_rate"]) == ("sgd", 0.01)
    assert yaml.safe_load((tmp_path / "run" / "recipe.yaml").read_text())["recipe"]["step_values"] == [3, 5]
    recipe = answer(striate(*asked, "--out", "other", "--epochs", "1", "--batch-size", "256"))["recipe"]
    assert (recipe["steps"], recipe["epochs"], recipe["batch_size"], recipe["gamma"]) == (5, 1, 256, 0.1)
