"""Run a rival, or any other child, as a process and read its answer: the last line it prints, one JSON document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

BENCH = Path(__file__).parents[1]
KERAS = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}  # the environment of the rivals in Keras


def answer(module: str, *arguments: object, python: str = sys.executable, env: dict[str, str] | None = None,
           limit: float | None = None) -> dict[str, Any]:  # fmt: skip
    """What `python -m MODULE ARGUMENTS` says; {"failed": why} if it ends badly or takes more than `limit` seconds."""
    command = [python, "-m", module, *map(str, arguments)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=BENCH, check=False, timeout=limit,
                              env=os.environ | (env or {}))
    except subprocess.TimeoutExpired:
        return {"failed": f"no answer within {limit:g} s"}
    except OSError as error:
        return {"failed": str(error)}
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return {"failed": (done.stderr.strip().splitlines() or ["it said nothing"])[-1]}
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def whole_machine() -> None:
    """Refuse to compare where OpenMP is held back, which binds PyTorch but not TensorFlow."""
    if "OMP_NUM_THREADS" in os.environ:
        raise SystemExit("OMP_NUM_THREADS is set: it would slow one side of the comparison only; unset it")
