"""`striate convert`: a network from one dialect into another, without a weight. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from striate.cli.inspect import parse_volume
from striate.cli.options import Json, Quiet
from striate.cli.screen import Screen
from striate.errors import ModelFileError, StriateError, UsageError, shown

if TYPE_CHECKING:
    from striate.arch import Network, Volume
    from striate.arch.formats.dialects import Dialect

EXAMPLE = "Example: striate convert resnet50 resnet50.prototxt"
PHASES = ("TEST", "TRAIN")
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
    classes: Annotated[int | None, typer.Option(min=1, help="How many values it ends in.")] = None,
    phase: Annotated[str | None, typer.Option(help="TEST or TRAIN, for a prototxt. [default: TEST]")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a network in another dialect: ours (YAML or JSON), Caffe's prototxt, Keras' JSON or PyTorch source.

    What is written is read again, and what came out in another form is said. A Caffe solver becomes a recipe. With -
    the text goes to stdout and what there is to say to stderr; with --quiet, nothing is said.
    """
    refuse_taken(out, force)
    dialect = target(out, to)
    given = read(source, parse_volume(volume), classes, phase)
    facts: dict[str, Any]
    if isinstance(given.network, dict):
        text, changes = recipe(given.network, dialect)
        facts = {"recipe": given.network}
        line = f"a recipe of {len(given.network)} settings"
    else:
        text, changes = written(given.network, dialect)
        facts = {"name": given.network.name, "input": list(given.network.input), "output": list(given.network.output),
                 "layers": len(given.network.nodes), "parameters": given.network.parameters}
        line = summary(given.network)
    changes = [*given.notes, *changes]
    facts = {"from": source, "dialect": given.kind, "to": dialect.name, "out": out} | facts | {"changes": changes}
    line = f"{shown(source)} ({given.kind}): {line}; as {dialect.title}{': ' if changes else ''}{'; '.join(changes)}"
    screen = Screen(quiet=quiet, as_json=as_json)
    if out != STDOUT:
        from striate import atomic

        atomic.write_text(out, text)
        if as_json or not quiet:
            screen.answer(facts, f"{line}; written to {shown(out)}")
    elif as_json:
        screen.answer(facts | {"text": text}, "")
    else:
        typer.echo(text, nl=False)
        screen.say(line)


@dataclass(frozen=True)
class Given:
    """What was read: a network, or the settings of a recipe; what it was read from, and what that could not say."""

    network: Network | dict[str, Any]
    kind: str
    notes: tuple[str, ...] = ()


def read(source: str, volume: Volume | None, classes: int | None, phase: str | None) -> Given:
    """The network or solver that IN means."""
    from striate.arch import ZOO, load_network
    from striate.arch.formats.dialects import READABLE, is_solver
    from striate.arch.load import held_to, read_file, read_network

    path = Path(source)
    suffix = path.suffix.lower()
    if phase is not None and (phase not in PHASES or suffix not in (".prototxt", ".pbtxt")):
        raise UsageError("bad_phase", f"--phase {shown(phase, 40)} was asked for",
                         allowed="TEST or TRAIN is allowed, and only for a prototxt",
                         given=f"{shown(source, 100)} was given", do="Change it or leave it out")
    if source in ZOO or suffix not in (*READABLE, ".safetensors"):
        return Given(load_network(source, volume, classes), "zoo")
    if suffix == ".safetensors":
        return Given(held_to(network_of_model(path, volume), classes, path.name), "model file")
    dialect, text = read_file(path)
    if dialect.name == "caffe" and is_solver(text):
        refuse_network_options(path, volume, classes, phase)
        from striate.arch.formats.caffe import read_solver

        solver = read_solver(text)
        return Given(solver.as_recipe(), "Caffe solver", tuple(note.rstrip(".") for note in solver.notes))
    network = read_network(dialect, text, volume, phase or "TEST")
    return Given(held_to(network, classes, path.name), dialect.title)


