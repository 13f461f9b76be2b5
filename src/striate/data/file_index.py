"""File index of a folder: cached facts of each file, so that the next run opens none of them.

One file for each root: the sha256 of the second line, then JSON: relative path → [size, mtime_ns, facts or refusal].
An entry is valid while the file's size and modification time (nanoseconds) are the same. A damaged index is discarded.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from striate.core import atomic
from striate.core.bounded_text import Limits, load_json
from striate.core.cache import cache_subfolder
from striate.data.file import Outcome, from_row, to_row

Stamp = tuple[int, int]  # size in bytes, modification time in nanoseconds
VERSION = 2
LIMITS = Limits(1 << 32, depth=8, digits=None, finite=False)
DAMAGED = (OSError, AttributeError, TypeError, KeyError, IndexError, OverflowError, ValueError)


def index_path(root: Path) -> Path:
    """The file that holds the index of the folder `root`."""
    return cache_subfolder("indexes") / f"{hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:32]}.json"


def load_index(root: Path) -> dict[str, tuple[Stamp, Outcome]]:
    """The index of the folder `root`; empty if there is none or it cannot be read."""
    with suppress(*DAMAGED):
        checksum, _, text = index_path(root).read_bytes().partition(b"\n")
        stored = load_json(text, LIMITS) if checksum == _checksum(text) else {}
        if stored["version"] == VERSION:
            return {key: ((size, time), from_row(what)) for key, (size, time, what) in stored["files"].items()}
    return {}


def save_index(root: Path, entries: dict[str, tuple[Stamp, Outcome]]) -> None:
    """Replace the index of the folder `root`."""
    files = {key: [*stamp, to_row(outcome)] for key, (stamp, outcome) in entries.items()}
    text = json.dumps({"version": VERSION, "files": files}, separators=(",", ":")).encode()
    atomic.write_bytes(index_path(root), _checksum(text) + b"\n" + text)


def forget_index(root: Path) -> None:
    """Delete the index of the folder `root`, so that the next run reads every file again."""
    with suppress(OSError):
        index_path(root).unlink(missing_ok=True)


def _checksum(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()
