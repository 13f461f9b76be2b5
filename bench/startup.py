"""Claim: `striate --help` and `striate inspect` answer in under 0.5 s, because neither loads torch.

    python bench/startup.py

Whole processes, in turns, after one warm-up each. The rival for import time is a bare Python, and torch alone.
"""

import subprocess
import sys
import time

from record import summary, write

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import striate": [sys.executable, "-c", "import striate"],
    "striate --help": [sys.executable, "-m", "striate", "--help"],
    "striate inspect lenet5": [sys.executable, "-m", "striate", "inspect", "lenet5"],
    "striate inspect compact --json": [sys.executable, "-m", "striate", "inspect", "compact", "--json"],
    "import torch": [sys.executable, "-c", "import torch"],
    "from striate import ConvNet": [sys.executable, "-c", "from striate import ConvNet"],
}
TIMES = 7


def main() -> None:
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(TIMES + 1):
        for name, command in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            if turn:
                seconds[name].append(time.perf_counter() - started)
    write("startup", "striate --help and inspect answer in under 0.5 s",
          {name: summary(times) for name, times in seconds.items()})


if __name__ == "__main__":
    main()
