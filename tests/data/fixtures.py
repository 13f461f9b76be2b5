"""Picture files and data sets made by code."""

from __future__ import annotations

import gzip
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image


def pattern(height: int = 11, width: int = 7, channels: int = 3, seed: int = 0) -> np.ndarray:
    """Random pixels, (height, width, channels) uint8; prime sizes, so swapped axes cannot pass."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def smooth(height: int = 29, width: int = 37) -> np.ndarray:
    """A gradient that survives JPEG: (height, width, 3) uint8."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // (width - 1), y * 255 // (height - 1), (x + y) * 3 % 256], axis=2).astype(np.uint8)


def picture(pixels: np.ndarray, form: str = "PNG", **options: object) -> bytes:
    """`pixels` as a picture file."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(
        pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    file = BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def exif(orientation: int, order: str = "<", kind: int = 3) -> bytes:
    """A TIFF block with one entry, the orientation."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    return head + struct.pack(order + "IHHHIHHI", 8, 1, 0x0112, kind, 1, orientation, 0, 0)


def with_exif(jpeg: bytes, block: bytes) -> bytes:
    """A JPEG with an EXIF segment."""
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 8) + b"Exif\0\0" + block + jpeg[2:]


def chunk(kind: bytes, content: bytes) -> bytes:
    """A PNG chunk with its checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def with_chunk(png: bytes, kind: bytes, content: bytes) -> bytes:
    """A PNG with a chunk after its header."""
    return png[:33] + chunk(kind, content) + png[33:]


def png_of(width: int, height: int, depth: int, colour: int, body: bytes) -> bytes:
    """A PNG whose header says what it is told to."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def folder_of(root: Path, counts: dict[str, int], seed: int = 0) -> Path:
    """ROOT/CLASS/0000.png …, every picture different; a class may be a path (train/cat)."""
    for i, (name, count) in enumerate(counts.items()):
        (root / name).mkdir(parents=True, exist_ok=True)
        for j in range(count):
            write(root / name / f"{j:04d}.png", picture(pattern(5, 7, 1, seed * 10**6 + i * 10**4 + j)))
    return root


def idx(array: np.ndarray) -> bytes:
    """An IDX file of uint8."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def idx_folder(root: Path, zipped: bool = True, train: int = 30, test: int = 10) -> Path:
    """MNIST in small: two classes, 7×5."""
    ending = ".gz" if zipped else ""
    for part, count, seed in (("train", train, 1), ("t10k", test, 2)):
        pictures = np.random.default_rng(seed).integers(0, 256, (count, 7, 5), dtype=np.uint8)
        for name, array in (("images-idx3", pictures), ("labels-idx1", (np.arange(count) % 2).astype(np.uint8))):
            data = idx(array)
            write(root / f"{part}-{name}-ubyte{ending}", gzip.compress(data) if zipped else data)
    return root


def cifar_folder(root: Path, fine: bool = False) -> Path:
    """CIFAR in small: three records a file."""
    rng = np.random.default_rng(0)
    files = ["train.bin", "test.bin"] if fine else [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
    for file in files:
        records = rng.integers(0, 256, (6, 3073 + fine), dtype=np.uint8)
        records[:, int(fine)] = np.arange(6) % 2
        write(root / file, records.tobytes())
    write(root / ("fine_label_names.txt" if fine else "batches.meta.txt"), b"cat\ndog\n\n")
    return root


def tree(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything that could change below `root`: sizes, times and bytes."""
    return {str(path.relative_to(root)): (path.stat().st_size, path.stat().st_mtime_ns, path.read_bytes())
            for path in sorted(root.rglob("*")) if path.is_file()}
