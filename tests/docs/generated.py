"""What the program says of itself: the text of each block that a page marks as `<!-- generated: NAME -->`."""

import ast
import dataclasses
import inspect
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import typer
import yaml
from typer.testing import CliRunner

import striate
import striate.arch
from striate.arch.layers.__main__ import coverage_table
from striate.arch.schema import settings_of
from striate.bow.stages import ESTIMATORS, PRESETS, RUN_ONLY, Stages, stage_settings
from striate.cli.main import COMMANDS, application
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.recipe.recipe_field import field_text, fields_by_name
from striate.core.constraints import Integer, Real
from striate.core.params import params_of


def help_of(*command: str) -> str:
    """What `striate COMMAND --help` says, in a block."""
    said = CliRunner().invoke(application(), [*command, "--help"], prog_name="striate", terminal_width=100).output
    return f"```\n{said.strip()}\n```"


def layers() -> str:
    """The table of the layers with their settings."""
    rows = ["| layer | settings, with their defaults |", "|---|---|"]
    for kind, layer in striate.arch.LAYERS.items():
        settings = [f.name if f.default is dataclasses.MISSING else f"{f.name}={getattr(f.default, 'kind', f.default)}"
                    for f in settings_of(layer)]
        rows.append(f"| `{kind}` | {', '.join(f'`{one}`' for one in settings) or 'none'} |")
    return "\n".join(rows)


def stages() -> str:
    """The table of the steps of a bag of visual words with their settings."""
    rows = ["| step | choice | settings, with their defaults | what it is |", "|---|---|---|---|"]
    for stage, kinds in ESTIMATORS.items():
        for name, kind in kinds.items():
            settings = [f"`{parameter.name}={parameter.default}`" for parameter in
                        inspect.signature(kind).parameters.values() if parameter.name not in RUN_ONLY]
            said = (kind.__doc__ or "").splitlines()[0].rstrip(".")
            rows.append(f"| {stage} | `{name}` | {', '.join(settings)} | {said} |")
    return "\n".join(rows)


def presets() -> str:
    """The steps that each name stands for, where they differ from the defaults."""
    return "\n\n".join(f"`{name}`{', for small pictures' * small}:\n\n```yaml\n{told(chosen(small))}```"
                       for name, chosen in PRESETS.items() for small in (False, True))


def told(chosen: Stages) -> str:
    """The steps as YAML, defaults left out."""
    found = {}
    for stage, values in chosen.as_dict().items():
        name, settings = (stage, values) if len(ESTIMATORS[stage]) == 1 else next(iter(values.items()))
        usual = stage_settings(stage, ESTIMATORS[stage][name]())
        usual = usual if len(ESTIMATORS[stage]) == 1 else usual[name]
        own = {key: value for key, value in settings.items() if value != usual[key]}
        found[stage] = own if len(ESTIMATORS[stage]) == 1 else {name: own}
    return str(yaml.safe_dump(found, sort_keys=False, default_flow_style=None))


def recipe() -> str:
    """The table of a recipe's fields, as they are declared, with the option of each."""
    rows = ["| field | option | what | range |", "|---|---|---|---|"]
    options = train_options()
    for name, field in fields_by_name(Recipe).items():
        option, rule = f"--{name.replace('_', '-')}", params_of(Recipe)[name].rule
        text, more = field_text(Recipe, name), field.metadata["more"]
        bounds = f"{rule.low:g} to {rule.high:g}" if isinstance(rule, Integer | Real) else ""
        rows.append(f"| `{name}` | {f'`{option}`' if option in options else ''} | {text[0].upper()}{text[1:]}."
                    f"{f' {more}.' if more else ''} | {bounds} |")
    return "\n".join(rows)


def train_options() -> dict[str, str]:
    """The help text of each option of `striate train`, by its name."""
    parameters = typer.main.get_command(application()).commands["train"].params  # type: ignore[attr-defined]
    return {name: parameter.help for parameter in parameters if hasattr(parameter, "help")
            for name in parameter.opts}


def public_verbs() -> str:
    """A heading for each command that is also a function, and for the result that it returns."""
    verbs = [name for name in (*COMMANDS, "tune") if name in striate.__all__]
    results = [result_of(getattr(striate, verb)) for verb in verbs]
    return "\n\n".join(f"::: {path}" for path in (*(f"striate.{verb}" for verb in verbs), *dict.fromkeys(results)))


def result_of(verb: Callable[..., object]) -> str:
    """The dotted name of the class that a function says it returns; a tuple's items count."""
    name = re.sub(r"\w+\[(\w+).*\]", r"\1", inspect.signature(verb).return_annotation)
    source = ast.parse(Path(inspect.getsourcefile(verb) or "").read_text(encoding="utf-8"))
    homes = [node.module for node in ast.walk(source) if isinstance(node, ast.ImportFrom)
             for imported in node.names if imported.name == name]
    return f"{homes[0] if homes else verb.__module__}.{name}"


BLOCKS: dict[str, Callable[[], str]] = {
    "help": help_of, "layers": layers, "layer-coverage": lambda: coverage_table().rstrip(), "steps": stages,
    "presets": presets, "recipe": recipe, "verbs": public_verbs,
    **{f"help-{command}": partial(help_of, command) for command in COMMANDS},
}
