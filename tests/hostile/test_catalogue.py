"""Every number that a test cites stands in `CATALOGUE.md`, with the tests that cite it, and no other.

`pytest tests/hostile/test_catalogue.py --golden` writes its last column anew.
"""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FILE = Path(__file__).parent / "CATALOGUE.md"
ROW = re.compile(r"^\| ([IDMFR]\d\d) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
CASE = re.compile(r"([IDMFR])(\d{1,2}),? |([idmfr])(\d\d)_")  # how a row of a table of cases begins


def cited(path: Path) -> dict[str, set[str]]:
    """Numbers by test function; those of tables and helpers stand under the file itself."""
    found: dict[str, set[str]] = defaultdict(set)
    name = path.relative_to(TESTS).as_posix()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            prefix = re.match(r"(?:test_)?((?:[idmfr]\d\d?_)+)", node.name)
            for letter, digits in re.findall(r"([idmfr])(\d+)", prefix[1] if prefix else ""):
                key = f"{name}::{node.name}" if node.name.startswith("test_") else name
                found[f"{letter.upper()}{int(digits):02}"].add(key)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and (case := CASE.match(node.value)):
            found[f"{(case[1] or case[3]).upper()}{int(case[2] or case[4]):02}"].add(name)
    return found


def all_cited() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(TESTS.rglob("*.py")):
        for number, places in cited(path).items():
            found[number] |= places
    return found


def test_each_number_that_is_cited_is_explained_beside_the_tests_that_cite_it(request: pytest.FixtureRequest) -> None:
    found = all_cited()
    if request.config.getoption("--golden"):
        FILE.write_text(ROW.sub(lambda row: f"| {row[1]} | {row[2]} | {row[3]} | "
                                            f"{', '.join(f'`{one}`' for one in sorted(found[row[1]]))} |",
                                FILE.read_text(encoding="utf-8")), encoding="utf-8")
    listed = {row[1]: set(re.findall(r"`([^`]+)`", row[4])) for row in ROW.finditer(FILE.read_text(encoding="utf-8"))}
    assert listed == found
