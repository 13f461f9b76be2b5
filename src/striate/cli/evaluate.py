"""`striate evaluate`: how often a saved recogniser is right."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from striate.cli.options import Json, Quiet, Strict
from striate.cli.screen import Screen
from striate.errors import shown

EXAMPLE = "Example: striate evaluate runs/digits-compact/model.safetensors digits"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(evaluate)


def evaluate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file.")],
    data: Annotated[str, typer.Argument(metavar="DATA", help="A folder of class folders, or a named set.")],
    part: Annotated[str | None, typer.Option(help="test, validation, train or all. [default: test if known]")] = None,
    split: Annotated[Path | None, typer.Option(help="A split.json. [default: the one beside the model]")] = None,
    strict: Strict = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure a saved recogniser on labelled pictures."""
    from striate.run import Watch, evaluate_model

    screen = Screen(quiet=quiet, as_json=as_json)
    try:
        result = evaluate_model(model, data, part=part, split=split, strict=strict,
                                watch=Watch(say=screen.say, pack=screen.pack))
    finally:
        screen.close()
    screen.answer(result, table(result))


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    low, high = result["interval"]
    lines = [
        f"accuracy {result['accuracy']:.2%} (95 %: {low:.1%} to {high:.1%}, {result['count']:,} pictures), "
        f"balanced {result['balanced_accuracy']:.2%}",
        f"{'class':<24} {'pictures':>8} {'precision':>9} {'recall':>7} {'F1':>7}",
    ]
    for row in result["per_class"]:
        figures = [f"{row[key]:.1%}" if row[key] is not None else "–" for key in ("precision", "recall", "f1")]
        name, (precision, recall, f1) = shown(row["class"], 24), figures
        lines.append(f"{name:<24} {row['count']:>8,} {precision:>9} {recall:>7} {f1:>7}")
    return "\n".join(lines)
