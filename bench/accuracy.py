"""Claims: Fashion-MNIST, `compact`, 3 minutes on 2 cores: 92.5 % or more on the test pictures. Other sets: what comes.

    python bench/accuracy.py fashion-mnist --minutes 3
    python bench/accuracy.py DIR                      a folder of pictures, with every setting at its default

One run of `striate train` per seed, with its own settings; the epoch is chosen on validation pictures.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from record import summary, write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("--name", help="of the result; default: that of the data")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--model", default="compact")
    parser.add_argument("--epochs")
    parser.add_argument("--minutes")
    given = parser.parse_args()
    budget = [f"--{name}={value}" for name in ("epochs", "minutes") if (value := getattr(given, name))]
    runs = []
    for seed in given.seeds:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "striate", "train", given.data, "--model", given.model,
                       "--seed", str(seed), "--out", f"{folder}/run", "--json", *budget]
            started = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            result = json.loads(done.stdout)
            runs.append({
                "seed": seed, "seconds": time.perf_counter() - started, "timings": result["timings"],
                "epochs": result["history"][-1]["epoch"], "size": result["data"]["size"],
                "pictures_per_second": result["history"][-1]["pictures_per_second"],
                **{part: {key: result[part][key] for key in ("accuracy", "interval", "balanced_accuracy", "count")}
                   for part in ("validation", "test")},
            })
    name = given.name or Path(given.data).name
    write(f"accuracy-{name}-{given.model}", f"striate train {name} --model {given.model} {' '.join(budget)}".strip(), {
        "test_accuracy": summary([run["test"]["accuracy"] for run in runs]),
        "test_balanced_accuracy": summary([run["test"]["balanced_accuracy"] for run in runs]),
        "runs": runs,
    })


if __name__ == "__main__":
    main()
