"""Process group: the ranks of one run, as torch.distributed has them, with waiting that outlasts any step."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any, Self, TypeVar

import torch
from torch import Tensor
from torch import distributed as dist
from torch.distributed import PrefixStore, Store  # type: ignore[attr-defined]  # public, but not listed
from torch.distributed.distributed_c10d import _set_pg_timeout

from striate.convnet.distributed.heartbeat import STEP_TIMEOUT, HeartbeatMonitor, HeartbeatThread
from striate.convnet.distributed.rank import RankInfo
from striate.convnet.distributed.rank_failure import FailureReport, rank_lost, reported_once
from striate.convnet.distributed.rendezvous import rendezvous
from striate.convnet.distributed.shard import BatchShard
from striate.errors import RunError

T = TypeVar("T")


@dataclass
class ProcessGroup:
    """All processes of a run; a group of one, which is the default, needs no torch.distributed.

    A call whose docstring says *collective* must be made by all ranks, in the same order.

    >>> group = ProcessGroup()
    >>> group.is_rank_zero, group.world_size, group.shard(7).size, group.broadcast([1]), group.on_rank_zero(lambda: 3)
    (True, 1, 7, [1], 3)
    """

    info: RankInfo = field(default_factory=RankInfo)
    store: Store | None = None
    heartbeat: HeartbeatThread | None = None
    turns: int = 0

    @classmethod
    def join(cls) -> Self:
        """The group that torchrun started, or one of one; raises `bad_ranks`, `ranks_missing`. Collective."""
        info = RankInfo.read()
        if info.world_size == 1:
            return cls(info)
        store = rendezvous(info)
        cuda = torch.cuda.is_available()
        if cuda:
            torch.cuda.set_device(info.local_rank % torch.cuda.device_count())
        dist.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo", store=PrefixStore("group", store),
                                rank=info.rank, world_size=info.world_size, timeout=timedelta(seconds=STEP_TIMEOUT))
        return cls(info, store, HeartbeatThread(store, info.rank))

    @property
    def rank(self) -> int:
        """Number of this process, from 0."""
        return self.info.rank

    @property
    def world_size(self) -> int:
        """The number of processes."""
        return self.info.world_size

    @property
    def is_rank_zero(self) -> bool:
        """Whether this process is the one that writes files and prints messages."""
        return self.info.is_rank_zero

    def shard(self, count: int) -> BatchShard:
        """The rank's slice of `count` items."""
        return BatchShard.of(count, self.rank, self.world_size)

    def set_timeout(self, step_seconds: float) -> None:
        """Set the time limit of a step to ten times `step_seconds`, but not below the default."""
        if self.world_size > 1:
            _set_pg_timeout(timedelta(seconds=max(STEP_TIMEOUT, 10 * step_seconds)))

    def on_rank_zero(self, work: Callable[[], T]) -> T | None:
        """Do `work` on rank 0 while the others wait, however long it takes; None on these. Collective."""
        return self._first("rank 0", self.is_rank_zero, 0, work)

    def local_rank_zero_first(self, work: Callable[[], T]) -> T:
        """Do `work` on each machine's first rank, then on its others, which find its results. Collective."""
        leader = self.rank - self.info.local_rank
        first = self._first(f"machine {leader}", self.info.local_rank == 0, leader, work)
        result = work() if self.info.local_rank else first
        self.barrier()
        return result  # type: ignore[return-value]

    def barrier(self) -> None:
        """Wait until all ranks have come here, however long they take. Collective."""
        if not self.store:
            return
        self.turns += 1
        self.store.set(f"barrier/{self.rank}", str(self.turns))
        for rank in range(self.world_size):
            self._wait(f"barrier/{rank}", rank)

    def broadcast(self, value: T) -> T:
        """Rank 0's `value`, a JSON value, on all ranks. Collective."""
        if self.world_size == 1:
            return value
        self.barrier()
        data = torch.frombuffer(bytearray(json.dumps(value).encode()), dtype=torch.uint8)
        length = torch.tensor([len(data)])
        dist.broadcast(length, 0)
        if not self.is_rank_zero:
            data = torch.empty(int(length), dtype=torch.uint8)
        dist.broadcast(data, 0)
        received: T = json.loads(data.numpy().tobytes())
        return received

    def broadcast_tensors(self, tensors: dict[str, Tensor] | None) -> dict[str, Tensor]:
        """Rank 0's tensors, on the processor, on all ranks; the others give None. Collective."""
        if self.world_size == 1:
            return tensors or {}
        own = tensors or {}
        listed = self.broadcast({name: (list(t.shape), str(t.dtype).removeprefix("torch.")) for name, t in own.items()})
        received = {}
        for name, (shape, kind) in listed.items():
            tensor = torch.empty(shape, dtype=getattr(torch, kind))
            if self.is_rank_zero:
                tensor.copy_(own[name].detach())
            dist.broadcast(tensor, 0)
            received[name] = tensor
        return received

    def assert_same(self, **values: Any) -> None:
        """Refuse unless all ranks give the same JSON `values` (`ranks_differ`). Collective.

        >>> ProcessGroup().assert_same(pictures=["a", "b"])
        """
        if self.world_size == 1:
            return
        self.barrier()
        for name, value in values.items():
            digest = sha256(json.dumps(value, sort_keys=True).encode()).digest()
            own = torch.frombuffer(bytearray(digest), dtype=torch.uint8)
            all_ = torch.empty(self.world_size * len(own), dtype=torch.uint8)
            dist.all_gather_single(all_, own)
            strange = (all_.view(self.world_size, -1) != all_[: len(own)]).any(1).nonzero().flatten().tolist()
            if strange:
                raise RunError("ranks_differ", f"{self.world_size} processes were to train together",
                               allowed=f"all must have the same {name}",
                               given=f"number {strange[0]} has another than number 0",
                               do="Give every machine the same files, versions and options")

    def all_gather_rows(self, own: Tensor, count: int) -> Tensor:
        """All `count` rows (count, …) on every rank, from each one's own (`shard(count).size`, …). Collective."""
        if self.world_size == 1:
            return own
        self.barrier()
        shard = self.shard(count)
        most = max(shard.sizes)
        padded = own.new_zeros((most, *own.shape[1:]))
        padded[: shard.size] = own
        all_ = own.new_empty((self.world_size * most, *own.shape[1:]))
        dist.all_gather_single(all_, padded)
        return torch.cat([rows[:size] for rows, size in zip(torch.split(all_, most), shard.sizes, strict=True)])

    @contextmanager
    def one_error(self) -> Iterator[None]:
        """Let one rank raise the error that ends the run, and end the others quietly; see `rank_failure`."""
        if not self.store or not self.heartbeat:
            yield
            return
        try:
            with reported_once(FailureReport(self.store), self.is_rank_zero):
                yield
        except BaseException:
            self.heartbeat.stop()
            raise

    def shutdown(self) -> None:
        """Leave the group, once all have come to the end. Collective."""
        if not self.store or not self.heartbeat:
            return
        self.barrier()
        self.store.set(f"left/{self.rank}", str(self.turns))
        # Without torchrun the store is in rank 0, which therefore goes last.
        for rank in range(self.world_size if self.is_rank_zero else 0):
            self._wait(f"left/{rank}", rank)
        self.heartbeat.end()
        dist.destroy_process_group()

    def _first(self, name: str, first: bool, leader: int, work: Callable[[], T]) -> T | None:
        """Do `work` on the rank that is `first`; the others wait for it, their `leader`."""
        if self.world_size == 1:
            return work()
        assert self.store
        self.turns += 1
        key = f"done/{name}"
        if first:
            result = work()
            self.store.set(key, str(self.turns))
            return result
        self._wait(key, leader)
        return None

    def _wait(self, key: str, rank: int) -> None:
        """Wait until `rank` has set `key` to the number of this turn."""
        assert self.store
        monitor, pause, asked = HeartbeatMonitor(self.store, rank), 0.001, 0.0
        while not (self.store.check([key]) and int(self.store.get(key)) >= self.turns):
            if time.monotonic() - asked > 1:
                asked = time.monotonic()
                if FailureReport(self.store).claimed():
                    raise SystemExit(1)
                if monitor.lost():
                    raise rank_lost(f"number {rank} has sent no heartbeat for {monitor.timeout:.0f} seconds")
            time.sleep(pause)
            pause = min(1.5 * pause, 0.1)
