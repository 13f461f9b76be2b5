"""What runs, their folders and their commands say no to."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from striate import ConvNet, load_data
from striate.run import RunFolder, Settings, Watch, evaluate_model, train_model
from striate.run.checking import check_data
from striate.run.job import open_data
from striate.run.kinds import kind_for
from striate.run.logs import Logs
from striate.run.settings import listed, recipe_of
from striate.run.trying import try_settings


def model_of(folder: Path, classes: tuple[str, str] = ("0", "1")) -> Path:
    pictures = np.arange(4 * 64, dtype=np.uint8).reshape(4, 8, 8)
    return ConvNet(epochs=1).fit(pictures, [*classes, *classes]).save(folder / "model.safetensors")


def written(folder: Path, text: str = "") -> Path:
    (folder / "recipe.yaml").write_text(text)
    return folder


def locked(folder: Path) -> object:
    with RunFolder(folder).locked():
        return train_model(Settings("digits"), RunFolder(folder), Watch())


def all_learnt_from(folder: Path) -> object:
    """Evaluate on a set whose every picture was for training."""
    pictures = np.random.default_rng(0).integers(0, 256, (30, 8, 8), np.uint8)
    np.savez(folder / "set.npz", images=pictures, labels=np.arange(30) % 2)
    parts = {"train": load_data(folder / "set.npz").pictures.digests, "validation": [], "test": []}
    split = {"format": "striate-split", "version": 1, "seed": 0, "kind": "file", "parts": parts}
    (folder / "split.json").write_text(json.dumps(split))
    return evaluate_model(model_of(folder), str(folder / "set.npz"))


def list_changed(folder: Path) -> object:
    (folder / "clean.txt").write_text("cat/1.png\n")
    settings = Settings(str(folder), **listed(folder / "clean.txt"))
    (folder / "clean.txt").write_text("cat/2.png\n")
    return open_data(settings, kind_for(settings), None, Watch())


REFUSALS: dict[str, Callable[[Path], object]] = {
    "out is a file": lambda folder: RunFolder.fresh(written(folder) / "recipe.yaml", "digits", "compact"),
    "run exists": lambda folder: RunFolder.fresh(written(folder), "digits", "compact"),
    "no run to resume": lambda folder: RunFolder.unfinished(folder, "digits", "compact"),
    "run is finished": lambda folder: RunFolder.unfinished(
        (folder / "report.json").write_text("{}") and written(folder), "digits", "compact"),
    "run is locked": locked,
    "run inside the pictures": lambda folder: RunFolder(folder / "runs").keep_out_of(str(folder)),
    "recipe.yaml is not a run's": lambda folder: Settings.load(written(folder, "- 1") / "recipe.yaml"),
    "recipe: a list": lambda folder: recipe_of(written(folder, "- 1") / "recipe.yaml"),
    "recipe: not there": lambda folder: recipe_of(folder / "recipe.yaml"),
    "recipe: an unknown setting": lambda folder: recipe_of(written(folder, "rate: 1") / "recipe.yaml"),
    "recipe: a schedule without its number": lambda folder: recipe_of(written(folder, "schedule: exp") / "recipe.yaml"),
    "resumed on other data": lambda _: Settings("digits").resumed(Settings("mnist")),
    "resumed with another seed": lambda _: Settings("digits").resumed(Settings("digits", recipe={"seed": 3})),
    "epochs of a bag of words": lambda folder: train_model(
        Settings("digits", "bow", recipe={"epochs": 3}), RunFolder(folder), Watch()),
    "a bag of words in parts": lambda folder: train_model(
        Settings("digits", "bow", sharded=True), RunFolder(folder), Watch()),
    "resumed with another list": lambda _: Settings("pets").resumed(Settings("pets", files="clean.txt")),
    "a list that was changed": list_changed,
    "a list of what has no files": lambda folder: check_data("digits", list_to=folder / "clean.txt", labels=False),
    "a list inside the pictures": lambda folder: check_data(str(folder), list_to=folder / "clean.txt", labels=False),
    "a log of another kind": lambda folder: Logs(["csv", "wandb"], folder),
    "trying a bag of words": lambda folder: try_settings(Settings("digits", "bow"), RunFolder(folder), Watch()),
    "nothing left to test on": all_learnt_from,
    "unknown part": lambda folder: evaluate_model(folder / "m", "digits", part="some"),
    "classes the model does not know": lambda folder: evaluate_model(model_of(folder, ("cat", "dog")), "digits"),
}
