"""Claims: `striate train fashion-mnist` stays below 1.5 GB of memory, training from 20 GB of packed pictures below 3.

    python bench/memory.py                        both; the second writes 20 GB below --folder, and removes them
    python bench/memory.py --gigabytes 0          the first only

The large set is a folder of JPEGs made here, 224×224 in colour, in ten classes; the first command packs it, the second
finds it packed. Both are whole commands, and train for `--minutes`. `largest_resident` is the kernel's peak for the
largest process (ru_maxrss), in which pages of a mapped pack count although they can be dropped at any moment; `own` is
what cannot be dropped, summed over the process and its worker processes, sampled five times a second. All are bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from record import write
from rivals.children import watched

SIDE, CLASSES = 224, 10
GB = 10**9


def one(root: Path, number: int) -> None:
    """A smooth picture of its own, about 4 KB."""
    dots = np.random.default_rng(number).integers(0, 256, (7, 7, 3), np.uint8)
    picture = Image.fromarray(dots).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    picture.save(root / str(number % CLASSES) / f"{number:07d}.jpg", quality=80)


def made(root: Path, count: int) -> Path:
    for label in range(CLASSES):
        (root / str(label)).mkdir(parents=True)
    with ProcessPoolExecutor(2) as pool:
        for _ in pool.map(partial(one, root), range(count), chunksize=256):
            pass
    return root


def trained(data: Path | str, minutes: float, folder: Path, name: str, *more: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "striate", "train", str(data), "--model", "compact", "--minutes", str(minutes),
               "--json", "-q", "--out", str(folder / name), *more]
    said, found = watched(command, {"STRIATE_CACHE": str(folder / "cache")})
    facts = json.loads(said)
    return {**found, "timings": facts["timings"], "size": facts["data"]["size"],
            "pictures": sum(map(sum, facts["data"]["counts"].values()))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--gigabytes", type=float, default=20.0)
    parser.add_argument("--data", default="fashion-mnist", help="the first claim's")
    parser.add_argument("--folder", type=Path, help="where there is room; default: the folder for temporary files")
    parser.add_argument("--name", default="memory", help="of the result")
    given = parser.parse_args()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        folder = Path(scratch)
        found = results[given.data] = trained(given.data, given.minutes, folder, "small")
        results["below_1.5_GB"] = found["largest_resident"] < 1.5 * GB
        if given.gigabytes:
            count = -int(-given.gigabytes * GB // (SIDE * SIDE * 3))
            print(f"{count:,} pictures are made", flush=True)
            large = made(folder / "large", count)
            size = ("--size", str(SIDE))
            results["packing_and_training"] = trained(large, given.minutes, folder, "first", *size)
            results["training"] = trained(large, given.minutes, folder, "again", *size)
            packs = (folder / "cache" / "packs").rglob("*.npy")
            results["pack_bytes"] = max(path.stat().st_size for path in packs)
            both = (results["packing_and_training"], results["training"])
            results["below_3_GB"] = max(one["largest_resident"] for one in both) < 3 * GB
            results["own_below_3_GB"] = max(one["own"] for one in both) < 3 * GB
    write(given.name, "fashion-mnist is trained in ≤ 1.5 GB, 20 GB of packed pictures in ≤ 3 GB", results)


if __name__ == "__main__":
    main()
