"""Claim: `striate train digits --model compact` takes under 45 s of wall time on 2 cores, cache cold, and is right
on 98.5 % or more.

    python bench/demo.py

The whole process is timed, imports and report included, once per seed; nothing was chosen on the test pictures.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from record import summary, write

SEEDS = (0, 1, 2)


def train(seed: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "striate", "train", "digits", "--model", "compact", "--json"]
        command += ["--seed", str(seed)]
        started = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True,
                              env=os.environ | {"STRIATE_CACHE": f"{folder}/cache"})
        seconds = time.perf_counter() - started
        result = json.loads(done.stdout)
        assert (Path(folder) / result["report"]).stat().st_size > 10_000
        return {"seconds": seconds, "count": result["test"]["count"],
                **{part: result[part]["accuracy"] for part in ("validation", "test")}}


def main() -> None:
    runs = [train(seed) for seed in SEEDS]
    write("demo", "compact on digits: under 45 s, test accuracy 98.5 % or more (mean over seeds 0, 1, 2)", {
        "seconds": summary([run["seconds"] for run in runs]),
        "test_accuracy": summary([run["test"] for run in runs]),
        "test_accuracy_mean": sum(run["test"] for run in runs) / len(runs),
        "seeds": list(SEEDS),
        "runs": runs,
    })


if __name__ == "__main__":
    main()
