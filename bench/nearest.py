"""Nearest words: descriptors per second against 512 words, beside faiss and scikit-learn's KMeans.predict.

    pip install faiss-cpu && python bench/nearest.py          660,000 × 128 made here

All three search exactly in float32 and use every core this process may run on; they take turns, so that a busy minute
hits all alike. The words come from two rounds of k-means on the same descriptors. `differ` counts the descriptors
for which a rival names another word; `farther` how many of these words are farther in float64 than ours.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

import numpy as np
from sklearn.cluster import KMeans

from record import repeat, summary, write
from striate.bow.nearest_words import nearest


def made(count: int, channels: int = 128) -> np.ndarray:
    """Unit vectors without negative numbers, in heaps, as RootSIFT descriptors are."""
    rng = np.random.default_rng(0)
    heaps = rng.exponential(size=(2_000, channels)).astype(np.float32)
    x = heaps[rng.integers(0, len(heaps), count)] * rng.random((count, channels), dtype=np.float32)
    return np.asarray(np.sqrt(x / x.sum(axis=1, keepdims=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--descriptors", type=int, default=660_000)
    parser.add_argument("--words", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    x = made(options.descriptors)
    means = KMeans(options.words, n_init=1, max_iter=2, random_state=0).fit(x[:50_000])
    centres = means.cluster_centers_ = np.ascontiguousarray(means.cluster_centers_, dtype=np.float32)
    cores = len(os.sched_getaffinity(0))
    rows: dict[str, Callable[[], np.ndarray]] = {
        "striate": lambda: nearest(x, centres, cores),
        "scikit-learn KMeans.predict": lambda: means.predict(x),
    }
    try:
        import faiss
    except ImportError:
        print("faiss is not installed: it is left out")
    else:
        faiss.omp_set_num_threads(cores)
        index = faiss.IndexFlatL2(x.shape[1])
        index.add(centres)
        rows["faiss IndexFlatL2"] = lambda: index.search(x, 1)[1][:, 0]

    rates: dict[str, list[float]] = {name: [] for name in rows}
    for turn in range(1 + options.repeats):  # the first warms up
        for name, work in rows.items():
            seconds = repeat(work, times=1, warm_up=0)[0]
            rates[name] += [options.descriptors / seconds] if turn else []
    ours = rows["striate"]()
    agreement = {name: compared(x, centres, ours, work()) for name, work in rows.items() if name != "striate"}
    best = {name: max(found) for name, found in rates.items()}
    results = {"descriptors": options.descriptors, "words": options.words, "channels": x.shape[1], "cores": cores,
               "descriptors_per_second": {name: summary(found) for name, found in rates.items()},
               "times_as_fast_by_the_best_run": {name: best["striate"] / best[name] for name in agreement},
               "agreement": agreement}
    write("nearest", "How fast the nearest of 512 words is found exactly, beside faiss and scikit-learn", results)


def compared(x: np.ndarray, centres: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> dict[str, int]:
    differ = np.flatnonzero(ours != theirs)

    def distance(words: np.ndarray) -> np.ndarray:
        return np.asarray(((x[differ].astype(np.float64) - centres[words[differ]]) ** 2).sum(axis=1))

    return {"differ": len(differ), "farther": int((distance(theirs) > distance(ours)).sum())}


if __name__ == "__main__":
    main()
