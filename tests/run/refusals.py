"""What runs, their folders and their commands say no to."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from striate import ConvNet
from striate.run import RunFolder, Settings, Watch, evaluate_model, train_model
from striate.run.settings import Settings as Loaded


def model_of(folder: Path, classes: tuple[str, str] = ("0", "1")) -> Path:
    pictures = np.arange(4 * 64, dtype=np.uint8).reshape(4, 8, 8)
    return ConvNet(epochs=1).fit(pictures, [*classes, *classes]).save(folder / "model.safetensors")


def written(folder: Path, text: str = "") -> Path:
    (folder / "recipe.yaml").write_text(text)
    return folder


def locked(folder: Path) -> object:
    with RunFolder(folder).locked():
        return train_model(Settings("digits"), RunFolder(folder), "", Watch())


def pictures_only_to_test_on(folder: Path) -> Path:
    from striate import load_data

    data = load_data("digits")
    np.savez(folder / "one.npz", images=data.test.images[:40], labels=data.test.labels[:40])
    return folder / "one.npz"


REFUSALS: dict[str, Callable[[Path], object]] = {
    "out is a file": lambda folder: RunFolder.fresh(written(folder) / "recipe.yaml", "digits", "compact"),
    "run exists": lambda folder: RunFolder.fresh(written(folder), "digits", "compact"),
    "no run to resume": lambda folder: RunFolder.unfinished(folder, "digits", "compact"),
    "run is finished": lambda folder: RunFolder.unfinished(
        (folder / "report.json").write_text("{}") and written(folder), "digits", "compact"),
    "run is locked": locked,
    "recipe.yaml is not a run's": lambda folder: Loaded.load(written(folder, "- 1") / "recipe.yaml"),
    "resumed on other data": lambda _: Settings("digits").resumed(Settings("mnist")),
    "resumed with another seed": lambda _: Settings("digits").resumed(Settings("digits", recipe={"seed": 3})),
    "unknown part": lambda folder: evaluate_model(folder / "m", "digits", part="some"),
    "classes the model does not know": lambda folder: evaluate_model(model_of(folder, ("cat", "dog")), "digits"),
}
