"""Processes and their children, as Linux tells of them: how much memory they take, and an end to all of them."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def tree(pid: int) -> list[int]:
    """`pid` and every process below it."""
    below: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
            below.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for one in found:
        found += below.get(one, [])
    return found


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL to the process and all below it, in one go; children of workers die with them."""
    pids = tree(process.pid)
    for pid in pids:  # stopped first, so that none starts another or is given a new parent meanwhile
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    for pid in [*pids, *tree(process.pid)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


class Memory:
    """The peak memory of a process tree, sampled while it runs, in bytes.

    own: what it could not give back (anonymous and shared memory, summed over the tree); resident: own and the pages of
    files that it has mapped, pages that two processes share counted twice.
    """

    def __init__(self, pid: int, every: float = 0.2) -> None:
        self.pid, self.every, self.own, self.resident, self.samples = pid, every, 0, 0, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            own = resident = 0
            for pid in tree(self.pid):
                with suppress(OSError, ValueError):
                    lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
                    kib = {words[0]: int(words[1]) for words in lines if words and words[0].startswith("Rss")}
                    anonymous = kib.get("RssAnon:", 0) + kib.get("RssShmem:", 0)
                    own, resident = own + 1024 * anonymous, resident + 1024 * (anonymous + kib.get("RssFile:", 0))
            self.own, self.resident, self.samples = max(self.own, own), max(self.resident, resident), self.samples + 1
            self._over.wait(self.every)


def watched(command: Sequence[str], env: dict[str, str] | None = None) -> tuple[str, dict[str, float]]:
    """Run `command`: what it printed, and its seconds and peak memory (bytes).

    `largest_resident` is the kernel's own peak of the largest single process of the tree (ru_maxrss).
    """
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | (env or {})) as process:
        with Memory(process.pid) as memory:
            assert process.stdout
            said = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"it ended with {process.returncode}: {' '.join(command)}")
    return said, {"seconds": time.perf_counter() - started, "largest_resident": 1024 * usage.ru_maxrss,
                  "own": memory.own, "resident": memory.resident, "samples": memory.samples}
