"""Claim: `striate train DATA`, with no option but a time, finds what an expert would have ended with, within that time.

    python bench/default.py digits
    python bench/default.py fashion-mnist --minutes 3
    python bench/default.py path/to/scene15

The whole process, imports and decoding included, with an empty cache. Results of a set and a time replace earlier ones.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from record import RESULTS, write

CLAIM = "the default is the best recogniser that pictures and time allow"


def trained(data: str, minutes: float | None, seed: int) -> dict[str, Any]:
    """The accuracies, the seconds and what was chosen, of one run of the command."""
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "striate", "train", data, "--seed", str(seed), "--json"]
        command += ["--out", f"{place}/run"]
        command += [] if minutes is None else ["--minutes", str(minutes)]
        started = time.monotonic()
        done = subprocess.run(command, env=os.environ | {"STRIATE_CACHE": f"{place}/cache"}, capture_output=True,
                              text=True, check=True)
        seconds = time.monotonic() - started
    found = json.loads(done.stdout)
    chosen = found["selection"]
    return {
        "process_seconds": seconds, "seconds": found["seconds"], "budget_seconds": chosen["budget_seconds"],
        "test": {key: found["test"][key] for key in ("accuracy", "interval", "count", "ece", "ece_interval")},
        "validation": {key: found["validation"][key] for key in ("accuracy", "interval", "count")},
        "chosen": chosen["chosen"], "weights": chosen["weights"], "why": chosen["why"], "seed": seed,
        "tried": {row["name"]: {key: row[key] for key in ("outcome", "accuracy", "seconds")}
                  for row in chosen["candidates"]},
    }


def main() -> None:
    """Run the command once, and add it to the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    path = RESULTS / "default.json"
    before = json.loads(path.read_text())["results"] if path.exists() else {}
    name = Path(arguments.data).name + (f", {arguments.minutes:g} minutes" if arguments.minutes else "")
    name += f", seed {arguments.seed}" if arguments.seed else ""
    write("default", CLAIM, before | {name: trained(arguments.data, arguments.minutes, arguments.seed)})


if __name__ == "__main__":
    main()
