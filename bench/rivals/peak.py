"""What this machine's cores multiply in bfloat16 at best, in thousand millions of operations a second. Prints it.

    cd bench && python -m rivals.peak --seconds 1

The best of large matrix products and of 3×3 convolutions (channels last, forward only), each repeated for `--seconds`
after a warm-up; a product and its sum are two operations. Single calls are timed, and the quickest counts.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import torch

SIDES = (1024, 2048, 4096)
CONVOLUTIONS = ((128, 64, 28), (128, 128, 14), (128, 256, 14), (128, 512, 7))  # pictures, channels in and out, side


def best(work: Callable[[], object], operations: float, seconds: float) -> float:
    """Thousand millions of operations a second in the quickest call within about `seconds`."""
    for _ in range(3):
        work()
    began, least = time.perf_counter(), float("inf")
    while (started := time.perf_counter()) - began < seconds:
        work()
        least = min(least, time.perf_counter() - started)
    return operations / least / 1e9


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=1.0)
    seconds = parser.parse_args().seconds
    found: dict[str, float] = {}
    with torch.inference_mode():
        for side in SIDES:
            a, b = (torch.randn(side, side).bfloat16() for _ in range(2))
            found[f"product {side}"] = best(lambda: a @ b, 2.0 * side**3, seconds)  # noqa: B023 - called at once
        for count, width, side in CONVOLUTIONS:
            x = torch.randn(count, width, side, side).bfloat16().to(memory_format=torch.channels_last)
            conv = torch.nn.Conv2d(width, width, 3, padding=1, bias=False).bfloat16()
            conv = conv.to(memory_format=torch.channels_last)
            found[f"3×3, {count}×{width}×{side}×{side}"] = best(
                lambda: conv(x), 2.0 * count * side**2 * 9 * width**2, seconds)  # noqa: B023
    print(json.dumps({"gflops": max(found.values()), "of": found, "threads": torch.get_num_threads()}))


if __name__ == "__main__":
    main()
