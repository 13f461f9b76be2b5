"""`striate predict`: the classes of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from striate.cli.options import Json, Quiet, Strict
from striate.cli.screen import Screen
from striate.errors import StriateError, shown

if TYPE_CHECKING:
    from striate.tasks.predict import Prediction

EXAMPLE = "Example: striate predict runs/digits-compact/model.safetensors scan.png"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(predict)


def predict(model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file.")],
            pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE...", help="Picture files.")],
            top: Annotated[int, typer.Option(min=1, help="Number of classes to list.")] = 5, strict: Strict = False,
            as_json: Json = False, quiet: Quiet = False) -> None:
    """Predict the class of each picture; exits with 2 when a picture could not be read."""
    from striate.tasks.predict import predict as predict_pictures

    screen = Screen(quiet=quiet, as_json=as_json)
    results = predict_pictures(model, pictures, top=top, strict=strict)
    screen.answer(results, "\n".join(map(line, results)))
    if any(result.error for result in results):
        raise typer.Exit(StriateError.exit_code)


def line(result: Prediction) -> str:
    """One prediction for people."""
    if result.error is not None:
        return result.error
    others = ", ".join(f"{shown(str(label), 40)} {probability:.1%}" for label, probability in result.ranked[1:])
    name, more = shown(result.picture or ""), f"  ({others})" if others else ""
    return f"{name}: {shown(str(result.label), 80)} {result.probability:.1%}{more}"
