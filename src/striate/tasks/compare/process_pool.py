"""Process pool of the trainings: each on its own cores, all ended with this process."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from striate.core.executor import start_python
from striate.errors import Interrupted, RunError, StriateError

POLL, PATIENCE = 0.05, 20.0  # seconds: between looks, and until a child that was asked to end is killed
TOGETHER = 4  # measurements that are prepared at the same time
PROGRAM = ("import os; hasattr(os, 'sched_setaffinity') and os.sched_setaffinity(0, {cores}); "
           "from striate.tasks.compare.worker import main; main()")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
T = TypeVar("T")


class WorkerProcess:
    """Worker process of one job, on `cores`."""

    def __init__(self, job: dict[str, Any], cores: Sequence[int]) -> None:
        self.process = start_python(PROGRAM.format(cores=set(cores)), dict.fromkeys(THREADS, str(len(cores))),
                                    errors=bool(os.environ.get("STRIATE_TRACEBACK")))
        assert self.process.stdin
        self.first = b""
        with suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(job).encode() + b"\n")
            self.process.stdin.flush()

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def check(self, what: str) -> None:
        """Raise what the ended child refused, or `RunError` (`training_died`) where it gives no reason."""
        assert self.process.stdout
        output, code = self.process.stdout.read(1 << 16), self.process.returncode
        self._close()
        if not code:
            return
        with suppress(ValueError, TypeError, KeyError):
            error_fields = json.loads(output or self.first)
            error = StriateError(error_fields["code"], f"{what}: {error_fields['asked']}",
                                 allowed=error_fields["allowed"], given=error_fields["given"], do=error_fields["do"])
            error.exit_code = error_fields["exit_code"]
            raise error
        why = f"signal {-code}" if code < 0 else f"exit code {code}"
        raise RunError("training_died", f"{what} was to be trained in a process of its own",
                       given=f"the process ended with {why}{', for want of memory perhaps' if code == -9 else ''}",
                       do="Give the same command again, with --at-once 1 if memory is short")

    def wait_until_ready(self) -> None:
        """Wait until it is ready, or has ended."""
        assert self.process.stdout
        self.first = self.process.stdout.readline()

    def proceed(self) -> None:
        """Start the measurement that it has prepared."""
        assert self.process.stdin
        with suppress(BrokenPipeError):
            self.process.stdin.write(b"go\n")
            self.process.stdin.flush()

    def request_stop(self) -> None:
        """Ask it to save and stop."""
        assert self.process.stdin
        with suppress(BrokenPipeError):
            self.process.stdin.close()

    def end(self) -> None:
        """Wait for a process that was asked to end; kill it after `PATIENCE`."""
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._close()

    def _close(self) -> None:
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                with suppress(BrokenPipeError):
                    stream.close()


def run_jobs(
    jobs: Sequence[tuple[str, T, dict[str, Any]]], core_groups: Sequence[Sequence[int]], stop: Callable[[], bool],
    finished: Callable[[T], None], expected_seconds: Callable[[T], float] = lambda _: 0.0,
) -> None:
    """Run `jobs` (title, item for `finished`, job of the child), one in each of `core_groups` at a time.

    The longest by `expected_seconds` is next, of equals the first, so that at the end no long one runs alone.

    A job that fails does not keep the others from being done; the first failure is raised when they are. Raises
    `Interrupted` (`comparison_stopped`) when `stop` turns true, with all children ended.
    """
    waiting, failures = list(jobs), list[StriateError]()
    running: dict[int, tuple[WorkerProcess, str, T]] = {}
    try:
        while waiting or running:
            if stop():
                raise stopped()
            for slot, cores in enumerate(core_groups):
                if waiting and slot not in running:
                    longest = max(range(len(waiting)), key=lambda i: expected_seconds(waiting[i][1]))
                    what, item, job = waiting.pop(longest)
                    running[slot] = WorkerProcess(job, cores), what, item
            time.sleep(POLL)
            for slot in [slot for slot, (child, _, _) in running.items() if not child.running]:
                child, what, item = running.pop(slot)
                try:
                    child.check(what)
                except StriateError as error:
                    failures.append(error)
                    continue
                finished(item)
    finally:
        for child, _, _ in running.values():
            child.request_stop()
        for child, _, _ in running.values():
            child.end()
    if failures:
        raise failures[0]


def run_alone(jobs: Sequence[tuple[str, dict[str, Any]]], cores: Sequence[int], stop: Callable[[], bool]) -> None:
    """Run measurements, (title, job of the child), one after another on all `cores`.

    A few are started together, so that they load their models side by side; then each goes while the others wait.
    """
    for first in range(0, len(jobs), TOGETHER):
        group = [(what, WorkerProcess(job, cores)) for what, job in jobs[first : first + TOGETHER]]
        try:
            for _, child in group:
                child.wait_until_ready()
            for what, child in group:
                child.proceed()
                while child.running:
                    time.sleep(POLL)
                    if stop():
                        raise stopped()
                child.check(what)
        finally:
            for _, child in group:
                child.request_stop()
            for _, child in group:
                child.end()


def stopped() -> Interrupted:
    """The error of a comparison that is stopped on request."""
    return Interrupted("comparison_stopped", "recognisers were compared",
                       given="it was stopped; what was finished is kept", do="Give the same command again")
