"""Tests of parameters: declared, read, refused and read back from a file."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import pytest

from striate.core.constraints import Boolean, Each, Integer, Number, OneOf, Real, Text, Whole
from striate.core.params import Refusal, check_params, params_of, stored
from striate.errors import ModelFileError, UsageError


class Estimator:
    REFUSAL: ClassVar = Refusal("impossible_value", "{owner} with {name} was asked for", "Leave {name} out")

    def __init__(
        self, words: Annotated[int, Integer(1, 9)] = 3, dims: Annotated[int | None, Integer(1, 9)] = None,
        mode: Annotated[str, OneOf("sum", "max"), Refusal("unknown_choice", do="Use {name}={default!r}")] = "sum",
        threads: int | None = None,
    ) -> None:
        self.words, self.dims, self.mode, self.threads = words, dims, mode, threads


@dataclass(frozen=True)
class Fields:
    inner: Annotated[float | None, Real(0)] = None
    outer: Annotated[float, Real(0)] | None = None
    free: str = ""


def test_parameters_are_found_where_they_are_declared() -> None:
    assert list(params_of(Estimator)) == ["words", "dims", "mode"]
    assert [param.optional for param in params_of(Estimator).values()] == [False, True, False]
    assert {name: param.optional for name, param in params_of(Fields).items()} == {"inner": True, "outer": True}


def test_values_are_read_as_plain_ones_and_the_estimator_keeps_its_own() -> None:
    estimator = Estimator(words=np.int64(4))  # type: ignore[arg-type]
    assert check_params(estimator) == {"words": 4, "dims": None, "mode": "sum"}
    assert type(check_params(estimator)["words"]) is int
    assert type(estimator.words) is np.int64


def test_a_parameter_may_have_a_refusal_of_its_own() -> None:
    with pytest.raises(UsageError, match=r"^Estimator with words was asked for; .* 0 was given\. Leave words out\.$"):
        check_params(Estimator(words=0))
    with pytest.raises(UsageError, match=r"'min' was given\. Use mode='sum'\.$") as caught:
        check_params(Estimator(mode="min"))
    assert caught.value.code == "unknown_choice"


@pytest.mark.parametrize("values", [{}, {"words": 0}, {"words": 3.0}, {"words": True}, {"words": "3"}])
def test_a_file_says_every_value_just_as_it_is_written(values: dict[str, Any]) -> None:
    assert stored(Estimator, {"words": 3, "more": 1}, "words") == {"words": 3}
    with pytest.raises(ModelFileError, match="its words was read"):
        stored(Estimator, values, "words")
    with pytest.raises(ModelFileError, match="its rate was read"):
        stored(Estimator, {"words": 3, "rate": 1}, "words", rate=Real())


@pytest.mark.parametrize(("constraint", "right", "wrong"), [
    (Integer(1, 9), [1, np.int8(9)], [0, 10, 1.0, True, "1", None]),
    (Real(0, 1), [0, 0.5, np.float32(1)], [-0.1, float("nan"), float("inf"), True, "0", 1j]),
    (Number(0), [3, 0.5], [-1, None]),
    (Whole(2), [2, 3.0], [2.5, 1, True]),
    (Boolean(), [True, np.bool_(False)], [0, 1, "true", None]),
    (OneOf("a", "b"), ["a"], ["c", 0, None, ["a"]]),
    (OneOf(1, 3), [1, 3], [2, True, "1"]),
    (Text(), ["", "a"], [None, b"a", 1]),
    (Each(Integer(1, 9), most=2, distinct="step"), [[1, 2], (3,), 4], [[], [1, 1], [1, 2, 3], [0]]),
])
def test_constraints(constraint: Any, right: list[object], wrong: list[object]) -> None:
    for value in right:
        constraint.read(value)
    for value in wrong:
        with pytest.raises((ValueError, TypeError)):
            constraint.read(value)
    assert constraint.allowed.endswith("allowed")


def test_a_whole_number_stays_one() -> None:
    assert [type(rule.read(3)) for rule in (Number(), Real(), Whole())] == [int, float, int]
