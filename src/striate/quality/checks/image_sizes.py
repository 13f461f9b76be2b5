"""Checks of image sizes: mixed, far too small, long and thin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from striate.quality.finding import Case, check
from striate.quality.scan import ScannedSource

LONG = 3.0  # times the usual proportion
SMALL = 8  # times smaller than the usual shorter side


@check("proportions", "warning", f"pictures more than {LONG:g} times as long and thin as usual",
       "Resized to one size they are hardly recognisable. Crop them, or train with --resize pad.")
def thin(scanned: ScannedSource) -> Iterator[Case]:
    """Pictures much longer than the others."""
    if not len(scanned.sides):
        return
    longest, shortest = scanned.sides.max(axis=1), scanned.sides.min(axis=1)
    proportion = longest / shortest
    usual = float(np.median(proportion))
    for i in np.argsort(-proportion, kind="stable"):
        if proportion[i] <= LONG * usual:
            break
        height, width = scanned.sides[i]
        yield Case((scanned.keys[i],), f"{width}×{height} pixels")


@check("small", "warning", f"pictures more than {SMALL} times smaller than usual",
       "Often thumbnails that were saved by mistake. Look at them.")
def small(scanned: ScannedSource) -> Iterator[Case]:
    """Pictures much smaller than the others."""
    if not len(scanned.sides):
        return
    shortest = scanned.sides.min(axis=1)
    usual = float(np.median(shortest))
    for i in np.argsort(shortest, kind="stable"):
        if SMALL * shortest[i] > usual:
            break
        height, width = scanned.sides[i]
        yield Case((scanned.keys[i],), f"{width}×{height} pixels")


@check("sizes", "note", "pictures of different sizes", "They are resized to one size.")
def mixed_sizes(scanned: ScannedSource) -> Iterator[Case]:
    """The number of sizes, if more than one."""
    sizes = Counter(map(tuple, scanned.sides.tolist()))
    if len(sizes) > 1:
        text = ", ".join(f"{width}×{height} ({count:,})" for (height, width), count in sizes.most_common(4))
        yield Case((), f"{len(sizes):,} sizes: {text}{', …' if len(sizes) > 4 else ''}", count=sum(sizes.values()))


@check("modes", "note", "grey and colour pictures together",
       "If one class is grey and another is not, colour is what is learnt.")
def mixed_modes(scanned: ScannedSource) -> Iterator[Case]:
    """The numbers of grey and of colour pictures, if there are both."""
    grey = sum(one.channels == 1 for one in scanned.facts)
    if 0 < grey < len(scanned.facts):
        yield Case((), f"{grey:,} grey, {len(scanned.facts) - grey:,} in colour", count=len(scanned.facts))


CHECKS = [thin, small, mixed_sizes, mixed_modes]
