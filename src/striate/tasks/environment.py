"""Environment of a run: versions, machine, threads."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

from striate.core.executor import worker_count

PACKAGES = ("torch", "numpy", "pillow", "scikit-learn")


def environment(threads: int, precision: str) -> dict[str, str | int]:
    """The environment as JSON values."""
    return {
        "striate": version("striate"),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "machine": f"{processor()}, {platform.system()} {platform.machine()}",
        "cores": worker_count(None),
        "threads": threads,
        "precision": precision,
    }


def processor() -> str:
    """The processor's name as its maker gives it."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"
