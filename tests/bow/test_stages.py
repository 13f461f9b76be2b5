"""Tests of stages by name and by file: all that can be written is read back, and the rest refused in a sentence."""

from pathlib import Path

import pytest
import yaml
from sklearn.base import clone

from striate import ConvNet
from striate.arch import ZOO
from striate.bow.encoders import Fisher, Hard
from striate.bow.recogniser import BagOfWords
from striate.bow.stages import ESTIMATORS, PRESETS, RUN_ONLY, Stages, names_stages, stages_named
from striate.errors import UsageError
from tests.bow.small import CLASSIFIERS, ENCODERS, model, pictures


def written(path: Path, values: object) -> Path:
    path.write_text(values if isinstance(values, str) else yaml.safe_dump(values))
    return path


def said(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        stages_named(path)
    assert caught.value.code == "bad_stages"
    return str(caught.value)


ALL = {name: make(small=True) for name, make in PRESETS.items()} | {
    f"{encoder}, {classifier}": Stages(model().sift, ENCODERS[encoder], model().pyramid, CLASSIFIERS[classifier])
    for encoder in ENCODERS for classifier in CLASSIFIERS}


@pytest.mark.parametrize("name", ALL)
def test_round_trip(name: str, tmp_path: Path) -> None:
    stages = ALL[name]
    path = written(tmp_path / "a.yaml", stages.as_dict())
    for again in (Stages.from_dict(stages.as_dict()), stages_named(path), stages_named(str(path))):
        assert again.as_dict() == stages.as_dict()
        for stage in ESTIMATORS:
            one, two = getattr(again, stage), getattr(stages, stage)
            assert type(one) is type(two)
            own = {key: value for key, value in two.get_params().items() if key not in RUN_ONLY}
            assert own == {key: value for key, value in one.get_params().items() if key not in RUN_ONLY}


def test_what_is_left_out_is_that_of_bow() -> None:
    usual = PRESETS["bow"](small=True).as_dict()
    assert Stages.from_dict({}, small=True).as_dict() == usual
    assert Stages.from_dict({"sift": None}, small=True).as_dict() == usual
    assert Stages.from_dict({"classifier": "knn"}, small=True).as_dict() == usual | {"classifier": {"knn": {
        "k": None, "kernel": "intersection"}}}


def test_the_example_of_the_module_is_one() -> None:
    from striate.bow import stages

    text = stages.__doc__.split("```yaml\n")[1].split("```")[0]
    found = Stages.from_dict(yaml.safe_load(text))
    assert found.sift.bin_sizes == (4, 6, 8)
    assert found.pyramid.normalise == ("power", "l2")
    assert found.encoder.components == 64


def test_every_preset_learns_and_a_file_too(tmp_path: Path) -> None:
    X, y = pictures(60), ["across", "down"] * 30
    for name in PRESETS:
        few = Fisher(3, 5) if "fisher" in name else Hard(7)
        recogniser = BagOfWords(name, encoder=few, sample=2000, flip=False).fit(X, y)
        assert type(recogniser.pipeline_.classifier) is type(PRESETS[name](small=True).classifier)
        assert recogniser.score(X, y) == 1
    path = written(tmp_path / "b.yml", {"encoder": {"hard": {"words": 7}}, "classifier": "knn"})
    assert clone(BagOfWords(path, flip=False)).fit(X, y).score(X, y) == 1


@pytest.mark.parametrize(("values", "words"), [
    ({"encodr": "hard", "layers": []}, ["encodr, layers", *ESTIMATORS]),
    ({1: 2}, ["no stage 1"]),
    ([1], ["no stage [1]"]),
    ("null", ["no stage None"]),
    ({"encoder": "hardest"}, ["encoder must be one of", *ESTIMATORS["encoder"]]),
    ({"encoder": None}, ["encoder must be one of"]),
    ({"encoder": {"hard": {}, "soft": {}}}, ["encoder must be one of"]),
    ({"classifier": {}}, ["classifier must be one of", *ESTIMATORS["classifier"]]),
    ({"encoder": {"hard": {"wrods": 3}}}, ["no setting wrods", "it has iterations, skip_zero, words"]),
    ({"sift": {"setp": 3, "widnow": 1}}, ["no setting setp, widnow", "it has bin_sizes, colour"]),
    ({"encoder": {"hard": {"seed": 3}}}, ["no setting seed"]),
    ({"sift": {"threads": 3}}, ["no setting threads"]),
    ({"sift": [1, 2]}, ["no setting [1, 2]"]),
    ("sift: {null: 1, 2: 3}", ["no setting None, 2"]),
    ({"x" * 10_000: 1}, ["xxx…"]),
    ("sift: {step: .nan}", ["nan cannot be set"]),
    ("pyramid: {grids: [[.inf, 1]]}", ["inf cannot be set"]),
    ({"classifier": {"knn": {"k": 10**400}}}, ["cannot be set"]),
    ({"classifier": {"knn": {"kernel": {"a": 1}}}}, ["cannot be set"]),
    ({"classifier": {"knn": {"kernel": [["a", {"a": 1}]]}}}, ["cannot be set"]),
    ("sift: {step: 2020-01-01}", ["2020-01-01 cannot be set"]),
    ("sift: {window: !!binary aGk=}", ["cannot be set"]),
    ("sift: {window: !!set {a}}", ["cannot be set"]),
], ids=str)  # fmt: skip
def test_what_cannot_be_is_named(values: object, words: list[str], tmp_path: Path) -> None:
    sentence = said(written(tmp_path / "a.yaml", values))
    assert [word for word in words if word not in sentence] == []
    assert len(sentence) < 800


def test_files_of_stages_are_told_from_files_of_networks(tmp_path: Path) -> None:
    assert all(names_stages(name) for name in PRESETS)
    assert not any(names_stages(name) for name in ZOO)
    for i, (values, expected) in enumerate([
        ({"encoder": "hard"}, True), ({"sift": None}, True), ({"sift": {}, "strange": 1}, True),
        ({"input": [1, 8, 8], "layers": []}, False), ({"layers": [], "classifier": 1}, False), ({}, True),
        ([1], False), ("just words", False), ("a: &a 1\nsift: *a", False), ("[" * 1000, False),
    ]):  # fmt: skip
        for ending in (".yaml", ".YML"):
            assert names_stages(written(tmp_path / f"{i}{ending}", values)) is expected
    assert not names_stages(written(tmp_path / "stages.txt", {"encoder": "hard"}))
    assert ConvNet().get_params()["network"] == "compact"
