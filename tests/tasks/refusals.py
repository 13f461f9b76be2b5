"""What runs, their folders and their commands say no to."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import striate
from striate import ConvNet, load_data
from striate.tasks import Progress, RunFolder, Settings, train_model
from striate.tasks.check import check
from striate.tasks.compare import comparison
from striate.tasks.compare.comparison import run_comparison
from striate.tasks.compare.plan import ComparisonPlan, sizes_in
from striate.tasks.compare.process_pool import WorkerProcess, run_jobs
from striate.tasks.compare.worker import open_unchanged
from striate.tasks.evaluate import evaluate
from striate.tasks.inspect import inspect
from striate.tasks.logs import RunLogs
from striate.tasks.methods import method_for
from striate.tasks.open_data import open_data
from striate.tasks.picture_names import count_pictures, expanded, pictures_named
from striate.tasks.predict import predict
from striate.tasks.prediction_table import table_for
from striate.tasks.settings import file_list_fields, load_recipe, settings_for
from striate.tasks.tune import try_settings


def model_of(folder: Path, classes: tuple[str, str] = ("0", "1")) -> Path:
    pictures = np.arange(4 * 64, dtype=np.uint8).reshape(4, 8, 8)
    return ConvNet(epochs=1).fit(pictures, [*classes, *classes]).save(folder / "model.safetensors")


def written(folder: Path, text: str = "") -> Path:
    (folder / "recipe.yaml").write_text(text)
    return folder


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "recipe.yaml")
    return folder / "recipe.yaml"


def locked(folder: Path) -> object:
    with RunFolder(folder).locked():
        return train_model(Settings("digits", "lenet5"), RunFolder(folder), Progress())


def all_learnt_from(folder: Path) -> object:
    """Evaluate on a set whose every picture was for training."""
    pictures = np.random.default_rng(0).integers(0, 256, (30, 8, 8), np.uint8)
    np.savez(folder / "set.npz", images=pictures, labels=np.arange(30) % 2)
    parts = {"train": load_data(folder / "set.npz").pictures.digests, "validation": [], "test": []}
    split = {"format": "striate-split", "version": 1, "seed": 0, "kind": "file", "parts": parts}
    (folder / "split.json").write_text(json.dumps(split))
    return evaluate(model_of(folder), str(folder / "set.npz"))


def predicted_strictly(folder: Path) -> object:
    """A picture of a library's own type, which is no array."""
    return predict(model_of(folder), Image.new("L", (8, 8)), strict=True)  # type: ignore[arg-type]


def compared(folder: Path, **asked: object) -> object:
    question = ComparisonPlan(**{"data": "digits", "models": ("bow", "lenet5"), **asked})
    return run_comparison(question, RunFolder(folder / "run"), Progress())


def at_once_on_two_cores(folder: Path, at_once: object) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("striate.tasks.compare.plan.cores", lambda: [0, 1])
        return compared(folder, at_once=at_once)


def of_other_pictures(folder: Path) -> object:
    (folder / "run").mkdir()
    (folder / "run" / "split.json").write_text("{}")
    return compared(folder)


def in_other_parts(folder: Path) -> object:
    """Compare where the pictures of one size are not those of the other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "data_identity", id)
        patch.setattr(ComparisonPlan, "method", lambda _, model: (SimpleNamespace(
            pack_arguments={"size": (8, 8) if model == "bow" else (9, 9)}, input_size=lambda _: None), False))
        return compared(folder)


def lost(folder: Path, *, timed: bool) -> object:
    """Compare where the trainings, or the times, leave no file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "run_jobs", lambda jobs, core_groups, stop, finished,
                      *_: [finished(one) for _, one, _ in jobs])
        patch.setattr(comparison, "run_alone", lambda *_: None)
        if timed:
            patch.setattr(comparison, "train_missing", lambda *_: {})
        return compared(folder)


def killed(_: Path) -> object:
    child = WorkerProcess({}, [0])
    child.process.kill()
    child.process.wait()
    return child.check("lenet5, seed 0")


