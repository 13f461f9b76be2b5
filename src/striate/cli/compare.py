"""`striate compare`: several recognisers on the same pictures: accuracy, certainty and cost."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from striate.cli.evaluate import with_interval
from striate.cli.interruptible import interruptible
from striate.cli.options import Json, Quiet, Strict
from striate.cli.screen import Screen
from striate.errors import shown

if TYPE_CHECKING:
    from striate.report.compare_result import Comparison

EXAMPLE = "Example: striate compare pictures/ --models bow,compact,transfer --sizes 5,10,25,50"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(compare)


def compare(
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="A folder of class folders, or digits, fashion-mnist, mnist.")
    ],
    models: Annotated[
        str, typer.Option(metavar="A,B,…", help="Two or more, as train --model takes them: names or files.")
    ] = "bow,compact,transfer",
    seeds: Annotated[int, typer.Option(help="Trainings of each recogniser, from seeds 0, 1, …")] = 3,
    sizes: Annotated[
        str | None, typer.Option(metavar="N,N,…", help="Pictures per class to learn from, for learning curves; the "
                                 "verdict is of the largest. [default: all]")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Training time of each recogniser that takes a time budget.")
    ] = None,
    five_by_two: Annotated[
        bool, typer.Option("--five-by-two", help="Also train each on ten halves: Dietterich's 5×2 cv test.")
    ] = False,
    split: Annotated[Path | None, typer.Option(help="A split.json to use.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the comparison; what is finished there is reused. "
                                  "[default: runs/DATA-compare]")
    ] = None,
    at_once: Annotated[
        int | None, typer.Option(help="Trainings at the same time, which share the cores. [default: 2]")
    ] = None,
    strict: Strict = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare recognisers on the same pictures: which is better, how surely, at what cost.

    A stopped comparison continues when the same command is given again.
    """
    from striate.tasks import Progress
    from striate.tasks.compare import compare as run
    from striate.tasks.compare.plan import sizes_in

    screen = Screen(quiet=quiet, as_json=as_json)
    names = [part.strip() for part in models.split(",") if part.strip()]
    try:
        result = run(data, names, seeds=seeds, sizes=sizes_in(sizes), minutes=minutes, five_by_two=five_by_two,
                     split=split, out=out, at_once=at_once, strict=strict,
                     progress=Progress(screen.say, screen.stage, interruptible=interruptible),
                     command=shlex.join(["striate", *sys.argv[1:]]))
    finally:
        screen.close()
    screen.answer(result, summary(result))


def summary(result: Comparison) -> str:
    """The verdict, a row for each recogniser, and the path of the page."""
    rows = [(shown(one.name, 24), with_interval(one.accuracy, one.interval), f"{one.training:.1f} s",
             f"{1000 * one.latency:.1f} ms") for one in result.models]
    lines = [f"{result.verdict}.", "",
             f"{'':<24}  {'accuracy':<30}  {'training':>10}  {'one picture':>11}",
             *(f"{name:<24}  {accuracy:<30}  {training:>10}  {one:>11}" for name, accuracy, training, one in rows), "",
             f"report  {result.report}"]
    return "\n".join(lines)
