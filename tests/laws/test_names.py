"""Names tell files and classes apart: no stem and no class name twice, short files, and tests where the code is."""

import ast
from collections import defaultdict
from pathlib import Path
from statistics import median

import striate
from striate.cli.main import COMMANDS

SOURCE, TESTS = Path(striate.__file__).parent, Path(__file__).parents[1]
FILES = sorted(SOURCE.rglob("*.py"))

# A verb is one name in three rooms, which is the first law of docs/architecture.md and so no exception.
VERBS = {*COMMANDS, "tune"}  # `striate train --try`
NAMED_BY_PYTHON = {"__init__", "__main__"}
ROOMS_OF_VERBS = {"cli", "tasks", "report"}
TWICE = {
    "recogniser": "the contract in model/, and those that keep it in bow/, convnet/ and ensemble/",
    "transfer": "a recogniser in convnet/, and the training method that makes one in tasks/methods/",
}

OTHER_ROOMS = {
    ".": "exports and refusals, which are of all rooms",
    "docs": "README and the pages of docs/",
    "hostile": "hostile input, in the order of its catalogue and through every entry point",
    "laws": "laws of the whole house",
    "oracles": "second implementations that several rooms are held against",
}


def test_no_file_name_occurs_twice() -> None:
    places = defaultdict(set)
    for path in FILES:
        room = str(path.parent.relative_to(SOURCE))
        if path.stem not in NAMED_BY_PYTHON and not (path.stem in VERBS and room in ROOMS_OF_VERBS):
            places[path.stem].add(room)
    assert {stem: rooms for stem, rooms in places.items() if len(rooms) > 1}.keys() == TWICE.keys()
    assert len(TWICE) <= 10


def test_no_class_name_occurs_twice() -> None:
    places = defaultdict(list)
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path.relative_to(SOURCE)))
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def test_files_are_short() -> None:
    lengths = {str(path.relative_to(SOURCE)): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {path: length for path, length in lengths.items() if length > 400} == {}
    assert median(lengths.values()) <= 100


def test_tests_lie_where_the_code_lies() -> None:
    rooms = {str(path.parent.relative_to(TESTS)) for path in TESTS.rglob("test_*.py")}
    assert {room for room in rooms if not (SOURCE / room / "__init__.py").exists()} | {"."} == OTHER_ROOMS.keys()
