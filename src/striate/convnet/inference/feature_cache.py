"""Features that are kept from run to run, by the hash of the picture's pixels and of all that describes it.

One file for each way of describing: a network with its weights, the preparation, the number format. Whatever else is
learnt from the same pictures, a part of them or more of them, describes only those that are new.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.core import model_file
from striate.errors import StriateError

KIND = "features"
MOST = 1 << 30  # bytes of one file; pictures beyond are not kept
ROOM = 4 << 30  # bytes of all files; those not used for longest go first

Rows = NDArray[np.float32]


def key_of(*parts: Any) -> str:
    """32 hexadecimal digits for JSON values.

    >>> key_of("lite0", {"size": [224, 224]}) == key_of("lite0", {"size": [224, 192]})
    False
    """
    return model_file.digest({"parts": list(parts)}, {})[:32]


def hash_of(picture: NDArray[np.uint8]) -> str:
    """32 hexadecimal digits for the pixels of a picture (H, W, C), however they lie in memory."""
    return blake2b(np.ascontiguousarray(picture).data, digest_size=16).hexdigest()


class FeatureCache:
    """The rows, `width` numbers each, in the file of `key` in `folder`."""

    def __init__(self, folder: Path, key: str, width: int) -> None:
        self.path = folder / f"{key}.safetensors"
        self.width = width
        self.digests, self.rows = self._read()
        self.places = {digest: i for i, digest in enumerate(self.digests)}

    def __contains__(self, digest: str) -> bool:
        return digest in self.places

    def __getitem__(self, digests: Sequence[str]) -> Rows:
        """The rows of pictures that are all there, (n, width)."""
        return self.rows[[self.places[digest] for digest in digests]]

    def add(self, digests: Sequence[str], rows: Rows) -> None:
        """Keep more rows, as far as there is room; what another process has added meanwhile stays."""
        self.digests, self.rows = self._read()
        seen, new = set(self.digests), []
        for i, digest in enumerate(digests):
            if digest not in seen:
                seen.add(digest)
                new.append(i)
        new = new[: max(0, MOST // (4 * self.width) - len(self.digests))]
        self.digests += [digests[i] for i in new]
        self.rows = np.concatenate([self.rows, rows[new]])
        self.places = {digest: i for i, digest in enumerate(self.digests)}
        codes = np.frombuffer(bytes.fromhex("".join(self.digests)), np.uint8).reshape(len(self.digests), -1)
        with suppress(StriateError):  # a full disk costs the time to describe them again
            model_file.save(self.path, KIND, {}, {"digests": codes, "rows": self.rows})
        make_room(self.path.parent)

    def _read(self) -> tuple[list[str], Rows]:
        """What is in the file; nothing where there is none, or it is damaged."""
        empty: tuple[list[str], Rows] = [], np.empty((0, self.width), np.float32)
        if not self.path.exists():
            return empty
        try:
            arrays = model_file.load(self.path).arrays
            codes, rows = arrays["digests"], arrays["rows"]
        except (StriateError, KeyError):
            return empty
        if codes.dtype != np.uint8 or rows.dtype != np.float32 or codes.ndim != 2 or rows.shape != (
                len(codes), self.width):
            return empty
        with suppress(OSError):
            self.path.touch()
        return [code.tobytes().hex() for code in codes], rows


def make_room(folder: Path, most: int = ROOM) -> None:
    """Delete files of `folder` until `most` bytes are left, those not used for longest first."""
    found = []
    for path in folder.glob("*.safetensors"):
        with suppress(OSError):
            about = path.stat()
            found.append((about.st_mtime, about.st_size, path))
    left = sum(size for _, size, _ in found)
    for used, size, path in sorted(found):
        if left <= most or used > time.time() - 1:  # what was just written is wanted
            return
        with suppress(OSError):
            path.unlink()
        left -= size
