"""One verb, one name: a command is a file in cli/, tasks/, report/, docs/ and tests/, and a public function."""

import ast
import importlib
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import striate
from striate.cli.main import application

SOURCE, TESTS = Path(striate.__file__).parent, Path(__file__).parents[1]
COMMANDS = sorted(get_command(application()).commands)  # type: ignore[attr-defined]
VERBS = [*COMMANDS, "tune"]  # `striate train --try`
PAGES = {"train", "check", "compare", "look", "tune", "filter"}
CLASSES = {node.name: node for path in SOURCE.rglob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8")))
           if isinstance(node, ast.ClassDef)}


def gives_itself(name: str) -> bool:
    """Whether a class of ours, or one that it is made from, has `as_dict`."""
    node = CLASSES[name]
    return any(isinstance(one, ast.FunctionDef) and one.name == "as_dict" for one in node.body) or any(
        isinstance(base, ast.Name) and base.id in CLASSES and gives_itself(base.id) for base in node.bases)


def frozen(name: str) -> bool:
    """Whether a class is a frozen dataclass."""
    return any("dataclass" in ast.unparse(one) and "frozen=True" in ast.unparse(one)
               for one in CLASSES[name].decorator_list)


def test_the_commands_are_those_of_the_design() -> None:
    assert COMMANDS == ["check", "compare", "convert", "evaluate", "filter", "inspect", "look", "predict", "train"]


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_one_name_in_every_room(verb: str) -> None:
    assert (SOURCE / "cli" / f"{verb}.py").exists()
    assert (SOURCE / "tasks" / f"{verb}.py").exists() or (SOURCE / "tasks" / verb / "__init__.py").exists()
    assert (SOURCE / "report" / f"{verb}.py").exists() == (verb in PAGES)
    assert (SOURCE.parents[1] / "docs" / f"{verb}.md").exists()
    assert (TESTS / "tasks" / f"test_{verb}.py").exists() or (TESTS / "tasks" / verb).is_dir()


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_a_public_function_with_a_typed_result(verb: str) -> None:
    function = getattr(importlib.import_module(f"striate.tasks.{verb}"), verb)
    assert getattr(striate, verb) is function
    assert verb in striate.__all__
    result = function.__annotations__["return"].removeprefix("list[").removesuffix("]")
    assert gives_itself(result)
    assert frozen(result)
    assert function.__doc__


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_has_an_example(command: str) -> None:
    said = CliRunner().invoke(application(), [command, "--help"], prog_name="striate", terminal_width=200).output
    assert f"Example: striate {command} " in said


@pytest.mark.parametrize("path", sorted((SOURCE / "cli").glob("*.py")), ids=lambda path: path.stem)
def test_the_command_line_defines_no_class_and_stays_thin(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    classes = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert classes == {"screen": ["Screen"], "plain_progress": ["PlainProgress"]}.get(path.stem, [])
    rooms = {node.module.split(".")[1] for node in ast.walk(tree)
             if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("striate.")}
    assert not rooms & {"bow", "data", "classifiers", "filtering", "load_model", "model"}
