"""The table of the kinds of recognisers that a model file can hold."""

from striate.ensemble.member_kinds import class_named
from striate.load_model import RECOGNISERS
from striate.model.recogniser import Recogniser


def test_each_kind_is_that_of_its_class() -> None:
    classes = {kind: class_named(path) for kind, path in RECOGNISERS.items()}
    assert all(issubclass(found, Recogniser) and kind == found.KIND for kind, found in classes.items())
    assert {one.KIND for one in Recogniser.__subclasses__() if one.__module__.startswith("striate.")} == {*classes}
