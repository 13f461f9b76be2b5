"""`striate predict` as it is used: streams, pipes, lists, Ctrl-C, and nothing imported that it does not need."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from striate import BagOfWords, ConvNet, Transfer
from striate.bow.encoders import Hard
from tests.cli.conftest import Program, answer
from tests.convnet.pretrained.small import pictures
from tests.convnet.pretrained.small import saved as small_network

PROGRAM = [sys.executable, "-W", "error", "-m", "striate", "predict"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("model") / "net.yaml"
    path.write_text("input: [1, 8, 8]\nlayers:\n  - dense: {units: 2}\n")
    return ConvNet(path, epochs=1).fit(rng.integers(0, 256, (8, 8, 8), np.uint8), ["=cat", "dog"] * 4).save(
        path.with_name("model.safetensors"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "photos" / "more").mkdir(parents=True)
    rng = np.random.default_rng(1)
    for name in ("b.png", "more/c.png", "a.png"):
        Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(tmp_path / "photos" / name)
    (tmp_path / "photos" / "bad.jpg").write_bytes(b"no picture")
    return tmp_path / "photos"


ORDER = ["photos/a.png", "photos/b.png", "photos/bad.jpg", "photos/more/c.png"]


def test_a_folder_a_pattern_and_a_list(striate: Program, model: Path, photos: Path,
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    done = striate("predict", model, "photos", "--json")
    assert done.returncode == 2
    assert [row["picture"] for row in json.loads(done.stdout)] == ORDER
    assert done.stdout.count("\n") == 1
    done = striate("predict", model, "photos", "photos/**/*.png", "--jsonl", "--top", "1")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["picture"] for row in rows] == [*ORDER, *(name for name in ORDER if name.endswith("png"))]
    assert [len(row["top"]) for row in rows if "top" in row] == [1] * 6
    Path("names").write_bytes(b"\0".join(name.encode() for name in ORDER))
    with Path("names").open() as names:
        monkeypatch.setattr("sys.stdin", names)
        done = striate("predict", model, "-0", "-")
    assert done.returncode == 2
    assert [line.partition(":")[0].partition(" ")[0] for line in done.stdout.splitlines()] == ORDER
    assert done.stderr == ""


def test_a_file_and_its_summary(striate: Program, model: Path, photos: Path) -> None:
    done = striate("predict", model, "photos", "--out", "answers.csv")
    assert (done.returncode, done.stdout) == (2, "answers.csv: 4 pictures; 1 could not be read\n")
    assert [line.partition(",")[0] for line in Path("answers.csv").read_text().splitlines()] == ["picture", *ORDER]
    told = answer(striate("predict", model, "photos/a.png", "--out", "answers.jsonl", "--json"))
    assert told.pop("seconds") >= 0
    assert told == {"out": "answers.jsonl", "pictures": 1, "unread": 0}
    done = striate("predict", model, "photos/a.png", "--out", "answers.csv", "--json")
    assert json.loads(done.stdout)["error"]["code"] == "out_exists"
    assert striate("predict", model, "photos/a.png", "--out", "answers.csv", "--force").returncode == 0


@pytest.mark.parametrize(("more", "code"), [
    (["nowhere*.png"], "no_match"), (["empty"], "folder_without_pictures"), (["-"], "no_names"),
    (["-", "-"], "stdin_twice"), (["photos", "--out", "a.xlsx"], "bad_out"),
    (["photos", "--strict"], "image_unreadable"),
    (["photos", "--out", "nowhere/a.csv"], "not_writable"), (["photos", "--out", "a.csv", "--jsonl"], "usage")])
def test_refused_with_one_json_value_and_nothing_else(striate: Program, model: Path, photos: Path, more: list[str],
                                                      code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("empty").mkdir()
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        done = striate("predict", model, *more, "--json")
    assert json.loads(done.stdout)["error"]["code"] == code
    assert done.returncode in (1, 2)
    assert done.stderr.startswith("striate: ")
    assert sorted(path.name for path in Path().iterdir()) == ["empty", "photos"]


def test_a_closed_input_is_refused(model: Path, tmp_path: Path) -> None:
    closed = ["sh", "-c", 'exec "$@" <&-', "sh"]
    done = subprocess.run([*closed, *PROGRAM, str(model), "-"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "it is closed" in done.stderr


def test_f06_a_full_disk_is_told_in_a_sentence(model: Path, photos: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*PROGRAM, str(model), "photos/a.png"], stdout=full, stderr=subprocess.PIPE, text=True,
                              cwd=photos.parent)
    assert (done.returncode, done.stderr) == (1, "striate: The output could not be written; the disk is full. "
                                                 "Free some space and run the same command again.\n")


def test_names_are_answered_as_they_come_and_a_closed_pipe_is_silent(model: Path, photos: Path) -> None:
    with started(model, photos.parent, "-") as program:
        assert program.stdin
        assert program.stdout
        assert program.stderr
        for name in ORDER[:2]:
            program.stdin.write(f"{name}\n")
            program.stdin.flush()
            assert select.select([program.stdout], [], [], 60)[0]
            assert program.stdout.readline().startswith(f"{name}: ")
        program.stdout.close()
        program.stdin.write("photos/a.png\n" * 3)
        program.stdin.close()
        assert program.stderr.read() == ""
        assert program.wait(60) == 1


def started(model: Path, folder: Path, *more: str) -> subprocess.Popen[str]:
    """The program, with pipes to all its streams."""
    return subprocess.Popen([*PROGRAM, str(model), *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, cwd=folder, text=True)


def test_stopped_by_ctrl_c_it_keeps_what_is_done(model: Path, photos: Path) -> None:
    program = started(model, photos.parent, "-", "--out", "answers.csv")
    assert program.stdin
    program.stdin.write("photos/a.png\nphotos/b.png\n")
    program.stdin.flush()
    deadline = time.monotonic() + 60
    while not [path for path in photos.parent.glob(".striate-*") if path.stat().st_size > 40]:
        time.sleep(0.05)
        assert time.monotonic() < deadline
        assert program.poll() is None
        # rows reach the file in blocks: enough names for one
        program.stdin.write("photos/a.png\n" * 64)
        program.stdin.flush()
    program.send_signal(signal.SIGINT)
    out, said = program.communicate(timeout=60)
    assert (program.returncode, out) == (130, "")
    assert "their predictions are in answers.partial.csv" in said
    rows = (photos.parent / "answers.partial.csv").read_text().splitlines()
    assert [row.partition(",")[0] for row in rows[:3]] == ["picture", "photos/a.png", "photos/b.png"]
    assert len({row.count(",") for row in rows}) == 1
    assert sorted(path.name for path in photos.parent.iterdir()) == ["answers.partial.csv", "photos"]


@pytest.mark.slow
def test_memory_is_flat_over_many_names(model: Path, photos: Path) -> None:
    """30,000 rows take what 10,000 take: nothing of a picture is kept once its row is written."""
    with started(model, photos.parent, "-") as program:
        assert program.stdin
        assert program.stdout
        writer = threading.Thread(target=lambda file: (file.write("photos/a.png\n" * 31_000), file.close()),
                                  args=(program.stdin,))
        writer.start()
        megabytes = [psutil.Process(program.pid).memory_info().rss / 1e6
                     for row, _ in enumerate(program.stdout, 1) if row in (10_000, 20_000, 30_000)]
        writer.join()
    assert len(megabytes) == 3
    assert max(megabytes) - megabytes[0] < 20


def convnet(folder: Path) -> ConvNet:
    return ConvNet("lenet5", epochs=1, seed=0, size=(32, 32)).fit(*pictures())


def transfer(folder: Path) -> Transfer:
    network, weights = small_network(folder)
    return Transfer(network, weights=weights).fit(*pictures())


def bow(_: Path) -> BagOfWords:
    return BagOfWords(encoder=Hard(8), sample=2000).fit(*pictures())


HEAVY = {"sklearn", "scipy.optimize", "scipy.stats", "scipy.sparse", "matplotlib", "jinja2", "rich", "onnx", "sympy",
         "torch._dynamo", "torch._inductor", "torch.distributed.tensor", "torch.utils.tensorboard", "google.protobuf",
         "striate.report", "striate.tasks.train", "striate.convnet.explain",
         "psutil", "huggingface_hub", "pandas"}


@pytest.mark.parametrize(("kind", "unneeded"), [(convnet, {"striate.bow"}), (transfer, {"striate.bow"}),
                                                (bow, {"striate.convnet.recogniser", "striate.convnet.transfer"})])
def test_it_imports_what_predicting_needs(kind: object, unneeded: set[str], photos: Path, tmp_path: Path) -> None:
    path = kind(tmp_path).save(tmp_path / "model.safetensors")  # type: ignore[operator]
    code = f"""
import sys
sys.argv = ["striate", "predict", {str(path)!r}, {str(photos / 'a.png')!r}, "--quiet"]
from striate.cli.main import run
try:
    run()
except SystemExit as end:
    assert not end.code, end.code
heavy = {HEAVY | unneeded!r} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "a.png: " in done.stdout
