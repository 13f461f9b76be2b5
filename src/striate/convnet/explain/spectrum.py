"""Pictures as colour-decorrelated spectra: what pictures that are searched for by gradient are made of.

Steps along pixels end in high-frequency noise. Steps along the Fourier coefficients of a picture, each scaled by
one over its frequency, and along colours that are uncorrelated in photographs, find smoother pictures faster:
Olah, Mordvintsev & Schubert, "Feature visualization", Distill, 2017.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from striate.convnet.training.seeding import generator

# Square root of the covariance of colours of photographs, a column for each uncorrelated one: ImageNet's, as in Lucid
# (github.com/tensorflow/lucid, optvis/param/color.py), divided by the norm of its longest column.
COLOURS = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]]) / 0.4619
START = 0.01  # standard deviation of the first coefficients
RATE, DECAYS, TINY = 0.05, (0.9, 0.999), 1e-8  # of Adam (Kingma & Ba 2015, algorithm 1)


class Spectrum:
    """Pictures (n, C, H, W) in 0..1 as Fourier coefficients (n, C, H, W // 2 + 1, 2), which have gradients.

    Args:
        channels, size: of the pictures; size is (height, width).
        seeds: one for each picture; the same give the same first pictures, whatever stands beside them.

    """

    def __init__(self, channels: int, size: tuple[int, int], seeds: list[int]) -> None:
        height, width = self.size = size
        down, across = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None]
        frequency = torch.hypot(down, across).clamp_min(1 / max(height, width))
        self.scale = ((height * width) ** 0.5 / frequency)[:, :, None]
        draws = [generator(seed, "spectrum").normal(0, START, (channels, height, width // 2 + 1, 2)) for seed in seeds]
        self.coefficients = torch.from_numpy(np.stack(draws).astype(np.float32)).requires_grad_()

    def pictures(self) -> Tensor:
        """The pictures (n, C, H, W), 0 to 1, of grey around which coefficients of zero would be."""
        waves = torch.view_as_complex((self.coefficients * self.scale).contiguous())
        planes: Tensor = torch.fft.irfft2(waves, s=self.size)
        if planes.shape[1] == 3:
            planes = torch.einsum("rc,nchw->nrhw", COLOURS, planes)
        return torch.sigmoid(planes)


def descend(values: Tensor, loss: Callable[[int], Tensor], steps: int) -> None:
    """Steps of Adam on `values`, which change in place, down the gradient of `loss` of the step's number, from 1."""
    first, second = torch.zeros_like(values), torch.zeros_like(values)
    for step in range(1, steps + 1):
        with torch.enable_grad():
            (slope,) = torch.autograd.grad(loss(step), values)
        with torch.no_grad():
            first.lerp_(slope, 1 - DECAYS[0])
            second.lerp_(slope * slope, 1 - DECAYS[1])
            root = (second / (1 - DECAYS[1] ** step)).sqrt_().add_(TINY)
            values.sub_(RATE / (1 - DECAYS[0] ** step) * first / root)
