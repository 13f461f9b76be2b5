"""When one of many processes refuses, hangs or is killed, all end, and one says why (F17, F18)."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.convnet.distributed.across import start

# The jobs' own patience is a few seconds; what counts is that all end by themselves.
LONGEST = 40


def ends(folder: Path, job: str, world: int = 2, stopped: int = -1, **arguments: object) -> list[tuple[int, str]]:
    processes = start(world, job, folder, **arguments)
    started, result = time.monotonic(), []
    try:
        for rank, process in enumerate(processes):
            if rank != stopped:
                error = process.communicate(timeout=LONGEST - (time.monotonic() - started))[1]
                lines = [line for line in error.splitlines() if not line.startswith("[")]  # gloo's own
                result.append((process.returncode, "\n".join(lines)))
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    return result


@pytest.mark.parametrize("rank", [0, 1])
def test_f18_the_rank_that_refuses_speaks(tmp_path: Path, rank: int) -> None:
    found = ends(tmp_path, "failing", rank=rank)
    assert found[rank] == (1, f"planned: number {rank} was asked; it refused.")
    assert found[1 - rank] == (1, "")


def test_f18_of_all_that_refuse_one_speaks(tmp_path: Path) -> None:
    found = ends(tmp_path, "all_failing", world=3)
    assert [code for code, _ in found] == [1, 1, 1]
    assert sorted(bool(text) for _, text in found) == [False, False, True]


def test_a_rank_with_other_pictures_is_refused(tmp_path: Path) -> None:
    found = ends(tmp_path, "differing")
    assert [code for code, _ in found] == [1, 1]
    texts = [text for _, text in found if text]
    assert texts == ["ranks_differ: 2 processes were to train together; all must have the same pictures; number 1 has "
                     "another than number 0. Give every machine the same files, versions and options."]


@pytest.mark.parametrize(("how", "rank", "why"), [
    ("sleep", 1, "did not answer in time"),
    ("stop", 1, "did not answer in time"),
    ("stop", 0, "no heartbeat"),
    ("kill", 1, "has ended"),
])
def test_f17_f18_a_lost_rank_ends_all(tmp_path: Path, how: str, rank: int, why: str) -> None:
    (code, text), = ends(tmp_path, "hanging", stopped=rank, how=how, rank=rank)
    assert code == 1
    assert text.startswith("rank_lost: several processes were training together")
    assert why in text


HUNG = """
import threading, time
from striate.convnet.distributed.heartbeat import HeartbeatThread
from striate.convnet.distributed.process_group import ProcessGroup
from striate.convnet.distributed.rank import RankInfo

class Store:
    sending = threading.Event()
    def clone(self): return self
    def add(self, key, count): print("claimed"); return count
    def set(self, key, value):
        self.sending.set()
        time.sleep(2)
        print("sent", flush=True)

group = ProcessGroup(RankInfo(1, 2, 1, 2), Store(), HeartbeatThread(Store(), 1))
Store.sending.wait()
try:
    with group.one_error():
        raise ValueError
except ValueError:
    print("reported", flush=True)
"""


def test_a_hung_store_delays_the_end_and_not_the_report() -> None:
    done = subprocess.run([sys.executable, "-c", HUNG], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["claimed", "reported", "sent"]
