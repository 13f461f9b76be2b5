"""glibc malloc settings: memory that is freed in a step is kept for the next one.

glibc gives every large block back to the system as soon as it is free, so each step pays again for fresh pages, which
the system must clear first: a tenth of the time of a small network. Elsewhere than on glibc nothing is done.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

TRIM_THRESHOLD, MMAP_MAX = -1, -4  # the options' numbers in malloc.h
USUAL = {TRIM_THRESHOLD: 128 << 10, MMAP_MAX: 65_536}
KEEPING = {TRIM_THRESHOLD: 2**31 - 1, MMAP_MAX: 0}
depth: list[None] = []  # one for each block that is open, in any thread: the settings are the process's
lock = Lock()


@contextmanager
def kept() -> Iterator[None]:
    """Keep what is freed in this block for what is taken next; after the outermost block the system has it back.

    >>> with kept():
    ...     bytes(1 << 25) == bytes(1 << 25)
    True
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt"):
        yield
        return
    with lock:
        _set(libc, KEEPING)
        depth.append(None)
    try:
        yield
    finally:
        with lock:
            depth.pop()
            if not depth:
                _set(libc, USUAL)
                libc.malloc_trim(ctypes.c_size_t(0))


def _set(libc: ctypes.CDLL, options: dict[int, int]) -> None:
    for option, value in options.items():
        libc.mallopt(option, value)
