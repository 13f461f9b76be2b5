"""`striate.train`: a run from Python, with a folder, a report and a typed result."""

import json
from pathlib import Path

import numpy as np
import pytest

import striate
from striate.tasks.settings import Settings, settings_for


def test_a_run_from_python(tmp_path: Path) -> None:
    result = striate.train("digits", model="lenet5", minutes=1 / 60, seed=3, out=tmp_path / "run")
    assert result.test is not None
    assert result.test.accuracy > 0.3
    assert result.history is not None
    assert len(result.history) >= 1
    written = json.loads((tmp_path / "run" / "report.json").read_text())
    assert written == json.loads(json.dumps(result.as_dict()))
    assert (written["seed"], written["asked"]["minutes"]) == (3, 1 / 60)
    assert result.model is not None
    assert striate.load(result.model).score(striate.load_data("digits", seed=3).test) == result.test.accuracy
    with pytest.raises(striate.StriateError) as caught:
        striate.train("digits", model="lenet5", out=tmp_path / "run", resume=True)
    assert caught.value.code == "run_finished"


def test_without_model_and_weights_it_is_auto() -> None:
    assert settings_for("digits").model == Settings("digits").model == "auto"
    assert settings_for("digits", weights="efficientnet_lite0").model == "finetune"
    assert settings_for("digits", model="compact", weights="w.pth").model == "compact"


def test_weights_alone_are_fine_tuned_and_misspelt_options_refused() -> None:
    with pytest.raises(striate.StriateError) as caught:
        striate.train("digits", weights="no-such-file.safetensors")
    assert caught.value.code != "option_without_use"
    with pytest.raises(striate.StriateError, match="learnin_rate"):
        striate.train("digits", learnin_rate=0.1)


@pytest.mark.parametrize(("model", "given"), [
    ("lenet5", {"seed": np.int64(1), "learning_rate": np.float32(0.25), "epochs": np.int16(2), "flip": np.True_}),
    ("bow-knn", {"seed": np.int64(1), "flip": np.True_}),
    ("auto", {"minutes": np.float64(0.5)}),
])
def test_numbers_of_numpy_are_stored_as_plain_ones(model: str, given: dict[str, object], tmp_path: Path) -> None:
    settings = settings_for("digits", model=model, single=True, **given)
    assert settings.single
    assert settings.recipe == given
    assert {type(value) for value in settings.recipe.values()} <= {int, float, bool}
    settings.save(tmp_path / "recipe.yaml")
    assert Settings.load(tmp_path / "recipe.yaml") == settings
    assert json.loads(json.dumps(settings.as_dict()))["recipe"] == given


def test_a_run_with_a_seed_of_numpy(tmp_path: Path) -> None:
    striate.train("digits", model="lenet5", seed=np.int64(1), epochs=1, out=tmp_path / "run")
    assert json.loads((tmp_path / "run" / "report.json").read_text())["asked"] == {"epochs": 1, "seed": 1}
