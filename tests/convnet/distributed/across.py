"""Runs a function of `tests/convnet/distributed/rank_jobs.py` in several processes, as torchrun would."""

import json
import os
from pathlib import Path
from typing import Any

from torch.distributed import TCPStore

from tests.forked import Forked


def start(world: int, job: str, folder: Path, **arguments: object) -> list[Forked]:
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)  # torchrun holds it, not rank 0
    variables = os.environ | {"TORCHELASTIC_USE_AGENT_STORE": "True",
        "WORLD_SIZE": str(world), "LOCAL_WORLD_SIZE": str(world), "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(store.port), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo",
    }
    processes = [Forked("tests.convnet.distributed.rank_jobs", [job, folder, json.dumps(arguments)],
                        env=variables | {"RANK": str(rank), "LOCAL_RANK": str(rank)}) for rank in range(world)]
    processes[0].store = store  # type: ignore[attr-defined]  # it goes with them
    return processes


def across(world: int, job: str, folder: Path, **arguments: object) -> list[Any]:
    """What the function returned on each rank, JSON values."""
    folder.mkdir(parents=True, exist_ok=True)
    processes = start(world, job, folder, **arguments)
    try:
        ends = [process.communicate(timeout=120) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert all(process.returncode == 0 for process in processes), "\n".join(error for _, error in ends)
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(world)]
