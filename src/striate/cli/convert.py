"""`striate convert`: a network from one dialect into another, without a weight. Loads no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from striate.cli.inspect import parse_volume
from striate.cli.options import Force, Json, Quiet
from striate.cli.screen import Screen
from striate.errors import shown

if TYPE_CHECKING:
    from striate.tasks.convert import Conversion

EXAMPLE = "Example: striate convert resnet50 resnet50.prototxt"
STDOUT = "-"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(convert)


def convert(
    source: Annotated[str, typer.Argument(
        metavar="IN", help="A network by name, a .yaml, .json, .prototxt or model file, or a Caffe solver.")],
    out: Annotated[str, typer.Argument(metavar="OUT", help="A .yaml, .json, .prototxt or .py file, or - for stdout.")],
    to: Annotated[str | None, typer.Option(
        "--to", help="yaml, json, caffe, caffe-train, keras or torch. [default: by the extension of OUT]")] = None,
    volume: Annotated[
        str | None, typer.Option("--input", metavar="C,H,W", help="Channels, height and width of its pictures.")
    ] = None,
    classes: Annotated[int | None, typer.Option(min=1, help="Number of outputs.")] = None,
    phase: Annotated[str | None, typer.Option(help="TEST or TRAIN, for a prototxt. [default: TEST]")] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a network in another dialect: ours (YAML or JSON), Caffe's prototxt, Keras' JSON or PyTorch source.

    The output is read again, and the differences are reported: what is lost, and what is written differently but
    computes the same. A Caffe solver becomes a recipe. With - the text goes to stdout and the report to stderr; with
    --quiet there is no report.
    """
    from striate.tasks.convert import convert as run

    result = run(source, out, to=to, input=parse_volume(volume), classes=classes, phase=phase, force=force)
    screen, line = Screen(quiet=quiet, as_json=as_json), summary(result)
    if out == STDOUT and not as_json:
        typer.echo(result.text, nl=False)
        screen.say(line)
    elif as_json or not quiet:
        screen.answer(result, f"{line}; written to {shown(out)}")


def summary(result: Conversion) -> str:
    """The source, the dialect written and the differences, in one line."""
    from striate.arch.formats.dialects import DIALECTS

    network = result.network
    if network is None:
        what = f"a recipe of {len(result.recipe)} settings"
    else:
        layers = "1 layer" if len(network.nodes) == 1 else f"{len(network.nodes):,} layers"
        what = f"{network.input} → {network.output}, {layers}, {network.parameters:,} parameters"
    return "; ".join([f"{shown(result.source)} ({result.dialect}): {what}; as {DIALECTS[result.to].title}",
                      *result.changes])
