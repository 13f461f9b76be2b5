"""Files of predictions: a row for each picture, as CSV or JSON Lines, written as they come and there when complete.

CSV: `picture`, `class`, `probability`, then `class_2`, `probability_2`, … and `code` and `error` of a picture that
could not be read; of one that is none of the classes, `class` is empty and `code` is `none_of_these`.
UTF-8, a file name that is not UTF-8 as its bytes. No cell is a formula for a spreadsheet: before a
relative file name that begins with = + - @ stands `./`, which names the same file, and before another text `'`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from striate.core.humanize import join_words
from striate.errors import UsageError, shown
from striate.tasks.predict import Prediction

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # OWASP, "CSV Injection": what a spreadsheet computes, or looks behind


@dataclass(frozen=True)
class PredictionTable:
    """A format of files of predictions: its first line for `ranks` classes a picture, and the line of a prediction."""

    header: Callable[[int], str]
    line: Callable[[Prediction, int], str]


def table_for(out: str | Path) -> PredictionTable:
    """The format that the ending of `out` names; `UsageError` (`bad_out`)."""
    suffix = Path(out).suffix.lower()
    if suffix not in TABLES:
        raise UsageError("bad_out", f"predictions were to be written to {shown(out)}",
                         allowed=f"the endings {join_words(list(TABLES), 'and')} are allowed",
                         given=f"the ending is {shown(suffix)}" if suffix else "it has no ending",
                         do="Name a file such as answers.csv")
    return TABLES[suffix]


def json_line(prediction: Prediction, _ranks: int = 0) -> str:
    """A prediction as JSON in one line."""
    return json.dumps(prediction.as_dict(), ensure_ascii=True, allow_nan=False) + "\n"


def csv_header(ranks: int) -> str:
    r"""The names of the columns.

    >>> csv_header(2)
    'picture,class,probability,class_2,probability_2,code,error\n'
    """
    more = [f"{what}_{rank}" for rank in range(2, ranks + 1) for what in ("class", "probability")]
    return _csv_line(["picture", "class", "probability", *more, "code", "error"])


def csv_line(prediction: Prediction, ranks: int) -> str:
    r"""A prediction as a line of CSV.

    >>> csv_line(Prediction("-1.png", "=cat", 0.75, (("=cat", 0.75), ("dog", 0.25))), 2)
    "./-1.png,'=cat,0.75,dog,0.25,,\n"
    >>> csv_line(Prediction("a.png", error="it is empty.", code="image_empty"), 2)
    'a.png,,,,,image_empty,it is empty.\n'
    """
    cells = [cell for pair in prediction.ranked for cell in pair]
    cells += [None] * (2 * ranks - len(cells))
    refused = prediction.label is None and prediction.error is None
    code = "none_of_these" if refused else prediction.code
    if refused:
        cells[0] = None
    name = prediction.picture or ""
    return _csv_line([f"./{name}" if name.startswith(FORMULA) else name,
                      *map(harmless, cells), code, harmless(prediction.error)])


def harmless(value: Any) -> Any:
    """A value that no spreadsheet computes: a text that begins like a formula has `'` before it.

    >>> harmless("=1+1"), harmless("cat"), harmless(-0.5)
    ("'=1+1", 'cat', -0.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _csv_line(cells: Sequence[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


TABLES = {".csv": PredictionTable(csv_header, csv_line), ".jsonl": PredictionTable(lambda _: "", json_line)}
