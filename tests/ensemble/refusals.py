"""What ensembles say no to: their members, their weights, and files that are none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import striate
from striate.core import model_file
from striate.ensemble.held_out import in_common, refuse_few
from striate.ensemble.recogniser import Ensemble
from striate.ensemble.weights import cross_validated_weights
from tests.bow.small import labels, pictures
from tests.ensemble.small import together, weighting, words


def apart(**changed: Any) -> object:
    """Two members that do not go together."""
    other = words(**changed).fit(pictures(18, 3), labels(18, 3)) if not changed else words(**changed).fit(
        pictures(), labels())
    return together(net=other)


def changed(folder: Path, change: Callable[[dict[str, Any], dict[str, np.ndarray]], object]) -> object:
    """An ensemble's file with something changed, and its hash made right."""
    file = model_file.load(together().save(folder / "model.safetensors"))
    manifest, arrays = dict(file.manifest), dict(file.arrays)
    change(manifest, arrays)
    model_file.save(folder / "changed.safetensors", "ensemble", manifest, arrays)
    return striate.load(folder / "changed.safetensors")


def first(manifest: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = manifest["members"][0]
    return row


REFUSALS: dict[str, Callable[[Path], object]] = {
    "members/none": lambda _: Ensemble([]).fit(pictures(), labels()),
    "members/same names": lambda _: Ensemble([("a", words()), ("a", words())]).fit(pictures(), labels()),
    "members/no name": lambda _: Ensemble([("", words())]).fit(pictures(), labels()),
    "members/an ensemble": lambda _: Ensemble([("a", Ensemble([("b", words())]))]).fit(pictures(), labels()),
    "members/no recogniser": lambda _: Ensemble([("a", 7)]).fit(pictures(), labels()),
    "members/no pairs": lambda _: Ensemble([words()]).fit(pictures(), labels()),
    "seed/negative": lambda _: Ensemble([("a", words())], seed=-1).fit(pictures(), labels()),
    "of/other classes": lambda _: apart(),
    "of/other resizing": lambda _: apart(resize="crop"),
    "of/other proportions": lambda _: Ensemble.of(
        {"a": words(resize="pad").fit(pictures(), labels()),
         "b": words(resize="pad", size=(30, 20)).fit(pictures(), labels())}, weighting(0.5, 0.5)),
    "weights/no member": lambda _: cross_validated_weights([0, 1], []),
    "weights/other pictures": lambda _: cross_validated_weights([0, 1], [np.full((2, 2), 0.5), np.full((3, 2), 0.5)]),
    "weights/no picture in common": lambda _: refuse_few(in_common(
        [(np.array([0, 1]), np.full((2, 2), 0.5)), (np.array([1, 2]), np.full((2, 2), 0.5))])[0]),
    "file/no members": lambda folder: changed(folder, lambda m, _: m.update(members=[])),
    "file/members no list": lambda folder: changed(folder, lambda m, _: m.update(members={"0": 1})),
    "file/a thousand members": lambda folder: changed(folder, lambda m, _: m.update(members=m["members"] * 500)),
    "file/a member twice": lambda folder: changed(folder, lambda m, _: first(m).update(name="net")),
    "file/an ensemble inside": lambda folder: changed(folder, lambda m, _: first(m).update(kind="ensemble")),
    "file/a member no mapping": lambda folder: changed(folder, lambda m, _: m.update(members=[3])),
    "file/name a number": lambda folder: changed(folder, lambda m, _: first(m).update(name=3)),
    "file/name too long": lambda folder: changed(folder, lambda m, _: first(m).update(name="n" * 1000)),
    "file/weight above 1": lambda folder: changed(folder, lambda m, _: first(m).update(weight=1.5)),
    "file/weight 0": lambda folder: changed(folder, lambda m, _: first(m).update(weight=0.0)),
    "file/weights no sum of 1": lambda folder: changed(folder, lambda m, _: first(m).update(weight=0.5)),
    "file/weight a text": lambda folder: changed(folder, lambda m, _: first(m).update(weight="0.75")),
    "file/temperature 0": lambda folder: changed(folder, lambda m, _: m.update(temperature=0.0)),
    "file/no temperature": lambda folder: changed(folder, lambda m, _: m.pop("temperature")),
    "file/manifest a list": lambda folder: changed(folder, lambda m, _: first(m).update(manifest=[])),
    "file/manifest of another kind": lambda folder: changed(
        folder, lambda m, _: first(m).update(manifest=m["members"][1]["manifest"])),
    "file/other classes": lambda folder: changed(folder, lambda m, _: m.update(classes=["a", "b", "c"])),
    "file/an array of nobody": lambda folder: changed(folder, lambda _, a: a.update({"7.bias": np.zeros(1)})),
    "file/an array missing": lambda folder: changed(folder, lambda _, a: a.pop(sorted(a)[-1])),
    "file/preparation": lambda folder: changed(folder, lambda m, _: m.update(preparation={"size": [0, 1]})),
}
