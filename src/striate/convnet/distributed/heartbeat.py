"""Heartbeats: every rank sends them from a thread of its own, and ends when the process that started it is gone.

A rank that waits for another watches its heartbeat, not the clock: so work may take hours, but a machine that has gone,
or a process that was stopped, is noticed within `TIMEOUT` seconds. A rank whose main thread hangs is noticed at its
next step, by the time limit of the process group (`STEP_TIMEOUT`).
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from contextlib import suppress

from torch.distributed import DistError, Store  # type: ignore[attr-defined]  # public, but not listed

INTERVAL = 2.0  # seconds between two heartbeats
TIMEOUT = 40.0  # seconds without one after which a rank is given up
STEP_TIMEOUT = 45.0  # seconds that a rank waits for the others within a step, at least


class HeartbeatThread:
    """Sends the heartbeats of `rank` into `store`, and ends the process when its parent has."""

    def __init__(self, store: Store, rank: int) -> None:
        # A store of its own: one that waits in another thread would hold up the heartbeats.
        self.store = store.clone()  # type: ignore[attr-defined]  # missing from torch's stubs
        self.rank, self.parent = rank, os.getppid()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._send, name="heartbeat", daemon=True)
        self.thread.start()
        atexit.register(self.end)

    def stop(self) -> None:
        """Send no more, without waiting: who has an error to report does so first, and Python ends by `end`."""
        self.over.set()

    def end(self) -> None:
        """Send no more. A thread that is within torch when Python ends would abort the process.

        So it is waited for as long as a store may take on a machine that has much to do, not for one interval.
        """
        self.stop()
        self.thread.join(TIMEOUT)
        atexit.unregister(self.end)

    def _send(self) -> None:
        sent = 0
        while not self.over.is_set():
            # Its agent was killed: nobody would restart or end this process.
            if os.getppid() != self.parent:
                os._exit(1)
            with suppress(DistError, RuntimeError):
                self.store.set(f"heartbeat/{self.rank}", str(sent))
            sent += 1
            self.over.wait(INTERVAL)


class HeartbeatMonitor:
    """Monitor of the heartbeats of `rank`, in another rank."""

    def __init__(self, store: Store, rank: int, timeout: float = TIMEOUT) -> None:
        self.store, self.key, self.timeout = store, f"heartbeat/{rank}", timeout
        self.last, self.since = b"", time.monotonic()

    def lost(self) -> bool:
        """Whether there has been none for too long."""
        now = self.store.get(self.key) if self.store.check([self.key]) else b""
        if now != self.last:
            self.last, self.since = now, time.monotonic()
        return time.monotonic() - self.since > self.timeout
