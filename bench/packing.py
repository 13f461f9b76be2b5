"""Packing: pictures per second from a folder of JPEGs to one memory-mapped array, beside what one would write by hand.

    python bench/packing.py                 1,500 JPEGs made here, 256×256 grey
    python bench/packing.py --data DIR      a folder of your own, one sub-folder for each class

Rivals, on the same files, to the same 96×96: a plain Pillow loop, and the same loop in two processes. Both only open,
scale and stack; ours also hashes every file twice, checks its structure, writes, flushes and verifies the pack.
The files are in the page cache. `second_run` is `load_data` again on the same folder, in seconds.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from record import repeat, summary, write
from striate.data import load_data

SIZE = (96, 96)


def made(root: Path, count: int) -> Path:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:256, 0:256] / 256
    for i in range(count):
        a, b, c, d = rng.uniform(1, 20, 4)
        pixels = 127 + 60 * np.sin(a * x + b * y) + 60 * np.sin(c * x * y + d) + rng.normal(0, 8, x.shape)
        path = root / str(i % 15) / f"{i}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=90)
    return root


def one(path: str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("L").resize(SIZE, Image.Resampling.BILINEAR))


def plain(paths: list[str]) -> np.ndarray:
    return np.stack([one(path) for path in paths])


def two_processes(paths: list[str]) -> np.ndarray:
    with ProcessPoolExecutor(2) as pool:
        return np.stack(list(pool.map(one, paths, chunksize=32)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--count", type=int, default=1_500)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = options.data or made(Path(scratch), options.count)
        os.environ["STRIATE_CACHE"] = cache = str(Path(scratch) / ".cache")
        paths = sorted(str(path) for path in root.rglob("*.jpg"))

        def ours(workers: int) -> None:
            shutil.rmtree(cache, ignore_errors=True)
            load_data(root, size=SIZE, channels=1, workers=workers)

        rows = {
            "plain Pillow loop": lambda: plain(paths),
            "Pillow, two processes": lambda: two_processes(paths),
            "striate, no workers": lambda: ours(0),
            "striate, two workers": lambda: ours(2),
        }
        rates: dict[str, list[float]] = {name: [] for name in rows}
        for turn in range(1 + options.repeats):  # in turns, so that a busy minute hits all alike; the first warms up
            for name, work in rows.items():
                seconds = repeat(work, times=1, warm_up=0)[0]
                rates[name] += [len(paths) / seconds] if turn else []
        again = summary(repeat(lambda: load_data(root, size=SIZE, channels=1), options.repeats))
    results = {"pictures": len(paths), "made_here": options.data is None, "size": SIZE,
               "pictures_per_second": {name: summary(found) for name, found in rates.items()},
               "second_run_seconds": again}
    write("packing",
          "How fast a folder of JPEGs is checked, hashed and packed, beside plain Pillow; and again",
          results)


if __name__ == "__main__":
    main()
