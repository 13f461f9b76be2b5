"""`striate look`: the words of a model, and what they say about a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from striate.cli.options import Force, Json, Quiet, refuse_taken
from striate.cli.screen import Screen
from striate.errors import shown

EXAMPLE = "Example: striate look runs/scenes-bow/model.safetensors --picture coast.jpg"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(look)


def look(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file of visual words.")],
    picture: Annotated[Path | None, typer.Option(metavar="FILE", help="A picture to look at with it.")] = None,
    asked: Annotated[
        str | None, typer.Option("--class", metavar="NAME", help="What speaks for this class. [default: the predicted]")
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=50, help="How many words to name on each side.")] = 5,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The page. [default: look.html beside the model]")
    ] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show a model's visual words, and which of them speak for and against a class in a picture, on one page."""
    page = out or model.with_name("look.html")
    refuse_taken(page, force)

    from striate.tasks.look import look_model

    screen = Screen(quiet=quiet, as_json=as_json)
    facts = look_model(model, picture, page, asked=asked, top=top)
    screen.answer(facts, str(facts["look"]) if quiet else summary(facts))


def summary(facts: dict[str, Any]) -> str:
    """What was predicted, the words for and against, and the page, for people."""
    lines = []
    if facts["picture"]:
        asked = shown(facts["asked"], 40)
        lines.append(f"{shown(facts['picture'])}: {shown(facts['class'], 80)} {facts['probability']:.1%}")
        for side in ("for", "against"):
            lines += [f"{side} {asked}: word {one['word']:<6} {one['said']:+.3f}  {one['times']:,} times"
                      for one in facts[side]]
        if facts["refused"]:
            lines.append(shown(facts["refused"], 500))
    else:
        lines.append(f"{facts['words']:,} words")
    return "\n".join([*lines, shown(facts["look"], 2000)])
