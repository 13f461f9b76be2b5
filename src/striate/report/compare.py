"""The page of `striate compare`: which recogniser is better on these pictures, by how much, how surely, at what cost.

Self-contained as a report is: no script, no request; the same facts give the same bytes.

The facts (JSON values; fractions in 0..1, times in seconds; lists of recognisers are in the order of `models`):

    striate, title, command, created, seconds, computed_seconds, verdict (one sentence, without its stop)
    asked        seeds, sizes [pictures of a class], minutes, five_by_two, at_once, threads (of each training)
    data         name, source, classes [K], count (test pictures), counts [K], learnable, skipped, notes [sentence],
                 split, leaked, short (classes with fewer pictures than the largest size)
    models       [{name, model, hand_crafted, accuracy, interval, balanced, seeds [accuracy], between_seeds,
                 other_seeds, other_pictures (standard errors of the accuracy), nll, ece, temperature, nll_after,
                 ece_after, reliability, how, learnt, chosen, timed, training, features, prediction, memory,
                 answer_memory, latency, latency_range, throughput, bytes, parameters, macs}], the most accurate first;
                 what a recogniser has not is null
    pairs        [{first, second, difference, interval, p, corrected, sure, only_first, only_second, effect, bootstrap,
                 mcnemar [{only_first, only_second, p}] by seed}]
    curves       null, or sizes, rows [{name, hand_crafted, points [{size, accuracy, interval, seeds, pictures,
                 training}]}], crossings [{hand, learnt, size, interval (null is never), by_size [...]}]
    agreement    alike [M][M], only [M], all, none (pictures)
    classes      [{class, count, recalls [M], difference, interval, p, sure}], the first two of `models` compared
    others       how much of the machine other programs used while answers were timed, 0..1
    fronts       {cost: [name]}, five_by_two [{first, second, difference, t, t_p, f, p, corrected}], environment
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from striate.core import atomic
from striate.report import compare_figures as figures
from striate.report import compare_text as words
from striate.report.embedded_images import show
from striate.report.train_page import environment
from striate.stats.metrics import ReliabilityBin


@dataclass(frozen=True, eq=False)
class Disagreement:
    """A picture that only `right` recognised: its class, and every recogniser's (name, class, probability)."""

    right: str
    key: str
    pixels: npt.NDArray[np.uint8]
    actual: int
    answers: Sequence[tuple[str, int, float]]


def write_comparison(
    folder: str | Path, facts: Mapping[str, Any], disagreements: Sequence[Disagreement], rows: Iterable[Sequence[Any]]
) -> Path:
    """Write `compare.html`, `compare.json`, `compare.md` and `predictions.csv` (`rows`) into an existing folder.

    Returns the path of the page. Raises `DiskError`.
    """
    folder = Path(folder)
    page = environment().get_template("compare.html.j2").render({
        **facts, "words": words, "asides": words.aside(facts), "charts": charts(facts),
        "gallery": gallery(facts, disagreements),
        "strip": strip([one["interval"][0] for one in facts["models"]]), "span": span(facts["pairs"]),
        "marks": figures.MARKS,
    })
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(rows)
    atomic.write_text(folder / "predictions.csv", table.getvalue())
    atomic.write_text(folder / "compare.html", page)
    atomic.write_text(folder / "compare.md", words.markdown(facts))
    atomic.write_text(folder / "compare.json", json.dumps(facts, sort_keys=True, allow_nan=False, indent=1) + "\n")
    return folder / "compare.html"


def charts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The SVGs of the page; the only words in them that are not ours are names of recognisers, which are escaped."""
    models = facts["models"]
    known = [name for name in figures.COSTS if sum(one[name] is not None for one in models) > 1]
    return {
        "fronts": [Markup(figures.front(models, name, facts["fronts"][name])) for name in known],  # noqa: S704
        "curves": Markup(figures.curves(facts["curves"])) if facts["curves"] else None,  # noqa: S704
        "reliability": [Markup(figures.reliability([ReliabilityBin(**row) for row in one["reliability"]],  # noqa: S704
                                                   f"reliability-{i}")) for i, one in enumerate(models)],
    }


def gallery(facts: Mapping[str, Any], disagreements: Sequence[Disagreement]) -> list[dict[str, Any]]:
    """The disagreements as the page shows them, by recogniser."""
    classes, cards = facts["data"]["classes"], []
    for i, model in enumerate(facts["models"]):
        own = [one for one in disagreements if one.right == model["name"]]
        cards.append({"name": model["name"], "count": facts["agreement"]["only"][i], "pictures": [
            {"shown": show(one.pixels, 112), "key": one.key, "actual": classes[one.actual],
             "answers": [(name, classes[answer], p) for name, answer, p in one.answers]} for one in own]})
    return cards


def strip(lowest: Sequence[float]) -> Mapping[str, float]:
    """The common scale of accuracies, from a multiple of 10 % below the lowest to 100 %.

    >>> strip([0.83, 0.91])
    {'start': 0.8, 'scale': 500.0}
    """
    start = min(floor(10 * min(lowest)) / 10, 0.9)
    return {"start": start, "scale": round(100 / (1 - start), 9)}


def span(pairs: Sequence[Mapping[str, Any]]) -> float:
    """How far the scale of differences goes to both sides of zero."""
    return float(max(0.01, 1.1 * max(abs(end) for one in pairs for end in one["interval"])))
