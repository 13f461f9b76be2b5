"""`striate look`: what a model has learnt, and the evidence for one of its predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from striate.cli.options import Force, Json, Quiet, refuse_taken
from striate.cli.screen import Screen
from striate.convnet.explain.methods import METHODS_OF_LOOK

EXAMPLE = "Example: striate look runs/digits-compact/model.safetensors --picture seven.png --layer conv2 --unit 7"


def methods() -> str:
    """The methods of looking into a network, by name; * marks those of a page without --show."""
    return ", ".join(f"{name}{'*' * row.first_page}" for name, row in METHODS_OF_LOOK.items())


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(look)


def look(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file that striate train has written.")],
    picture: Annotated[Path | None, typer.Option(metavar="FILE", help="The picture to explain.")] = None,
    layer: Annotated[
        str | None, typer.Option(metavar="NAME", help="The layer of a network whose units are explained. "
                                 "[default: the last with an area above 1×1]")
    ] = None,
    unit: Annotated[
        str | None, typer.Option(metavar="U[,Y,X]", help="A unit of that layer, and the row and column in its map. "
                                 "[default: the strongest in the picture]")
    ] = None,
    data: Annotated[
        str | None, typer.Option(metavar="DATA", help="Labelled pictures, for what is found in many of them: a folder "
                                 "of class folders, or digits, fashion-mnist, mnist.")
    ] = None,
    show: Annotated[
        str | None, typer.Option(metavar="NAME,…", help=f"What to show of a network: {methods()}. "
                                 "[default: those marked *, and with --data those that need it]")
    ] = None,
    asked: Annotated[
        str | None, typer.Option("--class", metavar="NAME", help="Explain this class. [default: the predicted]")
    ] = None,
    top: Annotated[
        int, typer.Option(min=1, max=50, help="Number of units explained, or of words listed for and against.")
    ] = 5,
    scale: Annotated[
        str | None, typer.Option(metavar="shared|each", help="One display scale for the maps of a method, or one each. "
                                 "[default: shared]")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The page. [default: look.html beside the model, which is "
                                  "replaced]")
    ] = None,
    figures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write every map and curve there, as PNG, SVG and NPY, and "
                                  "all numbers as JSON.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show what a model has learnt, and its evidence for a class in a picture, on one page."""
    if out is not None:
        refuse_taken(out, force)

    from striate.tasks import Progress
    from striate.tasks.look import look as look_inside

    screen = Screen(quiet=quiet, as_json=as_json)
    page = out or model.with_name("look.html")
    try:
        result = look_inside(model, picture, layer=layer, unit=unit, data=data, show=show, class_name=asked, top=top,
                             scale=scale, out=page, figures=figures,
                             progress=Progress(message=screen.say, on_progress=screen.stage, on_part=screen.part))
    finally:
        screen.close()
    screen.answer(result, str(result.page) if quiet else result.summary())
