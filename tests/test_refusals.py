"""Every refusal striate can utter, read as its users will read it.

Each room lists its refusals in `tests/<room>/refusals.py` or `tests/<room>/<file>_refusals.py`; the sentences are kept
in `tests/golden/refusals.txt` (`pytest tests/test_refusals.py --golden` writes it), and every code in the source must
be uttered by a row.
"""

import ast
import importlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import striate
from striate import errors
from striate.errors import StriateError

HERE = Path(__file__).parent
GOLDEN = HERE / "golden" / "refusals.txt"


def room(path: Path) -> str:
    """`tests/arch/refusals.py` is of `arch`, `tests/tasks/convert_refusals.py` of `tasks/convert`."""
    return str(path.relative_to(HERE).with_suffix("")).replace("_refusals", "/refusals").removesuffix("/refusals")


def module(path: Path) -> str:
    return ".".join(["tests", *path.relative_to(HERE).with_suffix("").parts])


ROWS: dict[str, Callable[[Path], object]] = {
    f"{room(path)}/{name}": row
    for path in sorted(HERE.glob("**/*refusals.py"))
    if path.name != Path(__file__).name
    for name, row in importlib.import_module(module(path)).REFUSALS.items()
}
KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, StriateError)}


def uttered(name: str, folder: Path) -> StriateError:
    with pytest.raises(StriateError) as caught:
        ROWS[name](folder)
    return caught.value


def line(name: str, error: StriateError, folder: Path) -> str:
    sentence = re.sub(r"0\.\d+\.\d+", "VERSION", str(error).replace(str(folder), "FOLDER"))
    return f"{name} [{error.code}] {sentence}"


@pytest.fixture(scope="module")
def golden() -> dict[str, str]:
    return {text.split(" [", 1)[0]: text for text in GOLDEN.read_text(encoding="utf-8").splitlines()}


@pytest.mark.parametrize("name", ROWS)
def test_sentence(name: str, tmp_path: Path, golden: dict[str, str], request: pytest.FixtureRequest) -> None:
    error = uttered(name, tmp_path)
    text = line(name, error, tmp_path)
    if request.config.getoption("--golden"):
        golden[name] = text
        GOLDEN.write_text("".join(f"{golden[key]}\n" for key in ROWS if key in golden), encoding="utf-8")
    assert text == golden.get(name)
    assert "\n" not in str(error)
    assert str(error)[-1] in ".?"
    assert not re.search(r"\.\.$|; \.| ;|None|object at 0x", str(error))


def test_golden_file_has_no_stale_lines(golden: dict[str, str]) -> None:
    assert set(golden) == set(ROWS)


def test_every_code_in_the_source_is_uttered_by_a_row(golden: dict[str, str]) -> None:
    literal = set()
    for path in Path(striate.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(getattr(node, "func", None), "id", "")
            if isinstance(node, ast.Call) and name in {*KINDS, "Refusal", "replace"}:
                codes = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "code")]
                literal |= {code.value for code in codes if isinstance(code, ast.Constant)}
    said = {text.split(" [", 1)[1].split("]")[0] for text in golden.values()}
    assert literal - said - UNSPOKEN == set()


UNSPOKEN = {
    "disk_full",  # needs a full disk: tests/core/test_atomic.py
    "bad_seed",  # the doctest of StriateError
}
