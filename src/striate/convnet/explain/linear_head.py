"""Linear head of a transfer: class margins as sums over the features of a frozen network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.classifiers import Classifier, LinearSVM


@dataclass(frozen=True, eq=False)
class LinearHead:
    """Linear head: margin of each class = weights · (f − mean) / ‖f − mean‖ + bias, for features f (D,).

    Attributes:
        weights: (K, D) float32, a row for each class; zero for a class without training pictures.
        bias: (K,) float32; `mean`: (D,) float32.

    >>> head = LinearHead(torch.tensor([[3.0, 4.0]]), torch.tensor([0.5]), torch.tensor([1.0, 0.0]))
    >>> head(torch.tensor([[[[1.0]], [[2.0]]]])).item()  # (3, 4) · (0, 2)/2 + 0.5
    4.5

    """

    weights: Tensor
    bias: Tensor
    mean: Tensor

    @classmethod
    def of(cls, classifier: Classifier, mean: NDArray[np.float32], present: NDArray[np.int64],
           classes: int) -> LinearHead | None:
        """The head of a linear SVM on the features themselves; None for any other classifier."""
        if not isinstance(classifier, LinearSVM) or classifier.kernel != "linear":
            return None
        weights, bias = np.zeros((classes, len(mean)), np.float32), np.zeros(classes, np.float32)
        weights[present], bias[present] = classifier.weights_, classifier.bias_
        return cls(torch.from_numpy(weights), torch.from_numpy(bias), torch.from_numpy(mean))

    def scaled(self, features: Tensor) -> Tensor:
        """Features (n, D, 1, 1), or (n, D), with the mean taken out, each row of length 1, (n, D)."""
        centred: Tensor = features.flatten(1) - self.mean.to(features)
        lengths: Tensor = torch.linalg.vector_norm(centred, dim=1, keepdim=True)
        return centred / lengths.clamp_min(1e-12)

    def margins(self, scaled: Tensor) -> Tensor:
        """Margins (n, K, 1, 1) of features (n, D) that are scaled already."""
        return (scaled @ self.weights.to(scaled).T + self.bias.to(scaled))[:, :, None, None]

    def __call__(self, features: Tensor) -> Tensor:
        """Margins (n, K, 1, 1) of features (n, D, 1, 1)."""
        return self.margins(self.scaled(features))
