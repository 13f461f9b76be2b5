"""Normalisation of the input: size, colour, and the mean and standard deviation of the training pictures.

It belongs to the recogniser and is stored in its file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch

from striate.model.preprocessing import LabelledPictures, Pixels, Preprocessing

SAMPLE, SLICE = 4096, 256  # pictures that mean and deviation are measured on, and how many at a time
LEAST, MOST = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class InputNormalisation(Preprocessing):
    """Preprocessing of pictures for a network, with mean and standard deviation.

    Attributes:
        mean, std: per channel, in 0..255; a constant channel has std 1, so that nothing is divided by zero.

    """

    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)

    def measured(self, pictures: LabelledPictures) -> InputNormalisation:
        """The same, with mean and std of (an even sample of) the training `pictures`."""
        chosen = np.unique(np.linspace(0, len(pictures) - 1, min(len(pictures), SAMPLE)).astype(np.int64))
        counts = np.zeros((self.channels, 256), np.int64)  # of each value, by channel
        for some in np.array_split(chosen, max(1, len(chosen) // SLICE)):
            values = pictures.take(some).reshape(-1, self.channels)
            counts += [np.bincount(values[:, channel], minlength=256) for channel in range(self.channels)]
        shares, levels = counts / counts.sum(axis=1, keepdims=True), np.arange(256.0)
        mean = shares @ levels
        std = np.sqrt((shares * (levels - mean[:, None]) ** 2).sum(axis=1))
        std[std < 1e-3] = 1.0
        measured = tuple(map(float, mean)), tuple(map(float, std))
        return InputNormalisation(self.size, self.channels, self.resize, *measured)

    def normalised(self, batch: torch.Tensor) -> torch.Tensor:
        """A batch (n, C, H, W) in 0..255 with the mean taken out, divided by the deviation; float32, channels last."""
        mean = torch.tensor(self.mean, dtype=torch.float32, device=batch.device)[:, None, None]
        std = torch.tensor(self.std, dtype=torch.float32, device=batch.device)[:, None, None]
        return batch.to(torch.float32, copy=True).sub_(mean).div_(std)

    def batch(self, pictures: Pixels, device: torch.device | None = None) -> torch.Tensor:
        """Pictures (n, H, W, C) uint8, of the right size, as a normalised batch (n, C, H, W) on `device`."""
        return self.normalised(torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2))

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {**super().as_dict(), "mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The preparation written by `as_dict`; raises KeyError, TypeError or ValueError on anything else."""
        preprocessing, mean, std = Preprocessing.from_dict(values), values["mean"], values["std"]
        channels = preprocessing.channels
        for name, numbers, least in (("mean", mean, -MOST), ("std", std, LEAST)):
            if not isinstance(numbers, list) or len(numbers) != channels or not all(
                type(number) in (int, float) and least <= number <= MOST for number in numbers
            ):
                raise ValueError(f"its {name} must be a finite number per channel{', above 0' * (name == 'std')}")
        return cls(preprocessing.size, channels, preprocessing.resize, tuple(map(float, mean)), tuple(map(float, std)))

