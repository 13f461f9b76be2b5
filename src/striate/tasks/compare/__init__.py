"""Comparison of recognisers on one split, each trained in processes of its own, on one page.

plan.py settings and trainings · subsets.py training pictures of each training · worker.py process of one training
process_pool.py start and end of the processes · results.py file of one training · statistics.py typed result ·
disagreements.py pictures and the table of predictions · comparison.py from the plan to the page
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from striate.report.compare_result import Comparison
    from striate.tasks.progress import Progress


def compare(
    data: str | Path, models: Sequence[str] = ("bow", "compact", "transfer"), *, seeds: int = 3,
    sizes: Sequence[int] = (), minutes: float | None = None, five_by_two: bool = False, split: str | Path | None = None,
    out: str | Path | None = None, at_once: int | None = None, strict: bool = False,
    progress: Progress | None = None, command: str = "",
) -> Comparison:
    """Compare recognisers on the same pictures: which is better, how surely, at what cost.

    Args:
        data: a folder of class folders, or the name of a known set.
        models: two or more, as `striate train --model` takes them.
        seeds: trainings of each, from seeds 0, 1, ….
        sizes: pictures per class to learn from, for learning curves; the verdict is of the largest, none is all.
        minutes: train each recogniser that can be given a time for about this long.
        five_by_two: also train each on ten halves: Dietterich's 5×2 cv test.
        split: a split file to use.
        out: folder of the comparison, None for `runs/DATA-compare`; what is finished there is reused.
        at_once: trainings at the same time, which share the cores; None is 2.
        strict: make every bad picture an error.
        progress: callbacks; None is none.
        command: the command line, for the page.

    Raises `UsageError` (`bad_comparison`, `size_too_large`, …) before anything is written, `Interrupted`, `RunError`.

        print(striate.compare("digits", ["bow-knn", "lenet5"], minutes=0.1).verdict)

    """
    from striate.tasks.compare.comparison import compare_folder, run_comparison  # the workers have no need of it
    from striate.tasks.compare.plan import ComparisonPlan
    from striate.tasks.progress import Progress

    plan = ComparisonPlan(str(data), models, seeds, sizes, minutes, five_by_two,
                          str(split) if split else None, strict, at_once, command)
    return run_comparison(plan, compare_folder(out, str(data)), progress or Progress())
