"""Bad input on the command line: one sentence, the exit code, no traceback, nothing lost."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Program

CASES: dict[str, tuple[list[str], str]] = {
    "d01_no_such_folder": (["train", "nowhere"], "nowhere"),
    "d01_a_file": (["train", "file.txt"], "file.txt"),
    "no_such_network": (["train", "digits", "--model", "lenet6"], "lenet6"),
    "no_such_model": (["evaluate", "nothing.safetensors", "digits"], "nothing.safetensors"),
    "model_is_text": (["predict", "file.txt", "x.png"], "safetensors"),
    "two_budgets": (["train", "digits", "--model", "compact", "--epochs", "1", "--minutes", "1"], "not both"),
    "no_epochs": (["train", "digits", "--model", "compact", "--epochs", "0"], "epochs"),
    "negative_seed": (["train", "digits", "--seed", "-1"], "seed"),
    "bad_size": (["train", "digits", "--size", "big"], "size"),
    "bad_resize": (["train", "digits", "--resize", "stretch"], "stretch"),
    "bad_split": (["train", "digits", "--split", "file.txt"], "split"),
    "nothing_to_resume": (["train", "digits", "--resume"], "resume"),
    "unknown_log": (["train", "digits", "--log", "wandb"], "wandb"),
    "tried_and_resumed": (["train", "digits", "--try", "--resume"], "--resume"),
    "tried_without_epochs": (["train", "digits", "--try", "--model", "bow"], "bow"),
    "unknown_option": (["train", "digits", "--epoch", "3"], "--epoch"),
    "unknown_command": (["trian", "digits"], "trian"),
    "no_data": (["train"], "data"),
    "bad_input_volume": (["inspect", "compact", "--input", "1,2"], "1,2"),
}


@pytest.mark.parametrize("name", CASES)
def test_one_sentence_and_exit_code_2(striate: Program, tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").write_text("hello, this is no model\n")
    arguments, word = CASES[name]
    done = striate(*arguments)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("striate: ")
    assert done.stderr.count("\n") == 1
    assert word.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]  # no folder of a run that never was
    done = striate(*arguments, "--json")
    assert set(json.loads(done.stdout)["error"]) == {"code", "message"}


def test_a_run_is_not_overwritten(striate: Program, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "model.safetensors").write_bytes(b"precious")
    done = striate("train", "digits", "--out", "run")
    assert done.returncode == 2
    assert "--resume" in done.stderr
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == b"precious"


def test_folder_of_the_run_cannot_be_made(striate: Program, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = striate("train", "digits", "--out", "file/run")
    assert done.returncode in (1, 2)
    assert "file/run" in done.stderr
    assert "Traceback" not in done.stderr
