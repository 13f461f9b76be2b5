"""Textured pictures made by code: the spectrum of photographs (amplitude 1/f), and a few hard edges."""

import numpy as np


def textured(seed: int, height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    radius[0, 0] = 1
    waves = np.real(np.fft.ifft2(np.fft.fft2(rng.normal(size=(height, width))) / radius))
    waves = 40 * (waves - waves.mean()) / waves.std()
    waves[height // 3 :, : width // 2] += 45  # a corner, and two long edges
    return (110 + waves).clip(0, 255).astype(np.uint8)
