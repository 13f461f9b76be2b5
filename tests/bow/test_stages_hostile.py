"""Tests of hostile files of stages: every file and every value of a setting is read or refused in a sentence."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from striate.bow.recogniser import BagOfWords
from striate.bow.stages import ESTIMATORS, RUN_ONLY, Stages, names_stages
from striate.errors import MissingError, StriateError
from tests.bow.small import labels, pictures
from tests.bow.test_stages import said, written
from tests.examples import examples

HOSTILE = {
    "m31_python_object": "!!python/object/apply:os.system ['touch CANARY']",
    "m31_python_name": "encoder: !!python/name:os.system",
    "m31_aliases": "a: &a [1]\nb: [*a, *a]",
    "m31_merge": "a: &a {step: 3}\nsift: {<<: *a}",
    "m31_alias_to_itself": "sift: &a {step: *a}",
    "m31_brackets": "[" * 100_000,
    "m31_braces": "{a: " * 100_000,
    "m31_dashes": "- " * 10_000 + "1",
    "m31_deep_lists_in_a_setting": "sift:\n  step:\n    " + "- " * 5_000 + "1",
    "m31_questions": "? " * 3_000,
    "m31_huge": "sift: {window: " + "x" * (1 << 20) + "}",
    "m31_nul": "sift: \0",
    "m31_escape": "sift: \x1b[31m",
    "m31_two_documents": "sift: {}\n---\nencoder: hard",
    "m31_unfinished": "sift: {step: ",
    "m31_tab": "\tsift: {}",
    "m31_digits": "sift: {step: " + "9" * 5_000 + "}",
    "m31_list_as_key": "? [1]\n: 2",
    "m31_wrong_date": "sift: {step: 2020-99-99}",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(said(written(tmp_path / "a.yaml", HOSTILE[name]))) < 1000
    names_stages(tmp_path / "a.yaml")
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]


def test_m06_bytes_that_are_not_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"sift: \xff\xfe")
    said(tmp_path / "a.yaml")


@pytest.mark.parametrize("spec", ["bow-svm", "", "x" * 5_000, "a\0b", ".", "/nowhere/a.yaml"])
def test_i26_names_of_nothing(spec: str) -> None:
    with pytest.raises(MissingError) as caught:
        BagOfWords(spec).fit(pictures(), labels())
    assert caught.value.code == "no_stages"
    assert len(str(caught.value)) < 800
    assert not names_stages(spec)
    assert not names_stages(spec + ".yaml")


SCALARS = (st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
           | st.sampled_from(["l1", "max", "chi2", "gaussian", "gram", "grey", 0, 1, 2, 3, 7, 1e-9, 0.5, 10.0]))
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.text(max_size=2), inner, max_size=2), max_leaves=5)
SETTINGS = [(stage, kind, name) for stage, kinds in ESTIMATORS.items() for kind, make in kinds.items()
            for name in make().get_params() if name not in RUN_ONLY]
SMALL = {"sift": {"bin_sizes": [2, 3], "step": 3, "enlarge": 1}, "hard": {"words": 7}, "soft": {"words": 7},
         "llc": {"words": 7}, "vlad": {"words": 5, "dims": 3}, "fisher": {"components": 3, "dims": 5}, "pyramid": {},
         "linear_svm": {"kernel": "linear"}, "kernel_svm": {"kernel": "linear"}, "knn": {"kernel": "linear"}}
X = pictures(8)


@examples(250, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SETTINGS), VALUES)
def test_any_value_of_any_setting_works_or_is_refused(where: tuple[str, str, str], value: object) -> None:
    stage, kind, name = where
    changed = {**SMALL[kind], name: value}
    values = {"sift": SMALL["sift"], "encoder": {"hard": SMALL["hard"]}, "classifier": {"knn": SMALL["knn"]}}
    values[stage] = changed if len(ESTIMATORS[stage]) == 1 else {kind: changed}
    try:
        stages = Stages.from_dict(values)
    except ValueError as error:
        sentence = str(error)
    else:
        sentence = learnt(stages)
    assert len(sentence) < 800


def learnt(stages: Stages) -> str:
    """The refusal of fitting these stages; empty if there is none."""
    recogniser = BagOfWords(sift=stages.sift, encoder=stages.encoder, pyramid=stages.pyramid,
                            classifier=stages.classifier, sample=200, flip=False)
    try:
        scores = recogniser.fit(X, [0, 1] * 4).predict_proba(X)
    except StriateError as error:
        return str(error)
    assert np.isfinite(scores).all()
    return ""


@pytest.mark.parametrize(("kind", "name", "value"), [
    ("fisher", "augment", 1e-9), ("fisher", "augment", 10**6), ("kernel_svm", "C", 1e-300), ("kernel_svm", "C", 1e15),
])  # fmt: skip
def test_settings_at_their_limits_may_leave_nothing_to_use(kind: str, name: str, value: float) -> None:
    stage = "encoder" if kind == "fisher" else "classifier"
    values = {"sift": SMALL["sift"], "encoder": {"hard": SMALL["hard"]}, "classifier": {"linear_svm": {
        "kernel": "linear"}}, stage: {kind: {**SMALL[kind], name: value}}}
    assert learnt(Stages.from_dict(values)).endswith("Choose less extreme settings, or give other pictures.")
