"""`striate.evaluate`: what the command says is what Python gets."""

import json
from pathlib import Path

import numpy as np

import striate
from striate.data import Dataset
from striate.stats.metrics import evaluate
from striate.tasks import Progress
from tests.cli.conftest import Program, answer
from tests.cli.conftest import striate as program  # noqa: F401 - a fixture


def test_python_and_the_command_agree(program: Program, tmp_path: Path) -> None:  # noqa: F811
    data = striate.load_data("digits")
    path = striate.ConvNet("lenet5", epochs=1, seed=0).fit(data.train, validation=data.validation).save(
        tmp_path / "model.safetensors")
    data.split.save(tmp_path / "split.json")
    said = answer(program("evaluate", path, "digits", "--json"))
    found = striate.evaluate(path, "digits")
    assert (found.part, found.count, found.leaked) == ("test", len(data.test), 0)
    fitted = striate.evaluate(striate.load(path), "digits", split=tmp_path / "split.json")
    assert fitted.model is None
    assert fitted.as_dict() | {"model": str(path), "seconds": 0} == found.as_dict() | {"seconds": 0}
    assert json.loads(json.dumps(found.as_dict())) | {"seconds": 0} == said | {"seconds": 0}


def test_progress_is_told_and_changes_no_bit(tmp_path: Path) -> None:
    data = striate.load_data("digits")
    model = striate.ConvNet("lenet5", epochs=1, seed=0).fit(data.train)
    told: list[tuple[str, int, int]] = []
    found = striate.evaluate(model, "digits", part="all", progress=Progress(on_progress=lambda *one: told.append(one)))
    seen = [(done, total) for stage, done, total in told if stage == "predicting"]
    assert seen == sorted(set(seen))
    assert len(seen) > 1
    assert seen[-1] == (1797, 1797)
    everything = Dataset(data.pictures, np.arange(1797))
    expected = evaluate(data.pictures.labels, model.predict_proba(everything), list(map(str, model.classes_)))
    assert found.nll == expected.nll
    assert (found.confusion == expected.confusion).all()
