"""Refusals of `striate look` for a network, and of options for another kind of recogniser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from striate import Conv, ConvNet, Dense, Input, Network, ReLU, Softmax
from striate.tasks.look import look
from tests.bow.explain.models import model, pictures

SIDE = 8


def small() -> ConvNet:
    """A network of two classes with a final softmax, trained for one epoch."""
    x = ReLU(name="relu")(Conv(3, 3, name="conv")(Input(1, SIDE, SIDE)))
    network = Network(Softmax(name="prob")(Dense(2, name="fc")(x)), name="small")
    return ConvNet(network, epochs=1, seed=0).fit(np.arange(4 * SIDE * SIDE, dtype=np.uint8).reshape(4, SIDE, SIDE),
                                                  ["down", "up", "down", "up"])


def asked(picture: bool = True, **options: object) -> Callable[[Path], object]:
    """A look at the small network."""
    shown = np.arange(SIDE * SIDE, dtype=np.uint8).reshape(SIDE, SIDE) if picture else None
    return lambda _: look(small(), shown, **options)  # type: ignore[arg-type]


def unreadable(folder: Path) -> object:
    (folder / "b.png").write_bytes(b"no picture")
    return look(small(), folder / "b.png", out=folder / "look.html")


def foreign(folder: Path) -> object:
    (folder / "mine").mkdir()
    (folder / "mine" / "filters.png").write_bytes(b"a picture of the user")
    return look(small(), figures=folder / "mine")


REFUSALS: dict[str, Callable[[Path], object]] = {
    "unknown_method": asked(show="activation"),
    "unknown_method that is like none": asked(show="zz"),
    "unknown_method in a list": asked(show=["filters", ""]),
    "picture_needed": asked(picture=False, show="activations"),
    "bad_scale": asked(scale="own"),
    "bad_unit": asked(unit="seven"),
    "bad_unit of two numbers": asked(unit="7,3"),
    "no_such_unit": asked(layer="conv", unit=3),
    "no_such_unit at that row": asked(layer="conv", unit=(0, 6, 0)),
    "unknown_layer": asked(layer="conv2"),
    "unknown_layer that is like none": asked(layer="zz"),
    "behind_softmax": asked(layer="prob"),
    "unknown_class": asked(class_name="sideways"),
    "class_alone": asked(picture=False, class_name="up"),
    "a picture that cannot be read": unreadable,
    "not_figures": foreign,
    "bad_top": asked(top=-3),
    "bad_top, too many": asked(top=51),
    "option_of_kind": lambda _: look(model(), pictures()[0], layer="conv1"),
    "option_of_kind among others": lambda _: look(model(), pictures()[0], top=3, figures="figures"),
}
