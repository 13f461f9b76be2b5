"""`striate.evaluate`: what the command says is what Python gets."""

import json
from pathlib import Path

import striate
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
