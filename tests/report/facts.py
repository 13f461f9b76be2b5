"""Facts to report on: the real digits under an honest small model, and made-up sets of any number of classes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import fields, is_dataclass
from functools import lru_cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

import striate.report.tune_result
from striate.arch import Conv, Dense, Flatten, Input, Network, ReLU, Softmax, Volume, survey
from striate.arch.receptive_field import ReceptiveField
from striate.arch.survey import Survey, SurveyRow
from striate.convnet.training.lr_finder import RangeTest
from striate.report.embedded_images import Misclassified, SamplePicture
from striate.stats.metrics import evaluate

Case = tuple[dict[str, Any], list[SamplePicture], list[Misclassified]]
HIDDEN, EPOCHS = 32, 12


striate.report.tune_result.RangeTest = RangeTest  # type: ignore[attr-defined]  # its type, for `typed`


def typed(hint: Any, value: Any) -> Any:
    """The typed result whose `as_dict` is `value`; what `value` lacks has its default."""
    if get_origin(hint) in (Union, UnionType):
        kinds = [one for one in get_args(hint) if one is not type(None)]
        return None if value is None else typed(kinds[0], value)
    if hint is Survey:
        return surveyed(value)
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        keys = {one.metadata.get("key", one.name): one.name for one in fields(hint)}
        assert value.keys() <= keys.keys(), value.keys() - keys.keys()
        return hint(**{keys[key]: typed(hints[keys[key]], item) for key, item in value.items()})  # type: ignore[operator]
    if get_origin(hint) in (tuple, Sequence) and isinstance(value, list | tuple):
        return tuple(typed(get_args(hint)[0], item) for item in value)
    if get_origin(hint) is Mapping:
        return {key: typed(get_args(hint)[1], item) for key, item in value.items()}
    return np.array(value) if get_origin(hint) is np.ndarray else value


def surveyed(value: dict[str, Any]) -> Survey:
    """A survey from what it gives itself as."""
    rows = []
    for row in value["layers"]:
        seen = zip(*(row["receptive_fields"][key] for key in ("most", "least", "stride", "offset")), strict=True)
        field = tuple(ReceptiveField(offset - (size - 1) / 2, offset + (size - 1) / 2, stride, least)
                      for size, least, stride, offset in seen)
        unread = [row["unread"].get(side, 0) for side in ("bottom", "right", "rows_between", "columns_between")]
        rows.append(SurveyRow(
            row["name"], row["kind"], tuple(row["from"]), tuple(Volume(*one) for one in row["inputs"]),
            Volume(*row["output"]), row["weights"], row["biases"], row["buffers"], row["macs"], row["flops"],
            row["neurons"], row["memory"], field, (unread[0], unread[1]), (unread[2], unread[3])))  # type: ignore[arg-type]
    memory = value["memory"]
    return Survey(value["name"], Volume(*value["input"]), memory["batch"], tuple(rows), memory["training"],
                  memory["inference"])


def digits() -> Case:
    """1,797 scans of digits, a perceptron with one hidden layer: every number is measured, none made up."""
    facts, samples, mistakes = _digits()
    return deepcopy(facts), samples, mistakes


@lru_cache(1)
def _digits() -> Case:
    scans = load_digits()
    pixels = (scans.images * 255 / 16).astype(np.uint8)[..., None]
    X, y = scans.data / 16, scans.target.astype(np.int64)
    classes = [str(name) for name in scans.target_names]
    order = np.random.default_rng(0).permutation(len(y))
    parts = {"train": order[:1257], "validation": order[1257:1437], "test": order[1437:]}
    model = MLPClassifier((HIDDEN,), learning_rate_init=0.01, random_state=0, max_iter=1, warm_start=True)
    history: list[dict[str, Any]] = []
    for epoch in range(1, EPOCHS + 1):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(X[parts["train"]], y[parts["train"]])
        chances = model.predict_proba(X[parts["validation"]])
        score = float(model.score(X[parts["validation"]], y[parts["validation"]]))
        if score > max((row["validation_accuracy"] for row in history), default=0):
            best_epoch, best = epoch, deepcopy(model)
        history.append({
            "epoch": epoch, "loss": float(model.loss_),
            "validation_loss": float(log_loss(y[parts["validation"]], chances)),
            "validation_accuracy": score,
            "learning_rate": 0.01, "seconds": 0.013, "pictures_per_second": 96_700.0,
        })
    chances = best.predict_proba(X[parts["test"]])
    wrong = np.flatnonzero(chances.argmax(1) != y[parts["test"]])
    mistakes = [Misclassified(f"digits/{parts['test'][i]:04}", pixels[parts["test"][i]], int(y[parts["test"][i]]),
                        int(chances[i].argmax()), float(chances[i].max())) for i in wrong]
    samples = [SamplePicture(label, pixels[i], f"digits/{i:04}")
               for label in range(10) for i in np.flatnonzero(y == label)[:3]]
    results = {part: evaluate(y[parts[part]], best.predict_proba(X[parts[part]]), classes).as_dict()
               for part in ("validation", "test")}
    counts = {part: np.bincount(y[index], minlength=10).tolist() for part, index in parts.items()}
    network = Softmax()(Dense(10)(ReLU()(Dense(HIDDEN)(Flatten()(Input(1, 8, 8))))))
    facts = _facts("digits", classes, counts, [8, 8, 1], Network(network), results) | {
        "history": history, "best_epoch": best_epoch,
    }
    return facts, samples, mistakes


def made_up(k: int, seed: int = 0, *, names: list[str] | None = None, side: int = 96, sure: float = 3.0) -> Case:
    """K classes of coloured noise under a made-up recogniser, five test pictures a class."""
    rng = np.random.default_rng(seed)
    classes = names or [f"class {i:03}" for i in range(k)]
    labels = np.repeat(np.arange(k), 5)
    scores = rng.normal(size=(len(labels), k)) + 2 * sure * np.eye(k)[labels] + sure * np.eye(k)[(labels + 1) % k]
    chances = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    pictures: npt.NDArray[np.uint8] = rng.integers(0, 256, size=(min(k, 70), side, side, 3), dtype=np.uint8)
    results = {part: evaluate(labels, chances, classes).as_dict() for part in ("validation", "test")}
    counts = {part: [n] * k for part, n in (("train", 35), ("validation", 5), ("test", 5))}
    network = Network(Conv(8, 3, padding=1)(Input(3, side, side)))
    wrong = np.flatnonzero(chances.argmax(1) != labels)
    facts = _facts(f"/data/made up/{k}", classes, counts, [side, side, 3], network, results)
    return (
        facts,
        [SamplePicture(i, picture, f"{i}/0.png") for i, picture in enumerate(pictures)],
        [
            Misclassified(
                f"{labels[i]}/{i}.png",
                pictures[i % len(pictures)],
                int(labels[i]),
                int(chances[i].argmax()),
                float(chances[i].max()),
            )
            for i in wrong[:50]
        ],
    )


def _facts(name: str, classes: list[str], counts: dict[str, list[int]], size: list[int], network: Network,
           results: dict[str, Any]) -> dict[str, Any]:
    return {
        "striate": "0.1.0", "title": f"A recogniser for {name}", "command": f"striate train '{name}' --seed 0",
        "created": "2025-11-22 12:30 UTC", "model": "runs/a run/model.safetensors",
        "report": "runs/a run/report.html", "seed": 0, "seconds": 3.42,
        "data": {"name": name, "classes": classes, "counts": counts, "size": size, "fit": "squash",
                 "skipped": [], "notes": [], "split": {"kind": "stratified", "seed": 0}, "source": None,
                 "leaked": None, "fingerprint": None},
        "network": survey(network).as_dict() | {"name": "perceptron"},
        "recipe": {"optimiser": "adam", "learning_rate": 0.01, "batch_size": 200, "epochs": EPOCHS,
                   "weight_decay": 0.0001, "augment": {"shift": 0, "flip": False}},
        "history": [{"epoch": 1, "loss": 0.7, "validation_loss": None, "validation_accuracy": None,
                     "learning_rate": 0.01, "seconds": 1.5, "pictures_per_second": 812.4}],
        "best_epoch": 1, "weights": None, "began": {}, "asked": None, "reasons": [], "notes": [],
        "cross_validated": False, **results,
        "timings": {"packing": 0.31, "training": 2.6, "testing": 0.04, "report": 0.47},
        "environment": {"python": "3.11.2", "torch": "2.13.0+cpu", "numpy": "2.4.6", "machine": "x86_64", "cores": 2,
                        "threads": 2, "precision": "32-true"},
    }
