"""Stopped between any two steps of the main job, a run is taken up again and ends as if nothing had happened."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from striate import ConvNet
from striate.core import atomic
from striate.errors import StriateError
from striate.tasks import Progress, RunFolder, Settings, train_model
from striate.tasks.evaluate import evaluate
from tests.cli.conftest import Program, striate  # noqa: F401 - a fixture

SETTINGS = Settings("digits", "compact", recipe={"epochs": 1, "seed": 4, "batch_size": 256})
FILES = ("recipe.yaml", "split.json", "model.safetensors", "log.csv", "report.html", "report.json")


class Stopped(BaseException):
    pass


def train(path: Path, *, resume: bool = False, settings: Settings = SETTINGS) -> bytes:
    train_model(settings, RunFolder(path), Progress(), resume=resume)
    return (path / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return train(tmp_path_factory.mktemp("whole") / "run")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_f01_stopped_at_each_file(name: str, after: bool, whole: bytes, tmp_path: Path,
                                  monkeypatch: pytest.MonkeyPatch) -> None:
    write = atomic.write_bytes

    def stopping(path: str | Path, data: bytes) -> None:
        if Path(path).name == name and not after:
            raise Stopped
        write(path, data)
        if Path(path).name == name:
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "write_bytes", stopping)
        with pytest.raises(Stopped):
            train(tmp_path / "run")
    if name == "report.json" and after:
        with pytest.raises(StriateError, match="finished"):
            RunFolder.unfinished(tmp_path / "run", "digits", "compact")
    else:
        begun = (tmp_path / "run" / "recipe.yaml").exists()
        settings = Settings.load(tmp_path / "run" / "recipe.yaml") if begun else SETTINGS
        assert train(tmp_path / "run", resume=begun, settings=settings) == whole
    assert {path.name for path in (tmp_path / "run").iterdir()} == {*FILES, ".lock"}


def test_the_sentence_that_says_how_to_go_on_is_true(
    striate: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bytes  # noqa: F811 - the fixture
) -> None:
    fit = ConvNet.fit
    with monkeypatch.context() as patch:
        patch.setattr(ConvNet, "fit", lambda *a, context, **k: fit(
            *a, context=replace(context, stop=lambda: True), **k))
        done = striate("train", "digits", "--model", "compact", "--epochs", "1", "--seed", "4", "--batch-size", "256",
                       "--out", "run")
    assert done.returncode == 75
    command = re.search(r"Go on with: striate (.*)\.$", done.stderr.strip())
    assert command
    assert striate(*shlex.split(command[1])).returncode == 0
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == whole


def test_f10_a_run_that_was_finished_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    folder = RunFolder.fresh(tmp_path / "run", "digits", "compact")  # free when it was chosen …
    first = train(tmp_path / "run")
    with pytest.raises(StriateError) as caught:
        train_model(replace(SETTINGS, recipe={"epochs": 1, "seed": 5}), folder, Progress())  # … and not any more
    assert caught.value.code == "run_exists"
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == first


def divided(path: Path, labels: np.ndarray) -> Path:
    random = np.random.default_rng(0)
    parts = {name: (random.integers(0, 256, (count, 8, 8), np.uint8), labels[:count])
             for name, count in (("train", 60), ("test", 30))}
    np.savez(path, **{f"{axis}_{name}": part[i] for name, part in parts.items() for i, axis in enumerate("xy")})
    return path


def test_resume_with_other_labels_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = np.arange(60) % 2
    settings = Settings(str(divided(tmp_path / "set.npz", labels)), "compact", recipe={"epochs": 2})

    def stopped(*_: object) -> None:
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(ConvNet, "save", stopped)
        with pytest.raises(Stopped):
            train(tmp_path / "run", settings=settings)
    before = (tmp_path / "run" / "split.json").read_bytes()
    divided(tmp_path / "set.npz", 1 - labels)
    with pytest.raises(StriateError) as caught:
        train(tmp_path / "run", resume=True, settings=settings)
    assert caught.value.code == "other_run"
    assert (tmp_path / "run" / "split.json").read_bytes() == before


@pytest.mark.parametrize("seed", [0, 1])
def test_evaluate_never_counts_what_was_learnt_from(tmp_path: Path, seed: int) -> None:
    """A divided set without validation: the run cut one out of train by its own seed, and evaluate must know."""
    source = str(divided(tmp_path / "set.npz", np.arange(60) % 2))
    train(tmp_path / "run", settings=Settings(source, "compact", recipe={"epochs": 1, "seed": seed}))
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    for part in ("test", "validation"):
        measured = evaluate(tmp_path / "run" / "model.safetensors", source, part=part)
        assert (measured.count, measured.accuracy) == (report[part]["count"], report[part]["accuracy"])
    assert evaluate(tmp_path / "run" / "model.safetensors", source).leaked == 0
    everything = evaluate(tmp_path / "run" / "model.safetensors", source, part="all")
    assert everything.leaked == 60
    assert "60 of these pictures are among those of training or validation" in everything.notes


@pytest.mark.parametrize("text", [
    "data: [&a [1, 1], *a, *a]\nrecipe: {}", "data: digits\nrecipe: null", "data: digits\nrecipe: [1]", "- 1",
    "data: digits\nrecipe: {}\nmodel: 7", "data: digits\nrecipe: {}\nsize: ab", "data: digits\nrecipe: {steps: {a: 1}}",
    "data: digits\nrecipe: {}\nsingle: 1",
    "data: digits\nrecipe: {}\nsplit: {a: 1}", "data: !!python/object:os.system {}\nrecipe: {}", "[" * 5000,
])  # fmt: skip
def test_hostile_recipe_in_a_run_folder(tmp_path: Path, text: str) -> None:
    (tmp_path / "recipe.yaml").write_text(text)
    with pytest.raises(StriateError) as caught:
        Settings.load(tmp_path / "recipe.yaml")
    assert caught.value.code == "bad_settings"


def test_d15_no_run_inside_the_pictures(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / "pictures" / name).mkdir(parents=True)
    settings = Settings(str(tmp_path / "pictures"))
    with pytest.raises(StriateError) as caught:
        train_model(settings, RunFolder(tmp_path / "pictures" / "runs" / "x"), Progress())
    assert caught.value.code == "out_in_data"
    assert sorted(path.name for path in (tmp_path / "pictures").rglob("*")) == ["a", "b"]
