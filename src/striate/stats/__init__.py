"""Several recognisers on the same test pictures: which is better, by how much, how surely, and at what cost.

Plain NumPy and SciPy on what was answered to each picture; no recogniser, no file and no chart is known here. A file
for each method, which names its source. `Rights` are (S, n) bool: whether training s of a recogniser, S of them from
different seeds, is right about test picture i. All methods take the pictures for independent draws of their kind.
"""

from striate.stats.metrics import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
