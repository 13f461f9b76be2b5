"""Executor: one function applied to many items by several workers, with the results in the order of the items.

Workers are threads: reading, hashing, Pillow's decoders, NumPy and torch release the interpreter lock; Python code
does not. On two busy cores, two threads packed as fast as one. For many picture
files `data.worker_pool` puts processes behind the threads. No result depends on how many workers there are.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from itertools import islice
from subprocess import DEVNULL, PIPE, Popen
from threading import Condition, Lock, get_ident, local
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


def map_ordered(function: Callable[[T], R], items: Iterable[T], workers: int, *, chunk: int = 1, ahead: int = 0,
                initializer: Callable[[], object] | None = None,
                pool: ThreadPoolExecutor | None = None) -> Iterator[R]:
    """Yield `function(item)` for each item, in order, computed by `workers` threads (0: by the caller's own).

    At most `2 · workers` chunks are under way, or `ahead` if that is more, and no more items are taken, so memory stays
    flat; leaving the loop, or an exception, cancels those that have not begun. `chunk`: items that a worker takes at
    once; `initializer`: called first in each thread; `pool`: threads that are there already and stay, instead
    of new ones.

    >>> list(map_ordered(lambda x: x * x, [1, 2, 3], workers=2))
    [1, 4, 9]
    """
    if workers == 0:
        if initializer:
            initializer()
        yield from map(function, items)
        return
    own = pool or ThreadPoolExecutor(workers, initializer=initializer)
    pending: deque[Future[list[R]]] = deque()
    rest = iter(items)
    try:
        while some := list(islice(rest, chunk)):
            pending.append(own.submit(_each, function, some))
            if len(pending) > max(2 * workers, ahead):
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()
    finally:
        if pool:
            wait([future for future in pending if not future.cancel()])
        else:
            own.shutdown(cancel_futures=True)


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
        if count <= 1:
            return list(map(function, blocks))
        return list(map_ordered(function, blocks, count, initializer=one_blas_thread.join))


class _BlasThreads:
    """Turns at NumPy's number of threads, which is the whole process's: OpenBLAS sums in another order on another one.

    Many threads at once may hold it at one (call it), and the last restores the usual number; only one at a time may
    hold it at the `usual` number, and none beside it at one. Whoever came first enters first.
    """

    def __init__(self) -> None:
        self.door, self.turn, self.mine = Lock(), Condition(), local()
        self.holders, self.owner = 0, 0  # at one thread; the thread that holds the usual number, by its identifier
        self.controller: Any = None
        self.limit: Any = None

    @contextmanager
    def __call__(self) -> Iterator[None]:
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

        inside = getattr(self.mine, "inside", False)
        within = inside or self.owner == get_ident()
        with nullcontext() if within else self.door, self.turn:
            self.turn.wait_for(lambda: within or not self.owner)
            if not self.holders:
                # Looking for the libraries takes 3 ms, so it is done once; NumPy's is loaded by now.
                self.controller = self.controller or ThreadpoolController()
                self._free_control()
                self.limit = self.controller.limit(limits=1, user_api="blas")
            self.holders += 1
        self.mine.inside = True
        try:
            yield
        finally:
            self.mine.inside = inside
            with self.turn:
                self.holders -= 1
                if not self.holders:
                    self._free_control()
                    self.limit.restore_original_limits()
                    self._free_control()
                    self.turn.notify_all()

    @contextmanager
    def usual(self) -> Iterator[None]:
        """Context in which NumPy uses its usual number of threads, and no other thread changes it."""
        if self.owner == get_ident():
            yield
            return
        assert not getattr(self.mine, "inside", False), "it would wait for itself"
        with self.door, self.turn:
            self.turn.wait_for(lambda: not self.holders and not self.owner)
            self.owner = get_ident()
        try:
            yield
        finally:
            with self.turn:
                self.owner = 0
                self.turn.notify_all()

    def join(self) -> None:
        """Make the calling thread, a worker of a holder's, one that need not wait for its turn."""
        self.mine.inside = True

    def _free_control(self) -> None:
        # threadpoolctl ignores all threads but the first that set OpenBLAS, which may be blocked or ended.
        for library in self.controller.lib_controllers:
            if hasattr(library, "clear_controlling_thread"):  # of OpenBLAS, in newer versions
                library.clear_controlling_thread(force=True)


one_blas_thread = _BlasThreads()
usual_blas_threads = one_blas_thread.usual


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
