"""Looking inside: the table of explainers, the typed result, and the same from a file, its bytes and an array."""

import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from striate.bow.recogniser import BagOfWords
from striate.cli.main import application
from striate.load_model import RECOGNISERS
from striate.report.look_result import LookResult, WordsLookResult
from striate.tasks.look import EXPLAINERS, Explainer, look
from tests.bow.explain.models import WORDS, model, pictures


def test_every_explainer_is_there_and_for_a_kind_of_recogniser() -> None:
    assert EXPLAINERS.keys() <= RECOGNISERS.keys()
    for name in {one for row in EXPLAINERS.values() for one in (row.explain, row.write_page, row.write_figures) if one}:
        module, function = name.split(":")
        assert callable(getattr(import_module(module), function))


def test_the_table_is_read_without_torch() -> None:
    code = "import sys; from striate.tasks.look import EXPLAINERS; print(sorted(EXPLAINERS), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("]")[1].strip() == "False"


@dataclass(frozen=True, eq=False, kw_only=True)
class KnownClasses(LookResult):
    """What a second explainer finds: the names of the classes."""

    def summary(self) -> str:
        return f"{len(self.classes)} classes, {self.page}"


def known_classes(recogniser: BagOfWords, picture: object, class_name: str | None, top: int,
                  **names: Any) -> KnownClasses:
    return KnownClasses(striate="1", classes=tuple(map(str, recogniser.classes_)), size=(1, 1, 1), **names)


def write_classes(path: str | Path, result: KnownClasses) -> Path:
    Path(path).write_text(f"<p>{', '.join(result.classes)}</p>")
    return Path(path)


def test_a_second_explainer_is_a_row_and_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.tasks.look.EXPLAINERS", {
        "words": Explainer(f"{__name__}:known_classes", f"{__name__}:write_classes")})
    found = look(model(), out=tmp_path / "look.html")
    assert isinstance(found, KnownClasses)
    assert (tmp_path / "look.html").read_text() == f"<p>{', '.join(found.classes)}</p>"
    saved = model().save(tmp_path / "m.safetensors")
    said = CliRunner().invoke(application(), ["look", str(saved), "--out", str(tmp_path / "again.html")])
    assert said.stdout.splitlines() == [f"{len(found.classes)} classes, {tmp_path / 'again.html'}"]


def test_explanations_add_up_to_what_they_explain(tmp_path: Path) -> None:
    found = look(model(), pictures()[1], class_name="down")
    assert isinstance(found, WordsLookResult)
    assert found.target == "down"
    for name in ("contributions", "evidence_map"):
        one = found.explanations[name]
        assert one.unit == "down"
        assert one.evidence.endswith(".")
        assert one.total is not None
        assert one.array.sum() + one.bias == pytest.approx(one.total)
    assert found.explanations["word_map"].total is None
    assert found.decision == found.as_dict()["decision"]
    assert found.explanations["evidence_map"].array.shape == found.size[:2]


def test_file_bytes_and_array_are_explained_alike(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(pictures()[1]).save(path)
    saved = model().save(tmp_path / "m.safetensors")
    first, *others = [look(saved, one) for one in (path, str(path), path.read_bytes(), pictures()[1])]
    assert first.picture == str(path)
    assert [one.picture for one in others] == [str(path), None, None]
    for one in others:
        assert one.ranked == first.ranked
        assert np.array_equal(one.explanations["evidence_map"].array, first.explanations["evidence_map"].array)


def test_the_json_has_the_words_and_no_arrays() -> None:
    found = look(model(), pictures()[1]).as_dict()
    assert found.keys() == {
        "striate", "model", "look", "encoder", "classifier", "kernel", "words", "classes", "size", "picture", "class",
        "probability", "top", "asked", "decision", "for", "against", "refused"}
    assert found["words"] == WORDS
    assert found["for"][0].keys() == {"word", "said", "times"}
