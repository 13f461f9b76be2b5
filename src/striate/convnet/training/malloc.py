"""glibc malloc settings: memory that is freed in a step of training, or by a prediction, is reused in the next one.

glibc returns every large block to the system as soon as it is free, so each step pays again for fresh pages, which the
system must clear first: a tenth of the time of a small network that trains, and up to half of a prediction's. Without
glibc nothing is done.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

TRIM_THRESHOLD, MMAP_MAX = -1, -4  # the options' numbers in malloc.h
DEFAULTS = {TRIM_THRESHOLD: 128 << 10, MMAP_MAX: 65_536}
REUSE = {TRIM_THRESHOLD: 2**31 - 1, MMAP_MAX: 0}
depth: list[None] = []  # one for each block that is open, in any thread: the settings are the process's
lock = Lock()


@contextmanager
def reuse_freed_memory(*, kept: bool = False) -> Iterator[None]:
    """Reuse memory that is freed in this block; after the outermost block it is returned to the system, unless `kept`.

    >>> with reuse_freed_memory():
    ...     bytes(1 << 25) == bytes(1 << 25)
    True
    """
    libc = _libc()
    if libc is None:
        yield
        return
    with lock:
        if not depth:
            _set(libc, REUSE)
        depth.append(None)
    try:
        yield
    finally:
        with lock:
            depth.pop()
            if not depth:
                _set(libc, DEFAULTS)
        if not kept:
            return_free_memory()


def return_free_memory() -> None:
    """Return free memory to the system, unless a block is open that reuses it."""
    libc = _libc()
    with lock:
        if libc is not None and not depth:
            libc.malloc_trim(ctypes.c_size_t(0))


@cache
def _libc() -> Any:
    """The C library, or None if it is not glibc."""
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") else None


def _set(libc: Any, options: dict[int, int]) -> None:
    for option, value in options.items():
        libc.mallopt(option, value)
