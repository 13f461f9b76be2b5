"""`striate predict`: what is in these pictures?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from striate.cli.options import Json, Quiet, Strict
from striate.cli.screen import Screen
from striate.errors import StriateError, shown

EXAMPLE = "Example: striate predict runs/digits-compact/model.safetensors scan.png"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(predict)


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file.")],
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE...", help="Picture files.")],
    top: Annotated[int, typer.Option(min=1, help="How many classes to name.")] = 5,
    strict: Strict = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Name the class of each picture; exits with 2 when a picture could not be read."""
    from striate.load_model import load
    from striate.tasks.predict import predict_pictures

    screen = Screen(quiet=quiet, as_json=as_json)
    results = predict_pictures(load(model), pictures, top=top, strict=strict)
    screen.answer(results, "\n".join(map(line, results)))
    if any("error" in result for result in results):
        raise typer.Exit(StriateError.exit_code)


def line(result: dict[str, Any]) -> str:
    """One result for people."""
    if "error" in result:
        return str(result["error"])
    (first, probability), *rest = result["top"]
    others = ", ".join(f"{shown(str(c), 40)} {p:.1%}" for c, p in rest)
    name, more = shown(result["picture"]), f"  ({others})" if others else ""
    return f"{name}: {shown(str(first), 80)} {probability:.1%}{more}"
