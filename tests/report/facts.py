"""Facts to report on: the real digits under an honest small model, and made-up sets of any number of classes."""

from __future__ import annotations

import warnings
from copy import deepcopy
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

from striate.report.embedded_images import Misclassified, SamplePicture
from striate.stats.metrics import evaluate

Case = tuple[dict[str, Any], list[SamplePicture], list[Misclassified]]
HIDDEN, EPOCHS = 32, 12


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
    weights = [64 * HIDDEN, HIDDEN * 10]
    layers = [
        _layer("flatten1", "flatten", [1, 8, 8], [64, 1, 1], 0, 0, 1),
        _layer("dense1", "dense", [64, 1, 1], [HIDDEN, 1, 1], weights[0] + HIDDEN, weights[0]),
        _layer("relu1", "relu", [HIDDEN, 1, 1], [HIDDEN, 1, 1], 0, 0),
        _layer("dense2", "dense", [HIDDEN, 1, 1], [10, 1, 1], weights[1] + 10, weights[1]),
        _layer("softmax1", "softmax", [10, 1, 1], [10, 1, 1], 0, 0),
    ]
    facts = _facts("digits", classes, counts, [8, 8, 1], layers, results) | {
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
    layers = [_layer("conv1", "conv", [3, side, side], [8, side, side], 224, 216 * side**2, 3)]
    wrong = np.flatnonzero(chances.argmax(1) != labels)
    facts = _facts(f"/data/made up/{k}", classes, counts, [side, side, 3], layers, results)
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


def _layer(
    name: str, kind: str, before: list[int], after: list[int], parameters: int, macs: int, field: int = 8
) -> dict[str, Any]:
    return {"name": name, "kind": kind, "input": before, "output": after, "parameters": parameters, "macs": macs,
            "receptive_field": field, "unread": {}}


def _facts(
    name: str, classes: list[str], counts: dict[str, list[int]], size: list[int], layers: list[dict[str, Any]],
    results: dict[str, Any],
) -> dict[str, Any]:
    macs = sum(layer["macs"] for layer in layers)
    return {
        "striate": "0.1.0", "title": f"A recogniser for {name}", "command": f"striate train '{name}' --seed 0",
        "created": "2025-11-22 12:30 UTC", "model": "runs/a run/model.safetensors",
        "report": "runs/a run/report.html", "seed": 0, "seconds": 3.42,
        "data": {"name": name, "classes": classes, "counts": counts, "size": size, "fit": "squash",
                 "skipped": [], "notes": [], "split": {"kind": "stratified", "seed": 0}},
        "network": {"name": "perceptron", "input": [size[2], *size[:2]], "layers": layers, "macs": macs,
                    "parameters": sum(layer["parameters"] for layer in layers), "flops": 2 * macs, "neurons": 42},
        "recipe": {"optimiser": "adam", "learning_rate": 0.01, "batch_size": 200, "epochs": EPOCHS,
                   "weight_decay": 0.0001, "augment": {"shift": 0, "flip": False}},
        "history": [{"epoch": 1, "loss": 0.7, "validation_loss": None, "validation_accuracy": None,
                     "learning_rate": 0.01, "seconds": 1.5, "pictures_per_second": 812.4}],
        "best_epoch": 1, **results,
        "timings": {"packing": 0.31, "training": 2.6, "testing": 0.04, "report": 0.47},
        "environment": {"python": "3.11.2", "torch": "2.13.0+cpu", "numpy": "2.4.6", "machine": "x86_64", "cores": 2,
                        "threads": 2, "precision": "32-true"},
    }
