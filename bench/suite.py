"""Claim: the second command of the README takes at most half of its time before the tests ran side by side.

    python bench/suite.py CHECKOUT CHECKOUT …     e.g. of the commits before and after; each in turn, on a quiet machine

Each checkout's own `pytest`, with the packages of this environment; whole process, seconds.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from record import write

END = re.compile(r"(?:(\d+) failed, )?(\d+) passed.* in [\d.]+s")


def run(checkout: Path) -> dict[str, object]:
    """Seconds of the suite of one checkout, and what its closing line counts."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider"], cwd=checkout, text=True,
                          env=os.environ | {"PYTHONPATH": str(checkout / "src")}, stdout=subprocess.PIPE)
    seconds = time.perf_counter() - started
    end = END.search(done.stdout)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=checkout, text=True, capture_output=True)
    failed = re.findall(r"^FAILED (.*?)(?: - .*)?$", done.stdout, re.MULTILINE)
    return {"commit": commit.stdout.strip(), "seconds": seconds, "passed": int(end[2]) if end else None,
            "failed": failed}


def main(checkouts: list[str]) -> None:
    """Measure and write."""
    rows = [run(Path(checkout).resolve()) for checkout in checkouts]
    for row in rows:
        print(row)
    print(write("suite", "the fast suite takes at most half of its time before", {"runs": rows}))


if __name__ == "__main__":
    main(sys.argv[1:])
