"""Tables of numbers: what is read, what is refused, and that nothing is lost by writing."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from striate.errors import DataError, StriateError
from striate.filtering import read_numbers, table_of, write_numbers
from striate.filtering.number_table import MAX_BYTES
from tests.examples import examples


@pytest.mark.parametrize(("text", "rows"), [
    ("1,2\n3,4", [[1, 2], [3, 4]]), ("1 2\n3\t4\n", [[1, 2], [3, 4]]),
    ("\ufeff1, 2\r\n\r\n-3 ,+4\r\n", [[1, 2], [-3, 4]]),
    ("# a comment\n1/16 1/8", [[0.0625, 0.125]]), ("-1/2", [[-0.5]]), (".5 1. 2e-1 -1E2", [[0.5, 1, 0.2, -100]]),
    ("  7  ", [[7]]), ("1000000000000", [[10**12]]),
])
def test_what_is_read(text: str, rows: list[list[float]]) -> None:
    found = read_numbers(text.encode(), "a.csv")
    assert found.tolist() == rows
    assert (found.dtype == np.int64) == all(cell.strip().lstrip("+-").isdecimal() for line in text.lstrip("\ufeff")
                                            .splitlines() for cell in line.replace(",", " ").split())


@pytest.mark.parametrize("text", [
    b"", b"\n\n", b"# only this", b"1,2\n3", b"1 2\n3 4 5", b"1,,2", b"1,2,", b"a,b", b"nan", b"1,inf", b"1e400",
    b"1e13", b"1_000", b"0x10", b"1/0", b"1/2/3", b"1;2", b"1,5;2,5", "١".encode(), "½".encode(), b"\xff\xfe1",
    b"1" * 41, b"[1, 2]", b"1,2\n# 3\n4", b'"1","2"', b"--1", b"1 -", b"=1+1",
])
def test_what_is_refused(text: bytes) -> None:
    with pytest.raises(DataError) as caught:
        read_numbers(text, "a.csv")
    assert caught.value.code == "bad_table"
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("text", [
    b"1\n" * 5000, b"1 " * 5000, b"0," * 10_000_000, b"1" * MAX_BYTES, b"\n" * (MAX_BYTES + 1), b"#" * MAX_BYTES,
    (b"1 " * 1024 + b"\n") * 1025, b"9" * 4000 + b"/" + b"9" * 4000,
])
def test_what_is_large_is_refused_soon(text: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(DataError):
        read_numbers(text, "a.csv")
    assert time.monotonic() - started < 20  # a second on an idle machine; what has no bound takes minutes


@given(st.binary(max_size=60) | st.text("0123456789.,/-+eE \n#;", max_size=60).map(str.encode))
@examples(200)
def test_any_bytes_are_a_table_or_one_sentence(data: bytes) -> None:
    try:
        found = read_numbers(data, "a.csv")
    except StriateError as error:
        assert "\n" not in str(error)  # noqa: PT017 - of any bytes, one of the two
    else:
        assert found.ndim == 2
        assert np.isfinite(found).all()


@given(arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.floats(-1e12, 1e12)))
@examples(60)
def test_what_is_written_is_read_to_the_last_bit(values: np.ndarray) -> None:
    again = read_numbers(write_numbers(values).encode(), "a.csv")
    assert np.array_equal(again, values)


def test_arrays_from_python() -> None:
    assert table_of([[1, 2]], "it", 9).dtype == np.int64
    assert table_of(np.ones((2, 2), np.float32), "it", 9).dtype == np.float64
    for given_ in ([1, 2], [[1], [2, 3]], [["a"]], [[True]], [[]], np.ones((10, 2)), [[np.nan]], [[1e13]], None,
                   np.array([[2**64 - 1]], np.uint64)):
        with pytest.raises(DataError):
            table_of(given_, "it", 9)
