"""`striate look`: the visual words of a model, and their contributions to a decision."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from striate.cli.options import Force, Json, Quiet, refuse_taken
from striate.cli.screen import Screen

EXAMPLE = "Example: striate look runs/scenes-bow/model.safetensors --picture coast.jpg"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(look)


def look(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file of visual words.")],
    picture: Annotated[Path | None, typer.Option(metavar="FILE", help="The picture to explain.")] = None,
    asked: Annotated[
        str | None, typer.Option("--class", metavar="NAME", help="Explain this class. [default: the predicted]")
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=50, help="Number of words listed for and against.")] = 5,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The page. [default: look.html beside the model]")
    ] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show a model's visual words, and their evidence for and against a class in a picture, on one page."""
    page = out or model.with_name("look.html")
    refuse_taken(page, force)

    from striate.tasks.look import look as look_inside

    screen = Screen(quiet=quiet, as_json=as_json)
    result = look_inside(model, picture, class_name=asked, top=top, out=page)
    screen.answer(result, str(result.page) if quiet else result.summary())
