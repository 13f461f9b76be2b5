"""Doing the same thing to many items on several threads, with the results in the order of the items.

Reading, hashing, Pillow's decoders and its resizing all release the GIL; what lies between them does not. On two cores
that others were busy on, two threads packed as fast as one. For many pictures `crew` adds processes.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from striate.errors import UsageError

T = TypeVar("T")
R = TypeVar("R")

CHUNK = 32  # items per task: fewer than one lock hand-over per millisecond of decoding


def worker_count(workers: int | None) -> int:
    """The number of workers to use: `workers`, or one for each core this process may run on."""
    if workers is None:
        return len(os.sched_getaffinity(0))
    if not 0 <= workers <= 256:
        raise UsageError("bad_workers", "a number of workers was asked for", allowed="0 to 256 are allowed",
                         given=f"{workers} was given", do="Leave it out to use every core")
    return workers


def ordered(function: Callable[[T], R], items: Sequence[T], workers: int, chunk: int = CHUNK) -> Iterator[R]:
    """Yield `function(item)` for each item, in order, computed by `workers` threads (0: by the caller's own).

    At most `2 · workers` chunks are under way, so memory stays flat; leaving the loop cancels what has not begun.

    >>> list(ordered(lambda x: x * x, [1, 2, 3], workers=2))
    [1, 4, 9]
    """
    if workers == 0:
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(workers)
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


def _each(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [function(item) for item in items]
