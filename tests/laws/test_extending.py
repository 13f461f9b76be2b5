"""`docs/extending.md` against the program: every table and file that it names is there, and no table is missing."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "extending.md"
CODE = re.findall(r"`([^`\n]+)`", PAGE.read_text(encoding="utf-8"))
NAMES = sorted({code for code in CODE if re.fullmatch(r"striate(\.\w+)+", code)})
FILES = sorted({code for code in CODE if re.fullmatch(r"[\w/]+\.(py|md)", code) and "/" in code})
TABLES = {"LAYERS", "ZOO", "FORMATS", "SOURCES", "DIALECTS", "ENCODERS", "CLASSIFIERS", "OPTIMISERS", "LOGS", "METHODS",
          "RECOGNISERS", "CHECKS", "COMMANDS", "EXPLAINERS", "METHODS_OF_LOOK", "KERNELS", "DRAWERS",
          "FAMILIES", "MEMBER_KINDS"}


def resolved(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_page_names_is_there_and_not_empty(name: str) -> None:
    found = resolved(name)
    assert len(found) > 0 if name.rpartition(".")[2].isupper() else found


@pytest.mark.parametrize("file", FILES)
def test_the_files_that_the_page_names_are_there(file: str) -> None:
    assert (ROOT / file).is_file() or (ROOT / "src" / "striate" / file).is_file()


def test_every_table_stands_on_the_page() -> None:
    assert {name.rpartition(".")[2] for name in NAMES} >= TABLES
