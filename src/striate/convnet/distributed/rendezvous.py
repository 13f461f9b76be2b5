"""Rendezvous of the ranks through torchrun's store, in one namespace a start.

The store outlives a restart, and what a killed rank left in it would mislead the next: gloo would try to connect to
processes that are gone. torchrun's count of restarts does not tell the starts apart: it differs between machines.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from torch import distributed as dist
from torch.distributed import PrefixStore, Store  # type: ignore[attr-defined]  # public, but not listed

from striate.convnet.distributed.rank import RankInfo
from striate.errors import RunError

TIMEOUT = 600.0  # seconds for all to arrive: a machine may be slow to start


def rendezvous(info: RankInfo, timeout: float = TIMEOUT) -> Store:
    """A store for this start only; refuses when not all come (`ranks_missing`)."""
    try:
        shared, *_ = next(iter(dist.rendezvous(  # type: ignore[attr-defined]  # public, but not listed
            "env://", timeout=timedelta(seconds=timeout))))
    except (dist.DistError, RuntimeError, ValueError) as error:
        raise ranks_missing(info) from error
    return own_namespace(shared, info, timeout)


def own_namespace(store: Store, info: RankInfo, timeout: float = TIMEOUT) -> Store:
    """The namespace in `store` that rank 0 has opened and all ranks of this start have entered.

    >>> isinstance(own_namespace(dist.HashStore(), RankInfo()), PrefixStore)
    True
    """
    own, deadline = uuid4().hex, time.monotonic() + timeout
    store.set(f"present/{info.rank}", own)
    names = [f"present/{rank}" for rank in range(info.world_size)]

    def wait(ready: Callable[[], bool]) -> None:
        while not ready():
            if time.monotonic() > deadline:
                raise ranks_missing(info)
            time.sleep(0.02)

    if info.is_rank_zero:
        present: list[bytes] = []

        def all_entered() -> bool:
            nonlocal present
            if not store.check(names):
                return False
            if (now := store.multi_get(names)) != present:  # the first list may name some who are dead
                present = now
                store.set("present", b" ".join(now).decode())
            return store.check([f"entered/{b' '.join(present).decode()}/{rank}" for rank in range(1, info.world_size)])

        wait(all_entered)
        namespace = b" ".join(present).decode()
        store.set(f"open/{namespace}", "1")
    else:
        namespace = ""

        def opened() -> bool:
            nonlocal namespace
            listed = store.get("present").decode() if store.check(["present"]) else ""
            if own not in listed.split():
                return False
            if listed != namespace:
                namespace = listed
                store.set(f"entered/{namespace}/{info.rank}", "1")
            return store.check([f"open/{namespace}"])

        wait(opened)
    return PrefixStore(namespace, store)


def ranks_missing(info: RankInfo) -> RunError:
    """The error of a rendezvous that not all ranks have reached."""
    return RunError("ranks_missing", f"{info.world_size} processes were to train together",
                    given=f"not all of them could be reached by number {info.rank}",
                    do="Start torchrun on every machine with the same --nnodes and --master-addr, and see that it "
                       "can be reached")
