"""Blocks of work on several threads, each of which multiplies matrices on its own.

The matrix library would split every small product over all cores and wait for the slowest; here whole blocks go to the
threads and the library works on one. As the blocks do not depend on the number of threads, neither do the results.

Limits: where the caller has limited the matrix library itself, OpenBLAS may keep that limit when asked from another
thread than the main one; the work is then slower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # comes with scikit-learn

from striate.core.executor import ordered, worker_count

T = TypeVar("T")
R = TypeVar("R")


class _Hold:
    """Counts who needs the matrix library on one thread; the first sets it, the last gives the threads back."""

    def __init__(self) -> None:
        self.lock, self.holders = Lock(), 0
        self.controller: Any = None
        self.limit: Any = None

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self.lock:
            if not self.holders:
                # Looking for the libraries takes 3 ms, so it is done once; NumPy's is loaded by now.
                self.controller = self.controller or ThreadpoolController()
                self.limit = self.controller.limit(limits=1, user_api="blas")
            self.holders += 1
        try:
            yield
        finally:
            with self.lock:
                self.holders -= 1
                if not self.holders:
                    self.limit.restore_original_limits()


one_blas_thread = _Hold()


def over(work: Callable[[T], R], items: Sequence[T], threads: int | None = None) -> list[R]:
    """`[work(item) for item in items]`, on `threads` threads (None: one for each core), NumPy's products on one each.

    >>> over(lambda x: x * x, [1, 2, 3], threads=2)
    [1, 4, 9]
    """
    count = min(worker_count(threads), len(items))
    with one_blas_thread():
        return list(ordered(work, items, count if count > 1 else 0, chunk=1))
