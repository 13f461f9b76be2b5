"""Scan of a source: every picture decoded once, for its facts, remarks on decoding, and image statistics.

Pictures are decoded by the processes that pack them, at a scale that suits 96×96 (small pictures of one size stay as
they are); of each some 300 bytes of statistics stay, so memory hardly grows with the set.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from striate.core.executor import worker_count
from striate.data.dataset import natural_channels, natural_size
from striate.data.decode import decode
from striate.data.file import FileFacts, read_bytes
from striate.data.file_index import forget_index
from striate.data.source import ArraySource, Progress, Skipped, Source
from striate.data.sources import open_source
from striate.data.sources.file_source import FileSource
from striate.data.worker_pool import WorkerPool
from striate.errors import DataError, PictureError
from striate.quality.image_statistics import CHUNK, ImageStatistics
from striate.quality.near_duplicates import NearDuplicate, near_duplicates


@dataclass(frozen=True, eq=False)
class ScannedSource:
    """Scanned source: n pictures that can be read, and those that cannot.

    rows: (n,) int64 indexes into the source, in the order of facts, labels, keys, parts and statistics; skipped: the
    unreadable and left out; remarks: remark on decoding → the pictures.
    """

    source: Source
    rows: NDArray[np.int64]
    facts: list[FileFacts]
    statistics: ImageStatistics
    skipped: list[Skipped]
    remarks: dict[str, list[int]] = field(default_factory=dict)

    @cached_property
    def keys(self) -> list[str]:
        """N names."""
        return [self.source.keys[i] for i in self.rows]

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """(n,) indexes into the classes."""
        return self.source.labels[self.rows]

    @cached_property
    def parts(self) -> list[str]:
        """N of '', 'train', 'validation' and 'test'."""
        return [self.source.parts[i] for i in self.rows]

    @cached_property
    def sides(self) -> NDArray[np.int64]:
        """(n, 2) heights and widths in pixels."""
        return np.array([(one.height, one.width) for one in self.facts], np.int64).reshape(-1, 2)

    @cached_property
    def pairs(self) -> list[NearDuplicate]:
        """The pairs of near-duplicates."""
        return near_duplicates(self.statistics, [one.digest for one in self.facts])

    def pixels(self, key: str, longest: int) -> NDArray[np.uint8] | None:
        """The picture `key` for showing, (H, W, C) uint8 of `longest` or more on a side; None if it cannot be read."""
        if isinstance(self.source, FileSource):
            try:
                path = self.source.root / key
                return decode(read_bytes(path, key), name=key, at_least=(longest, longest)).pixels
            except (PictureError, OSError):
                return None
        assert isinstance(self.source, ArraySource)
        picture: NDArray[np.uint8] = self.source.pictures[self._numbers[key]]
        return picture

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {key: i for i, key in enumerate(self.source.keys)}


def scan_pictures(source: str | Path, *, workers: int | None = None,
                  on_progress: Progress | None = None) -> ScannedSource:
    """Decode every picture of `source`, as `striate.load_data` takes it; raises `StriateError` if there is none.

    >>> found = scan_pictures("digits")
    >>> len(found.rows), found.statistics.thumbnails.shape
    (1797, (1797, 256))
    """
    opened = open_source(source, tolerant=True)
    with WorkerPool(worker_count(workers)) as pool:
        outcomes, _ = opened.survey(pool, on_progress)
        readable = [(i, one) for i, one in enumerate(outcomes) if isinstance(one, FileFacts)]
        skipped = [*opened.skipped, *(Skipped.because(opened.keys[i], one)
                                      for i, one in enumerate(outcomes) if isinstance(one, PictureError))]
        try:
            return _scanned(opened, readable, skipped, pool, on_progress)
        except DataError as error:
            if error.code == "source_changed" and isinstance(opened, FileSource):
                forget_index(opened.root)
            raise


def _scanned(source: Source, readable: list[tuple[int, FileFacts]], skipped: list[Skipped], pool: WorkerPool,
             progress: Progress | None) -> ScannedSource:
    decoded: list[tuple[int, FileFacts]] = []
    parts: list[ImageStatistics] = []
    remarks = defaultdict[str, list[int]](list)
    waiting: list[NDArray[np.uint8]] = []
    if readable:
        facts = [one for _, one in readable]
        size, channels = natural_size(facts), natural_channels(facts)
        results = source.packed(readable, size, "squash", channels, pool, traits=True)
        for done, (row, result) in enumerate(zip(readable, results, strict=True), 1):
            if isinstance(result, PictureError):
                skipped.append(Skipped.because(source.keys[row[0]], result))
            else:
                for note in result[1]:
                    remarks[note].append(len(decoded))
                decoded.append(row)
                waiting.append(result[0])
            if len(waiting) == CHUNK or (waiting and done == len(readable)):
                parts.append(ImageStatistics.of(np.stack(waiting)))
                waiting = []
            if progress:
                progress("looking", done, len(readable))
        if waiting:
            parts.append(ImageStatistics.of(np.stack(waiting)))
    rows = np.array([i for i, _ in decoded], np.int64)
    statistics = ImageStatistics.concatenated(parts)
    return ScannedSource(source, rows, [one for _, one in decoded], statistics, skipped, dict(remarks))
