"""A source whose pictures are files below one root."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from striate.data.decode import decode, probe
from striate.data.fit import fit_image
from striate.data.index import Outcome, Stamp, load_index, save_index
from striate.data.source import Facts, Packed, Progress, Source, digest_of, read_bytes, source_changed
from striate.data.workers import ordered
from striate.errors import MissingError, PictureError

# The endings each format goes by; a file of no known ending is taken for what its first bytes say, without a note.
SUFFIXES = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".mpo": "JPEG", ".png": "PNG", ".apng": "PNG",
    ".gif": "GIF", ".bmp": "BMP", ".dib": "BMP", ".webp": "WEBP",
}  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class FileSource(Source):
    """Picture files: root is the folder the keys are relative to; stamps are N of (size, mtime_ns)."""

    root: Path
    stamps: tuple[Stamp, ...]

    def survey(self, workers: int, progress: Progress | None) -> tuple[Sequence[Outcome], tuple[str, ...]]:
        """The facts of each file, from the index where the file is unchanged, else by reading it."""
        known = load_index(self.root)
        outcomes: list[Outcome | None] = []
        fresh: list[int] = []
        for i, (key, stamp) in enumerate(zip(self.keys, self.stamps, strict=True)):
            entry = known.get(key)
            outcomes.append(entry[1] if entry and entry[0] == stamp else None)
            if outcomes[-1] is None:
                fresh.append(i)
        for done, (i, outcome) in enumerate(zip(fresh, ordered(self._probed, fresh, workers), strict=True), 1):
            outcomes[i] = outcome
            if progress:
                progress("reading", done, len(fresh))
        found = [outcome for outcome in outcomes if outcome is not None]
        gone = known.keys() - set(self.keys)
        if fresh or gone:
            save_index(self.root, dict(zip(self.keys, zip(self.stamps, found, strict=True), strict=True)))
        return found, _changes(known.keys(), [self.keys[i] for i in fresh], len(gone))

    def read(self, index: int, digest: str, size: tuple[int, int], fit: str, channels: int) -> Packed:
        """Read, decode and fit file `index`."""
        key = self.keys[index]
        try:
            data = read_bytes(f"{self.root}/{key}", key)
        except MissingError as error:
            raise source_changed(key) from error
        if digest_of(data) != digest:
            raise source_changed(key)
        decoded = decode(data, name=key, at_least=size)
        return fit_image(decoded.image, size, fit, channels), (*decoded.notes, *_misnamed(key, decoded.format))

    def _probed(self, index: int) -> Outcome:
        key = self.keys[index]
        try:
            data = read_bytes(f"{self.root}/{key}", key)
            return Facts(digest_of(data), *probe(data, name=key))
        except MissingError as error:
            raise source_changed(key) from error
        except PictureError as error:
            return error.with_traceback(None)


def _misnamed(key: str, form: str) -> tuple[str, ...]:
    """A note if the name of the file says another format than its bytes do."""
    expected = SUFFIXES.get(key[key.rfind(".") :].lower())
    if expected is None or form == expected:
        return ()
    return (f"its name says {expected} and its bytes {form}; the bytes were believed",)


def _changes(known: Collection[str], fresh: list[str], gone: int) -> tuple[str, ...]:
    if not known or not (fresh or gone):
        return ()
    changed = sum(key in known for key in fresh)
    counts = f"files added: {len(fresh) - changed}, removed: {gone}, changed: {changed}"
    return (f"the folder changed since it was last read ({counts})",)
