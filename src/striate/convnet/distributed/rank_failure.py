"""Failure of a rank: the process that failed reports the error, once, and all the others end quietly."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from torch import distributed as dist
from torch.distributed import Store  # type: ignore[attr-defined]  # public, but not listed

from striate.errors import Interrupted, RunError, StriateError

GRACE = 3.0  # seconds in which a rank that lost another leaves it to those who know more to report why


class FailureReport:
    """The right to report why a run ended, which one rank claims in torchrun's `store`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def claim(self) -> bool:
        """Claim it; False if another rank has."""
        try:
            return self.store.add("failure", 1) == 1
        except RuntimeError:  # the store went with its machine
            return True

    def claimed(self, timeout: float = 0.0) -> bool:
        """Whether another rank has claimed it, within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        try:
            while not (found := self.store.check(["failure"])) and time.monotonic() < deadline:
                time.sleep(0.05)
        except RuntimeError:
            return False
        return found


@contextmanager
def reported_once(report: FailureReport, is_rank_zero: bool) -> Iterator[None]:
    """Let the first rank that fails raise its error; the others end with `SystemExit`.

    A rank that only notices that another is gone raises (`rank_lost`) if that one does not.
    """
    try:
        yield
    except Interrupted as error:  # every rank is interrupted at the same step
        if is_rank_zero:
            raise
        raise SystemExit(error.exit_code) from error
    except Exception as error:
        of_others = lost_another(error)
        if of_others and threading.current_thread() is threading.main_thread():
            # torchrun ends us, too, as soon as it has noticed; there is something to say before.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if of_others and report.claimed(GRACE):
            raise SystemExit(1) from error
        if not report.claim():
            raise SystemExit(getattr(error, "exit_code", 1)) from error
        if of_others and not isinstance(error, StriateError):
            raise rank_lost(str(error)) from error
        raise


def lost_another(error: BaseException) -> bool:
    """Whether `error` is torch's way of saying that another rank is gone or late."""
    if isinstance(error, StriateError):
        return error.code == "rank_lost"
    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and "gloo" in str(error))


def rank_lost(why: str) -> RunError:
    """The error of a run that has lost a rank."""
    late = "timed out" in why.lower() or "timeout" in why.lower()
    given = why if why.startswith("number") else f"one of them {'did not answer in time' if late else 'has ended'}"
    return RunError("rank_lost", "several processes were training together", given=given,
                    do="Go on with --resume; torchrun --max-restarts 1 does so by itself")
