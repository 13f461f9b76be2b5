"""One narrow door: every public name is listed, loads, and loads no more than it needs."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import striate
import striate.data
import striate.tasks

STUB = Path(striate.__file__).with_suffix(".pyi")


def names_of(stub: Path) -> dict[str, str]:
    """The public names of a stub, and the module that each comes from."""
    return {str(alias.asname): f"{node.module}.{alias.name}" for node in ast.parse(stub.read_text()).body
            if isinstance(node, ast.ImportFrom) for alias in node.names}


def test_all_is_complete_and_sorted() -> None:
    assert sorted([*names_of(STUB), "__version__"]) == striate.__all__ == sorted(set(striate.__all__)) == dir(striate)


@pytest.mark.parametrize("room", [striate, striate.data, striate.tasks])
def test_every_name_is_what_its_stub_says(room: ModuleType) -> None:
    for name, home in names_of(Path(room.__file__ or "").with_suffix(".pyi")).items():
        module, _, own = home.rpartition(".")
        if name == "tf":
            assert striate.tf is import_module(f"striate.{home}")
        else:
            assert own == name
            assert getattr(room, name) is getattr(import_module(f".{module}", room.__name__), name)
        assert name in room.__all__


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
