"""Feature cache: features on disk, by a hash of the picture's pixels and of all that computes them.

One file for each extractor: a network with its weights, the preparation, the number format, our source and versions.
A later run on a part of the same pictures, or on more of them, computes only those that are new.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from striate.core import model_file
from striate.core.cache import evict, mark_used
from striate.errors import StriateError

KIND = "features"
MOST = 1 << 30  # bytes of one file; further pictures are not cached
ROOM = 4 << 30  # bytes of all files; those not used for longest go first

Rows = NDArray[np.float32]


def pixel_hash(picture: NDArray[np.uint8]) -> str:
    """32 hexadecimal digits for the pixels of a picture (H, W, C), however they lie in memory."""
    return blake2b(np.ascontiguousarray(picture).data, digest_size=16).hexdigest()


class FeatureCache:
    """Cached feature vectors, `width` dimensions each, in the file of `key` in `folder`."""

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
        """Cache more rows, as far as there is room, beside what another process has written since they were read.

        Of two processes that write at the same moment one loses its rows, which are computed again.
        """
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
        with suppress(StriateError):  # a full disk costs the time to compute them again
            evict(self.path.parent, codes.nbytes + self.rows.nbytes, ROOM)
            model_file.save(self.path, KIND, {}, {"digests": codes, "rows": self.rows})

    def _read(self) -> tuple[list[str], Rows]:
        """Digests and rows of the file; none where it is missing or damaged."""
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
        mark_used(self.path)
        return [code.tobytes().hex() for code in codes], rows