def network_of_model(path: Path, volume: Volume | None) -> Network:
    """The network of a striate model file; its weights are checked and left."""
    from striate import modelfile
    from striate.arch import Network

    manifest = modelfile.load(path, allow_nonfinite=True).manifest
    if "network" not in manifest:
        raise ModelFileError("no_network", f"the network of {shown(path)} was asked for",
                             given=f"it is a {shown(str(manifest.get('kind')), 60)}, which has none",
                             do="Give the model file of a ConvNet")
    try:
        return Network.from_dict(manifest["network"], volume)
    except StriateError as error:
        raise ModelFileError("bad_manifest", f"the network of {shown(path)} was asked for",
                             given=f"its manifest does not describe one: {shown(str(error), 300)}",
                             do="Give a file that striate train has written") from error


def refuse_network_options(path: Path, volume: Volume | None, classes: int | None, phase: str | None) -> None:
    """A solver has no input, classes or phase to change."""
    options = [name for name, value in (("--input", volume), ("--classes", classes), ("--phase", phase)) if value]
    if options:
        raise UsageError("solver_option", f"{shown(path.name)} was to be converted with {' and '.join(options)}",
                         allowed="these are allowed for networks", given="it is a solver", do="Leave them out")


def target(out: str, to: str | None) -> Dialect:
    """The dialect to write."""
    from striate.arch.formats.dialects import DIALECTS
    from striate.arch.rules import either

    by_suffix = {suffix: dialect.name for dialect in DIALECTS.values() for suffix in dialect.writes}
    name = to or by_suffix.get(Path(out).suffix.lower())
    if name not in DIALECTS:
        raise UsageError("unknown_dialect", f"--to {shown(to, 40)} was asked for" if to
                         else f"{shown(out, 100)} was to be written",
                         allowed=f"a {either(list(by_suffix))} file, or --to {either(list(DIALECTS))}, is allowed",
                         given="" if to else "neither was given", do="Change --to" if to else "Add --to")
    return DIALECTS[name]


def refuse_taken(out: str, force: bool) -> None:
    """Refuse to write over what is there."""
    path = Path(out)
    if out == STDOUT or not path.exists():
        return
    if not path.is_file():
        raise UsageError("out_not_a_file", f"{shown(out)} was to be written", given="it is a folder or a device",
                         do="Name a file in it")
    if not force:
        raise UsageError("out_exists", f"{shown(out)} was to be written", given="it is there already",
                         do="Choose another name, or add --force to write over it")


def summary(network: Network) -> str:
    """A network in one phrase."""
    layers = "1 layer" if len(network.nodes) == 1 else f"{len(network.nodes):,} layers"
    return f"{network.input} → {network.output}, {layers}, {network.parameters:,} parameters"


def written(network: Network, dialect: Dialect) -> tuple[str, list[str]]:
    """The text, and what came out in another form: it is read again, where we read that dialect."""
    from striate.arch.formats.changes import changes, unsaid

    text = dialect.write(network)
    if dialect.read is None:
        return text, unsaid(network)
    return text, changes(network, dialect.read(text, None, "TRAIN" if dialect.name == "caffe-train" else "TEST"))


def recipe(settings: dict[str, Any], dialect: Dialect) -> tuple[str, list[str]]:
    """The settings of a training run as text, and why `striate train` would not take them, if it would not."""
    from striate.nets.recipe import Recipe

    if dialect.name == "yaml":
        import yaml

        text = yaml.safe_dump(settings, sort_keys=False)
    elif dialect.name == "json":
        import json

        text = json.dumps(settings, indent=1) + "\n"
    else:
        raise UsageError("solver_dialect", f"a solver was to be written as {dialect.name}",
                         allowed="yaml or json is allowed", given="a solver becomes a recipe, which is no network",
                         do="Change OUT or --to")
    try:
        Recipe.from_dict(settings)
    except UsageError as error:
        return text, [f"a recipe cannot hold all of it yet: {shown(str(error).rstrip('.'), 300)}"]
    return text, []
