"""From pictures to what a network reads: size, colour, and the mean and spread of the training pictures.

Preparation belongs to the recogniser and travels in its file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from striate.data import FITS, fit_pictures
from striate.recogniser import Labelled, Pixels

SAMPLE = 4096  # pictures that the mean and spread are taken from
LONGEST = 65_536  # pixels; no side in a file may be longer
LEAST, MOST = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Preparation:
    """How pictures become network input.

    Attributes:
        size: (height, width) in pixels; channels: 1 (grey) or 3 (colour).
        fit: `squash`, `crop` or `pad`, for pictures of another shape.
        mean, std: per channel, in 0..255; a constant channel has std 1, so that nothing is divided by zero.

    """

    size: tuple[int, int]
    channels: int
    fit: str
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)

    def measured(self, pictures: Labelled) -> Preparation:
        """The same, with mean and std of (an even sample of) the training `pictures`."""
        chosen = np.unique(np.linspace(0, len(pictures) - 1, min(len(pictures), SAMPLE)).astype(np.int64))
        values = pictures.take(chosen).reshape(-1, self.channels).astype(np.float32)
        mean, std = values.mean(axis=0, dtype=np.float64), values.std(axis=0, dtype=np.float64)
        std[std < 1e-3] = 1.0
        return Preparation(self.size, self.channels, self.fit, tuple(map(float, mean)), tuple(map(float, std)))

    def normalised(self, batch: torch.Tensor) -> torch.Tensor:
        """A batch (n, C, H, W) in 0..255 with mean and spread taken out; float32, channels last."""
        mean = torch.tensor(self.mean, dtype=torch.float32, device=batch.device)[:, None, None]
        std = torch.tensor(self.std, dtype=torch.float32, device=batch.device)[:, None, None]
        return (batch.float() - mean) / std

    def batch(self, pictures: Pixels) -> torch.Tensor:
        """Pictures (n, H, W, C) uint8, of the right size, as a normalised batch (n, C, H, W)."""
        return self.normalised(torch.from_numpy(pictures).permute(0, 3, 1, 2))

    def fitted(self, X: Pixels | Labelled) -> Labelled:
        """`X` with every picture of the right size and colour; a data set already packed so is not copied."""
        if isinstance(X, Labelled):
            if X.take(np.zeros(1, np.int64)).shape[1:] == (*self.size, self.channels):
                return X
            pictures = X.take(np.arange(len(X)))
            return Held(fit_pictures(pictures, self.size, self.fit, self.channels), X.labels, X.classes)
        return Held(fit_pictures(X, self.size, self.fit, self.channels))

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {"size": list(self.size), "channels": self.channels, "fit": self.fit, "mean": list(self.mean),
                "std": list(self.std)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The preparation written by `as_dict`; raises KeyError, TypeError or ValueError on anything else."""
        height, width = values["size"]
        channels, fit, mean, std = (values[name] for name in ("channels", "fit", "mean", "std"))
        if not all(type(side) is int and 1 <= side <= LONGEST for side in (height, width)):
            raise ValueError(f"its sides must be whole numbers from 1 to {LONGEST:,}")
        if type(channels) is not int or channels not in (1, 3):
            raise ValueError("its channels must be 1 or 3")
        if fit not in FITS:
            raise ValueError(f"its fit must be one of {', '.join(FITS)}")
        for name, numbers, least in (("mean", mean, -MOST), ("std", std, LEAST)):
            if not isinstance(numbers, list) or len(numbers) != channels or not all(
                type(number) in (int, float) and least <= number <= MOST for number in numbers
            ):
                raise ValueError(f"its {name} must be a finite number per channel{', above 0' * (name == 'std')}")
        return cls((height, width), channels, fit, tuple(map(float, mean)), tuple(map(float, std)))


class Held:
    """Pictures held in memory, with labels if there are any, read like a `Dataset`."""

    def __init__(
        self, images: Pixels, labels: NDArray[np.int64] | None = None, classes: tuple[str, ...] = ()
    ) -> None:
        self.images, self.classes = images, classes
        self.labels = np.zeros(len(images), np.int64) if labels is None else labels

    def take(self, indices: NDArray[np.int64]) -> Pixels:
        """The pictures at `indices`, (n, H, W, C) uint8."""
        return np.take(self.images, indices, axis=0)

    def __len__(self) -> int:
        return len(self.images)
