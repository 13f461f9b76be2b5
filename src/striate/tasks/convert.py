"""Conversion of a network from one dialect into another, without a weight. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from striate.arch import ZOO, Network, Volume, load_network
from striate.arch.formats.conversion_notes import ConversionNotes, lost_in_source, network_changes
from striate.arch.formats.dialects import DIALECTS, READABLE, Dialect, is_solver
from striate.arch.network_loader import check_classes, phase_of, read_file, read_network
from striate.core import atomic
from striate.core.humanize import join_words
from striate.core.result import Result
from striate.errors import ModelFileError, StriateError, UsageError, shown

STDOUT = "-"


@dataclass(frozen=True, kw_only=True)
class Conversion(Result):
    """A conversion: what was read (`source`, in `dialect`), what was written (`text`, in the dialect `to`, into `out`).

    `network` is what was read, None for a Caffe solver, whose settings are the `recipe`. `differences`: what the new
    dialect loses, changes, or writes otherwise; `notes`: further sentences.
    """

    source: str
    dialect: str
    to: str
    out: str
    network: Network | None
    recipe: Mapping[str, object]
    differences: ConversionNotes
    notes: Sequence[str]
    text: str

    @property
    def changes(self) -> list[str]:
        """Differences and notes, in sentences."""
        return [*self.differences.phrases(), *self.notes]

    def as_dict(self) -> dict[str, Any]:
        """JSON values; the text is among them where it was not written into a file."""
        net, differences = self.network, self.differences
        what: dict[str, Any] = {"recipe": dict(self.recipe)} if net is None else {
            "name": net.name, "input": list(net.input), "output": list(net.output), "layers": len(net.nodes),
            "parameters": net.parameters}
        return {"from": self.source, "dialect": self.dialect, "to": self.to, "out": self.out} | what | {
            "changes": self.changes, "lost": list(differences.lost), "changed": list(differences.changed),
            "same": list(differences.same), "notes": list(self.notes)} | (
            {"text": self.text} if self.out == STDOUT else {})


def convert(
    source: str | Path, out: str | Path = STDOUT, *, to: str | None = None,
    input: Volume | tuple[int, int, int] | None = None, classes: int | None = None,  # noqa: A002
    phase: str | None = None, force: bool = False,
) -> Conversion:
    """Write a network in another dialect; the command `striate convert`. What is written is read again.

    Args:
        source: a network by name, a .yaml, .json, .prototxt or model file, or a Caffe solver, which becomes a recipe.
        out: the file to write; `-` writes none: the text is in the result.
        to: yaml, json, caffe, caffe-train, keras or torch; None is by the extension of `out`.
        input: channels, height and width of its pictures, in place of its own.
        classes: how many values it ends in.
        phase: TEST or TRAIN, for a prototxt.
        force: write over a file that is there.

    >>> print(convert("lenet5", to="yaml").text.splitlines()[0])
    name: lenet5

    """
    source, out = str(source), str(out)
    atomic.refuse_taken(out, force)
    dialect = target_dialect(out, to)
    given = read(source, None if input is None else Volume(*input), classes, phase)
    differences, recipe, network = ConversionNotes(), given.network, None
    if isinstance(recipe, Network):
        network, recipe = recipe, {}
        text, differences, notes = write_text(network, dialect)
    else:
        text, notes = recipe_text(recipe, dialect)
    if out != STDOUT:
        atomic.write_text(out, text)
    return Conversion(source=source, dialect=given.kind, to=dialect.name, out=out, network=network, recipe=recipe,
                      differences=differences, notes=(*given.notes, *notes), text=text)


@dataclass(frozen=True)
class ConversionSource:
    """Source of a conversion: a network or the settings of a recipe, the kind of file, and notes."""

    network: Network | dict[str, Any]
    kind: str
    notes: tuple[str, ...] = ()


def read(source: str, volume: Volume | None, classes: int | None, phase: str | None) -> ConversionSource:
    """Read the network or solver `source`."""
    path = Path(source)
    suffix = path.suffix.lower()
    as_it = phase_of(phase, source)
    if source in ZOO or suffix not in (*READABLE, ".safetensors"):
        return ConversionSource(load_network(source, volume, classes), "zoo")
    if suffix == ".safetensors":
        return ConversionSource(check_classes(network_of_model(path, volume), classes, path.name), "model file")
    dialect, text = read_file(path)
    if dialect.name == "caffe" and is_solver(text):
        refuse_network_options(path, volume, classes, phase)
        from striate.arch.formats.caffe import read_solver

        solver = read_solver(text)
        return ConversionSource(solver.as_recipe(), "Caffe solver", tuple(note.rstrip(".") for note in solver.notes))
    network = read_network(dialect, text, volume, as_it)
    notes: list[str] = []
    if dialect.name == "caffe":
        from striate.arch.formats.caffe import caffe_notes

        notes = caffe_notes(text, as_it)
    return ConversionSource(check_classes(network, classes, path.name), dialect.title, tuple(notes))


def network_of_model(path: Path, volume: Volume | None) -> Network:
    """The network of a striate model file; its weights are checked, not used."""
    from striate.core import model_file  # here, because it loads NumPy

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
    """Refuse options that a solver does not have (`solver_option`)."""
    options = [name for name, value in (("--input", volume), ("--classes", classes), ("--phase", phase)) if value]
    if options:
        raise UsageError("solver_option", f"{shown(path.name)} was to be converted with {' and '.join(options)}",
                         allowed="these are allowed for networks", given="it is a solver", do="Leave them out")


def target_dialect(out: str, to: str | None) -> Dialect:
    """The dialect to write."""
    by_suffix = {suffix: dialect.name for dialect in DIALECTS.values() for suffix in dialect.writes}
    name = to or by_suffix.get(Path(out).suffix.lower())
    if name not in DIALECTS:
        raise UsageError("unknown_dialect", f"--to {shown(to, 40)} was asked for" if to
                         else f"{shown(out, 100)} was to be written",
                         allowed=f"a {join_words(list(by_suffix))} file, or --to {join_words(list(DIALECTS))}, is "
                                 "allowed",
                         given="" if to else "neither was given", do="Change --to" if to else "Add --to")
    return DIALECTS[name]


def write_text(network: Network, dialect: Dialect) -> tuple[str, ConversionNotes, list[str]]:
    """The text, its differences (it is read again, where we read that dialect), and notes."""
    text = dialect.write(network)
    if dialect.read is None:
        return text, lost_in_source(network), []
    if dialect.name != "caffe-train":
        return text, network_changes(network, dialect.read(text, None, "TEST")), []
    from striate.arch.formats.caffe.prototxt_writer import DATA_WANTED

    return text, network_changes(network, dialect.read(text, None, "TRAIN")), [DATA_WANTED]


def recipe_text(settings: dict[str, Any], dialect: Dialect) -> tuple[str, list[str]]:
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
