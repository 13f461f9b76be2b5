"""Claim: on two cores `striate train fashion-mnist --minutes M` is right more often than what else one would train in
as many minutes, and takes the minutes it was given.

    python bench/fashion.py 1 --keras-python /opt/tf/bin/python
    python bench/fashion.py 8 --no-rivals --model compact_deep --test-time flip

Ours is the whole command, with every setting that is not given at its default, once per seed; it chooses on validation
pictures only, and its test accuracy is read from its report. Rivals, each stopped by the clock after as many minutes of
`fit`, in turn with ours: Caffe's LeNet in plain PyTorch on all 60,000 pictures, and Keras' tutorial network ("Simple
MNIST convnet") on TensorFlow. `used` of ours is the stage that the minutes are meant for (training and validation), as
its report has it; `process` is everything from the command to its answer: pictures, evaluation and report too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from record import summary, write
from rivals.call import KERAS, answer, whole_machine
from striate.data import load_data


def ours(data: str, minutes: float, seed: int, more: list[str], folder: Path) -> dict[str, Any]:
    """One run of the command."""
    command = [sys.executable, "-m", "striate", "train", data, "--minutes", str(minutes), "--seed", str(seed),
               "--out", str(folder / f"run-{seed}"), "--json", *more]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    process, found = time.perf_counter() - started, json.loads(done.stdout)
    return {"accuracy": found["test"]["accuracy"], "interval": found["test"]["interval"],
            "count": found["test"]["count"], "validation_accuracy": found["validation"]["accuracy"], "seed": seed,
            "training_seconds": found["timings"]["training"], "process_seconds": process,
            "timings": found["timings"], "epochs": len(found["history"]), "network": found["network"]["name"],
            "recipe": found["recipe"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--model", default="compact")
    parser.add_argument("--test-time", help="another than the default")
    parser.add_argument("--rival-seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--keras-python", type=Path)
    parser.add_argument("--rivals", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--name", help="of the result; default: fashion-MINUTES, or DATA-in-MINUTES")
    given = parser.parse_args()
    whole_machine()
    options = {"--model": given.model, "--test-time": given.test_time}
    more = [part for name, value in options.items() if value for part in (name, value)]
    runs: dict[str, list[dict[str, Any]]] = {"striate": []}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if given.rivals:
            data = load_data(given.data)
            rest = np.concatenate([data.split.train, data.split.validation])
            np.savez(folder / "data.npz", x_train=data.pictures.images[rest], y_train=data.pictures.labels[rest],
                     x_test=data.test.images, y_test=data.test.labels)
        for seed in given.seeds:
            runs["striate"].append(told("striate", ours(given.data, given.minutes, seed, more, folder)))
            if not given.rivals or seed not in given.rival_seeds:
                continue
            asked = (folder / "data.npz", "--minutes", given.minutes, "--seed", seed)
            runs.setdefault("LeNet, plain PyTorch", []).append(
                told("LeNet", answer("rivals.clock_lenet", *asked)))
            if given.keras_python:
                runs.setdefault("Keras' tutorial network", []).append(
                    told("Keras", answer("rivals.clock_keras", *asked, python=str(given.keras_python), env=KERAS)))
    done = {name: [run for run in found if "accuracy" in run] for name, found in runs.items()}
    known = Path(given.data).name
    write(given.name or (f"fashion-{given.minutes:g}" if known == "fashion-mnist" else f"{known}-in-{given.minutes:g}"),
          f"striate train {known} --minutes {given.minutes:g} {' '.join(more)}, beside what else is trained as long", {
        "asked_seconds": 60 * given.minutes,
        "test_accuracy": {name: summary([run["accuracy"] for run in found]) for name, found in done.items() if found},
        "used_seconds": {name: summary([run["training_seconds"] for run in found])
                         for name, found in done.items() if found},
        "process_seconds": summary([run["process_seconds"] for run in runs["striate"]]),
        "runs": runs,
    })  # fmt: skip


def told(name: str, found: dict[str, Any]) -> dict[str, Any]:
    """The same, said aloud."""
    print(f"{name}: " + (found.get("failed") or f"{found['accuracy']:.2%} in {found['training_seconds']:.0f} s"),
          flush=True)
    return found


if __name__ == "__main__":
    main()
