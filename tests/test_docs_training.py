"""docs/training.md is what the program takes: its recipes are recipes, its commands parse, its table is whole."""

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest
import typer
import yaml

from striate.cli.main import app
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.recipe.validation import CHOICES
from striate.tasks.logs import LOGS
from striate.tasks.settings import Settings, recipe_of

PAGE = (Path(__file__).parents[1] / "docs" / "training.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for named, text in BLOCKS if named == language]


def test_every_field_and_choice_is_there() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == sorted(field.name for field in fields(Recipe))
    for choice in (*LOGS, *(choice for choices in CHOICES.values() for choice in choices)):
        assert f"`{choice}`" in PAGE, choice


def test_an_option_stands_beside_its_field() -> None:
    options = {option for parameter in typer.main.get_command(app).commands["train"].params  # type: ignore[attr-defined]
               for option in parameter.opts}
    for row in (line for line in PAGE.splitlines() if line.startswith("| `")):
        names, given = (re.findall(r"`(.*?)`", cell) for cell in row.split("|")[1:3])
        expected = [f"--{name.replace('_', '-')}" for name in names]
        assert given == [option for option in expected if option in options]


@pytest.mark.parametrize("text", blocks("yaml"))
def test_recipes_are_recipes(text: str) -> None:
    assert Recipe.from_dict(yaml.safe_load(text))


@pytest.mark.parametrize("line", "".join(blocks("")).splitlines())
def test_commands_parse(line: str) -> None:
    words = shlex.split(line, comments=True)
    words = words[words.index("striate") + 1 :]
    train = typer.main.get_command(app).commands[words.pop(0)]  # type: ignore[attr-defined]
    assert train.make_context("train", words).params["data"] == "pictures/"


def test_a_run_is_repeated_by_what_it_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = Recipe(minutes=3.0, steps=940, plan=((0, 1000), (120, 940)))
    folder = tmp_path / "runs" / "pictures-compact"
    folder.mkdir(parents=True)
    Settings("pictures/", planned=planned.as_dict()).save(folder / "recipe.yaml")
    monkeypatch.chdir(tmp_path)
    (example,) = blocks("python")
    exec(example, {})
    assert Recipe.from_dict(recipe_of(Path("again.yaml"))) == planned
