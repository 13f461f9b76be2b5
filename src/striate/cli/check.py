"""`striate check`: what is wrong with a folder of labelled pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from striate.cli.options import Force, Json, Quiet, refuse_taken
from striate.cli.screen import Screen
from striate.errors import shown

EXAMPLE = "Example: striate check pictures/ --write-list clean.txt"
FOUND = 3  # the exit code when there is something to look at
NAMED = 3  # cases told of each kind
MARKS = {"error": "error", "warning": "look", "note": "note"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(check)


def check(
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="A folder of class folders, or digits, fashion-mnist, mnist.")
    ],
    labels: Annotated[
        bool | None, typer.Option("--labels/--no-labels", help="Hold the labels against a cross-validated recogniser, "
                                  "which takes minutes. [default: up to 20,000 pictures]")
    ] = None,
    model: Annotated[str, typer.Option(help="That recogniser, as train --model takes it.")] = "bow",
    seed: Annotated[int, typer.Option(help="Of that recogniser.", min=0, max=2**32 - 1)] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The page. [default: runs/DATA-check/check.html, which is "
                                  "replaced]")
    ] = None,
    list_to: Annotated[
        Path | None, typer.Option("--write-list", metavar="FILE", help="Write the names of the pictures that are left, "
                                  "for train --files: without unreadable ones, without the copy that would be learnt "
                                  "from where two parts share a picture, and without any of those whose bytes lie "
                                  "under two labels.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find what is wrong with labelled pictures: bad files, copies and leaks, odd classes, likely wrong labels.

    Nothing is changed. The exit code is 0 if nothing is to be looked at and 3 if something is; what is only noted does
    not count.
    """
    for path in (out, list_to):
        if path is not None:
            refuse_taken(path, force)

    from striate.tasks.check import check_data
    from striate.tasks.run_folder import RUNS, run_name

    screen = Screen(quiet=quiet, as_json=as_json)
    page = out or RUNS / run_name(data, "check") / "check.html"
    try:
        facts = check_data(data, page=page, list_to=list_to, labels=labels, model=model, seed=seed,
                           say=screen.say, stage=screen.stage)
    finally:
        screen.close()
    screen.answer(facts, table(facts) if quiet else summary(facts))
    if not facts["clean"]:
        raise typer.Exit(FOUND)


def summary(facts: dict[str, Any]) -> str:
    """The table, the first cases of each kind, and where the page is."""
    data, lines = facts["data"], []
    left = f", {data['left_out']:,} left out" if data["left_out"] else ""
    lines += [f"{shown(data['name'], 80)}: {data['count']:,} pictures, {len(data['classes']):,} classes{left}", ""]
    lines += [table(facts), ""]
    for one in facts["findings"]:
        if one["level"] != "note":
            lines += [f"{one['title'][0].upper()}{one['title'][1:]}. {one['advice']}"]
            lines += [f"  {case_line(case)}" for case in one["cases"][:NAMED]]
            more = len(one["cases"]) - NAMED
            lines += [f"  … and {more:,} more"] if more > 0 else []
    if facts["labels"]["checked"]:
        told = facts["labels"]
        lines.append(f"labels: {shown(told['model'], 40)}, cross-validated, agrees with {told['accuracy']:.1%} of them")
    else:
        lines.append(f"labels were not checked: {shown(facts['labels']['why'], 500)}")
    if facts["list"]:
        lines.append(f"list    {shown(facts['list']['path'], 500)} ({facts['list']['count']:,} pictures)")
    return "\n".join([*lines, f"page    {shown(facts['page'], 2000)}"])


def table(facts: dict[str, Any]) -> str:
    """One line for each kind that was met.

    >>> print(table({"findings": [{"level": "error", "count": 1200, "title": "pictures in two parts"}]}))
    error   1,200  pictures in two parts
    >>> print(table({"findings": []}))
    nothing was found
    """
    rows = [f"{MARKS[one['level']]:<5} {one['count']:>7,}  {one['title']}" for one in facts["findings"]]
    return "\n".join(rows) or "nothing was found"


def case_line(case: dict[str, Any]) -> str:
    """One case: its pictures, and what is said of them."""
    names = " = ".join(shown(key, 80) for key in case["pictures"][:NAMED])
    return ": ".join(part for part in (names, shown(case["said"], 300)) if part)
