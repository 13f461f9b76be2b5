"""The layer coverage table: what each layer has, held to a golden file, and what each must have."""

from __future__ import annotations

from pathlib import Path

import pytest

import striate
import striate.arch
from striate.arch import LAYERS
from striate.arch.layers.__main__ import COLUMNS, OBLIGATORY, coverage, coverage_table

GOLDEN = Path(__file__).parent.parent / "golden" / "layer_coverage.txt"


def test_the_table_is_the_golden_one() -> None:
    assert coverage_table() == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("column", OBLIGATORY)
def test_every_layer_has_what_every_layer_must_have(column: str) -> None:
    assert coverage()[column] == set(LAYERS)


def test_every_layer_is_a_public_name() -> None:
    names = {layer.__name__ for layer in LAYERS.values()}
    assert names <= set(striate.__all__)
    assert names <= set(striate.arch.__all__)


@pytest.mark.parametrize("column", COLUMNS)
def test_no_table_speaks_of_a_layer_that_is_not_there(column: str) -> None:
    assert coverage()[column] <= set(LAYERS)
