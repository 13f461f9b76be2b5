"""docs/architecture.md maps the house as it is: every folder has a line, every file that it names exists."""

import re
import tomllib

from tests.docs.pages import ROOT, text_of

PAGE = text_of("architecture.md")
PACKAGE = ROOT / "src" / "striate"


def test_every_folder_has_a_line() -> None:
    folders = {f"{path.parent.relative_to(PACKAGE)}/" for path in PACKAGE.rglob("__init__.py")} - {"./"}
    assert set(re.findall(r"^\| `([\w/]+/)` \|", PAGE, flags=re.MULTILINE)) == folders


def test_every_file_it_names_exists() -> None:
    for name in re.findall(r"`([\w/]+\.py)`", PAGE):
        assert (PACKAGE / name).exists() or (ROOT / name).exists(), name


def test_the_floors_are_those_that_are_checked() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    picture = PAGE.split("## Floors", 1)[1].split("```")[1].strip().splitlines()
    for line, floor in zip(picture, contract["layers"], strict=True):
        assert line.replace("/", "").startswith(floor), line
