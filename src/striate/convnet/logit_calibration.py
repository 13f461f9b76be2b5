"""Calibration of a network's outputs: temperature, and percentiles of their energy, fitted on validation pictures.

Temperature: Guo et al., "On calibration of modern neural networks" (2017). Energy, the logarithm of the sum of the
exponentials of the outputs, is high for pictures of known classes: Liu, Wang, Owens & Li, "Energy-based
out-of-distribution detection" (2020), with the fitted temperature in place of 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from striate.core.constraints import Real
from striate.core.percentiles import Percentiles

Doubles = NDArray[np.float64]
TEMPERATURE = Real(1e-9, 1e9)


@dataclass(frozen=True, eq=False)
class LogitCalibration:
    """Calibration of outputs: `temperature`, and `percentiles` of their energy among validation pictures, or None."""

    temperature: float = 1.0
    percentiles: Percentiles | None = None

    @classmethod
    def fit(cls, scores: NDArray[np.float32], labels: NDArray[np.int64]) -> Self:
        """Fit on outputs (n, K) for validation pictures with labels (n,)."""
        from striate.classifiers.temperature_scaling import temperature  # here: predicting needs no optimiser

        found = temperature(labels, scores)
        return cls(found, Percentiles.of(energy(scores, found)))

    def probabilities(self, scores: NDArray[np.float32]) -> Doubles:
        """Class probabilities (n, K) of outputs (n, K).

        >>> LogitCalibration(2.0).probabilities(np.log(np.array([[9.0, 1.0]], np.float32))).round(3)  # √9 against √1
        array([[0.75, 0.25]])
        """
        values = scores.astype(np.float64) / self.temperature
        powers = np.exp(values - values.max(axis=1, keepdims=True))  # not less the energy, which may be inexact
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def confidence(self, scores: NDArray[np.float32]) -> Doubles:
        """The share of validation pictures that look less known, (n,), of outputs (n, K); it needs `percentiles`."""
        assert self.percentiles is not None
        return self.percentiles.share_below(energy(scores, self.temperature))

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {"temperature": self.temperature} | (
            {"energies": self.percentiles.to_list()} if self.percentiles else {})

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> Self:
        """That of a model file, which those of striate 0.1 do not have; ValueError where it is none."""
        values = manifest.get("calibration", {"temperature": 1.0})
        if not isinstance(values, dict) or not {"temperature"} <= {*values} <= {"temperature", "energies"}:
            raise ValueError("its calibration must have a temperature, and may have energies")
        try:
            found = TEMPERATURE.read(values["temperature"])
        except ValueError as error:
            raise ValueError("its temperature must be a number above 0") from error
        return cls(found, Percentiles.from_list(values["energies"]) if "energies" in values else None)


def energy(scores: NDArray[np.float32], temperature: float) -> Doubles:
    """The logarithm of Σ exp(score / temperature) over the classes, (n,), of outputs (n, K)."""
    values = scores.astype(np.float64) / temperature
    most = values.max(axis=1)
    return np.asarray(most + np.log(np.exp(values - most[:, None]).sum(axis=1)))
