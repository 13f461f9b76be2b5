"""Statistics of recognisers: metrics, intervals, paired tests, corrections and Pareto fronts on the same test pictures.

Plain NumPy and SciPy on the predictions for each picture; there are no recognisers, files or charts here. A file for
each method, which names its source. `Rights` are (S, n) bool: whether training s of a recogniser, S of them from
different seeds, is right about test picture i. All methods take the pictures for independent samples.
"""

from striate.stats.metrics import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
