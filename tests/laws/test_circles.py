"""No module imports another that, by whatever way, imports it: neither when it is loaded nor late, in a function."""

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


def circle(imports: dict[str, set[str]]) -> list[str]:
    """The modules of one circle in turn; none if there is no circle."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def imports(**how: bool) -> dict[str, set[str]]:
    graph = grimp.build_graph("striate", cache_dir=None, **how)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def test_there_is_no_circle_but_of_types() -> None:
    assert circle(imports(exclude_type_checking_imports=True)) == []


@pytest.mark.parametrize("module", ["striate.data.decode", "striate.convnet.training.time_budget"])
def test_a_circle_would_be_found(module: str) -> None:
    graph = imports(exclude_type_checking_imports=True)
    user = next(name for name, used in graph.items() if module in used)
    graph[module] = graph[module] | {user}
    assert circle(graph)[0] in (module, user)
