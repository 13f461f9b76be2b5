"""Dense SIFT: ≥ 12 × the pictures per second of OpenCV's SIFT.compute on the same grid, ≥ 3 × kornia's per descriptor.

    python bench/sift.py                   16 pictures of 300×300 made here, step 4, bins 4/6/8/10
    python bench/sift.py --threads 1       ours and the rivals on one core

OpenCV describes the same 18,496 places of a picture with keypoints whose bins are as wide as ours; it smooths a
picture only once, which is in its favour, and its compute is called for one picture at a time, as its interface is.
kornia, if it is installed, describes densely at one scale (bins of 4, step 4), so it is compared per descriptor.
All in one run, in turns. Ours write to memory taken once, as a loop over batches does: how long new memory takes
depends on the system. `agreement` is the mean cosine similarity to OpenCV, smoothed as we do, for each bin size.
Processor seconds, over all threads, change less than rates where others use the machine too.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

import cv2
import numpy as np
import torch

from record import summary, write
from striate.bow.sift import DenseSIFT

BINS, STEP, SIDE = (4, 6, 8, 10), 4, 300
TURNED = [0, 7, 6, 5, 4, 3, 2, 1]  # OpenCV counts directions the other way round


def made(count: int) -> np.ndarray:
    """Textures with the spectrum of photographs, amplitude 1/f: (count, 300, 300) uint8."""
    rng = np.random.default_rng(0)
    radius = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE)[None])
    radius[0, 0] = 1
    waves = np.real(np.fft.ifft2(np.fft.fft2(rng.normal(size=(count, SIDE, SIDE))) / radius))
    waves -= waves.mean(axis=(1, 2), keepdims=True)
    return (127 + 50 * waves / waves.std(axis=(1, 2), keepdims=True)).clip(0, 255).astype(np.uint8)


def keypoints(sift: DenseSIFT, only: int | None = None) -> list[cv2.KeyPoint]:
    grid = sift.grid(SIDE, SIDE)
    return [cv2.KeyPoint(float(x), float(y), 2 * float(size) / 3, 0)  # OpenCV's bins are 1.5 times the size wide
            for y, x, size in zip(grid.y, grid.x, grid.bin, strict=True) if only in (None, size)]


def agreement(picture: np.ndarray, window: str) -> dict[str, float]:
    ours = DenseSIFT(BINS, STEP, window=window, contrast=0, root=False).fit(picture[None])
    found, sizes = ours.transform(picture[None])[0], ours.grid(SIDE, SIDE).bin
    means = {}
    for size in BINS:
        theirs = cv2.SIFT_create(sigma=size / 6).compute(picture, keypoints(ours, size))[1]
        theirs = theirs.reshape(-1, 16, 8)[:, :, TURNED].reshape(-1, 128)
        mine = found[sizes == size]
        cosines = (mine * theirs).sum(1) / np.linalg.norm(mine, axis=1) / np.linalg.norm(theirs, axis=1)
        means[str(size)] = float(cosines.mean())
    return means


def kornia_row(pictures: np.ndarray) -> tuple[Callable[[], object], int] | None:
    try:
        from kornia.feature import DenseSIFTDescriptor
    except ImportError:
        return None
    describe = DenseSIFTDescriptor(spatial_bin_size=4, stride=4, padding=0)
    batch = torch.from_numpy(pictures[:4, None].astype(np.float32) / 255)

    def work() -> object:
        with torch.inference_mode():
            return describe(batch)

    return work, int(np.prod(work().shape)) // 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    pictures = made(options.count)
    sifts = {f"striate, {window}": DenseSIFT(BINS, STEP, window=window, threads=options.threads).fit(pictures)
             for window in ("flat", "gaussian")}
    one = next(iter(sifts.values()))
    memory = np.empty((len(pictures), len(keypoints(one)), 128), np.float32)
    points, opencv = keypoints(one), cv2.SIFT_create()
    rows: dict[str, tuple[Callable[[], object], int]] = {
        name: (lambda sift=sift: sift.transform(pictures, out=memory), len(pictures) * len(points))
        for name, sift in sifts.items()}
    rows["OpenCV SIFT.compute"] = (lambda: [opencv.compute(picture, points) for picture in pictures[:2]],
                                   2 * len(points))
    if kornia := kornia_row(pictures):
        rows["kornia DenseSIFTDescriptor, bins of 4"] = kornia
    rates: dict[str, list[float]] = {name: [] for name in rows}
    spent: dict[str, list[float]] = {name: [] for name in rows}
    for turn in range(1 + options.repeats):  # in turns, so that a busy minute hits all alike; the first warms up
        for name, (work, described) in rows.items():
            started, before = time.perf_counter(), time.process_time()
            work()
            rates[name] += [described / (time.perf_counter() - started)] if turn else []
            spent[name] += [(time.process_time() - before) / described * 1e6] if turn else []
    best = {name: max(found) for name, found in rates.items()}
    ours = best["striate, flat"]
    write("sift", "Dense SIFT is at least 12 times as fast as OpenCV's SIFT.compute on the same grid and at least 3 "
                  "times as fast as kornia's per descriptor", {
        "pictures": len(pictures), "size": [SIDE, SIDE], "bins": BINS, "step": STEP, "threads": options.threads,
        "descriptors_per_picture": len(points),
        "descriptors_per_second": {name: summary(found) for name, found in rates.items()},
        "pictures_per_second": {name: summary([rate / len(points) for rate in found])
                                for name, found in rates.items() if "kornia" not in name},
        "processor_seconds_per_million_descriptors": {name: summary(found) for name, found in spent.items()},
        "times_faster_best_to_best": {name: ours / rate for name, rate in best.items()},
        "agreement": {window: agreement(pictures[0], window) for window in ("flat", "gaussian")},
    })


if __name__ == "__main__":
    main()
