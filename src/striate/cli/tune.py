"""`striate train --try`: a table of optimisers and learning rates, and the command that trains with the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from striate.cli.screen import Screen
from striate.errors import Interrupted, UsageError

if TYPE_CHECKING:
    from striate.report.tune_result import TriedSettings, TuneResult
    from striate.tasks import Progress

OWN = ("try_", "try_seconds", "out", "as_json", "quiet", "optimiser", "learning_rate")  # not those of the training


def show(data: str, options: Mapping[str, Any], progress: Progress, screen: Screen, *, again: Sequence[str],
         out: Path | None, seconds: float) -> None:
    """Tune and print the table; raises as `striate.tune`, and KeyboardInterrupt when there is no result."""
    from striate.tasks.tune import tune

    try:
        result = tune(data, seconds=seconds, out=out, again=again, progress=progress, **options)
    except Interrupted as error:
        raise KeyboardInterrupt from error
    finally:
        screen.close()
    screen.answer(result, table(result))


def table(result: TuneResult) -> str:
    """A row for each candidate, the best first, and the next command."""
    rows = [("optimiser", "learning rate", "", "validation", "95 %", "epochs"), *map(cells, result.candidates)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) if i in (0, 2) else cell.rjust(width)
                       for i, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip() for row in rows]
    if result.alike:
        lines += [f"The first {result.alike + 1} cannot be distinguished on "
                  f"{result.data.counts['validation']:,} validation pictures."]
    if result.stopped:
        lines += ["Stopped before all candidates were trained."]
    lines += ["", f"report  {result.report}", f"picture {result.picture}"]
    return "\n".join([*lines, f"next    {result.next}" if result.next else "All of them diverged."])


def cells(row: TriedSettings) -> tuple[str, ...]:
    """One candidate as text.

    >>> from striate.report.tune_result import TriedSettings
    >>> cells(TriedSettings(optimiser="sgd", learning_rate=0.05, why="preset", accuracy=0.9, interval=(0.6, 0.982),
    ...                     epochs=12, seconds=1.0))
    ('sgd', '0.05', 'preset', '90.0 %', '60.0–98.2', '12')
    """
    rate = "–" if row.learning_rate is None else f"{row.learning_rate:.4g}"
    if row.accuracy is None or row.interval is None:
        return row.optimiser, rate, row.why, "diverged", "–", "–"
    low, high = row.interval
    return (row.optimiser, rate, row.why, f"{100 * row.accuracy:.1f} %", f"{100 * low:.1f}–{100 * high:.1f}",
            str(row.epochs))


def command_words(context: typer.Context) -> list[str]:
    """The command as it was given, without what belongs to trying alone."""
    if context.params["resume"]:
        raise UsageError("try_and_resume", "settings were to be tried", allowed="a new run is allowed",
                         given="--resume was given, too", do="Leave one of them out")
    words = ["striate", "train", str(context.params["data"])]
    for parameter in context.command.params:
        name, value = parameter.name or "", context.params.get(parameter.name or "")
        given = context.get_parameter_source(name)
        if name == "data" or name in OWN or given is None or given.name != "COMMANDLINE":
            continue
        option = max(parameter.opts if value is not False else parameter.secondary_opts, key=len)
        for one in value if isinstance(value, list | tuple) else [value]:
            words += [option] if isinstance(one, bool) else [option, str(one)]
    return words
