"""Executor: one function applied to many items by several workers, with the results in the order of the items.

Workers are threads: reading, hashing, Pillow's decoders, NumPy and torch release the interpreter lock; Python code
does not. On two busy cores, two threads packed as fast as one. For many picture
files `data.worker_pool` puts processes behind the threads. No result depends on how many workers there are.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from subprocess import DEVNULL, PIPE, Popen
from threading import Lock, RLock
from typing import Any, TypeVar

from striate.core.constraints import Integer
from striate.core.params import Refusal, checked

BAD_WORKERS = Refusal("bad_workers", "a number of {name} was asked for", "Leave it out to use every core")
T = TypeVar("T")
R = TypeVar("R")


def worker_count(workers: int | None) -> int:
    """The number of workers to use: `workers`, or one for each core this process may run on."""
    if workers is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count: int = checked("workers", workers, Integer(0, 256, "{low} to {high} are allowed"), BAD_WORKERS)
    return count


def map_ordered(function: Callable[[T], R], items: Sequence[T], workers: int, *, chunk: int = 1,
                initializer: Callable[[], object] | None = None) -> Iterator[R]:
    """Yield `function(item)` for each item, in order, computed by `workers` threads (0: by the caller's own).

    At most `2 · workers` chunks are under way, so memory stays flat; leaving the loop, or an exception, cancels those
    that have not begun. `chunk`: items that a worker takes at once; `initializer`: called first in each thread.

    >>> list(map_ordered(lambda x: x * x, [1, 2, 3], workers=2))
    [1, 4, 9]
    """
    if workers == 0:
        if initializer:
            initializer()
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(workers, initializer=initializer)
    pending: deque[Future[list[R]]] = deque()
    try:
        for start in range(0, len(items), chunk):
            pending.append(pool.submit(_each, function, items[start : start + chunk]))
            if len(pending) > 2 * workers:
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def map_blocks(function: Callable[[T], R], blocks: Sequence[T], threads: int | None = None) -> list[R]:
    """`function(block)` for each block of a larger matrix product, on `threads` threads (None: one for each core).

    The matrix library would split every small product over all cores and wait for the slowest; here whole blocks go to
    the threads, and the library works on one. As the blocks do not depend on the number of threads, neither do the
    results.

    >>> map_blocks(lambda x: x * x, [1, 2, 3], threads=2)
    [1, 4, 9]
    """
    count = min(worker_count(threads), len(blocks))
    with one_blas_thread():
        return list(map_ordered(function, blocks, count if count > 1 else 0))


class _OneBlasThread:
    """Context in which NumPy uses one thread for a matrix product; the last holder restores the number."""

    def __init__(self) -> None:
        self.lock, self.holders = Lock(), 0
        self.controller: Any = None
        self.limit: Any = None

    @contextmanager
    def __call__(self) -> Iterator[None]:
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

        with self.lock:
            if not self.holders:
                # Looking for the libraries takes 3 ms, so it is done once; NumPy's is loaded by now.
                self.controller = self.controller or ThreadpoolController()
                self._take_control()
                self.limit = self.controller.limit(limits=1, user_api="blas")
            self.holders += 1
        try:
            yield
        finally:
            with self.lock:
                self.holders -= 1
                if not self.holders:
                    self._take_control()
                    self.limit.restore_original_limits()

    def _take_control(self) -> None:
        # threadpoolctl ignores all threads but the first that set OpenBLAS, which may be blocked or ended.
        for library in self.controller.lib_controllers:
            if hasattr(library, "clear_controlling_thread"):  # of OpenBLAS, in newer versions
                library.clear_controlling_thread(force=True)


one_blas_thread = _OneBlasThread()
# Held by a prediction while it multiplies matrices: `one_blas_thread` sets the number of the library's threads for the
# whole process, and OpenBLAS sums in another order on another number of them.
blas_lock = RLock()


def start_python(program: str, environment: Mapping[str, str] | None = None, *, errors: bool = False) -> Popen[bytes]:
    """Start a Python subprocess for `program`, with input and output piped; `errors`: whether stderr is shown.

    Not multiprocessing, which would run the caller's script again; nor loky, which pickles what is sent.
    """
    # -P, and our own path only: the working folder may hold a foreign numpy.py.
    return Popen([sys.executable, "-P", "-c", program], stdin=PIPE, stdout=PIPE,  # noqa: S603 - our own
                 stderr=None if errors else DEVNULL, process_group=0,  # so that the parent handles Ctrl-C
                 env={**os.environ, **(environment or {}), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})


def _each(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [function(item) for item in items]
