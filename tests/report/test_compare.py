"""The page of a comparison: whole, alone, true to its facts, whatever things are called."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.report.compare import Disagreement, write_comparison
from striate.report.compare_figures import COSTS
from striate.report.compare_result import Comparison, CurveCrossing
from striate.report.compare_text import crossing
from striate.stats.metrics import evaluate
from striate.stats.verdict import Verdict, verdict
from tests.report.facts import typed
from tests.report.reader import Page

ORDER = ["verdict", "recognisers", "pairs", "curves", "cost", "agreement", "classes", "gallery", "calibration",
         "reproduce"]
HOSTILE = "<img src=x onerror=alert(1)> $x_{1}$ |`\u202e&\n\x1b[31m.yaml"


def facts_for(models: int, classes: int, seeds: int = 3, name: str = "", curves: bool = True) -> dict[str, Any]:
    generator = np.random.default_rng(models)
    names = [f"{name}model {i}" for i in range(models)]
    labels = generator.integers(0, classes, 200)
    rows = []
    for i, one in enumerate(names):
        chances = generator.dirichlet(np.ones(classes), 200)
        found = evaluate(labels, chances, [f"{name}{c}" for c in range(classes)])
        value = 0.9 - 0.05 * i
        rows.append({
            "name": one, "model": one, "hand_crafted": i % 2 == 1, "accuracy": value,
            "interval": [value - 0.03, value + 0.02], "balanced": value, "seeds": [value] * seeds,
            "between_seeds": 0.01 if seeds > 1 else None,
            "other_seeds": 0.01 if seeds > 1 else None, "other_pictures": 0.012, "nll": 0.3, "ece": 0.04,
            "temperature": None if i else 1.3, "nll_after": None if i else 0.29, "ece_after": None if i else 0.01,
            "reliability": [vars(b) for b in found.reliability], "how": f"{name}as it comes", "learnt": 90,
            "chosen": 10,
            "timed": i != 1, "training": 12.5 * (i + 1), "features": 3.5 if i % 2 else None, "prediction": 1.0,
            "memory": 500_000_000, "answer_memory": 400_000_000, "latency": 0.0012 * (i + 1),
            "latency_range": [0.001, 0.002], "throughput": 1000.0 / (i + 1), "bytes": 1_000_000 * (i + 1),
            "parameters": 61_706, "macs": None if i % 2 else 4_000_000})
    pairs = [{"first": a, "second": b, "difference": 0.05, "interval": [0.02, 0.08], "p": 0.001, "corrected": 0.002,
              "sure": True, "only_first": 20.0, "only_second": 10.0, "effect": 1.0, "bootstrap": [0.01, 0.09],
              "mcnemar": [{"only_first": 20, "only_second": 10, "p": 0.01}] * seeds} for a, b in combinations(names, 2)]
    points = [{"size": size, "accuracy": 0.5 + size / 100, "interval": [0.45 + size / 100, 0.55 + size / 100],
               "seeds": [0.5], "pictures": size * classes, "training": 3.0} for size in (5, 20)]
    by_size = [{"size": size, "difference": 0.1, "interval": [0.05, 0.2], "corrected": 0.01, "sure": True}
               for size in (5, 20)]
    curve_rows = [{"name": one["name"], "hand_crafted": one["hand_crafted"], "points": points} for one in rows]
    return {
        "striate": "0.1.0", "title": f"{name} compared", "command": f"striate compare {name}", "created": "now",
        "seconds": 100.0, "computed_seconds": 90.0, "report": "compare.html",
        "verdict": verdict(names, [Verdict(p["first"], p["second"], 0.05, (0.02, 0.08), 0.002) for p in pairs], 200),
        "asked": {"seeds": seeds, "sizes": [5, 20] if curves else [], "minutes": 2.0, "five_by_two": True,
                  "at_once": 2, "threads": 1},
        "data": {"name": f"{name}set", "source": "set", "classes": [f"{name}{c}" for c in range(classes)], "count": 200,
                 "counts": [1] * classes, "learnable": 100, "skipped": 1, "notes": [f"{name} note"], "split": "divided",
                 "leaked": 1, "short": [f"{name}0"]},
        "models": rows, "pairs": pairs,
        "curves": {"sizes": [5, 20], "rows": curve_rows,
                   "crossings": [{"hand": names[1], "learnt": names[0], "size": 7.5, "interval": [5.0, None],
                                  "by_size": by_size}]} if curves else None,
        "agreement": {"alike": [[0.9 if i != j or seeds > 1 else None for j in range(models)] for i in range(models)],
                      "only": [3] * models, "all": 100, "none": 5},
        "classes": [{"class": f"{name}{c}", "count": 20, "recalls": [0.9] * models, "difference": 0.1 * (-1) ** c,
                     "interval": [-0.1, 0.2], "p": 0.3, "sure": c == 0} for c in range(classes)],
        "others": 0.4,
        "fronts": dict.fromkeys(COSTS, names[:1]),
        "five_by_two": [{"first": a, "second": b, "difference": 0.01, "t": None, "t_p": 0.2, "f": 3.0, "p": 0.1,
                         "corrected": 0.3} for a, b in combinations(names, 2)],
        "environment": {"cores": 2, "torch": "2"},
    }


def page_for(folder: Path, facts: dict[str, Any], key: str = "a.png") -> Page:
    pixels = np.arange(16 * 16 * 3, dtype=np.uint8).reshape(16, 16, 3)
    names = [one["name"] for one in facts["models"]]
    shown = [Disagreement(names[0], key, pixels, 0, [(name, i % 2, 0.9) for i, name in enumerate(names)])]
    path = write_comparison(folder, typed(Comparison, facts), shown, [["picture"], [key]])
    return Page(path.read_text(encoding="utf-8"))


SHAPES = [(2, 2, 1, False), (3, 15, 3, True), (8, 120, 2, True)]


@pytest.mark.parametrize(("models", "classes", "seeds", "curves"), SHAPES)
def test_every_section_in_order(models: int, classes: int, seeds: int, curves: bool, tmp_path: Path) -> None:
    facts = facts_for(models, classes, seeds, curves=curves)
    page = page_for(tmp_path, facts)
    assert page.sections == [one for one in ORDER if curves or one != "curves"]
    assert "\u202f%: 2.0–8.0" in page.source
    assert " ".join(facts["verdict"].split()) in page.text["verdict"]
    assert len(page.tables["pairs"]) == 2 + 2 * models * (models - 1) // 2
    assert sum("var(--c" in line for line in page.source.split("<svg")) >= 5
    assert json.loads((tmp_path / "compare.json").read_text()) == json.loads(json.dumps(facts))


def test_names_are_text_wherever_they_stand(tmp_path: Path) -> None:
    page = page_for(tmp_path, facts_for(3, 4, name=HOSTILE), key=HOSTILE)
    assert page.sections == ORDER
    assert "onerror" in page.text["verdict"]
    assert not re.search(r"<img src=x|\x1b|\u202e", page.source)
    assert all(name != "onerror" for _, name, _ in page.attributes)
    markdown = (tmp_path / "compare.md").read_text()
    assert "<img" not in markdown
    assert "\x1b" not in markdown
    rows = [line for line in markdown.splitlines() if line.startswith("| ")]
    assert all(len(re.findall(r"(?<!\\)\|", line)) in (4, 6, 11) for line in rows)


def test_the_page_stands_alone(tmp_path: Path) -> None:
    page = page_for(tmp_path, facts_for(3, 15))
    asks = r"https?://|//www|@import|url\((?!#)|<script|<link|<iframe|javascript:"
    assert not re.search(asks, page.source, re.IGNORECASE)
    assert ("meta", "content", "default-src 'none'; img-src data:; style-src 'unsafe-inline'") in page.attributes
    assert len(page.ids) == len(set(page.ids))
    wanted = {value[1:] for _, name, value in page.attributes if name == "href"}
    wanted |= {found for _, _, value in page.attributes for found in re.findall(r"url\(#([^)]*)\)", value)}
    assert wanted <= set(page.ids)


def test_the_same_facts_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (page_for(tmp_path, facts_for(3, 15)).source for _ in range(2))
    assert first == second


def test_a_budget_that_one_did_not_heed_is_said(tmp_path: Path) -> None:
    page = page_for(tmp_path, facts_for(3, 4))
    assert "Budget: 2 minutes of training each, but for model 1, which has no time budget" in page.text["recognisers"]


def test_times_on_a_busy_machine_are_said_to_be_too_long(tmp_path: Path) -> None:
    facts = facts_for(2, 2)
    assert "other programs used 40.0 % of the machine" in page_for(tmp_path, facts).text["cost"]
    assert "other programs" not in page_for(tmp_path, facts | {"others": 0.02}).text["cost"]


def test_crossings_in_words() -> None:
    def said(row: dict[str, Any]) -> str:
        return crossing(typed(CurveCrossing, row), [5, 100])

    row = {"hand": "h", "learnt": "l", "size": 5.0, "interval": [5.0, 5.0]}
    assert said(row) == "l is ahead of h from 5 pictures of a class on."
    assert "not sure" in said(row | {"interval": [5.0, 40.0]})
    assert "or fewer to more than 100" in said(row | {"size": 60.0, "interval": [5.0, None]})
