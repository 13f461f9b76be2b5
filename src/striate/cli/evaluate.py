"""`striate evaluate`: metrics of a saved recogniser on labelled pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from striate.cli.options import Files, Json, Quiet, Reject, Strict
from striate.cli.screen import Screen
from striate.errors import shown

if TYPE_CHECKING:
    from striate.stats.metrics import Evaluation
    from striate.tasks.evaluate import AnsweredPictures

EXAMPLE = "Example: striate evaluate runs/digits-auto/model.safetensors digits"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(evaluate)


def evaluate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file.")],
    data: Annotated[str, typer.Argument(metavar="DATA", help="A folder of class folders, or a named set.")],
    part: Annotated[str | None, typer.Option(help="test, validation, train or all. [default: test if known]")] = None,
    split: Annotated[Path | None, typer.Option(help="A split.json. [default: the one beside the model]")] = None,
    files: Files = None,
    reject: Reject = None,
    strict: Strict = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure a saved recogniser on labelled pictures."""
    from striate.tasks import Progress
    from striate.tasks.evaluate import evaluate as measure

    screen = Screen(quiet=quiet, as_json=as_json)
    try:
        result = measure(model, data, part=part, split=split, files=files, strict=strict, reject=reject,
                         progress=Progress(message=screen.say, on_progress=screen.stage))
    finally:
        screen.close()
    first = headline(result) if result.answered is None else f"{headline(result)}\n{answers(result.answered)}"
    screen.answer(result, first if quiet else f"{first}\n{table(result)}")


def headline(result: Evaluation) -> str:
    """Accuracy, balanced accuracy and calibration error in one line."""
    return (f"accuracy {with_interval(result.accuracy, result.interval)}, {result.count:,} pictures; "
            f"balanced accuracy {100 * result.balanced_accuracy:.1f} %; "
            f"calibration error {with_interval(result.ece, result.ece_interval)}")


def answers(result: AnsweredPictures) -> str:
    """Coverage and the accuracy of what was answered, in one line."""
    said = "" if result.accuracy is None or result.interval is None else (
        f", of which {with_interval(result.accuracy, result.interval)} are right")
    return f"answered {with_interval(result.coverage, result.coverage_interval)}{said}; the rest: none of these"


def with_interval(accuracy: float, interval: Sequence[float]) -> str:
    """A proportion with its 95 % interval.

    >>> with_interval(0.991643, (0.97572, 0.99716))
    '99.2 % (95 %: 97.6 to 99.7)'
    """
    low, high = interval
    return f"{100 * accuracy:.1f} % (95 %: {100 * low:.1f} to {100 * high:.1f})"


def table(result: Evaluation) -> str:
    """Figures in per cent for each class, recall with its 95 % interval."""
    lines = [f"{'class':<24} {'pictures':>8} {'precision':>9} {'recall':>7} {'95 % interval':>13} {'F1':>6}"]
    for row in result.per_class:
        precision, recall, f1 = map(percent, (row.precision, row.recall, row.f1))
        interval = " to ".join(map(percent, row.interval)) if row.interval else "–"
        name = shown(row.name, 24)
        lines.append(f"{name:<24} {row.count:>8,} {precision:>9} {recall:>7} {interval:>13} {f1:>6}")
    return "\n".join(lines)


def percent(value: float | None) -> str:
    """One decimal, or a dash for what is not defined."""
    return "–" if value is None else f"{100 * value:.1f}"
