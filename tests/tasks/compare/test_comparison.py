"""A comparison: the same pictures for all, finished trainings reused, killed ones gone on with, files not trusted."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import striate
from striate.core import model_file
from striate.errors import Interrupted, StriateError
from striate.tasks import Progress, RunFolder
from striate.tasks.compare import worker
from striate.tasks.compare.comparison import ComparisonFolder, compare_folder, read_cost, run_comparison
from striate.tasks.compare.plan import ComparisonPlan, TrainingPlan, slug
from striate.tasks.compare.subsets import halves, subset
from striate.tasks.compare.worker import held_out

SIZES, SEEDS = (4, 9), 2
MODELS = ("small.yaml", "lenet5")
SMALL = """
input: [1, 16, 16]
layers:
- conv: {filters: 4, kernel_size: 5}
- relu
- pool: {kernel_size: 4}
- dense: {units: 3}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 3 classes × 24 scanned digits of 16×16, and a network for them."""
    root, scans = tmp_path_factory.mktemp("home"), load_digits()
    for name in (0, 3, 8):
        (root / "pictures" / f"<b>{name}").mkdir(parents=True)
        for i in np.flatnonzero(scans.target == name)[:24]:
            pixels = (scans.images[i] * 255 / 16).astype(np.uint8).repeat(2, 0).repeat(2, 1)
            Image.fromarray(pixels).save(root / "pictures" / f"<b>{name}" / f"{i}.png")
    (root / "small.yaml").write_text(SMALL)
    return root


def asked(home: Path, **changes: Any) -> ComparisonPlan:
    models = tuple(str(home / one) if one.endswith("yaml") else one for one in MODELS)
    return ComparisonPlan(
        **{"data": str(home / "pictures"), "models": models, "seeds": SEEDS, "sizes": SIZES, "minutes": 0.01, **changes}
    )


def done(home: Path, out: Path, **changes: Any) -> tuple[dict[str, Any], list[str]]:
    said: list[str] = []
    return run_comparison(asked(home, **changes), RunFolder(out), Progress(message=said.append)).as_dict(), said


def in_this_process(jobs: list[tuple[str, TrainingPlan, dict[str, Any]]], core_groups: object, stop: object,
                    finished: Any, expected_seconds: object = None) -> None:
    """What the children do, without the seconds that it takes to start them."""
    for _, cell, job in jobs:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("STRIATE_CACHE", os.environ["STRIATE_CACHE"])  # which a child sets for itself
            worker.train(json.loads(json.dumps(job)), bool)
        finished(cell)


def timed_in_this_process(jobs: list[tuple[str, dict[str, Any]]], cores: object, stop: object) -> None:
    """What the children do, one after another."""
    for _, job in jobs:
        worker.measure(json.loads(json.dumps(job)), bool, lambda: None)


@pytest.fixture(scope="module")
def finished(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    cache = tmp_path_factory.mktemp("cache-of-all")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRIATE_CACHE", str(cache))
        patch.setattr("striate.tasks.compare.comparison.run_jobs", in_this_process)
        patch.setattr("striate.tasks.compare.comparison.run_alone", timed_in_this_process)
        patch.setattr(worker, "ENOUGH", 0.05)
        facts, _ = done(home, home / "out")
    return facts, home / "out"


@pytest.fixture
def again(finished: tuple[dict[str, Any], Path], tmp_path: Path) -> Path:
    """A copy of the finished comparison."""
    return Path(shutil.copytree(finished[1], tmp_path / "out"))


def test_everything_is_written_and_nothing_beside_the_pictures(finished: tuple[dict[str, Any], Path],
                                                               home: Path) -> None:
    facts, out = finished
    names = {path.name for path in out.iterdir()} - {".lock"}
    assert names == {"compare.html", "compare.json", "compare.md", "predictions.csv", "split.json", "cells", "costs",
                     "models"}
    assert json.loads((out / "compare.json").read_text()) == json.loads(json.dumps(facts))
    assert {path.suffix for path in (home / "pictures").rglob("*") if path.is_file()} == {".png"}
    assert len(list((out / "cells").iterdir())) == len(MODELS) * len(SIZES) * SEEDS


def test_the_table_of_answers_adds_up_to_the_accuracies(finished: tuple[dict[str, Any], Path]) -> None:
    facts, out = finished
    with (out / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == facts["data"]["count"]
    for one in facts["models"]:
        for seed, accuracy in enumerate(one["seeds"]):
            right = [row[f"{one['name']} seed {seed}"] == row["class"] for row in rows]
            assert np.mean(right) == pytest.approx(accuracy)
        assert np.mean(one["seeds"]) == pytest.approx(one["accuracy"])
        assert one["interval"][0] <= one["accuracy"] <= one["interval"][1]
        assert one["latency"] > 0
        assert one["memory"] > 50e6
    by_size = {row["name"]: row["points"] for row in facts["curves"]["rows"]}
    assert [one["pictures"] for one in by_size["lenet5"]] == [3 * size for size in SIZES]


def test_the_model_that_is_kept_gave_the_answers(finished: tuple[dict[str, Any], Path], home: Path) -> None:
    facts, out = finished
    for one in facts["models"]:
        model = striate.load(out / "models" / f"{slug(one['model'])}.safetensors")
        data = striate.load_data(home / "pictures", size=model.preparation_.size, split=out / "split.json")
        assert model.score(data.test) == pytest.approx(one["seeds"][0], abs=1.1 / len(data.test))  # threads may differ


def test_given_again_nothing_is_trained(again: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.tasks.compare.comparison.run_jobs", None)
    before = json.loads((again / "compare.json").read_text())
    facts, said = done(home, again)
    assert "8 of 8 trainings were finished before" in said
    assert {**facts, "seconds": 0, "created": "", "report": ""} == {**before, "seconds": 0, "created": "", "report": ""}


def harm(path: Path, how: str) -> None:
    data = path.read_bytes()
    file = model_file.load(path)
    arrays, facts = dict(file.arrays), dict(file.manifest["facts"])
    if how == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif how == "flipped":
        path.write_bytes(data[:-9] + bytes([data[-9] ^ 4]) + data[-8:])
    elif how == "pickle":
        path.write_bytes(b"\x80\x04N.")
    else:
        if how == "fewer pictures":
            arrays["probabilities"] = arrays["probabilities"][1:]
        elif how == "not a number":
            arrays["probabilities"] = arrays["probabilities"] + np.float32(1)
        elif how == "strange label":
            arrays["held_labels"] = np.array([1000])
            arrays["held"] = np.array([[0.2, 0.3, 0.5]], np.float32)
        elif how == "strange fact":
            facts["training"] = "<script>"
        elif how == "another seed":
            file.manifest["identity"]["seed"] = 99
        model_file.save(path, file.manifest["kind"], {"identity": file.manifest["identity"], "facts": facts}, arrays)


HARM = ("cut", "flipped", "pickle", "fewer pictures", "not a number", "strange label", "strange fact", "another seed")


@pytest.mark.parametrize("how", HARM)
def test_a_cell_that_cannot_be_trusted_is_trained_again(how: str, again: Path, home: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    class TrainedError(Exception):
        """With the names of the cells."""

    def run_jobs(jobs: list[tuple[str, TrainingPlan, dict[str, Any]]], *_: object) -> None:
        raise TrainedError([cell.name for _, cell, _ in jobs])

    monkeypatch.setattr("striate.tasks.compare.comparison.run_jobs", run_jobs)
    harm(again / "cells" / "lenet5-9-seed-1.safetensors", how)
    said: list[str] = []
    with pytest.raises(TrainedError) as caught:
        run_comparison(asked(home), RunFolder(again), Progress(message=said.append))
    assert caught.value.args[0] == ["lenet5-9-seed-1"]
    assert any("lenet5-9-seed-1.safetensors" in line and "computed again" in line for line in said)


def test_what_is_missing_is_trained_in_a_process_and_what_is_there_is_kept(again: Path, home: Path) -> None:
    before = {path.name: path.read_bytes() for path in (again / "cells").iterdir()}
    (again / "cells" / "lenet5-4-seed-0.safetensors").unlink()
    (again / "costs" / "lenet5.safetensors").write_bytes(b"")
    _, said = done(home, again)
    assert "7 of 8 trainings were finished before" in said
    after = {path.name: path.read_bytes() for path in (again / "cells").iterdir()}
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {"lenet5-4-seed-0.safetensors"}
    assert not (again / "unfinished").exists()
    assert read_cost(again / "costs" / "lenet5.safetensors", model_file.load(
        again / "costs" / "lenet5.safetensors").manifest["identity"])


def test_one_that_fails_is_named_and_the_others_are_finished(again: Path, home: Path,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in (0, 1):
        (again / "cells" / f"lenet5-4-seed-{seed}.safetensors").unlink()
    plain = ComparisonFolder.job

    def job(work: ComparisonFolder, cell: TrainingPlan, do: str = "train") -> dict[str, Any]:
        return plain(work, cell, do) | ({"data": "other"} if cell.seed == 0 else {})

    monkeypatch.setattr(ComparisonFolder, "job", job)
    with pytest.raises(StriateError) as caught:
        done(home, again)
    assert caught.value.code == "data_changed"
    assert str(caught.value).startswith("lenet5, 4 per class, seed 0: ")
    assert not (again / "cells" / "lenet5-4-seed-0.safetensors").exists()
    assert (again / "cells" / "lenet5-4-seed-1.safetensors").exists()


@pytest.mark.slow
def test_sample_five_by_two_learns_from_halves(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.tasks.compare.comparison.run_jobs", in_this_process)
    monkeypatch.setattr("striate.tasks.compare.comparison.run_alone", timed_in_this_process)
    facts, _ = done(home, tmp_path / "out", seeds=1, sizes=(), five_by_two=True)
    assert len(list((tmp_path / "out" / "cells").iterdir())) == 2 * (1 + 10)
    (found,) = facts["five_by_two"]
    data = striate.load_data(home / "pictures", split=tmp_path / "out" / "split.json")
    gaps = np.empty((5, 2))
    for repeat, half in np.ndindex(5, 2):
        labels = data.pictures.labels[halves(data.split, data.pictures, repeat, half).test]
        right = [(model_file.load(tmp_path / "out" / "cells" / f"{slug(model)}-half-{half}-seed-{repeat}.safetensors")
                  .arrays["probabilities"].argmax(1) == labels).mean() for model in asked(home).models]
        gaps[repeat, half] = right[0] - right[1]
    assert abs(found["difference"]) == pytest.approx(abs(gaps.mean()))
    assert "Dietterich" in (tmp_path / "out" / "compare.html").read_text()


def start(home: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "striate", "compare", home / "pictures", "--seeds", "2", "--out", out,
               "--models", f"lenet5,{home / 'small.yaml'}"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def children_of(parent: int) -> list[int]:
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(one) for one in listed]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_sample_killed_it_leaves_nobody_behind_and_goes_on(number: int, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start(home, out)
    deadline = time.monotonic() + 100
    while not list(out.glob("cells/*.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.02)
    children = children_of(process.pid)
    process.send_signal(number)
    said = process.communicate(timeout=60)[1].decode()
    assert process.returncode == (-number if number == signal.SIGKILL else 75), said
    finished = {path: path.stat().st_mtime_ns for path in out.glob("cells/*.safetensors")}
    assert finished
    while any(Path(f"/proc/{child}").exists() for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert start(home, out).communicate(timeout=200)[0] is None
    assert (out / "compare.html").exists()
    kept = {path for path, when in finished.items() if path.stat().st_mtime_ns == when}
    assert kept == set(finished)
    assert not (out / "unfinished").exists()


def test_asked_to_stop_it_says_how_to_go_on(home: Path, tmp_path: Path) -> None:
    from contextlib import contextmanager

    @contextmanager
    def at_once():  # type: ignore[no-untyped-def]
        yield lambda: True

    with pytest.raises(Interrupted) as caught:
        run_comparison(asked(home), RunFolder(tmp_path / "out"), Progress(interruptible=at_once))
    assert caught.value.exit_code == 75
    assert "same command again" in str(caught.value)


def test_draws_are_nested_seeded_and_away_from_the_test() -> None:
    data = striate.load_data("digits")
    test = set(data.split.test.tolist())
    for seed in (0, 1):
        before: set[int] = set()
        for size in (1, 5, 10, 50, 10_000):
            part = subset(data.split, data.pictures, size, seed)
            learnt = {*part.train.tolist(), *part.validation.tolist()}
            assert before < learnt
            assert not learnt & test
            assert set(part.train.tolist()) <= set(data.split.train.tolist())
            counts = np.bincount(data.pictures.labels[list(learnt)])
            assert counts.tolist() == np.minimum(
                size, np.bincount(data.pictures.labels) - np.bincount(data.test.labels)).tolist()
            before = learnt
        assert before == {*data.split.train.tolist(), *data.split.validation.tolist()}
    first, second = (subset(data.split, data.pictures, 10, seed).train for seed in (0, 1))
    assert set(first.tolist()) != set(second.tolist())


def test_halves_share_no_picture_and_leave_out_the_test() -> None:
    data = striate.load_data("digits")
    pool = {*data.split.train.tolist(), *data.split.validation.tolist()}
    for repeat in range(2):
        one, two = (halves(data.split, data.pictures, repeat, half) for half in (0, 1))
        learnt = [{*part.train.tolist(), *part.validation.tolist()} for part in (one, two)]
        assert learnt[0] | learnt[1] == pool
        assert not learnt[0] & learnt[1]
        assert set(one.test.tolist()) == learnt[1]
        assert set(two.test.tolist()) == learnt[0]
        assert abs(len(learnt[0]) - len(learnt[1])) <= len(data.classes)
        assert 0.07 < len(one.validation) / len(learnt[0]) < 0.13


def test_pictures_held_out_are_no_test_pictures() -> None:
    data = striate.load_data("digits")
    small = type(data)(data.name, data.pictures, subset(data.split, data.pictures, 9, 0))
    words = striate.BagOfWords("bow", sample=2000).fit(striate.Dataset(
        data.pictures, np.concatenate([small.split.train, small.split.validation])))
    labels, chances = held_out(words, small)
    assert len(labels) == len(chances) <= 90
    assert (chances.argmax(1) == labels).mean() > 0.5  # labels and rows belong together


def test_names_of_folders_and_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert compare_folder(None, "/data/my pictures").path == Path("runs/my-pictures-compare")
    trainings = ComparisonPlan("d", ("bow", "a/net.yaml", "b/net.yaml"), sizes=(5, 10), five_by_two=True).trainings()
    assert len({cell.name for cell in trainings}) == len(trainings) == 3 * (2 * 3 + 10)
    assert all(os.sep not in cell.name for cell in trainings)
