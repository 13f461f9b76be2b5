"""Page of `striate compare`: accuracies, differences with intervals, costs and disagreements of recognisers.

Self-contained as a report is: no script, no request; the same result gives the same bytes.
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
from striate.report.compare_result import ComparedPair, Comparison
from striate.report.embedded_images import show
from striate.report.page_environment import environment


@dataclass(frozen=True, eq=False)
class Disagreement:
    """A picture that only `right` recognised: its class, and every recogniser's (name, class, probability)."""

    right: str
    key: str
    pixels: npt.NDArray[np.uint8]
    actual: int
    answers: Sequence[tuple[str, int, float]]


def write_comparison(folder: str | Path, result: Comparison, disagreements: Sequence[Disagreement],
                     rows: Iterable[Sequence[Any]]) -> Path:
    """Write `compare.html`, `compare.json`, `compare.md` and `predictions.csv` (`rows`) into an existing folder.

    Returns the path of the page. Raises `DiskError`.
    """
    folder = Path(folder)
    page = environment().get_template("compare.html.j2").render({
        **vars(result), "words": words, "asides": words.explanation(result), "charts": charts(result),
        "gallery": gallery(result, disagreements),
        "strip": strip([one.interval[0] for one in result.models]), "span": span(result.pairs),
        "marks": figures.MARKS,
    })
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(rows)
    atomic.write_text(folder / "predictions.csv", table.getvalue())
    atomic.write_text(folder / "compare.html", page)
    atomic.write_text(folder / "compare.md", words.markdown(result))
    text = json.dumps(result.as_dict(), sort_keys=True, allow_nan=False, indent=1)
    atomic.write_text(folder / "compare.json", text + "\n")
    return folder / "compare.html"


def charts(result: Comparison) -> dict[str, Any]:
    """The SVGs of the page; the only words in them that are not ours are names of recognisers, which are escaped."""
    models = result.models
    known = [name for name in figures.COSTS if sum(getattr(one, name) is not None for one in models) > 1]
    return {
        "fronts": [Markup(figures.front(models, name, result.fronts[name])) for name in known],  # noqa: S704
        "curves": Markup(figures.curves(result.curves)) if result.curves else None,  # noqa: S704
        "reliability": [Markup(figures.reliability(one.reliability, f"reliability-{i}"))  # noqa: S704
                        for i, one in enumerate(models)],
    }


def gallery(result: Comparison, disagreements: Sequence[Disagreement]) -> list[dict[str, Any]]:
    """The disagreements as the page shows them, by recogniser."""
    classes, cards = result.data.classes, []
    for i, model in enumerate(result.models):
        own = [one for one in disagreements if one.right == model.name]
        cards.append({"name": model.name, "count": result.agreement.only[i], "pictures": [
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


def span(pairs: Sequence[ComparedPair]) -> float:
    """How far the scale of differences goes to both sides of zero."""
    return float(max(0.01, 1.1 * max(abs(end) for one in pairs for end in one.interval)))
