"""Refusals of the explanations of a bag of words."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
from PIL import Image

from striate import ConvNet, Dense, Input, Network
from striate.bow.explain.maps import contributions
from striate.tasks.look import EXPLAINERS, look
from tests.bow.explain.models import model, pictures


def saved(folder: Path, asked: str | None = None, *, drawn: bool = True) -> object:
    model().save(folder / "m.safetensors")
    Image.fromarray(pictures()[0]).save(folder / "a.png")
    return look(folder / "m.safetensors", folder / "a.png" if drawn else None, class_name=asked,
                out=folder / "look.html")


def network(folder: Path) -> object:
    small = ConvNet(Network(Dense(2)(Input(1, 8, 8)), name="small"), epochs=1)
    small.fit(np.arange(4 * 64, dtype=np.uint8).reshape(4, 8, 8), [0, 1, 0, 1]).save(folder / "m.safetensors")
    with patch("striate.tasks.look.EXPLAINERS", {"words": EXPLAINERS["words"]}):
        return look(folder / "m.safetensors", out=folder / "look.html")


REFUSALS: dict[str, Callable[[Path], object]] = {
    "no_contributions": lambda _: contributions(model(kind="knn"), pictures()[0], 0),
    "unknown_class": lambda folder: saved(folder, "upside\ndown"),
    "unknown class by number": lambda _: contributions(model(), pictures()[0], 3),
    "class_alone": lambda folder: saved(folder, "down", drawn=False),
    "look_kind": network,
}
