"""Worker pool of one `load_data`: threads for few pictures, processes beside them for many.

Measured on two idle cores, 1,500 JPEGs of about 256×256 to 96×96, medians of five (`bench/packing.py`): 1,748 pictures
a second without workers, 2,192 with one worker beside us (at best 2,607), 3,348 for bare Pillow in two processes, which
checks nothing and is already running. A worker costs 0.17 s of processor to start, and does not pay on busy cores.

Workers are started as programs of their own, never forked (another library's threads may hold any lock) and never
by multiprocessing (which would run the caller's script again). Until a worker is ready, and if it ends or was
never possible, its thread does the work here; so the results are the same and nothing waits for a start.
"""

from __future__ import annotations

import select
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType

from striate.core.executor import map_ordered, start_python
from striate.data.file_task import FileTask, Item, Result
from striate.data.worker_process import GREETING, receive_results, send_task

MANY = 1_000  # pictures that are worth a worker: about four times as much work as to start it
CHUNK = 32  # files in one task: fewer than one lock hand-over per millisecond of decoding
PIECE = 8 * 2**20  # bytes of pixels in one message
PROGRAM = "from striate.data.worker_process import main; main()"


class WorkerClient:
    """Client of one worker process, which is used once its greeting has arrived."""

    def __init__(self) -> None:
        self.process = start_python(PROGRAM)
        self._ready: bool | None = None

    def run(self, task: FileTask, items: Sequence[Item]) -> list[Result] | None:
        """The results, or None if the worker is not ready yet or has ended."""
        assert self.process.stdin is not None and self.process.stdout is not None  # noqa: PT018
        try:
            if self._ready is None and select.select([self.process.stdout], [], [], 0)[0]:
                self._ready = self.process.stdout.readline() == GREETING
            if not self._ready:
                return None
            send_task(self.process.stdin, task, items)
            results = receive_results(self.process.stdout, task, len(items))
        except (OSError, ValueError):
            results = None
        self._ready = results is not None
        return results

    def kill(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.process.communicate()


class WorkerPool:
    """A pool of `workers` threads, all but one of which may drive a worker process; a context that ends these."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._clients: list[WorkerClient] = []

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        while self._clients:
            self._clients.pop().kill()

    def each(self, task: FileTask, items: Sequence[Item]) -> Iterator[Result]:
        """The results `task(item)` of all items, in order."""
        wanted = min(self.workers - 1, len(items) // MANY) if _can_start_workers() else 0
        try:
            while len(self._clients) < wanted:
                self._clients.append(WorkerClient())
        except OSError:
            pass  # no process can be started: the threads do the work
        slots = SimpleQueue[WorkerClient | None]()
        for i in range(max(self.workers, 1)):
            slots.put(self._clients[i] if i < len(self._clients) else None)

        def done(some: Sequence[Item]) -> list[Result]:
            client = slots.get()
            try:
                results = client.run(task, some) if client else None
            finally:
                slots.put(client)
            return [task(item) for item in some] if results is None else results

        height, width = task.size or (1, 1)
        step = max(1, min(CHUNK, PIECE // (height * width * task.channels)))
        pieces = [items[start : start + step] for start in range(0, len(items), step)]
        for results in map_ordered(done, pieces, self.workers):
            yield from results


def _can_start_workers() -> bool:
    """Whether `sys.executable` is a Python: in a program that embeds one it may be anything."""
    return Path(sys.executable or "").name.startswith("python")
