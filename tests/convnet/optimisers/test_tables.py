"""Four tables speak of the optimisers: what may be asked for, what is made, what it begins with, what a page says."""

from striate.convnet import optimisers
from striate.convnet.recipe import presets, validation
from striate.report import training_text


def test_all_tables_of_optimisers_have_the_same_rows() -> None:
    assert tuple(optimisers.OPTIMISERS) == tuple(presets.OPTIMISERS) == tuple(training_text.OPTIMISERS)
    assert tuple(optimisers.OPTIMISERS) == validation.OPTIMISERS
    assert all(row["optimiser"] == name for name, row in presets.OPTIMISERS.items())
