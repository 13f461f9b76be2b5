"""Claim: on small random subsets the default is 0.7 points worse than the best family alone on the test, on average.

    python bench/selecting.py [--subsets 200] [--minutes 0.5] [--from 0]

Subsets of digits, Fashion-MNIST and, with --scene15 FOLDER, of Scene-15: 2 to 10 classes, 10 to 60 pictures of each to
learn from, 40 at most to test on. The default is trained on each with --single, then each family alone without a
budget. The regret is the test accuracy of the best of them less that of the default. Results are written after every
subset, and go on from there.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from record import RESULTS, write
from striate.data import load_data
from striate.tasks import Progress, RunFolder, Settings, train_model

FAMILIES = ("transfer", "knn", "bow-fisher-quick", "compact")
CLAIM = "the default's regret against the best family alone is 0.7 points at most, on average"


def pool(name: str) -> tuple[np.ndarray, np.ndarray]:
    """The pictures of a set with their labels: those of its training part, where it has parts."""
    data = load_data(name, **({} if name in ("digits", "fashion-mnist") else {"size": (224, 224)}))
    part = data.train
    chosen = np.random.default_rng(0).permutation(len(part))[:4_000]
    return part.take(chosen), part.labels[chosen]


def subset(images: np.ndarray, labels: np.ndarray, number: int, path: Path) -> dict[str, int]:
    """A random subset as class folders with train and test parts at `path`; its counts."""
    rng = np.random.default_rng(number)
    classes = rng.choice(np.unique(labels), int(rng.integers(2, 1 + min(10, len(np.unique(labels))))), replace=False)
    count = int(np.exp(rng.uniform(np.log(10), np.log(60))))
    for label in classes:
        own = rng.permutation(np.flatnonzero(labels == label))
        for part, rows in (("train", own[:count]), ("test", own[count:count + 40])):
            folder = path / part / f"class {label}"
            folder.mkdir(parents=True)
            for row in rows:
                Image.fromarray(images[row].squeeze()).save(folder / f"{row}.png")
    return {"classes": len(classes), "each": count}


def accuracy(data: Path, model: str, out: Path, minutes: float | None) -> tuple[float, Any]:
    """Test accuracy of one training, and its result."""
    recipe = {} if minutes is None else {"minutes": minutes}
    result = train_model(Settings(str(data), model, recipe=recipe, single=model == "auto"), RunFolder(out), Progress())
    assert result.test
    return result.test.accuracy, result


def main() -> None:
    """Train and compare on every subset."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--subsets", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--scene15")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time")
    arguments = parser.parse_args()
    names = ["digits", "fashion-mnist", *([arguments.scene15] if arguments.scene15 else [])]
    pools = {name: pool(name) for name in names}
    path, started = RESULTS / "selecting.json", time.monotonic()
    rows: list[dict[str, Any]] = json.loads(path.read_text())["results"]["subsets"] if path.exists() else []
    for number in range(len(rows), arguments.subsets):
        if time.monotonic() - started > arguments.seconds:
            break
        name = names[number % len(names)]
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            row: dict[str, Any] = {"set": Path(name).name, **subset(*pools[name], number, folder / "pictures")}
            begun = time.monotonic()
            row["default"], result = accuracy(folder / "pictures", "auto", folder / "auto", arguments.minutes)
            row |= {"seconds": time.monotonic() - begun, "chosen": result.selection.chosen}
            row["alone"] = {one: accuracy(folder / "pictures", one, folder / one, None)[0] for one in FAMILIES}
            row["regret"] = 100 * (max(row["alone"].values()) - row["default"])
        rows.append(row)
        regrets = [one["regret"] for one in rows]
        write("selecting", CLAIM, {
            "regret": {"mean": float(np.mean(regrets)), "standard_error": float(np.std(regrets) / len(rows) ** 0.5),
                       "n": len(rows), "largest": max(regrets)},
            "always": {one: float(np.mean([100 * (max(r["alone"].values()) - r["alone"][one]) for r in rows]))
                       for one in FAMILIES},
            "subsets": rows})


if __name__ == "__main__":
    main()
