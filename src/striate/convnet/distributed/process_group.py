"""The processes of one run as each of them sees it: waiting for each other, agreeing, and ending together."""

from __future__ import annotations

import json
import signal
import threading
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

from striate.convnet.distributed.heartbeat import STEP, HeartbeatMonitor, HeartbeatThread
from striate.convnet.distributed.rank import RankInfo
from striate.convnet.distributed.rendezvous import meet
from striate.convnet.distributed.shard import BatchShard
from striate.errors import Interrupted, RunError, StriateError

T = TypeVar("T")
GRACE = 3.0  # seconds in which a rank that lost another leaves it to those who know more to say why


@dataclass
class ProcessGroup:
    """All processes of a run, or the one there is.

    A call whose docstring says *collective* must be made by all ranks, in the same order.

    >>> ranks = Ranks()
    >>> ranks.main, ranks.world, ranks.part(7).size, ranks.same({"a": 1}), ranks.on_main(lambda: 3)
    (True, 1, 7, {'a': 1}, 3)
    """

    place: RankInfo = field(default_factory=RankInfo)
    store: Store | None = None
    life: HeartbeatThread | None = None
    turns: int = 0

    @classmethod
    def join(cls) -> Self:
        """Meet the others, if torchrun started several; raises `bad_ranks`, `ranks_missing`. Collective."""
        place = RankInfo.read()
        if place.world == 1:
            return cls(place)
        store = meet(place)
        cuda = torch.cuda.is_available()
        if cuda:
            torch.cuda.set_device(place.local_rank % torch.cuda.device_count())
        dist.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo", store=PrefixStore("group", store),
                                rank=place.rank, world_size=place.world, timeout=timedelta(seconds=STEP))
        return cls(place, store, HeartbeatThread(store, place.rank))

    @property
    def rank(self) -> int:
        """Number of the process, from 0."""
        return self.place.rank

    @property
    def world(self) -> int:
        """How many there are."""
        return self.place.world

    @property
    def main(self) -> bool:
        """Whether it is the one that writes and speaks."""
        return self.place.main

    def part(self, count: int) -> BatchShard:
        """The rank's slice of `count` things."""
        return BatchShard.of(count, self.rank, self.world)

    def expect(self, seconds: float) -> None:
        """Steps take `seconds`: a rank is given up when it is late by many of them, and never before `STEP`."""
        if self.world > 1:
            _set_pg_timeout(timedelta(seconds=max(STEP, 10 * seconds)))

    def on_main(self, work: Callable[[], T]) -> T | None:
        """Do `work` on rank 0 while the others wait, however long it takes; None on these. Collective."""
        return self._first("main", self.main, 0, work)

    def local_first(self, work: Callable[[], T]) -> T:
        """Do `work` on each machine's first rank, then on its others, which find what it has left. Collective."""
        leader = self.rank - self.place.local_rank
        first = self._first(f"machine {leader}", self.place.local_rank == 0, leader, work)
        result = work() if self.place.local_rank else first
        self.all_here()
        return result  # type: ignore[return-value]

    def all_here(self) -> None:
        """Wait until all ranks have come here, however long they take. Collective."""
        if not self.store:
            return
        self.turns += 1
        self.store.set(f"here/{self.rank}", str(self.turns))
        for rank in range(self.world):
            self._wait(f"here/{rank}", rank)

    def same(self, value: T) -> T:
        """Rank 0's `value`, a JSON value, on all ranks. Collective."""
        if self.world == 1:
            return value
        self.all_here()
        data = torch.frombuffer(bytearray(json.dumps(value).encode()), dtype=torch.uint8)
        length = torch.tensor([len(data)])
        dist.broadcast(length, 0)
        if not self.main:
            data = torch.empty(int(length), dtype=torch.uint8)
        dist.broadcast(data, 0)
        received: T = json.loads(data.numpy().tobytes())
        return received

    def same_tensors(self, tensors: dict[str, Tensor] | None) -> dict[str, Tensor]:
        """Rank 0's tensors, on the processor, on all ranks; the others give None. Collective."""
        if self.world == 1:
            return tensors or {}
        own = tensors or {}
        listed = self.same({name: (list(t.shape), str(t.dtype).removeprefix("torch.")) for name, t in own.items()})
        received = {}
        for name, (shape, kind) in listed.items():
            tensor = torch.empty(shape, dtype=getattr(torch, kind))
            if self.main:
                tensor.copy_(own[name].detach())
            dist.broadcast(tensor, 0)
            received[name] = tensor
        return received

    def agree(self, **values: Any) -> None:
        """Refuse unless all ranks give the same JSON `values` (`ranks_differ`). Collective.

        >>> Ranks().agree(pictures=["a", "b"])
        """
        if self.world == 1:
            return
        self.all_here()
        for name, value in values.items():
            digest = sha256(json.dumps(value, sort_keys=True).encode()).digest()
            own = torch.frombuffer(bytearray(digest), dtype=torch.uint8)
            all_ = torch.empty(self.world * len(own), dtype=torch.uint8)
            dist.all_gather_single(all_, own)
            strange = (all_.view(self.world, -1) != all_[: len(own)]).any(1).nonzero().flatten().tolist()
            if strange:
                raise RunError("ranks_differ", f"{self.world} processes were to train together",
                               allowed=f"all must have the same {name}",
                               given=f"number {strange[0]} has another than number 0",
                               do="Give every machine the same files, versions and options")

    def rows(self, own: Tensor, count: int) -> Tensor:
        """All `count` rows (count, …) on every rank, from each one's own (`part(count).size`, …). Collective."""
        if self.world == 1:
            return own
        self.all_here()
        part = self.part(count)
        most = max(part.sizes)
        padded = own.new_zeros((most, *own.shape[1:]))
        padded[: part.size] = own
        all_ = own.new_empty((self.world * most, *own.shape[1:]))
        dist.all_gather_single(all_, padded)
        return torch.cat([rows[:size] for rows, size in zip(torch.split(all_, most), part.sizes, strict=True)])

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let one rank say why the run ended, and the others end with it, quietly.

        The first to refuse speaks; a rank that only notices that another is gone speaks if that one does not.
        """
        try:
            with self._quiet_end():
                yield
        except Interrupted as error:  # all were asked alike
            if self.main:
                raise
            raise SystemExit(error.exit_code) from error
        except Exception as error:
            if self.world == 1:
                raise
            of_others = lost_another(error)
            if of_others and threading.current_thread() is threading.main_thread():
                # torchrun ends us, too, as soon as it has noticed; there is something to say before.
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if of_others and self._told(GRACE):
                raise SystemExit(1) from error
            if not self._tell():
                raise SystemExit(getattr(error, "exit_code", 1)) from error
            if of_others and not isinstance(error, StriateError):
                raise gone(str(error)) from error
            raise

    @contextmanager
    def _quiet_end(self) -> Iterator[None]:
        """Beat no more once something was raised."""
        try:
            yield
        except BaseException:
            if self.life:
                self.life.end()
            raise

    def leave(self) -> None:
        """Part from the others, once all have come to the end. Collective."""
        if self.world == 1:
            return
        self.all_here()
        if self.store:
            self.store.set(f"left/{self.rank}", str(self.turns))
            # Without torchrun the store is in rank 0, which therefore goes last.
            for rank in range(self.world if self.main else 0):
                self._wait(f"left/{rank}", rank)
        if self.life:
            self.life.end()
        dist.destroy_process_group()

    def _first(self, name: str, first: bool, leader: int, work: Callable[[], T]) -> T | None:
        if self.world == 1:
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
        pulse, pause, asked = HeartbeatMonitor(self.store, rank), 0.001, 0.0
        while not (self.store.check([key]) and int(self.store.get(key)) >= self.turns):
            if time.monotonic() - asked > 1:
                asked = time.monotonic()
                if self._told(0):
                    raise SystemExit(1)
                if pulse.lost():
                    raise gone(f"number {rank} has given no sign of life for {pulse.patience:.0f} seconds")
            time.sleep(pause)
            pause = min(1.5 * pause, 0.1)

    def _tell(self) -> bool:
        """Claim to be the one that says why; False if another has."""
        try:
            return self.store is None or self.store.add("told", 1) == 1
        except RuntimeError:  # the store went with its machine
            return True

    def _told(self, patience: float) -> bool:
        """Whether another says why, within `patience` seconds."""
        deadline = time.monotonic() + patience
        try:
            while not (told := self.store is not None and self.store.check(["told"])) and time.monotonic() < deadline:
                time.sleep(0.05)
        except RuntimeError:
            return False
        return told


def lost_another(error: BaseException) -> bool:
    """Whether `error` is torch's way of saying that another rank is gone or late."""
    if isinstance(error, StriateError):
        return error.code == "rank_lost"
    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and "gloo" in str(error))


def gone(why: str) -> RunError:
    """The refusal to go on without a rank."""
    late = "timed out" in why.lower() or "timeout" in why.lower()
    given = why if why.startswith("number") else f"one of them {'did not answer in time' if late else 'has ended'}"
    return RunError("rank_lost", "several processes were training together", given=given,
                    do="Go on with --resume; torchrun --max-restarts 1 does so by itself")
