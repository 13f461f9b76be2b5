"""Claim: the expected calibration error of every kind of recogniser is at most 2 points on test pictures.

    python bench/calibration.py digits lenet5 compact bow -- --epochs 10

Each kind is trained once for each seed by `striate train`, with the options after `--`. `by_chance` is what true
probabilities would show on as many pictures, which the interval leaves out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from record import write


def main() -> None:
    """Train, and write the errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--seeds", type=int, default=1)
    own, options = sys.argv[1:], []
    if "--" in own:
        own, options = own[: own.index("--")], own[own.index("--") + 1 :]
    given = parser.parse_args(own)
    for model in given.models:
        rows = []
        for seed in range(given.seeds):
            with tempfile.TemporaryDirectory() as room:
                command = [sys.executable, "-m", "striate", "train", given.data, "--model", model, "--seed", str(seed),
                           "--out", f"{room}/run", "--json", *options]
                test = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["test"]
            rows.append({"seed": seed, "n": test["count"], "accuracy": test["accuracy"], "ece": test["ece"],
                         "interval": test["ece_interval"], "by_chance": test["ece_by_chance"], "nll": test["nll"]})
        write(f"calibration-{Path(given.data).name}-{model}", "the expected calibration error on test pictures",
              {"data": given.data, "model": model, "options": options, "seeds": rows})


if __name__ == "__main__":
    main()
