"""The table of the kinds of recognisers that a model file can hold."""

from striate.ensemble.member_kinds import MEMBER_KINDS
from striate.ensemble.recogniser import Ensemble
from striate.load_model import RECOGNISERS, recogniser_class
from striate.model.recogniser import Recogniser


def test_each_kind_is_that_of_its_class() -> None:
    classes = {kind: recogniser_class(kind) for kind in RECOGNISERS}
    assert all(issubclass(found, Recogniser) and kind == found.KIND for kind, found in classes.items())
    assert classes == {**MEMBER_KINDS, Ensemble.KIND: Ensemble}
