"""Every number on the page is that of the facts, and no sentence claims more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.errors import DiskError
from striate.report import formatting, tables
from striate.stats.metrics import evaluate
from tests.report.facts import Case, digits, made_up
from tests.report.reader import page_of, report_of
from tests.report.refusals import REFUSALS


def figure(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def of(*, right: int, wrong: int, **data: Any) -> Case:
    """Pictures of two classes, as many of the first one right and of the second one wrong."""
    chances = [[0.9, 0.1]] * (right + wrong)
    test = evaluate([0] * right + [1] * wrong, chances, ["cat", "dog"]).as_dict()
    split = {"split": {"kind": "stratified", "seed": 0}}
    return {"data": {"name": "pets", "classes": ["cat", "dog"]} | split | data, "test": test}, [], []


def test_the_verdict(tmp_path: Path) -> None:
    facts, samples, mistakes = digits()
    test = facts["test"]
    low, high = map(figure, test["interval"])
    page = page_of(tmp_path, (facts, samples, mistakes))
    assert (f"{figure(test['accuracy'])} % of 360 unseen test pictures are recognised "
            f"(95 %: {low}–{high}).") in page.text["verdict"]
    assert figure(max(row["count"] for row in test["per_class"]) / 360) + " %" in page.text["verdict"]
    for key in ("accuracy", "balanced_accuracy", "top5", "ece"):
        assert figure(test[key]) + " %" in page.text["figures"]
    assert f"{len(mistakes)} of 360 test pictures" in page.text["mistakes"]
    assert figure(test["ece"]) + " %" in page.text["calibration"]


def test_the_surest_pictures_are_those_of_validation(tmp_path: Path) -> None:
    facts, samples, mistakes = digits()
    validation = facts["validation"]["surest"]
    assert validation != facts["test"]["surest"]
    page = page_of(tmp_path, (facts, samples, mistakes))
    assert page.tables["calibration"][1:] == [
        [figure(row["coverage"]), str(row["count"]), figure(row["threshold"]), figure(row["accuracy"]),
         "–".join(map(figure, row["interval"]))] for row in validation]
    assert "only validation pictures" in page.text["calibration"]


def test_the_tables(tmp_path: Path) -> None:
    facts, samples, mistakes = digits()
    page = page_of(tmp_path, (facts, samples, mistakes))
    rows = page.tables["results"][1:]
    assert rows == [[row["class"], str(row["count"]), figure(row["precision"]), figure(row["recall"]),
                     "–".join(map(figure, row["interval"])), "", figure(row["f1"])]
                    for row in facts["test"]["per_class"]]
    matrix = [[int(cell or 0) for cell in row[1:]] for row in page.tables["confusion"][1:11]]
    assert matrix == facts["test"]["confusion"]
    counts = facts["data"]["counts"]
    assert page.tables["data"][1:] == [
        [name, *(str(counts[part][i]) for part in counts), str(sum(counts[part][i] for part in counts))]
        for i, name in enumerate(facts["data"]["classes"])]
    layers = [[row["name"], row["kind"], "×".join(map(str, row["output"])), row["parameters"], row["macs"]]
              for row in facts["network"]["layers"]]
    assert [[*row[:3], *(int(cell.replace(",", "").replace("·", "0")) for cell in row[3:5])]
            for row in page.tables["network"][1:-1]] == layers
    assert page.tables["network"][-1][3:5] == ["2,410", "2,368"]
    epochs = page.tables["learning"][1:]
    assert [row[3] for row in epochs] == [figure(row["validation_accuracy"]) for row in facts["history"]]
    assert [float(row[1]) for row in epochs] == pytest.approx([row["loss"] for row in facts["history"]], rel=1e-3)
    for section in ("recipe", "timings"):
        assert all(key in page.text[section] for key in facts[section])
    assert facts["command"] in page.text["reproduce"]
    assert all(str(value) in page.text["reproduce"] for value in facts["environment"].values())


def test_what_next_names_the_real_paths(tmp_path: Path) -> None:
    text = page_of(tmp_path, made_up(2)).text["next"]
    assert "striate predict 'runs/a run/model.safetensors' PICTURE…" in text
    assert "striate evaluate 'runs/a run/model.safetensors' '/data/made up/2'" in text
    facts = made_up(2)[0]
    longer = f"--model {facts['network']['name']} --epochs {2 * len(facts['history'])}"
    assert f"striate train '/data/made up/2' {longer}" in text


@pytest.mark.parametrize(("case", "says", "never"), [
    (of(right=20, wrong=0), "20 unseen test pictures are recognised", "most frequent mistake"),
    (of(right=1, wrong=0), "1 unseen test picture is recognised", ""),
    (of(right=20, wrong=10, leaked=2), "2 of them are also among the training pictures", "unseen"),
    (of(right=20, wrong=10, leaked=0, split={"kind": "divided", "seed": None}), "unseen", "existing split"),
    (of(right=20, wrong=10, split={"kind": "divided", "seed": None}), "An existing split was used", "unseen"),
    (of(right=20, wrong=10), "this is not clearly better", "the mark on the scale"),
    (of(right=20, wrong=10), "“dog” classified as “cat”, 10 of its 10 pictures", ""),
])
def test_no_sentence_claims_more_than_the_numbers(case: Case, says: str, never: str, tmp_path: Path) -> None:
    text = page_of(tmp_path, case).text["verdict"]
    text = text.replace("“ ", "“").replace(" ”", "”")
    assert says in text
    assert not never or never not in text


def test_validation_stands_in_for_a_missing_test_and_says_so(tmp_path: Path) -> None:
    facts, samples, mistakes = digits()
    facts["test"] = None
    text = page_of(tmp_path, (facts, samples, mistakes)).text["verdict"]
    assert "180 validation pictures are recognised" in text
    assert "unseen" not in text
    assert "There was no test part" in text


def test_no_mistakes_is_no_proof(tmp_path: Path) -> None:
    text = page_of(tmp_path, of(right=20, wrong=0)).text["mistakes"]
    # 1 − 0.8389, Wilson's lower bound of 20 out of 20
    assert "an error rate of up to 16.1 % would be consistent" in text


@given(st.floats(0, 1))
def test_a_percentage_is_near_and_never_a_false_certainty(value: float) -> None:
    text = formatting.digits(value)
    assert float(text) / 100 == pytest.approx(value, abs=0.000501)
    if value < 1 - 1e-8:
        assert float(text) < 100
    if value > 1e-8:
        assert float(text) > 0


@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=3, max_size=3))
def test_the_map_holds_every_cell_of_the_matrix_once(confusion: list[list[int]]) -> None:
    drawn = sum(path.count("M") for _, path in tables.heat_map(confusion))
    assert drawn == sum(count > 0 for row in confusion for count in row)


def test_json_is_the_facts_with_sorted_keys(tmp_path: Path) -> None:
    facts, samples, mistakes = digits()
    report_of(tmp_path, (facts, samples, mistakes))
    text = (tmp_path / "report.json").read_text(encoding="ascii")
    assert json.loads(text) == facts
    assert list(json.loads(text)) == sorted(facts)
    backwards = {key: facts[key] for key in reversed(list(facts))}
    report_of(tmp_path, (backwards, samples, mistakes))
    assert (tmp_path / "report.json").read_text(encoding="ascii") == text


def test_a_fault_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report_of(tmp_path, made_up(2))
    old = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr("striate.report.train.render", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        report_of(tmp_path, made_up(3))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == old
    assert set(old) == {"report.html", "report.json"}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case: str, tmp_path: Path) -> None:
    with pytest.raises(DiskError):
        REFUSALS[case](tmp_path)
