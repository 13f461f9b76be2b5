"""Looking into an ensemble: what each member says, the sum that is the decision, the pages, files and options."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from striate.cli.main import application
from striate.report.ensemble_look_result import EnsembleLookResult
from striate.tasks.look import look
from tests.bow.small import pictures
from tests.ensemble.small import together

PICTURE = pictures(2, seed=9)[1]


def seen(model: Any = None, **options: Any) -> EnsembleLookResult:
    found = look(model or together(), PICTURE, show="gradient", **options)
    assert isinstance(found, EnsembleLookResult)
    return found


class Numbers(HTMLParser):
    """Links and exact numbers of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.values: list[float] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.links.append(given["href"] or "")
        if tag == "data":
            self.values.append(float(given["value"] or "nan"))


def test_the_members_add_up_to_the_decision() -> None:
    model, found = together(), seen()
    scores = model.predict_proba(PICTURE[None])[0]
    assert found.label == "down"
    assert found.probability == pytest.approx(scores[1])
    total = found.explanations["members"].total
    assert total == pytest.approx(np.log(scores[1] / scores[0]))
    assert sum(one.evidence for one in found.members) == pytest.approx(total)
    assert [(one.name, one.kind, one.weight) for one in found.members] == [
        ("words", "words", 0.75), ("net", "convnet", 0.25)]


def test_a_member_is_explained_as_it_is_by_itself() -> None:
    model, found = together(), seen(class_name="across")
    for one in found.members:
        options = {} if one.kind == "words" else {"show": "gradient"}
        alone = look(model.members_[one.name], PICTURE, class_name="across", **options)
        assert one.found.ranked == alone.ranked
        assert one.found.target == "across"
        assert one.target_probability == pytest.approx(dict(alone.ranked)["across"])
        for name, explanation in alone.explanations.items():
            np.testing.assert_array_equal(one.found.explanations[name].array, explanation.array)


def test_pages_figures_and_json(tmp_path: Path) -> None:
    path = tmp_path / "line.png"
    Image.fromarray(PICTURE).save(path)
    model = together().save(tmp_path / "model.safetensors")
    said = CliRunner().invoke(application(), [
        "look", str(model), "--picture", str(path), "--show", "gradient", "--figures", str(tmp_path / "figures"),
        "--json"])
    assert said.exit_code == 0, said.output
    facts = json.loads(said.stdout)
    assert [one["name"] for one in facts["members"]] == ["words", "net"]
    assert facts["picture"] == facts["members"][1]["found"]["picture"] == str(path)
    page = Numbers()
    page.feed((tmp_path / "look.html").read_text())
    assert page.links == ["look-1.html", "look-2.html"]
    assert facts["members"][0]["evidence"] in page.values
    for link in page.links:
        assert "line.png" in (tmp_path / link).read_text()
    assert (tmp_path / "figures" / "2" / "gradient.png").exists()
    assert json.loads((tmp_path / "figures" / "look.json").read_text()) == facts


def test_without_a_picture_it_shows_what_was_learnt(tmp_path: Path) -> None:
    found = look(together(), out=tmp_path / "look.html", show="filters")
    assert isinstance(found, EnsembleLookResult)
    assert found.label is None
    assert "weight 0.75" in found.summary()
    assert (tmp_path / "look-2.html").exists()
