"""`striate convert`: a network from one dialect into another, without a weight. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from striate.cli.inspect import parse_phase, parse_volume
from striate.cli.options import Force, Json, Quiet, refuse_taken
from striate.cli.screen import Screen
from striate.errors import ModelFileError, StriateError, UsageError, shown

if TYPE_CHECKING:
    from striate.arch import Network, Volume
    from striate.arch.formats.conversion_notes import ConversionNotes
    from striate.arch.formats.dialects import Dialect

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
    classes: Annotated[int | None, typer.Option(min=1, help="How many values it ends in.")] = None,
    phase: Annotated[str | None, typer.Option(help="TEST or TRAIN, for a prototxt. [default: TEST]")] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a network in another dialect: ours (YAML or JSON), Caffe's prototxt, Keras' JSON or PyTorch source.

    What is written is read again; the answer says what is lost, and what is only written otherwise and computes the
    same. A Caffe solver becomes a recipe. With - the text goes to stdout and what there is to say to stderr; with
    --quiet, nothing is said.
    """
    from striate.arch.formats.conversion_notes import ConversionNotes

    refuse_taken(out, force)
    dialect = target(out, to)
    given = read(source, parse_volume(volume), classes, phase)
    facts: dict[str, Any]
    if isinstance(given.network, dict):
        text, notes = recipe(given.network, dialect)
        told = ConversionNotes()
        facts = {"recipe": given.network}
        line = f"a recipe of {len(given.network)} settings"
    else:
        text, told, notes = written(given.network, dialect)
        facts = {"name": given.network.name, "input": list(given.network.input), "output": list(given.network.output),
                 "layers": len(given.network.nodes), "parameters": given.network.parameters}
        line = summary(given.network)
    notes = [*given.notes, *notes]
    facts = {"from": source, "dialect": given.kind, "to": dialect.name, "out": out} | facts | {
        "changes": [*told.phrases(), *notes], "lost": list(told.lost), "changed": list(told.changed),
        "same": list(told.same), "notes": notes}
    line = "; ".join([f"{shown(source)} ({given.kind}): {line}; as {dialect.title}", *told.phrases(), *notes])
    screen = Screen(quiet=quiet, as_json=as_json)
    if out != STDOUT:
        from striate.core import atomic

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
    from striate.arch.network_loader import held_to, read_file, read_network

    path = Path(source)
    suffix = path.suffix.lower()
    as_it = parse_phase(phase, source)
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
    network = read_network(dialect, text, volume, as_it)
    notes: list[str] = []
    if dialect.name == "caffe":
        from striate.arch.formats.caffe import caffe_notes

        notes = caffe_notes(text, as_it)
    return Given(held_to(network, classes, path.name), dialect.title, tuple(notes))


def network_of_model(path: Path, volume: Volume | None) -> Network:
    """The network of a striate model file; its weights are checked and left."""
    from striate.arch import Network
    from striate.core import model_file

    manifest = model_file.load(path, allow_nonfinite=True).manifest
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
    from striate.core.humanize import join_words

    by_suffix = {suffix: dialect.name for dialect in DIALECTS.values() for suffix in dialect.writes}
    name = to or by_suffix.get(Path(out).suffix.lower())
    if name not in DIALECTS:
        raise UsageError("unknown_dialect", f"--to {shown(to, 40)} was asked for" if to
                         else f"{shown(out, 100)} was to be written",
                         allowed=f"a {join_words(list(by_suffix))} file, or --to {join_words(list(DIALECTS))}, is "
                                 "allowed",
                         given="" if to else "neither was given", do="Change --to" if to else "Add --to")
    return DIALECTS[name]


def summary(network: Network) -> str:
    """A network in one phrase."""
    layers = "1 layer" if len(network.nodes) == 1 else f"{len(network.nodes):,} layers"
    return f"{network.input} → {network.output}, {layers}, {network.parameters:,} parameters"


def written(network: Network, dialect: Dialect) -> tuple[str, ConversionNotes, list[str]]:
    """The text, what came out in another form (it is read again, where we read that dialect), and what it wants."""
    from striate.arch.formats.conversion_notes import changes, unsaid

    text = dialect.write(network)
    if dialect.read is None:
        return text, unsaid(network), []
    if dialect.name != "caffe-train":
        return text, changes(network, dialect.read(text, None, "TEST")), []
    from striate.arch.formats.caffe.prototxt_writer import DATA_WANTED

    return text, changes(network, dialect.read(text, None, "TRAIN")), [DATA_WANTED]


def recipe(settings: dict[str, Any], dialect: Dialect) -> tuple[str, list[str]]:
    """The settings of a training run as text, and why `striate train` would not take them, if it would not."""
    from striate.convnet.recipe.recipe import Recipe

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
