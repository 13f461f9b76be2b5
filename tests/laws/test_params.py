"""One mechanism checks parameters: no module refuses the range or the choices of an argument by hand.

The criterion, on the syntax tree: a refusal (`raise UsageError(…)` or a sister of it) directly inside an `if`, its
`elif` or its `else`, where the `if` compares an argument of the function, a field of the object, or an item of one in a
loop, with a bound or a choice that is written in the source (a number, a constant in capitals, a tuple of them). What
compares *measured* things, the length of a list or the size of a file, or one field with another, is no check of a
parameter; neither is a `ValueError`, by which a constraint says no.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import striate
from striate import errors

SRC = Path(striate.__file__).parent
MECHANISM = ("core/params.py", "core/constraints.py")
REFUSALS = {name for name, kind in vars(errors).items()
            if isinstance(kind, type) and issubclass(kind, errors.StriateError)}
CODES = {"impossible_value", "unknown_choice", "bad_recipe", "bad_field"}  # what the mechanism says of a parameter
EXCEPTIONS = {
    ("arch/layers/weighted_layer.py", "__post_init__"): "one kind of initialiser suits one kind of layer only",
    ("arch/network.py", "check_length"): "counts the layers of a network",
    ("arch/network_loader.py", "phase_of"): "the option goes with one kind of file only",
    ("arch/zoo/__init__.py", "build"): "the name may be a misspelt one, which is named",
    ("bow/nearest_words.py", "search"): "bounded by the number of words that were learnt",
    ("convnet/training/lr_finder.py", "range_test"): "the two ends of a range, by each other",
    ("stats/metrics.py", "wilson"): "successes, by the number of trials",
}


def checks_by_hand(source: str) -> Iterator[str]:
    """The functions of `source` that refuse a parameter by hand."""
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef):
            given = function.args
            names = {one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)} - {"self", "cls"}
            names |= {one.id for node in ast.walk(function) if isinstance(node, ast.For | ast.comprehension)
                      and runs_over(node.iter, names) for one in ast.walk(node.target) if isinstance(one, ast.Name)}
            for node in ast.walk(function):
                if isinstance(node, ast.If) and any(map(refuses, branches(node))) and judges(node.test, names):
                    yield function.name


def branches(node: ast.If) -> list[ast.stmt]:
    """What is done after a condition: its body, and what its `elif` and `else` do."""
    after = node.orelse
    return [*node.body, *(branches(after[0]) if len(after) == 1 and isinstance(after[0], ast.If) else after)]


def refuses(node: ast.stmt) -> bool:
    call = node.exc if isinstance(node, ast.Raise) else None
    return isinstance(call, ast.Call) and getattr(call.func, "id", "") in REFUSALS


def judges(test: ast.expr, names: set[str]) -> bool:
    """Whether a condition compares an argument or a field with what is written in the source."""
    for node in ast.walk(test):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            ranged = any(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE | ast.In | ast.NotIn) for op in node.ops)
            if ranged and any(is_given(one, names) for one in sides) and any(map(is_written, sides)):
                return True
    return False


def runs_over(node: ast.expr, names: set[str]) -> bool:
    """Whether a loop runs over an argument or a field: itself, or sorted, numbered, its items."""
    return any(is_given(one, names) for one in ast.walk(node) if isinstance(one, ast.expr))


def is_given(node: ast.expr, names: set[str]) -> bool:
    """An argument, or a field of the object; a learnt attribute (`classes_`) is none."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return not node.attr.startswith("_") and not node.attr.endswith("_")
    return isinstance(node, ast.Name) and node.id in names


def is_written(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return bool(node.elts) and all(map(is_written, node.elts))
    if isinstance(node, ast.UnaryOp):
        return is_written(node.operand)
    if isinstance(node, ast.Starred | ast.Subscript):
        return is_written(node.value)
    if isinstance(node, ast.Attribute):  # a constant of a class or a module
        return node.attr.isupper()
    return (isinstance(node, ast.Constant) and isinstance(node.value, int | float | str | None)) or (
        isinstance(node, ast.Name) and node.id.isupper())


def sources() -> dict[str, str]:
    found = {path.relative_to(SRC).as_posix(): path.read_text() for path in sorted(SRC.rglob("*.py"))}
    return {name: text for name, text in found.items() if name not in MECHANISM}


def test_no_parameter_is_checked_by_hand() -> None:
    found = {(name, function) for name, text in sources().items() for function in checks_by_hand(text)}
    assert found == EXCEPTIONS.keys()
    assert len(EXCEPTIONS) <= 10


def test_the_codes_of_parameters_are_said_by_the_mechanism_only() -> None:
    """Elsewhere they stand in a `Refusal`, never in an error that is raised."""
    raised = {(name, node.args[0].value) for name, text in sources().items() for node in ast.walk(ast.parse(text))
              if isinstance(node, ast.Call) and getattr(node.func, "id", "") in REFUSALS and node.args
              and isinstance(node.args[0], ast.Constant)}
    assert {(name, code) for name, code in raised if code in CODES} == {
        ("arch/schema.py", "bad_field")}, "another program's word for a value, with ours"


def test_a_check_by_hand_is_found() -> None:
    planted = '''
class Estimator:
    def fit(self, X, steps):
        if not 1 <= self.words <= MOST:
            raise UsageError("impossible_value", "words were asked for")

    def draw(self, mode):
        if mode not in ("a", "b"):
            raise DataError("unknown_choice", "a mode was asked for")

    def part(self, part):
        if part not in (None, *PARTS):
            raise UsageError("bad_part", "a part was chosen")

    def sizes(self):
        if not all(1 <= size <= MOST for size in self.sizes):
            raise UsageError("bad_sizes", "sizes were asked for")

    def heads(self, heads):
        for name, weight in heads.items():
            if not 0 <= weight <= 1e6:
                raise NetworkError("bad_weight", "a weight was asked for")

    def pool(self, pool):
        if pool in self.POOLS:
            return
        elif pool == "none":
            return
        else:
            raise UsageError("unknown_pool", "a pool was asked for")

    def other(self, count):
        if count is None:
            return 1
        elif count < 1:
            raise UsageError("bad_count", "a count was asked for")

    def within(self, count):
        if 0 < count < MOST:
            return 1
        else:
            raise UsageError("bad_count", "a count was asked for")

    def measured(self, rows):
        if len(rows) > MOST or rows.shape[0] < 1 or self.centres_ > 3:
            raise DataError("too_many", "rows were given")
'''
    assert list(checks_by_hand(planted)) == ["fit", "draw", "part", "sizes", "heads", "pool", "other", "within"]
