"""What was tried: the section that opens a report, drawn to scale, and the text on the terminal."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from striate.cli.train import summary
from striate.report.selection import AccuracyScale, section, time_used, with_ensemble
from striate.report.selection_text import selection_text
from striate.report.train import write_report
from striate.report.train_result import TrainResult
from tests.report.browser import DESK, PHONE, Opener
from tests.report.facts import made_up, typed
from tests.report.reader import Page
from tests.report.selections import ALONE, ENSEMBLE, SELECTIONS, SURE

THIN = "\N{NARROW NO-BREAK SPACE}"


def report(folder: Path, name: str) -> Path:
    facts, samples, mistakes = made_up(3, side=12)
    facts["timings"] = {"pictures": 3.0, "training": 51.0, "evaluation": 2.5, "total": 56.5}
    return write_report(folder, replace(typed(TrainResult, facts), selection=SELECTIONS[name]), samples, mistakes)


def page(folder: Path, name: str) -> Page:
    return Page(report(folder, name).read_text(encoding="utf-8"))


def test_the_report_opens_with_it(tmp_path: Path) -> None:
    found = page(tmp_path, "ensemble")
    assert found.sections[:3] == ["verdict", "selection", "figures"]
    text = found.text["selection"].replace(THIN, " ")
    for words in (ENSEMBLE.why, ENSEMBLE.outlook, ENSEMBLE.basis, "p = 0.003", "used 53.5 s", "proposed 1 min 0 s",
                  "transfer 68.0 %", *(one.why for one in ENSEMBLE.candidates)):
        assert words in text
    assert "striate train '/data/made up/3' --minutes 2" in found.text["next"]
    assert "7 candidates" in found.text["figures"]
    written = json.loads((tmp_path / "report.json").read_text())["selection"]
    assert written == json.loads(json.dumps(ENSEMBLE.as_dict()))


def test_each_candidate_has_a_row_of_its_figures(tmp_path: Path) -> None:
    head, *rows = page(tmp_path, "ensemble").tables["selection"]
    by_name = {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}
    assert list(by_name) == [one.name for one in ENSEMBLE.candidates]
    assert by_name["transfer"] == {
        "outcome": "member", "accuracy %": "92.6", "95 % interval": "91.2–93.8", "expected %": "–", "interval": "–",
        "pictures": "1,500", "trained on": "1,500", "time": "14.2 s", "to predict one": "3.1 ms"}
    assert (by_name["compact"]["expected %"], by_name["compact"]["interval"]) == ("61.0", "55.0–66.0")
    assert by_name["compact"]["trained on"] == "750"
    assert set(by_name["finetune"].values()) == {"failed", "–"}
    assert by_name["bow-fisher"]["outcome"] == "not tried"


def test_dots_and_whiskers_are_to_scale(tmp_path: Path) -> None:
    source = page(tmp_path, "sure").source
    rows = re.findall(r'<i class="seen" style="left:([\d.]+)%;right:([\d.]+)%"></i>'
                      r'<b class="seen" style="left:([\d.]+)%"', source)
    assert len(rows) == 2
    for row, one in zip(rows, SURE.candidates, strict=True):
        left, right, dot = map(float, row)
        assert one.interval is not None
        drawn = [0.7 + 0.3 * place / 100 for place in (left, dot, 100 - right)]  # the axis is from 70 to 100 %
        assert drawn == pytest.approx([one.interval[0], one.accuracy, one.interval[1]], abs=1e-4)
    assert f'<u style="left:{rows[1][2]}%"></u>' in source  # the line is at what was chosen
    assert source.count('class="guess"') == 0
    assert page(tmp_path, "ensemble").source.count('<b class="guess"') == 1


def test_one_candidate_that_was_not_compared_is_not_drawn(tmp_path: Path) -> None:
    found = page(tmp_path, "alone")
    assert 'class="axis"' not in found.source
    assert '<b class=' not in found.source
    assert "<b>nothing" not in found.source
    assert "given 30.0 s" in found.text["selection"].replace(THIN, " ")
    assert "--minutes" not in found.text["selection"]
    assert "Compared on" not in found.text["selection"]


def test_an_ensemble_has_a_row_of_its_own_beside_its_members() -> None:
    members = replace(ENSEMBLE, candidates=tuple(one for one in ENSEMBLE.candidates if one.name != "ensemble"))
    result = replace(typed(TrainResult, made_up(2)[0]), selection=members)
    drawn = section(result)
    first, *others = drawn["rows"]
    assert result.validation is not None
    assert (first.candidate.name, first.kind) == ("ensemble", "best")
    assert first.candidate.accuracy == result.validation.accuracy
    assert first.candidate.predict_seconds == pytest.approx(0.0031 + 0.041)
    assert first.reached.dot == drawn["mark"]
    assert [row.candidate for row in others] == list(members.candidates)
    assert "\nensemble " in summary(result)
    assert with_ensemble(ENSEMBLE, result.validation) is ENSEMBLE
    assert with_ensemble(SURE, result.validation) is SURE


def test_without_a_selection_there_is_no_section() -> None:
    result = typed(TrainResult, made_up(2)[0])
    assert section(result) == {}


def test_time_used_is_that_of_the_candidates_where_the_run_was_not_timed() -> None:
    result = replace(typed(TrainResult, made_up(2)[0]), timings={}, selection=SURE)
    assert time_used(result) == 271


def test_the_scale_has_room_for_all(tmp_path: Path) -> None:
    assert AccuracyScale.of([0.999, 1.0]).ticks == [90, 100]
    assert AccuracyScale.of([]).start == 0
    places = [float(one) for one in re.findall(r"(?:left|right):([\d.]+)%", page(tmp_path, "ensemble").source)]
    assert all(0 <= place <= 100 for place in places)


@pytest.mark.parametrize("name", SELECTIONS)
def test_the_text_for_the_terminal(name: str) -> None:
    selection = SELECTIONS[name]
    head, *lines = selection_text(selection).splitlines()
    rows = lines[:len(selection.candidates)]
    assert lines[len(rows):] == [text for text in (selection.why, selection.outlook) if text]
    assert {row.index(one.outcome) for row, one in zip(rows, selection.candidates, strict=True)} == {len(head) + 2}
    assert max(map(len, rows)) <= 80


def test_the_text_says_what_was_measured_and_what_expected() -> None:
    text = selection_text(ENSEMBLE)
    assert re.search(r"^transfer +92\.6 % +91\.2 – 93\.8 +14\.2 s +member, weight 0\.68$", text, re.MULTILINE)
    assert re.search(r"^compact +51\.0 % ", text, re.MULTILINE)
    assert re.search(r"^finetune +– +– +– +failed$", text, re.MULTILINE)
    assert "compact         –" in selection_text(ALONE)


@pytest.mark.parametrize("name", SELECTIONS)
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_the_page_in_a_browser(name: str, size: tuple[int, int], tmp_path: Path, open_page: Opener) -> None:
    opened = open_page(report(tmp_path, name), size)
    assert opened.overflow() == 0
    assert opened.violations() == []


def test_the_command_prints_it_before_the_accuracies() -> None:
    result = replace(typed(TrainResult, made_up(2)[0]), selection=SURE)
    assert summary(result).startswith(f"{selection_text(SURE)}\n\ntest accuracy ")
    assert summary(replace(result, selection=None)).startswith("test accuracy ")
