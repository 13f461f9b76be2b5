"""Packing: every picture of a source decoded once, resized, and stored in the cache.

A pack is named by its content: sha256 over (key, digest, label, part) of every picture, size, channels, resize.
It is written into a folder with a temporary name, flushed, given its manifest last, and renamed; so there is a whole
pack or none. A lock file beside it makes a second process wait instead of packing the same; a temporary folder whose
lock is free was left by a crash, and is removed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path

import numpy as np

from striate.core.atomic import PREFIX, disk_error, sync_folder
from striate.core.cache import cache_subfolder
from striate.data.file import FileFacts
from striate.data.pack import (
    FORMAT,
    IMAGES,
    VERSION,
    Pictures,
    block_sums,
    fingerprint,
    npy_header,
    open_pictures,
    tally,
    write_manifest,
)
from striate.data.source import Progress, Skipped, Source
from striate.data.worker_pool import WorkerPool
from striate.errors import PictureError


def pack(source: Source, rows: Sequence[tuple[int, FileFacts]], size: tuple[int, int], resize: str, channels: int, *,
         pool: WorkerPool, strict: bool = False, progress: Progress | None = None) -> Pictures:  # fmt: skip
    """The pictures `rows` of `source` as a pack: opened if it is in the cache, else made there.

    rows: (index in the source, its facts); size: (height, width) in pixels. A picture that cannot be decoded is left
    out and listed in `.skipped`; `strict` raises its `PictureError` instead, and then no pack is left behind.
    """
    started = time.perf_counter()
    packs = cache_subfolder("packs")
    key = _key(source, rows, size, resize, channels)
    with _locked(packs, key):
        if not (packs / key).exists():
            _remove_abandoned(packs)
            temporary = packs / f"{PREFIX}{key}.tmp"
            shutil.rmtree(temporary, ignore_errors=True)
            try:
                temporary.mkdir()
                _write(temporary, source, rows, size, resize, channels, pool, strict, progress)
                sync_folder(temporary)
                temporary.rename(packs / key)
                sync_folder(packs)
            except OSError as error:
                raise disk_error(packs, error) from error
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    return open_pictures(packs / key, time.perf_counter() - started)


def _write(folder: Path, source: Source, rows: Sequence[tuple[int, FileFacts]], size: tuple[int, int], resize: str,
           channels: int, pool: WorkerPool, strict: bool, progress: Progress | None) -> None:  # fmt: skip
    written: list[tuple[int, FileFacts]] = []
    skipped: list[Skipped] = []
    notes, first = Counter[str](), dict[str, str]()
    with (folder / IMAGES).open("xb", buffering=2**20) as file:
        file.write(npy_header((0, *size, channels)))
        results = source.packed(rows, size, resize, channels, pool)
        for done, (row, result) in enumerate(zip(rows, results, strict=True), 1):
            key = source.keys[row[0]]
            if isinstance(result, PictureError):
                if strict:
                    raise result
                skipped.append(Skipped.because(key, result))
            else:
                file.write(np.ascontiguousarray(result[0]).data)
                written.append(row)
                notes.update(result[1])
                for note in result[1]:
                    first.setdefault(note, key)
            if progress:
                progress("packing", done, len(rows))
        shape = (len(written), *size, channels)
        file.seek(0)
        file.write(npy_header(shape))
        file.flush()
        os.fsync(file.fileno())
    images = np.empty(0, np.uint8)
    if written:
        images = np.memmap(folder / IMAGES, np.uint8, "r", len(npy_header(shape)), shape)
    digests, labels = [facts.digest for _, facts in written], [int(source.labels[i]) for i, _ in written]
    write_manifest(folder, {
        "format": FORMAT, "version": VERSION, "shape": shape, "resize": resize, "sha256": block_sums(images),
        "classes": source.classes, "keys": [source.keys[i] for i, _ in written], "digests": digests, "labels": labels,
        "parts": [source.parts[i] for i, _ in written], "skipped": [astuple(one) for one in skipped],
        "notes": tally(notes, first), "fingerprint": fingerprint(digests, labels, source.classes, shape[1:], resize),
    })  # fmt: skip


def _key(source: Source, rows: Sequence[tuple[int, FileFacts]], size: tuple[int, int], resize: str,
         channels: int) -> str:
    digest = hashlib.sha256(json.dumps([VERSION, size, resize, channels, source.classes]).encode())
    for i, facts in rows:
        digest.update(json.dumps([source.keys[i], facts.digest, int(source.labels[i]), source.parts[i]]).encode())
    return digest.hexdigest()[:32]


@contextmanager
def _locked(packs: Path, key: str, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of one pack while the block runs; yields False if it is taken and `wait` is False."""
    from filelock import FileLock, Timeout

    lock = FileLock(packs / f"{PREFIX}{key}.lock", timeout=-1 if wait else 0)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    except OSError as error:
        raise disk_error(packs, error) from error
    try:
        yield True
    finally:
        lock.release()


def _remove_abandoned(packs: Path) -> None:
    """Remove the temporary folders of crashed processes, whose locks are free."""
    for left in packs.glob(f"{PREFIX}*.tmp"):
        with suppress(OSError), _locked(packs, left.name.removeprefix(PREFIX).removesuffix(".tmp"), wait=False) as free:
            if free:
                shutil.rmtree(left, ignore_errors=True)
