"""`striate check`: faults of a folder of labelled pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from striate.cli.options import Force, Json, Quiet, refuse_taken
from striate.cli.screen import Screen
from striate.errors import shown

if TYPE_CHECKING:
    from striate.quality import Case, Finding
    from striate.report.check_result import CheckResult

EXAMPLE = "Example: striate check pictures/ --write-list clean.txt"
FOUND = 3  # the exit code when there are errors or warnings
NAMED = 3  # cases listed of each finding
MARKS = {"error": "error", "warning": "look", "note": "note"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(check)


def check(
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="A folder of class folders, or digits, fashion-mnist, mnist.")
    ],
    labels: Annotated[
        bool | None, typer.Option("--labels/--no-labels", help="Compare the labels with the predictions of a "
                                  "cross-validated recogniser, which takes minutes. "
                                  "[default: up to 20,000 pictures]")
    ] = None,
    model: Annotated[str, typer.Option(help="That recogniser, as train --model takes it.")] = "bow",
    seed: Annotated[int, typer.Option(help="Seed of that recogniser.", min=0, max=2**32 - 1)] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The page. [default: runs/DATA-check/check.html, which is "
                                  "replaced]")
    ] = None,
    list_to: Annotated[
        Path | None, typer.Option("--write-list", metavar="FILE", help="Write the names of clean pictures, for train "
                                  "--files: without unreadable ones, without the training copy of a picture that is "
                                  "also in another part, and without pictures that are in two classes.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find faults in labelled pictures: bad files, copies and leaks, odd classes, likely wrong labels.

    Nothing is changed. The exit code is 3 if there are errors or warnings, else 0; notes do not count.
    """
    for path in (out, list_to):
        if path is not None:
            refuse_taken(path, force)

    from striate.tasks.check import check as examine
    from striate.tasks.run_folder import RUNS, run_name

    screen = Screen(quiet=quiet, as_json=as_json)
    page = out or RUNS / run_name(data, "check") / "check.html"
    try:
        result = examine(data, out=page, write_list=list_to, labels=labels, model=model, seed=seed,
                         message=screen.say, on_progress=screen.stage)
    finally:
        screen.close()
    screen.answer(result, table(result.findings) if quiet else summary(result))
    if not result.clean:
        raise typer.Exit(FOUND)


def summary(result: CheckResult) -> str:
    """The table, the first cases of each kind, and where the page is."""
    data, labels, lines = result.data, result.labels, []
    left = f", {data.left_out:,} left out" if data.left_out else ""
    lines += [f"{shown(data.name, 80)}: {data.count:,} pictures, {len(data.classes):,} classes{left}", ""]
    lines += [table(result.findings), ""]
    for one in result.findings:
        if one.check.level != "note":
            lines += [f"{one.check.title[0].upper()}{one.check.title[1:]}. {one.check.advice}"]
            lines += [f"  {case_line(case)}" for case in one.cases[:NAMED]]
            more = len(one.cases) - NAMED
            lines += [f"  … and {more:,} more"] if more > 0 else []
    if labels.checked:
        lines.append(f"labels: {shown(labels.model, 40)}, cross-validated, agrees with {labels.accuracy:.1%} of them")
    else:
        lines.append(f"labels were not checked: {shown(labels.why or '', 500)}")
    if result.list:
        lines.append(f"list    {shown(result.list.path, 500)} ({result.list.count:,} pictures)")
    return "\n".join([*lines, f"page    {shown(result.page or '', 2000)}"])


def table(findings: Sequence[Finding]) -> str:
    """One line for each finding.

    >>> from striate.quality import Case, Check, Finding
    >>> print(table([Finding(Check("leak", "error", "pictures in two parts", ""), (Case((), count=1200),))]))
    error   1,200  pictures in two parts
    >>> print(table([]))
    nothing was found
    """
    rows = [f"{MARKS[one.check.level]:<5} {one.count:>7,}  {one.check.title}" for one in findings]
    return "\n".join(rows) or "nothing was found"


def case_line(case: Case) -> str:
    """One case: its pictures and its text."""
    names = " = ".join(shown(key, 80) for key in case.pictures[:NAMED])
    return ": ".join(part for part in (names, shown(case.text, 300)) if part)
