"""Prefetching: one thread gathers and augments the next batches while the network trains on this one.

Never a process: the pictures are bytes in a memory map, and NumPy releases the interpreter lock while it moves them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Event, Thread

import numpy as np
import torch
from numpy.typing import NDArray

from striate.convnet.augment import Augmenter
from striate.convnet.augment.mixup_cutmix import slice_needed
from striate.convnet.distributed import BatchShard
from striate.convnet.training.seeding import generator
from striate.convnet.training.training_run import TrainingRun

AHEAD = 3  # batches that wait at most


@dataclass(frozen=True)
class Batch:
    """Batch of one step: `pictures` (n, C, H, W) in 0..255, `labels` (n,), `indices` of all of it, its `shard`."""

    step: int
    indices: NDArray[np.int64]
    pictures: torch.Tensor
    labels: torch.Tensor
    shard: BatchShard


def prepared(run: TrainingRun, first: int) -> Iterator[Batch]:
    """The batches of `run` from step `first` on, for ever: a pure function of recipe, pictures and step."""
    count, size, per_epoch = len(run.pictures), run.recipe.batch_size or 1, run.per_epoch
    pinned = run.device.type == "cuda"
    while True:
        epoch, within = divmod(first, per_epoch)
        order = generator(run.recipe.seed, "order", epoch).permutation(count)
        augment = Augmenter(run.recipe, epoch, count)
        for start in range(within * size, count, size):
            indices = order[start : start + size]
            shard = run.group.shard(len(indices))
            needed = indices[slice_needed(run.recipe, shard.slice, len(indices))]
            pictures = augment(run.pictures.take(needed), needed)
            labels = torch.from_numpy(run.labels[needed])
            if pinned:
                pictures, labels = pictures.pin_memory(), labels.pin_memory()
            yield Batch(first, indices, pictures, labels, shard)
            first += 1


class Prefetcher:
    """Iterator over `prepared`, a few batches ahead, in a thread of its own, whose errors it raises.

    >>> from itertools import islice
    >>> list(islice(Prefetcher(iter("abc")), 2))
    ['a', 'b']
    """

    def __init__(self, batches: Iterator[Batch]) -> None:
        self.queue: Queue[Batch | BaseException] = Queue(AHEAD)
        self.closed = Event()
        self.thread = Thread(target=self._fill, args=(batches,), name="feed", daemon=True)
        self.waited, threads, self.alone = 0.0, torch.get_num_threads(), Event()
        self.thread.start()
        self.alone.wait()
        torch.set_num_threads(threads)

    def __iter__(self) -> Iterator[Batch]:
        while True:
            started = time.perf_counter()
            got = self.queue.get()
            self.waited = time.perf_counter() - started
            if isinstance(got, BaseException):
                raise got
            yield got

    def close(self) -> None:
        """End the thread."""
        self.closed.set()
        with suppress(Empty):
            while True:
                self.queue.get_nowait()
        self.thread.join()

    def _fill(self, batches: Iterator[Batch]) -> None:
        # A second team of threads, beyond the cores there are, would send the first to sleep between two operations,
        # a tenth of a small network's step. The number is each thread's own; asking first keeps torch from setting it
        # later on to what another thread has.
        torch.get_num_threads()
        torch.set_num_threads(1)
        self.alone.set()
        try:
            for batch in batches:
                self._put(batch)
                if self.closed.is_set():
                    return
        except BaseException as error:
            self._put(error)

    def _put(self, item: Batch | BaseException) -> None:
        while not self.closed.is_set():
            with suppress(Full):
                self.queue.put(item, timeout=0.1)
                return
