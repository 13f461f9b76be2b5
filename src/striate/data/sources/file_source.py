"""File source: a data source of picture files below one root folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from striate.data.file import FileFacts, Outcome, Packed
from striate.data.file_index import Stamp, load_index, save_index
from striate.data.file_task import FileTask
from striate.data.source import Progress, Source
from striate.data.worker_pool import WorkerPool
from striate.errors import PictureError


@dataclass(frozen=True, eq=False, kw_only=True)
class FileSource(Source):
    """A data source of picture files: root is the folder the keys are relative to; stamps are N of (size, mtime_ns).

    `chosen`: whether these are a selection, so that the index entries of other files stay valid.
    """

    root: Path
    stamps: tuple[Stamp, ...]
    chosen: bool = False

    def survey(self, pool: WorkerPool, progress: Progress | None) -> tuple[Sequence[Outcome], tuple[str, ...]]:
        """The facts of each file, from the index where the file is unchanged, else by reading it."""
        known = load_index(self.root)
        outcomes: list[Outcome | None] = []
        fresh: list[int] = []
        for i, (key, stamp) in enumerate(zip(self.keys, self.stamps, strict=True)):
            entry = known.get(key)
            outcomes.append(entry[1] if entry and entry[0] == stamp else None)
            if outcomes[-1] is None:
                fresh.append(i)
        results = pool.each(FileTask(str(self.root)), [(self.keys[i], "") for i in fresh])
        for done, (i, outcome) in enumerate(zip(fresh, results, strict=True), 1):
            assert not isinstance(outcome, tuple)
            outcomes[i] = outcome
            if progress:
                progress("reading", done, len(fresh))
        found = [outcome for outcome in outcomes if outcome is not None]
        gone = set() if self.chosen else known.keys() - set(self.keys)
        if fresh or gone:
            others = known if self.chosen else {}
            save_index(self.root, others | dict(zip(self.keys, zip(self.stamps, found, strict=True), strict=True)))
        return found, _changes(known.keys(), [self.keys[i] for i in fresh], len(gone))

    def packed(self, rows: Sequence[tuple[int, FileFacts]], size: tuple[int, int], resize: str, channels: int,
               pool: WorkerPool, traits: bool = False) -> Iterator[Packed | PictureError]:
        """The files `rows` read, decoded and resized; with `traits`, the notes include those of `Decoded`."""
        items = [(self.keys[i], facts.digest) for i, facts in rows]
        for result in pool.each(FileTask(str(self.root), size, resize, channels, traits), items):
            assert not isinstance(result, FileFacts)
            yield result


def _changes(known: Collection[str], fresh: list[str], gone: int) -> tuple[str, ...]:
    if not known or not (fresh or gone):
        return ()
    changed = sum(key in known for key in fresh)
    counts = f"files added: {len(fresh) - changed}, removed: {gone}, changed: {changed}"
    return (f"the folder changed since it was last read ({counts})",)
