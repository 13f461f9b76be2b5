"""Claim: a run killed at any moment and resumed ends in the same bytes as one that was never killed.

    python bench/resume.py                        20 kills of `striate train digits`
    python bench/resume.py --processes 2          the same under torchrun, every process of the tree killed at once

SIGKILL comes at moments drawn evenly over the time that the whole command takes, from its first import to its report;
each time the run is resumed, and may be killed again. A run that ends is compared with the reference, the bytes of
model.safetensors, and the next one begins. A command killed before it wrote its folder is simply given
again, as a person would. `kept` counts kills after which a checkpoint was there to go on from.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from record import summary, write
from rivals.children import kill


def command(given: argparse.Namespace, out: Path) -> list[str]:
    """What is run in the folder `out`: a new run, or one that goes on."""
    begin = [sys.executable, "-m"]
    if given.processes > 1:
        begin += ["torch.distributed.run", "--standalone", "--nproc-per-node", str(given.processes),
                  "--max-restarts", "0", "-m"]
    asked = ["striate", "train", given.data, "--model", given.model, "--epochs", str(given.epochs), "--seed", "0",
             "--checkpoint-seconds", "1", "--out", str(out), "-q"]
    return [*begin, *asked, *(["--resume"] if (out / "recipe.yaml").exists() else [])]


def finished(out: Path) -> bool:
    return (out / "report.json").exists()


def run(given: argparse.Namespace, out: Path, killed_after: float | None = None) -> float | None:
    """Run until the end: its seconds; or until it is killed: None."""
    started = time.perf_counter()
    with (out.parent / "said.txt").open("w") as said:
        process = subprocess.Popen(command(given, out), stdout=said, stderr=said, text=True, start_new_session=True)
        try:
            code = process.wait(killed_after)
        except subprocess.TimeoutExpired:
            kill(process)
            return None
    if code and not finished(out):
        raise SystemExit(f"it ended with {code}: {(out.parent / 'said.txt').read_text()[-2000:]}")
    return time.perf_counter() - started


def digest(out: Path) -> str:
    return hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest()


def stage(out: Path) -> str:
    """What a killed run left behind."""
    marks: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("the report", lambda: finished(out)), ("the model", (out / "model.safetensors").exists),
        ("a checkpoint", lambda: any(out.glob("checkpoints/step-*"))), ("its recipe", (out / "recipe.yaml").exists))
    return next((name for name, there in marks if there()), "nothing")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--data", default="digits")
    parser.add_argument("--model", default="compact")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--name", help="of the result; default: resume, or resume-PROCESSES")
    given = parser.parse_args()
    draw, left = random.Random(given.seed), Counter[str]()
    moments: list[float] = []
    same, seconds = [], []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for number in range(2):  # the first packs the pictures; the second is timed, and must be the same already
            seconds.append(run(given, folder / f"reference-{number}") or 0.0)
        reference = digest(folder / "reference-0")
        again = digest(folder / "reference-1") == reference
        while len(moments) < given.kills:
            out = folder / f"run-{len(same)}"
            while not finished(out):
                # Once there were kills enough, the last run goes on to its end.
                moment = draw.uniform(0, seconds[-1]) if len(moments) < given.kills else None
                if run(given, out, moment) is None:
                    moments.append(moment or 0.0)
                    left[stage(out)] += 1
            same.append(digest(out) == reference)
            print(f"{len(moments)} kills, {len(same)} runs: {'the same' if same[-1] else 'OTHER'} bytes", flush=True)
    write(given.name or ("resume" if given.processes == 1 else f"resume-{given.processes}"),
          "a run killed at random moments and resumed ends in the same bytes", {
        "processes": given.processes, "kills": len(moments), "runs": len(same), "same_bytes": sum(same),
        "uninterrupted_twice_same": again, "uninterrupted_seconds": seconds[-1],
        "killed_after_seconds": summary(moments), "left_behind": dict(left),
        "kept": sum(left[name] for name in ("a checkpoint", "the model", "the report")),
    })  # fmt: skip
    if not all(same) or not again:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
