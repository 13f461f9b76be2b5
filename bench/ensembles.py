"""Claims of ensembles:

    an ensemble that is no better than its best member is chosen in 5 % of cases at most (207 simulated ones);
    on Scene-15, 100 training pictures a class, it is right for a point more than `transfer`, at least (p < 0.05).

    python bench/ensembles.py simulated
    python bench/ensembles.py photographs /work/pictures/scene15

The members of the second were selected by cross-validation on the training part, and so were their weights: a transfer
that reads 256×256 pixels, and `bow-fisher-quick`. The rivals are `transfer` as it is
by default, at 224×224, and each member alone; cross-validated only, the members' weighted average at a temperature. The
test part is used once, after everything is fixed. `seconds` are of fitting, from packed pictures to a recogniser, and
`predict_ms` of one picture, in batches.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy import optimize

from record import write

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.ensemble.simulated import KINDS, choices

from striate import BagOfWords, Transfer, load_data
from striate.classifiers.cross_validation import folds_of
from striate.classifiers.temperature_scaling import tempered
from striate.data import Data, Dataset
from striate.ensemble.improvement import improvement
from striate.ensemble.recogniser import Ensemble
from striate.ensemble.weights import FOLDS, cross_validated_weights
from striate.model.recogniser import Recogniser
from striate.stats.paired_tests import paired_difference
from striate.tasks.methods.method import learnable

CASES = 23  # of each kind
SIDE, USUAL = 256, 224  # pixels
Rows = np.ndarray[Any, Any]


def simulated() -> None:
    """The choices of the whole procedure, against the truth."""
    rows = {}
    for name, kind in KINDS.items():
        made = list(choices(kind, CASES, seed=7))
        rows[name] = {
            "cases": CASES, "ensemble no better": sum(one.gain <= 0 for one in made),
            "chosen": sum(one.chosen for one in made), "chosen falsely": sum(one.false for one in made),
            "gain in points": float(np.mean([one.gain for one in made]))}
        print(name, rows[name], flush=True)
    write("ensembles-simulated", "an ensemble that is no better is chosen in 5 % of cases at most", dict(rows))


def fitted(model: Recogniser, data: Data) -> tuple[dict[str, Any], Recogniser, Dataset]:
    """A recogniser fitted on all but the test part, what it took, and what it was fitted on."""
    part = learnable(data)
    started = time.perf_counter()
    model.fit(part)
    seconds = time.perf_counter() - started
    assert model.held_out_ is not None
    indices, scores = model.held_out_
    return {"seconds": seconds} | measured(part.labels[indices], scores), model, part


def averaged(labels: Rows, held: list[Rows]) -> Rows:
    """The weighted average of two members at a temperature, both found by the log loss of the other folds."""
    found, folds = np.empty(held[0].shape), folds_of(labels, FOLDS, 0)
    rows = np.arange(len(labels))

    def answer(numbers: Rows, some: Rows) -> Rows:
        share = 1 / (1 + np.exp(-numbers[0]))
        return tempered(share * held[0][some] + (1 - share) * held[1][some], float(np.exp(numbers[1])))

    for fold in range(FOLDS):
        others, own = rows[folds != fold], rows[folds == fold]
        best = optimize.minimize(lambda numbers, others=others: -np.log(
            answer(numbers, others)[np.arange(len(others)), labels[others]]).mean(), [0.0, 0.0], method="Nelder-Mead")
        found[own] = answer(best.x, own)
    return found


def measured(labels: Rows, scores: Rows) -> dict[str, float]:
    """Accuracy and log loss, in nats, of held-out probabilities."""
    own = np.maximum(scores[np.arange(len(labels)), labels], 1e-12)
    return {"cross-validated": float((scores.argmax(axis=1) == labels).mean()), "log loss": float(-np.log(own).mean())}


def photographs(folder: Path) -> None:
    """Fit, find the weights, and measure once."""
    whole, usual = (load_data(folder, size=side, channels=3) for side in (SIDE, USUAL))
    rows: dict[str, dict[str, Any]] = {}
    members: dict[str, Recogniser] = {}
    rows["transfer, 224×224"], rival, _ = fitted(Transfer(), usual)
    rows["transfer"], members["transfer"], part = fitted(Transfer(size=(SIDE, SIDE)), whole)
    rows["fisher"], members["fisher"], _ = fitted(BagOfWords("bow-fisher-quick"), whole)
    found = [one.held_out_ for one in members.values()]
    indices, held = found[0][0], [scores[np.argsort(order)] for order, scores in found]
    labels = part.labels[np.sort(indices)]
    started = time.perf_counter()
    weighting = cross_validated_weights(labels, held)
    choice = improvement(labels, held[0], weighting.held_out)
    seconds = time.perf_counter() - started + sum(rows[name]["seconds"] for name in members)
    rows["ensemble"] = {"seconds": seconds} | measured(labels, weighting.held_out)
    rows["average of the members"] = dict(measured(labels, averaged(labels, held)))
    with tempfile.TemporaryDirectory() as room:
        path = Ensemble.of(members, weighting).save(Path(room) / "model.safetensors")
        size = path.stat().st_size
    print(rows, choice, flush=True)
    together = Ensemble.of(members, weighting)
    rights = {}
    for name, model, data in (("transfer, 224×224", rival, usual), ("transfer", members["transfer"], whole),
                              ("fisher", members["fisher"], whole), ("ensemble", together, whole)):
        started = time.perf_counter()
        scores = model.predict_proba(data.test)
        rows[name]["predict_ms"] = 1000 * (time.perf_counter() - started) / len(data.test)
        rights[name] = scores.argmax(axis=1) == data.test.labels
        rows[name]["test"] = float(rights[name].mean())
        print(name, rows[name], flush=True)
    pairs = {name: paired_difference(rights["ensemble"][None], rights[name][None]) for name in rights
             if name != "ensemble"}
    write(f"ensembles-{folder.name}", "an ensemble is right for at least 1 point more than transfer", {
        "n": len(whole.test), "weights": weighting.weights.tolist(), "temperature": weighting.temperature,
        "improvement": choice.as_dict() | {"surely": choice.surely}, "bytes": size, "rows": rows,
        "ensemble less": {name: {"difference": one.difference, "interval": one.interval, "p": one.p,
                                 "only ensemble": one.only_first, "only the other": one.only_second}
                          for name, one in pairs.items()}})


def main() -> None:
    """One of the two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("simulated", "photographs"))
    parser.add_argument("folder", type=Path, nargs="?")
    given = parser.parse_args()
    if given.what == "simulated":
        simulated()
    else:
        photographs(given.folder)


if __name__ == "__main__":
    main()
