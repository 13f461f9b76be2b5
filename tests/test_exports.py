"""One narrow door: every public name is listed, loads, and loads no more than it needs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import striate

SOURCE = ast.parse(Path(striate.__file__).read_text())


def test_all_is_complete_and_sorted() -> None:
    assert sorted([*striate._HOME, "__version__"]) == striate.__all__ == sorted(set(striate.__all__))


def test_the_table_and_the_typed_imports_agree() -> None:
    typed = {
        alias.asname or alias.name: f"{node.module}.{alias.name}" if alias.asname else node.module
        for block in SOURCE.body if isinstance(block, ast.If)
        for node in block.body if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == striate._HOME


@pytest.mark.parametrize("name", striate.__all__)
def test_every_name_loads(name: str) -> None:
    assert getattr(striate, name) is not None


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        striate.nothing  # noqa: B018


@pytest.mark.parametrize("code", ["import striate", "import striate; striate.load_network('lenet5')",
                                  "import striate; striate.load_data"])
def test_describing_loads_no_torch(code: str) -> None:
    heavy = "{'torch', 'sklearn', 'matplotlib', 'scipy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", f"import sys\n{code}\nassert not {heavy}, {heavy}"], check=True)
