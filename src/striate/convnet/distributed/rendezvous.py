"""How the ranks meet: in a room of torchrun's store that only those who are there now can enter.

The store outlives a restart, and what a killed rank left in it would mislead the next (gloo would call at the doors of
the dead). torchrun's count of restarts is no remedy: it differs between machines.
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

PATIENCE = 600.0  # seconds for all to arrive: a machine may be slow to start


def meet(place: RankInfo, patience: float = PATIENCE) -> Store:
    """A store of this meeting's own; refuses when not all come (`ranks_missing`)."""
    try:
        shared, *_ = next(iter(dist.rendezvous(  # type: ignore[attr-defined]  # public, but not listed
            "env://", timeout=timedelta(seconds=patience))))
    except (dist.DistError, RuntimeError, ValueError) as error:
        raise missing(place) from error
    return enter(shared, place, patience)


def enter(store: Store, place: RankInfo, patience: float = PATIENCE) -> Store:
    """The room in `store` that rank 0 has opened and all have entered.

    >>> PrefixStore("a", dist.HashStore()) is not None and enter(dist.HashStore(), Place()) is not None
    True
    """
    own, deadline = uuid4().hex, time.monotonic() + patience
    store.set(f"here/{place.rank}", own)
    names = [f"here/{rank}" for rank in range(place.world)]

    def wait(ready: Callable[[], bool]) -> None:
        while not ready():
            if time.monotonic() > deadline:
                raise missing(place)
            time.sleep(0.02)

    if place.main:
        present: list[bytes] = []

        def agreed() -> bool:
            nonlocal present
            if not store.check(names):
                return False
            if (now := store.multi_get(names)) != present:  # the first list may name some who are dead
                present = now
                store.set("present", b" ".join(now).decode())
            return store.check([f"entered/{b' '.join(present).decode()}/{rank}" for rank in range(1, place.world)])

        wait(agreed)
        room = b" ".join(present).decode()
        store.set(f"open/{room}", "1")
    else:
        room = ""

        def opened() -> bool:
            nonlocal room
            listed = store.get("present").decode() if store.check(["present"]) else ""
            if own not in listed.split():
                return False
            if listed != room:
                room = listed
                store.set(f"entered/{room}/{place.rank}", "1")
            return store.check([f"open/{room}"])

        wait(opened)
    return PrefixStore(room, store)


def missing(place: RankInfo) -> RunError:
    """The refusal to train with fewer."""
    return RunError("ranks_missing", f"{place.world} processes were to train together",
                    given=f"not all of them could be reached by number {place.rank}",
                    do="Start torchrun on every machine with the same --nnodes and --master-addr, and see that it "
                       "can be reached")
