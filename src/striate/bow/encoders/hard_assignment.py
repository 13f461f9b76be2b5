"""Hard assignment: histograms of the nearest words of descriptors (Csurka et al., ECCV workshop 2004)."""

from __future__ import annotations

import numpy as np

from striate.bow.encoders.assignment import AssignmentEncoder
from striate.bow.encoders.encoder_params import Switch
from striate.bow.nearest_words import Floats, Words
from striate.bow.vocabulary import Iterations, Seed, WordCount


class Hard(AssignmentEncoder):
    """Hard assignment encoder: counts of words; with `pool="max"`, 1 for each word that occurs.

    Args:
        words: of the vocabulary.
        seed, iterations: of k-means, as in `striate.bow.vocabulary.Vocabulary`.
        skip_zero: leave out descriptors that are all zeros.
        threads: None is one for each core.

    >>> points = np.float32([[0, 0], [0, 2], [8, 8], [8, 8]])
    >>> encoder = Hard(words=2).fit(points)
    >>> counts = encoder.encode(points[None, [0, 1, 2]], np.zeros((3, 2)), [np.arange(3), np.array([2])])
    >>> np.sort(counts[0]).tolist()  # two near one word and one near the other; the second region has only the latter
    [[1.0, 2.0], [0.0, 1.0]]

    """

    def __init__(self, words: WordCount = 1000, *, seed: Seed = 0, iterations: Iterations = 100,
                 skip_zero: Switch = False, threads: int | None = None) -> None:
        self.words, self.seed, self.iterations = words, seed, iterations
        self.skip_zero, self.threads = skip_zero, threads

    def _codes(self, x: Floats) -> tuple[Words, Floats]:
        words, _ = self._index.search(x, 1, threads=1)
        return words, np.ones(words.shape, np.float32)
