"""Claim: `striate compare digits --models bow,lenet5,compact` writes its page within 2 minutes on two cores, and

    striate compare scene15 --models bow,compact,transfer --sizes 5,10,25,50,100

unattended within 60 minutes.

    python bench/comparing.py digits --models bow,lenet5,compact --out DIR
    python bench/comparing.py DIR --models bow,compact,transfer --sizes 5,10,25,50,100 --out DIR

With 20 pictures of a class the accuracy of transfer is 89.5 %, mean of 5 seeds; fine-tuning is better than frozen
features in 15 minutes:

    python bench/comparing.py DIR --models transfer,knn --sizes 20 --seeds 5 --name few
    python bench/comparing.py DIR --models transfer,finetune --seeds 1 --name finetune --minutes 12 --at-once 1

The whole process is timed, imports, measurements of cost and page included, from an empty output folder and an empty
cache.
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

from record import write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--models", required=True)
    parser.add_argument("--sizes")
    parser.add_argument("--seeds", default="3")
    parser.add_argument("--out", type=Path, help="kept, for looking at the page")
    parser.add_argument("--name", default="", help="added to the name of the result")
    given, more = parser.parse_known_args()  # what else striate compare takes
    with tempfile.TemporaryDirectory() as scratch:
        out = given.out or Path(scratch) / "out"
        if out.exists():
            parser.error(f"{out} is there already: what is finished in it would not be timed")
        command = ["striate", "compare", given.data, "--models", given.models, "--seeds", given.seeds,
                   *(["--sizes", given.sizes] if given.sizes else []), *more]
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", *command, "--out", str(out), "--json"], check=True,
                              stdout=subprocess.PIPE, text=True, env=os.environ | {"STRIATE_CACHE": f"{scratch}/cache"})
        seconds = time.perf_counter() - started
        facts = json.loads(done.stdout)
        called = "-".join(["comparing", Path(given.data).name, *([given.name] if given.name else [])])
        write(called, " ".join([*command[:2], Path(given.data).name, *command[3:]]), {
            "seconds": seconds, "verdict": facts["verdict"], "computed_seconds": facts["computed_seconds"],
            "page_bytes": (out / "compare.html").stat().st_size, "pairs": facts["pairs"], "curves": facts["curves"],
            "models": [{name: one[name] for name in one if name != "reliability"} for one in facts["models"]],
        })


if __name__ == "__main__":
    main()
