"""Packs: pictures of one size in one memory-mapped file, with a manifest that has the checksum of every byte.

    PACK/images.npy      (N, H, W, C) uint8, a plain NumPy file
    PACK/manifest.json   shape, classes, keys, digests, labels, parts, what was skipped, sha256 of every 64 MiB

Every byte is verified each time a pack is opened: 1 GiB takes 0.3 to 0.6 s on two cores once it is in memory, and the
reading is not lost: training reads the same pages next. A pack is never changed in place, so a map stays valid.

Limits: the manifest lists every picture in JSON; beyond a few million pictures it should become a table.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from striate.core.bounded_text import Limits, load_json
from striate.core.executor import map_ordered, worker_count
from striate.data.source import Skipped
from striate.errors import StoreError, shown

FORMAT, VERSION = "striate-pictures", 2
BLOCK = 64 * 2**20  # bytes under one checksum
LIMITS = Limits(1 << 32, depth=8, digits=None, finite=False)  # of a manifest
IMAGES, MANIFEST = "images.npy", "manifest.json"


@dataclass(frozen=True, eq=False, repr=False)
class Pictures:
    """The N pictures of a pack, with labels, names and digests.

    images: (N, H, W, C) uint8, read-only memory map, C = 1 or 3; labels: (N,) int64, indexes into classes;
    keys: N names; digests: N times 32 hexadecimal digits; parts: N of '', 'train', 'validation', 'test';
    fingerprint: sha256 of what was packed and how, without the names; seconds: spent packing or opening;
    skipped: pictures found bad while packing; notes: sentences on oddities.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    keys: list[str]
    digests: tuple[str, ...]
    parts: tuple[str, ...]
    resize: str
    fingerprint: str
    seconds: float
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        _, height, width, channels = self.images.shape
        colour = "grey" if channels == 1 else "colour"
        return f"{len(self):,} pictures of {len(self.classes):,} classes, {height}×{width} {colour}"


def open_pictures(folder: Path, seconds: float = 0.0) -> Pictures:
    """Map the pack in `folder`, verifying every byte; `StoreError` `pack_corrupt` if one is wrong."""
    try:
        manifest = _read_manifest(folder)
        shape = tuple(manifest["shape"])
        header = npy_header(shape)
        path = folder / IMAGES
        if path.stat().st_size != len(header) + int(np.prod(shape)):
            raise _corrupt(folder, f"{IMAGES} does not have the size it was written with")
        with path.open("rb") as file:
            if file.read(len(header)) != header:
                raise _corrupt(folder, f"the header of {IMAGES} was changed")
        images: NDArray[np.uint8] = np.memmap(path, np.uint8, "r", len(header), shape)
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, StoreError):
            raise
        raise _corrupt(folder, "a file of it is missing or was changed") from error
    if block_sums(images) != manifest["sha256"]:
        raise _corrupt(folder, f"the pixels in {IMAGES} were changed")
    return Pictures(
        images=images, labels=np.array(manifest["labels"], np.int64), classes=tuple(manifest["classes"]),
        keys=manifest["keys"], digests=tuple(manifest["digests"]), parts=tuple(manifest["parts"]),
        resize=manifest["resize"], fingerprint=manifest["fingerprint"], seconds=seconds,
        skipped=tuple(Skipped(*row) for row in manifest["skipped"]), notes=tuple(manifest["notes"]),
    )  # fmt: skip


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest into the folder of a new pack, and flush it to the disk."""
    with (folder / MANIFEST).open("xb") as file:
        file.write(_encoded(manifest))
        file.flush()
        os.fsync(file.fileno())


def npy_header(shape: tuple[int, ...]) -> bytes:
    """The header of a NumPy file of uint8; its length does not depend on the first number of `shape`."""
    buffer = BytesIO()
    npy.write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def block_sums(images: NDArray[np.uint8]) -> list[str]:
    """The sha256 of every 64 MiB of the pixels, in order."""
    flat = images.reshape(-1)
    starts = range(0, flat.size, BLOCK)
    workers = min(worker_count(None), len(starts))
    return list(map_ordered(lambda start: hashlib.sha256(flat[start : start + BLOCK].data).hexdigest(), starts,
                            workers if workers > 1 else 0))


def fingerprint(digests: list[str], labels: list[int], classes: tuple[str, ...], shape: tuple[int, ...],
                resize: str) -> str:
    """Fingerprint of a pack, independent of file names: sha256 over sorted (digest, class), shape and resize mode."""
    rows = sorted((digest, classes[label]) for digest, label in zip(digests, labels, strict=True))
    return hashlib.sha256(json.dumps([rows, shape, resize]).encode()).hexdigest()


def tally(notes: Counter[str], first: dict[str, str]) -> list[str]:
    """One sentence for each kind of note: how many pictures, and the first of them."""
    return [f"{count} picture{'s' if count > 1 else ''} (first {shown(first[note])}): {note}"
            for note, count in sorted(notes.items())]


def _read_manifest(folder: Path) -> dict[str, Any]:
    data = (folder / MANIFEST).read_bytes()
    manifest: dict[str, Any] = load_json(data, LIMITS)
    # There is one encoding only, so that any changed byte shows, even where JSON would mean the same.
    if _encoded({key: value for key, value in manifest.items() if key != "checksum"}) != data:
        raise _corrupt(folder, f"{MANIFEST} was changed")
    if manifest["format"] != FORMAT or manifest["version"] != VERSION:
        raise _corrupt(folder, f"{MANIFEST} is of another version")
    return manifest


def _encoded(manifest: dict[str, Any]) -> bytes:
    checksum = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    return json.dumps({**manifest, "checksum": checksum}, sort_keys=True).encode()


def _corrupt(folder: Path, given: str) -> StoreError:
    return StoreError("pack_corrupt", f"the packed pictures in {shown(folder)} cannot be trusted", given=given,
                      do="Delete that folder and run the same command again; the pictures themselves are not touched")