def list_changed(folder: Path) -> object:
    (folder / "clean.txt").write_text("cat/1.png\n")
    settings = Settings(str(folder), "lenet5", **file_list_fields(folder / "clean.txt"))
    (folder / "clean.txt").write_text("cat/2.png\n")
    return open_data(settings, method_for(settings).pack_arguments, None, Progress())


def listed(folder: Path, names: bytes | None, *, null: bool = False) -> object:
    """Names on a standard input that holds `names`, or is closed."""
    with pytest.MonkeyPatch.context() as patch, (folder / "names").open("w+b") as file:
        file.write(names or b"")
        file.seek(0)
        patch.setattr("sys.stdin", None if names is None else file)
        return list(pictures_named(["-"], null=null))


REFUSALS: dict[str, Callable[[Path], object]] = {
    "bad_reject": lambda _: striate.predict("model.safetensors", [], reject=5),
    "out is a file": lambda folder: RunFolder.fresh(written(folder) / "recipe.yaml", "digits", "compact"),
    "run exists": lambda folder: RunFolder.fresh(written(folder), "digits", "compact"),
    "no run to resume": lambda folder: RunFolder.unfinished(folder, "digits", "compact"),
    "run is finished": lambda folder: RunFolder.unfinished(
        (folder / "report.json").write_text("{}") and written(folder), "digits", "compact"),
    "run is locked": locked,
    "run inside the pictures": lambda folder: RunFolder(folder / "runs").keep_out_of(str(folder)),
    "recipe.yaml is not a run's": lambda folder: Settings.load(written(folder, "- 1") / "recipe.yaml"),
    "recipe: a list": lambda folder: load_recipe(written(folder, "- 1") / "recipe.yaml"),
    "recipe: not there": lambda folder: load_recipe(folder / "recipe.yaml"),
    "recipe: a pipe": lambda folder: load_recipe(pipe(folder)),
    "recipe: a device without end": lambda _: load_recipe(Path("/dev/zero")),
    "recipe: a number to the base of 60": lambda folder: load_recipe(
        written(folder, f"epochs: {'1:' * 400}1.5") / "recipe.yaml"),
    "recipe: an unknown setting": lambda folder: load_recipe(written(folder, "rate: 1") / "recipe.yaml"),
    "recipe: a schedule without its number":
        lambda folder: load_recipe(written(folder, "schedule: exp") / "recipe.yaml"),
    "resumed on other data": lambda _: Settings("digits").resumed(Settings("mnist")),
    "resumed with another seed": lambda _: Settings("digits").resumed(Settings("digits", recipe={"seed": 3})),
    "epochs of a bag of words": lambda folder: train_model(
        Settings("digits", "bow", recipe={"epochs": 3}), RunFolder(folder), Progress()),
    "a bag of words in parts": lambda folder: train_model(
        Settings("digits", "bow", sharded=True), RunFolder(folder), Progress()),
    "resumed without an ensemble": lambda _: Settings("pets").resumed(Settings("pets", single=True)),
    "resumed with another list": lambda _: Settings("pets").resumed(Settings("pets", files="clean.txt")),
    "a list that was changed": list_changed,
    "a list of what has no files": lambda folder: check("digits", write_list=folder / "clean.txt", labels=False),
    "a list inside the pictures": lambda folder: check(folder, write_list=folder / "clean.txt", labels=False),
    "a log of another kind": lambda folder: RunLogs(["csv", "wandb"], folder),
    "trying a bag of words": lambda folder: try_settings(Settings("digits", "bow"), RunFolder(folder), Progress()),
    "trying for seconds in letters": lambda folder: try_settings(
        Settings("digits", "lenet5"), RunFolder(folder), Progress(), seconds="a"),  # type: ignore[arg-type]
    "trying for less than no time": lambda folder: try_settings(
        Settings("digits", "lenet5"), RunFolder(folder), Progress(), seconds=-1),
    "a size that is no whole number": lambda _: settings_for("digits", size=28.0),  # type: ignore[arg-type]
    "a size as a text": lambda _: settings_for("digits", size="28"),  # type: ignore[arg-type]
    "a size of three sides": lambda _: settings_for("digits", size=(8, 8, 1)),  # type: ignore[arg-type]
    "a size of 0": lambda _: settings_for("digits", size=0),
    "the classes of no rank": lambda folder: predict(model_of(folder), [], top=-1),
    "top in letters": lambda folder: predict(model_of(folder), [], top="3"),  # type: ignore[arg-type]
    "a picture that no file can be": lambda folder: predict(model_of(folder), "a\0b", strict=True),
    "predicting a folder without pictures": lambda folder: list(
        expanded(str(written(folder, "recipe").resolve()))),
    "predicting by a pattern of nothing": lambda folder: predict(model_of(folder), str(folder / "*.png")),
    "predicting for a file of another ending": lambda _: table_for("answers.xlsx"),
    "predicting for a file without an ending": lambda _: table_for("answers"),
    "names on a closed input": lambda folder: listed(folder, None),
    "names on an empty input": lambda folder: listed(folder, b"\n\n"),
    "names with NUL bytes": lambda folder: listed(folder, b"a.png\0b.png\0"),
    "names that do not end": lambda folder: listed(folder, b"a" * 20_000, null=True),
    "names on the input twice": lambda _: count_pictures(["-", "-"]),
    "inspecting no pictures at a time": lambda _: inspect("lenet5", batch=0),
    "inspecting fewer pictures than none": lambda _: inspect("lenet5", batch=-3),
    "inspecting pictures in letters": lambda _: inspect("lenet5", batch="a"),  # type: ignore[arg-type]
    "inspecting an input of two sides": lambda _: inspect("lenet5", input=(1, 2)),  # type: ignore[arg-type]
    "inspecting an input that is a number": lambda _: inspect("lenet5", input=28),  # type: ignore[arg-type]
    "inspecting an input without rows": lambda _: inspect("lenet5", input=(1, 0, 28)),
    "inspecting classes in letters": lambda _: inspect("lenet5", classes="a"),  # type: ignore[arg-type]
    "nothing left to test on": all_learnt_from,
    "predicting what is no picture": predicted_strictly,
    "comparing one model": lambda folder: compared(folder, models=("bow",)),
    "comparing a model with itself": lambda folder: compared(folder, models=("bow", "bow")),
    "comparing without a seed": lambda folder: compared(folder, seeds=0),
    "comparing the same size twice": lambda folder: compared(folder, sizes=(5, 5)),
    "comparing one model as a text": lambda folder: compared(folder, models="bow"),
    "comparing models that are numbers": lambda folder: compared(folder, models=(1, 2)),
    "comparing a size in letters": lambda folder: compared(folder, sizes=["a"]),
    "comparing a size alone": lambda folder: compared(folder, sizes=5),
    "comparing seeds in letters": lambda folder: compared(folder, seeds="a"),
    "comparing for minutes in letters": lambda folder: compared(folder, minutes="a"),
    "comparing at once in letters": lambda folder: at_once_on_two_cores(folder, "a"),
    "comparing sizes in words": lambda _: sizes_in("5,many"),
    "comparing more at once than there are cores": lambda folder: at_once_on_two_cores(folder, 3),
    "comparing more pictures than a class has": lambda folder: compared(folder, sizes=(5, 1000)),
    "comparing a model that nobody knows": lambda folder: compared(folder, models=("bow", "bowl")),
    "comparing for no time": lambda folder: compared(folder, minutes=-1.0),
    "going on with a comparison of other pictures": of_other_pictures,
    "comparing on other pictures at each size": in_other_parts,
    "pictures changed while they were compared": lambda _: open_unchanged(
        ComparisonPlan("digits", ("bow", "lenet5")), ComparisonPlan("digits", ()).method("lenet5")[0], None, "0"),
    "a training killed": killed,
    "a training without a result": lambda folder: lost(folder, timed=False),
    "a measurement without a result": lambda folder: lost(folder, timed=True),
    "comparing, and stopped": lambda _: run_jobs([("", None, {})], [[0]], lambda: True, print),
    "unknown part": lambda folder: evaluate(folder / "m", "digits", part="some"),
    "classes the model does not know": lambda folder: evaluate(model_of(folder, ("cat", "dog")), "digits"),
}
