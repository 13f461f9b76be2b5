"""glibc malloc settings for training: memory that is freed in a step is reused in the next one.

glibc returns every large block to the system as soon as it is free, so each step pays again for fresh pages, which the
system must clear first: a tenth of the time of a small network. Without glibc nothing is done.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

TRIM_THRESHOLD, MMAP_MAX = -1, -4  # the options' numbers in malloc.h
DEFAULTS = {TRIM_THRESHOLD: 128 << 10, MMAP_MAX: 65_536}
REUSE = {TRIM_THRESHOLD: 2**31 - 1, MMAP_MAX: 0}
depth: list[None] = []  # one for each block that is open, in any thread: the settings are the process's
lock = Lock()


@contextmanager
def reuse_freed_memory() -> Iterator[None]:
    """Reuse memory that is freed in this block; after the outermost block it is returned to the system.

    >>> with reuse_freed_memory():
    ...     bytes(1 << 25) == bytes(1 << 25)
    True
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt"):
        yield
        return
    with lock:
        _set(libc, REUSE)
        depth.append(None)
    try:
        yield
    finally:
        with lock:
            depth.pop()
            if not depth:
                _set(libc, DEFAULTS)
                libc.malloc_trim(ctypes.c_size_t(0))


def _set(libc: ctypes.CDLL, options: dict[int, int]) -> None:
    for option, value in options.items():
        libc.mallopt(option, value)
