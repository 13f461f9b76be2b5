"""k-means of 200,000 × 128 into 512 words: ours beside scikit-learn's KMeans as it comes, and faiss.

    pip install faiss-cpu && python bench/kmeans.py

All start from centres of their own and go on for at most 25 rounds; the inertia is computed for all in the same way, so
that a quick but bad vocabulary shows. They take turns, so that a busy minute hits all alike.
"""

from __future__ import annotations

import os

import faiss
import numpy as np
from sklearn.cluster import KMeans

from nearest import made
from record import repeat, summary, write
from striate.bow.nearest_words import NearestWords
from striate.bow.vocabulary import Vocabulary

COUNT, WORDS, ROUNDS = 200_000, 512, 25


def main() -> None:
    x = made(COUNT)
    faiss.omp_set_num_threads(len(os.sched_getaffinity(0)))
    centres: dict[str, np.ndarray] = {}

    def ours() -> None:
        centres["striate"] = Vocabulary(WORDS, iterations=ROUNDS).fit(x).centres_

    def scikit_learn() -> None:
        means = KMeans(WORDS, n_init=1, max_iter=ROUNDS, random_state=0).fit(x)
        centres["scikit-learn KMeans"] = means.cluster_centers_

    def with_faiss() -> None:
        means = faiss.Kmeans(x.shape[1], WORDS, niter=ROUNDS, seed=0, max_points_per_centroid=COUNT)
        means.train(x)
        centres["faiss Kmeans"] = means.centroids

    seconds: dict[str, list[float]] = {}
    for _ in range(3):
        for name, work in (("striate", ours), ("scikit-learn KMeans", scikit_learn), ("faiss Kmeans", with_faiss)):
            seconds.setdefault(name, []).extend(repeat(work, 1, warm_up=0))
    inertia = {name: float(NearestWords(found).search(x)[1].sum(dtype=np.float64)) for name, found in centres.items()}
    write("kmeans", "k-means of 200,000 × 128 into 512 words, without faiss", {
        "descriptors": COUNT, "words": WORDS, "rounds_at_most": ROUNDS,
        "seconds": {name: summary(found) for name, found in seconds.items()}, "inertia": inertia,
    })


if __name__ == "__main__":
    main()
