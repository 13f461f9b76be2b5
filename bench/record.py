"""Results of the benchmarks: bench/results/NAME.json, with commit, machine and versions."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from striate.core.executor import worker_count
from striate.tasks.environment import processor

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("striate", "numpy", "pillow", "torch", "scikit-learn", "torchinfo", "keras",
            "opencv-python-headless", "faiss-cpu", "kornia", "onnxruntime", "captum")


def repeat(work: Callable[[], object], times: int = 3, warm_up: int = 1) -> list[float]:
    """Seconds that `work` took, `times` times, after `warm_up` runs that do not count."""
    seconds = []
    for _ in range(warm_up + times):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return seconds[warm_up:]


def summary(numbers: list[float]) -> dict[str, float | int]:
    """Median, smallest, largest and how many."""
    return {"median": statistics.median(numbers), "min": min(numbers), "max": max(numbers), "n": len(numbers)}


def write(name: str, claim: str, results: dict[str, object]) -> Path:
    """Write bench/results/NAME.json: the claim, the results, the commit, the machine and the versions."""
    facts = {
        "claim": claim,
        "results": results,
        "commit": _said("git", "describe", "--always", "--dirty"),
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"processor": processor(), "cores": worker_count(None), "system": platform.platform(),
                    "load": os.getloadavg()[0]},
        "versions": {"python": platform.python_version()} | {
            package: found for package in PACKAGES if (found := _version(package))},
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))
    return path


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # a rival of another bench
        return ""


def _said(*command: str) -> str:
    run = subprocess.run(command, capture_output=True, text=True, cwd=RESULTS.parent, check=False)
    return run.stdout.strip()
