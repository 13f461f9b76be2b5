"""Made-up scenes with enough structure to tell copies of one from another."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from tests.data.fixtures import picture, write


def scene(seed: int, height: int = 71, width: int = 97) -> np.ndarray:
    """Soft shapes in colour with some grain, (height, width, 3) uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / height
    waves = sum(np.sin(rng.uniform(1, 9) * x + rng.uniform(1, 9) * y + rng.uniform(0, 7)) for _ in range(6))
    tint = rng.uniform(0.7, 1.3, 3)
    pixels = 127 + 25 * np.asarray(waves)[:, :, None] * tint + rng.normal(0, 6, (height, width, 3))
    return pixels.clip(0, 255).astype(np.uint8)


def saved_again(pixels: np.ndarray, scale: float, quality: int = 70) -> bytes:
    """Resized and encoded with a loss."""
    image = Image.fromarray(pixels)
    size = round(image.width * scale), round(image.height * scale)
    file = BytesIO()
    image.resize(size, Image.Resampling.BILINEAR).save(file, "JPEG", quality=quality)
    return file.getvalue()


def scenes(root: Path, counts: dict[str, int], seed: int = 0) -> Path:
    """ROOT/CLASS/0000.png …, every picture another scene; a class may be a path (train/cat)."""
    for i, (name, count) in enumerate(counts.items()):
        for j in range(count):
            write(root / name / f"{j:04d}.png", picture(scene(10_000 * seed + 1_000 * i + j)))
    return root
