"""docs/train.md, tune.md and distributed.md are what the program takes: recipes, commands, and a whole table."""

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest
import typer
import yaml

from striate.cli.main import application
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.recipe.recipe_field import field_choices, fields_by_name, option_help
from striate.tasks.logs import LOGS
from striate.tasks.settings import Settings, load_recipe
from tests.docs.generated import train_options
from tests.docs.pages import blocks, text_of

PAGE = text_of("train.md")
OTHERS = (text_of("tune.md"), text_of("distributed.md"))
ROWS = [line for line in PAGE.split("| field | option |")[1].splitlines() if line.startswith("| `")]


def test_the_option_of_a_field_says_what_is_declared() -> None:
    options = train_options()
    said = {name: options[option] for name in fields_by_name(Recipe)
            if (option := f"--{name.replace('_', '-')}") in options}
    assert len(said) == 15
    assert said == {name: option_help(Recipe, name) for name in said}


def test_every_field_and_choice_is_there() -> None:
    named = [name for row in ROWS for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == sorted(field.name for field in fields(Recipe))
    for choice in (*LOGS, *(choice for field in fields(Recipe) for choice in field_choices(Recipe, field.name))):
        assert f"`{choice}`" in PAGE, choice


def test_an_option_stands_beside_its_field() -> None:
    options = {option for parameter in typer.main.get_command(application()).commands["train"].params  # type: ignore[attr-defined]
               for option in parameter.opts}
    for row in ROWS:
        names, given = (re.findall(r"`(.*?)`", cell) for cell in row.split("|")[1:3])
        expected = [f"--{name.replace('_', '-')}" for name in names]
        assert given == [option for option in expected if option in options]


@pytest.mark.parametrize("text", blocks(PAGE, "yaml"))
def test_recipes_are_recipes(text: str) -> None:
    assert Recipe.from_dict(yaml.safe_load(text))


@pytest.mark.parametrize("line", "".join("".join(blocks(page, "")) for page in (PAGE, *OTHERS)).splitlines())
def test_commands_parse(line: str) -> None:
    words = shlex.split(line, comments=True)
    words = words[words.index("striate") + 1 :]
    train = typer.main.get_command(application()).commands[words.pop(0)]  # type: ignore[attr-defined]
    assert train.make_context("train", words).params["data"] == "pictures/"


def test_a_run_is_repeated_by_what_it_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = Recipe(minutes=3.0, steps=940, plan=((0, 1000), (120, 940)))
    folder = tmp_path / "runs" / "pictures-compact"
    folder.mkdir(parents=True)
    Settings("pictures/", planned=planned.as_dict()).save(folder / "recipe.yaml")
    monkeypatch.chdir(tmp_path)
    (example,) = blocks(PAGE, "python")
    exec(example, {})
    assert Recipe.from_dict(load_recipe(Path("again.yaml"))) == planned
