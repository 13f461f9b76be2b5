"""A linear SVM from 10,000 pictures of 32,000 numbers: C chosen, probabilities calibrated, in ≤ 60 s on two cores.

    python bench/svm.py                10,000 made-up pyramids, 508 words in 21 cells, χ² map: 32,004 wide
    python bench/svm.py --pictures 60000 --words 400 --cells 20 --kernel hellinger       the size of Fashion-MNIST

The rival is scikit-learn's LinearSVC (liblinear) on the same mapped features, at our C only and without calibration,
on the first `--rival` pictures, beside ours at the same C: it takes minutes for what ours does in seconds.
The histograms are sparse as those of real pictures are: each class draws its words from a distribution of its own.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from sklearn.svm import LinearSVC

from record import repeat, summary, write
from striate.classifiers import LinearSVM
from striate.classifiers.kernels import KERNELS


def made(pictures: int, classes: int, words: int, cells: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.arange(pictures) % classes
    likely = rng.gamma(0.5, size=words) * np.exp(rng.normal(0, 0.25, (classes, cells, words)))
    histograms = np.empty((pictures, cells * words), np.float32)
    for i, label in enumerate(labels):
        own = likely[label] * rng.gamma(0.5, size=words)  # what all cells of one picture share
        histograms[i] = rng.poisson(80 * own / own.sum(axis=1, keepdims=True)).ravel()
    return histograms / histograms.sum(axis=1, keepdims=True), labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--classes", type=int, default=15)
    parser.add_argument("--words", type=int, default=508)
    parser.add_argument("--cells", type=int, default=21)
    parser.add_argument("--kernel", choices=KERNELS, default="chi2")
    parser.add_argument("--rival", type=int, default=1_500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--form", choices=("primal", "gram"))
    options = parser.parse_args()
    features, labels = made(options.pictures, options.classes, options.words, options.cells)
    svm = LinearSVM(options.kernel, form=options.form)
    seconds = repeat(lambda: svm.fit(features, labels), options.repeats, warm_up=0)
    results: dict[str, object] = {
        "pictures": options.pictures, "mapped_width": svm.weights_.shape[1], "form": svm.form_, "C": svm.C_,
        "filled": float((features > 0).mean()), "held_out_accuracy": {f"{C:.3g}": s for C, s in svm.scores_.items()},
        "fit_seconds": summary(seconds),
    }
    if options.rival:
        some, theirs = features[: options.rival], labels[: options.rival]
        ours = LinearSVM(options.kernel, C=svm.C_)
        mapped = KERNELS[options.kernel].map(some)
        rival = LinearSVC(C=svm.C_)
        started = time.perf_counter()
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            rival.fit(mapped, theirs)
        results["rival"] = {
            "pictures": len(some), "LinearSVC, one C": time.perf_counter() - started, "warned": len(said),
            "ours, one C and calibration": summary(repeat(lambda: ours.fit(some, theirs), options.repeats)),
            "same_answers": float((rival.predict(mapped) == ours.decision(some).argmax(axis=1)).mean()),
        }
    name = f"svm-{options.pictures}-{options.kernel}-{svm.weights_.shape[1]}"
    write(name, "linear SVM, C and probabilities learnt too, 10,000 pictures of 32,000 numbers in ≤ 60 s", results)


if __name__ == "__main__":
    main()
