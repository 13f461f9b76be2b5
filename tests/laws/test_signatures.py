"""What crosses from room to room is typed: no `dict[str, Any]` in a signature, but where JSON itself is meant."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

import striate

SOURCE = Path(striate.__file__).parent
UNTYPED = re.compile(r"\b(dict|Mapping)\[str, Any\]")
JSON = {"as_dict", "to_dict", "from_dict"}  # JSON values are what these are for

EXCEPTIONS = {
    "core.model_file.ModelFile.__init__": "the manifest of a model file, whose keys its writer chooses",
    "core.model_file.digest": "the same manifest",
    "core.model_file.save": "the same manifest",
    "model.recogniser.Recogniser.to_file": "the same manifest",
    "classifiers.classifier.Classifier.from_arrays": "the part of that manifest that a classifier wrote",
    "convnet.training.checkpoint.Checkpoints.save": "the manifest of a checkpoint",
    "core.params.check": "values to be checked, of which nothing is known",
    "core.params.check_params": "the same values",
    "core.params.stored": "the same values, read from a file",
    "report.train_result.TrainResult.__init__": "recipes: each training method has settings of its own",
}


def crossing() -> Iterator[object]:
    """What the modules of one room import from another."""
    for path in SOURCE.rglob("*.py"):
        tree, own = ast.parse(path.read_text("utf-8")), path.relative_to(SOURCE).parts[0]
        for node in ast.walk(tree):
            if not (isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("striate.")):
                continue
            if node.module.split(".")[1] == own.removesuffix(".py") or own == "__init__.py":
                continue
            for name in node.names:
                found = getattr(importlib.import_module(node.module), name.name)
                if isinstance(found, ModuleType):
                    called = name.asname or name.name
                    yield from (getattr(found, one.attr, None) for one in ast.walk(tree) if isinstance(
                        one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id == called)
                else:
                    yield found


def signatures(thing: object) -> Iterator[tuple[str, FunctionType]]:
    """A function, or the public methods of a class, each called after the first class that has it."""
    if isinstance(thing, FunctionType):
        yield f"{thing.__module__}.{thing.__qualname__}", thing
    if not (inspect.isclass(thing) and thing.__module__.startswith("striate.")):
        return
    for name, member in vars(thing).items():
        plain = getattr(member, "fget", None) or getattr(member, "__func__", None) or member
        if isinstance(plain, FunctionType) and (not name.startswith("_") or name == "__init__"):
            home = [one for one in thing.__mro__ if name in vars(one) and one.__module__.startswith("striate.")]
            yield f"{(thing if name == '__init__' else home[-1]).__module__}.{home[-1].__qualname__}.{name}", plain


def test_no_untyped_dictionary_crosses_rooms() -> None:
    found = {name.removeprefix("striate."): function for thing in crossing() for name, function in signatures(thing)}
    assert len(found) > 300
    untyped = {name for name, function in found.items() if name.rpartition(".")[2] not in JSON
               and any(UNTYPED.search(str(one)) for one in function.__annotations__.values())}
    assert untyped == EXCEPTIONS.keys()
    assert len(EXCEPTIONS) <= 10
