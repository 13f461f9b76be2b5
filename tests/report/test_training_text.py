"""How a run was trained, in words and curves; and the page of settings that were tried."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from striate.convnet.recipe.lr_schedule import SHAPES
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.recipe.validation import OPTIMISERS as KNOWN
from striate.report import training_text
from striate.report.train_result import TrainResult
from striate.report.tune import write_tuning
from striate.report.tune_result import TuneResult
from tests.report.facts import digits, typed
from tests.report.reader import Page, page_of

RECIPE = {"optimiser": "muon", "momentum": 0.95, "weight_decay": 0.01, "batch_size": 512, "learning_rate": 0.02,
          "warmup": 0.1, "schedule": "trapezoid", "cooldown": 0.3, "steps": 1_234, "average": 0.99}


def test_the_section_says_how_and_why(tmp_path: Path) -> None:
    facts, samples, mistakes = digits()
    facts |= {"recipe": RECIPE, "asked": {"minutes": 2.5}, "reasons": ["few pictures, so <b>much</b> augmentation"],
              "timings": {"training": 151.2}, "environment": {"precision": "float32: it was requested"}}
    page = page_of(tmp_path, (facts, samples, mistakes))
    text = page.text["learning"].replace("\N{NARROW NO-BREAK SPACE}", " ")
    for words in (
        "Muon for filters and matrices, gradient descent with Nesterov momentum 0.95 for the rest",
        "weight decay 0.01, not of biases and norms; running average of the weights, decay 0.99; 512 pictures a step.",
        "rises over the first 10.0 % of the steps to 0.02, stays there, and falls in a straight line to zero over the "
        "last 30.0 %.",
        "2.5 minutes requested; 12 epochs, 1,234 steps in 2 min 31 s.",
        "float32: it was requested.",
        "few pictures, so <b>much</b> augmentation",  # as text
    ):
        assert words in text
    assert "<b>much" not in page.source


@pytest.mark.parametrize(("asked", "says"), [
    ({"epochs": 1}, "1 epoch requested; "), ({"steps": 7_000}, "7,000 steps requested; "),
    ({"flip": True}, "none requested, so chosen by the data; "), (None, "12 epochs, "),
])
def test_the_budget(asked: dict[str, Any] | None, says: str) -> None:
    facts = digits()[0] | {"asked": asked, "recipe": RECIPE}
    assert str(training_text.budget(typed(TrainResult, facts))).startswith(says)


@pytest.mark.parametrize("optimiser", KNOWN)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_optimiser_and_schedule_has_its_words(optimiser: str, shape: str) -> None:
    recipe = Recipe(optimiser=optimiser, schedule=shape, learning_rate=0.1, warmup=0.2, momentum=0.9).as_dict()
    assert optimiser in training_text.OPTIMISERS
    assert "Caffe" not in training_text.schedule(recipe)
    assert "0.1" in training_text.schedule(recipe)


def test_a_recipe_of_another_kind_says_nothing(tmp_path: Path) -> None:
    facts, samples, mistakes = digits()
    facts |= {"recipe": {"seed": 0}, "history": []}
    assert "learning" not in page_of(tmp_path, (facts, samples, mistakes)).sections


def test_curves_of_what_there_is(tmp_path: Path) -> None:
    facts, samples, mistakes = digits()
    names = ("loss", "accuracy", "rate", "speed")
    page = page_of(tmp_path, (facts, samples, mistakes))
    assert re.findall(r'<svg class="chart (\w+)"', page.source)[:4] == list(names)
    for row in facts["history"]:
        del row["learning_rate"], row["pictures_per_second"]
    page = page_of(tmp_path, (facts, samples, mistakes))
    assert re.findall(r'<svg class="chart (\w+)"', page.source)[:3] == ["loss", "accuracy", "reliability"]


def candidate(rate: float, accuracy: float | None, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"optimiser": "sgd", "learning_rate": rate, "why": "preset", "seconds": 3.0,
                           "failed": None if accuracy is not None else "the loss diverged"}
    measured = {"accuracy": accuracy, "interval": [accuracy - 0.1, accuracy + 0.05], "nll": 0.5, "epochs": 2,
                "steps": 9} if accuracy is not None else dict.fromkeys(
                    ("accuracy", "interval", "nll", "epochs", "steps"))
    return row | measured | more


TRIED: dict[str, Any] = {
    "striate": "1", "title": "Settings tried: <i> on pets", "created": "2026-01-02T03:04:05+00:00",
    "command": "c --try",
    "seconds": 70.0, "model": "<i>", "each": 30.0, "alike": 1, "stopped": True, "next": "striate train '<i>'",
    "report": "report.html", "picture": "try.png",
    "data": {"name": "pets", "classes": 2, "counts": {"train": 900, "validation": 100},
             "of": {"train": 90_000, "validation": 100}},
    "candidates": [candidate(0.05, 0.9), candidate(0.1, 0.85, optimiser="adamw"), candidate(1e6, None)],
    "ranges": {"sgd": {"rates": [0.01, 0.1, 1.0], "losses": [2.0, 1.0, 9.0], "smooth": [2.0, 1.1, 8.0],
                       "steepest": 0.1, "tenth": 0.01, "diverged": True},
               "adamw": {"rates": [], "losses": [], "smooth": [], "steepest": None, "tenth": None, "diverged": True}},
}


def test_the_page_of_what_was_tried(tmp_path: Path) -> None:
    page = Page(write_tuning(tmp_path, typed(TuneResult, TRIED)).read_text(encoding="utf-8"))
    assert page.sections == ["verdict", "next", "candidates", "curves", "reproduce"]
    verdict = page.text["verdict"].replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "sgd with a learning rate of 0.05, 90.0 % of 100 validation pictures (95 %: 80.0–95.0)" in verdict
    assert "1 other is within that interval" in verdict
    assert [row[:2] for row in page.tables["candidates"][1:]] == [["sgd", "0.05"], ["adamw", "0.1"], ["sgd", "1e+06"]]
    assert "the loss diverged" in page.tables["candidates"][3]
    assert "900 of 90,000 training pictures" in page.text["candidates"]
    assert "stopped before all" in page.text["candidates"]
    assert "<i>" not in page.source
    assert not re.search(r"https?://|<script|<link", page.source)
    assert len(page.ids) == len(set(page.ids))
    for svg in re.findall(r"<svg class=\"chart.*?</svg>", page.source, re.DOTALL):
        assert not re.search(r"#[0-9a-f]{6}\b|black|rgb\(", svg)
        assert "currentColor" in svg
        assert "var(--second)" in svg
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "report.json", "try.png"}


def test_the_same_facts_give_the_same_files(tmp_path: Path) -> None:
    pages = []
    for name in "ab":
        (tmp_path / name).mkdir()
        write_tuning(tmp_path / name, typed(TuneResult, TRIED))
        pages.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert pages[0] == pages[1]


def test_nothing_learnt_anything(tmp_path: Path) -> None:
    facts = deepcopy(TRIED) | {"candidates": [candidate(1e6, None)], "next": "", "alike": 0, "ranges": {}}
    page = Page(write_tuning(tmp_path, typed(TuneResult, facts)).read_text(encoding="utf-8"))
    assert "None of the settings worked" in page.text["verdict"]
    assert "next" not in page.sections
