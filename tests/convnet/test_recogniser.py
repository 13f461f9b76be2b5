"""ConvNet keeps scikit-learn's contract, and its file keeps everything that predicting needs."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from torch.nn.functional import cross_entropy

import striate
from striate import ConvNet
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.logit_calibration import LogitCalibration
from striate.core import model_file
from striate.data import Data
from striate.errors import DataError, ModelFileError, StriateError, UsageError
from striate.model.preprocessing import InMemoryDataset


@pytest.fixture(scope="module")
def trained(digits: Data) -> ConvNet:
    return ConvNet("lenet5", epochs=4, seed=0).fit(digits.train, validation=digits.validation)


def test_it_learns(trained: ConvNet, digits: Data) -> None:
    assert trained.score(digits.validation) > 0.9
    scores = trained.predict_proba(digits.validation)
    assert scores.shape == (len(digits.validation), 10)
    assert np.allclose(scores.sum(axis=1), 1)
    assert trained.history_[-1]["epoch"] == 4
    assert 1 <= trained.best_epoch_ <= 4


def test_the_temperature_is_fitted_on_validation(trained: ConvNet, digits: Data, tmp_path: Path) -> None:
    pictures, labels = digits.validation, digits.validation.labels
    assert np.array_equal(trained.validated_, trained.predict_proba(pictures))
    without = striate.load(trained.save(tmp_path / "m.safetensors"))
    assert without.calibration_.temperature == trained.calibration_.temperature != 1
    without.calibration_ = LogitCalibration()
    logs = np.log(without.predict_proba(pictures))
    losses = [cross_entropy(torch.from_numpy(logs / t), torch.from_numpy(labels)).item()
              for t in trained.calibration_.temperature * np.array([0.7, 1, 1.4])]
    assert losses[1] == min(losses)
    told = trained.predict_proba(pictures)[np.arange(len(labels)), labels]
    assert -np.log(told).mean() == pytest.approx(losses[1], rel=1e-6)
    assert not ConvNet("lenet5", epochs=1).fit(digits.train).has_confidence


def test_confidence_is_the_share_of_validation_pictures_that_are_less_known(trained: ConvNet, digits: Data,
                                                                            tmp_path: Path) -> None:
    probabilities, confidence = trained.predict_with_confidence(digits.validation)
    assert np.array_equal(probabilities, trained.predict_proba(digits.validation))
    count = len(digits.validation)
    for share in (0.02, 0.05, 0.5):
        assert abs((confidence < share).sum() - share * (count + 1)) <= 1
    noise = np.random.default_rng(0).integers(0, 17, (200, 8, 8), np.uint8)
    assert (trained.predict_with_confidence(noise)[1] < 0.05).mean() > 0.5
    loaded = striate.load(trained.save(tmp_path / "m.safetensors"))
    assert np.array_equal(loaded.predict_with_confidence(digits.validation)[1], confidence)
    with pytest.raises(UsageError, match="without validation"):
        ConvNet("lenet5", epochs=1).fit(digits.train).predict_with_confidence(digits.validation)


def test_files_without_a_temperature_have_none(trained: ConvNet, tmp_path: Path) -> None:
    manifest, arrays = trained.to_file()
    manifest = {**manifest, "classes": trained.classes_.tolist()}
    for value in (0.0, -1.0, "2", True, None):
        wrong = manifest | {"calibration": {"temperature": value}}
        model_file.save(tmp_path / "m.safetensors", "convnet", wrong, arrays)
        with pytest.raises(ModelFileError, match="temperature"):
            striate.load(tmp_path / "m.safetensors")
    del manifest["calibration"]
    model_file.save(tmp_path / "m.safetensors", "convnet", manifest, arrays)
    assert striate.load(tmp_path / "m.safetensors").calibration_.temperature == 1


def test_clone_and_params(trained: ConvNet) -> None:
    copy = clone(trained.set_params(learning_rate=0.002))
    assert copy.get_params() == trained.get_params()
    assert not hasattr(copy, "module_")
    assert "epochs=4" in repr(copy)


def test_cross_validation_and_grid_search_on_arrays(digits: Data) -> None:
    X, y = digits.train.images[:200, :, :, 0], digits.train.labels[:200]
    model = ConvNet("compact", epochs=1, batch_size=64)
    assert len(cross_val_score(model, X, y, cv=2)) == 2
    search = GridSearchCV(model, {"learning_rate": [0.001, 0.01]}, cv=2).fit(X, y)
    assert search.best_params_["learning_rate"] in (0.001, 0.01)


def test_names_as_labels(digits: Data) -> None:
    X = digits.train.images[:64]
    y = np.where(digits.train.labels[:64] < 5, "low", "high")
    model = ConvNet("compact", epochs=1).fit(X, y, validation=(X, y))
    assert set(model.predict(X)) <= {"low", "high"}
    assert model.score(X, y) == model.score(X, (y == "low").astype(int))


def test_saved_and_loaded_it_gives_the_same_answers(trained: ConvNet, digits: Data, tmp_path: Path) -> None:
    loaded = striate.load(trained.save(tmp_path / "m.safetensors"))
    assert np.array_equal(loaded.predict_proba(digits.test.images[:50]), trained.predict_proba(digits.test.images[:50]))
    assert loaded.classes_.tolist() == [str(i) for i in range(10)]
    loaded.save(tmp_path / "m.safetensors")  # over the file it was read from
    assert striate.load(tmp_path / "m.safetensors").get_params()["seed"] == 0


def test_a_clone_of_what_was_loaded_learns_to_the_same_bits(digits: Data, tmp_path: Path) -> None:
    given = ConvNet("lenet5", epochs=1, optimiser="sgd", weight_decay=0.001, seed=3).fit(digits.train)
    again = clone(striate.load(given.save(tmp_path / "given.safetensors"))).fit(digits.train)
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "given.safetensors").read_bytes()


def test_a_budget_that_is_set_takes_the_place_of_the_one_that_was_loaded(digits: Data, tmp_path: Path) -> None:
    given = ConvNet("lenet5", epochs=2, seed=3).fit(digits.train)
    loaded = striate.load(given.save(tmp_path / "given.safetensors"))
    again = clone(loaded).set_params(steps=7).fit(digits.train)
    assert (again.recipe_.steps, again.recipe_.epochs) == (7, None)


def test_before_fit_it_says_so_as_scikit_learn_does(digits: Data, tmp_path: Path) -> None:
    for use in (lambda m: m.predict(digits.test), lambda m: m.score(digits.test), lambda m: m.save(tmp_path / "m"),
                lambda m: m.predict_proba(digits.test)):
        with pytest.raises(NotFittedError):
            use(ConvNet())


def test_pictures_of_another_size_are_fitted(trained: ConvNet, digits: Data) -> None:
    large = digits.test.images[:40].repeat(3, axis=1).repeat(3, axis=2).repeat(3, axis=3)
    assert (trained.predict(large) == trained.predict(digits.test.images[:40])).mean() > 0.8


@pytest.mark.parametrize("bad", [np.zeros((2, 8, 8)), np.zeros((8, 8), np.uint8), np.zeros((2, 8, 8, 2), np.uint8),
                                 np.zeros((0, 8, 8), np.uint8), "pictures"])
def test_what_is_not_pictures_is_refused(trained: ConvNet, bad: object) -> None:
    with pytest.raises(DataError):
        trained.predict(bad)


def test_an_empty_data_set_is_refused_like_an_empty_array(trained: ConvNet, digits: Data) -> None:
    empty = InMemoryDataset(digits.train.take(np.arange(0)))
    for use in (trained.predict, trained.predict_proba, ConvNet(epochs=1).fit):
        with pytest.raises(DataError) as caught:
            use(empty)
        assert caught.value.code == "no_pictures"


@pytest.mark.parametrize("y", [None, [0, 1, 2], [[0], [1]], [0.5, 1.5]])
def test_bad_labels_are_refused(y: object) -> None:
    with pytest.raises(DataError):
        ConvNet(epochs=1).fit(np.zeros((2, 8, 8), np.uint8), y)  # type: ignore[arg-type]


def test_d03_one_class_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        ConvNet(epochs=1).fit(np.zeros((4, 8, 8), np.uint8), [1, 1, 1, 1])
    assert caught.value.code == "one_class"


def test_unknown_labels_are_refused(trained: ConvNet, digits: Data) -> None:
    with pytest.raises(UsageError):
        trained.score(digits.test.images[:2], ["7", "giraffe"])


def test_i24_pictures_of_one_colour_give_no_nan() -> None:
    X = np.full((16, 8, 8), 200, np.uint8)
    model = ConvNet(epochs=1).fit(X, [0, 1] * 8)
    assert np.isfinite(model.predict_proba(X)).all()


def test_network_that_does_not_fit_the_data_is_refused() -> None:
    network = striate.Network(striate.Dense(3)(striate.Input(1, 8, 8)))
    X = np.zeros((4, 8, 8), np.uint8)
    with pytest.raises(StriateError) as caught:
        ConvNet(network, epochs=1).fit(X, [0, 1, 0, 1])
    assert caught.value.code == "class_count"
    with pytest.raises(StriateError) as caught:
        ConvNet(network, epochs=1, size=(9, 9)).fit(X, [0, 1, 2, 0])
    assert caught.value.code == "input_volume"


def changed(path: Path, target: Path, **changes: object) -> Path:
    file = model_file.load(path)
    return model_file.save(target, "convnet", {**file.manifest, **changes}, file.arrays)


@pytest.fixture(scope="module")
def saved(trained: ConvNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained.save(tmp_path_factory.mktemp("model") / "m.safetensors")


@pytest.mark.parametrize("changes", [
    {"classes": ["a"]}, {"classes": None}, {"network": {}}, {"network": {"layers": [{"lambda": "print(1)"}]}},
    {"preparation": {"size": [1]}}, {"training": []}, {"preparation": {"size": [8, 8], "channels": 1}},
])  # fmt: skip
def test_m23_manifest_of_no_network(saved: Path, tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(ModelFileError) as caught:
        striate.load(changed(saved, tmp_path / "m.safetensors", **changes))
    assert caught.value.code == "bad_manifest"


def test_m21_arrays_of_another_network(saved: Path, tmp_path: Path) -> None:
    file = model_file.load(saved)
    arrays = {("c9.weight" if name == "c1.weight" else name): array for name, array in file.arrays.items()}
    path = model_file.save(tmp_path / "m.safetensors", "convnet", file.manifest, arrays)
    with pytest.raises(ModelFileError, match=r"c1\.weight, c9\.weight") as caught:
        striate.load(path)
    assert caught.value.code == "tensors_differ"


GOOD = {"size": [32, 32], "channels": 1, "resize": "squash", "mean": [100.0], "std": [50]}


@pytest.mark.parametrize("wrong", [
    {"mean": []}, {"mean": [1.0, 2.0]}, {"mean": 1.0}, {"mean": ["1"]}, {"mean": [True]}, {"mean": [10**400]},
    {"mean": [1e39]}, {"mean": [None]}, {"mean": "1"}, {"std": []}, {"std": [1.0] * 3}, {"std": [0]}, {"std": [0.0]},
    {"std": [-1.0]}, {"std": [1e-320]}, {"std": [10**400]}, {"resize": "stretch"}, {"resize": []}, {"resize": None},
    {"channels": 0}, {"channels": 2, "mean": [1, 1], "std": [1, 1]}, {"channels": True}, {"channels": "1"},
    {"channels": 1.0}, {"size": [0, 32]}, {"size": [32, 65_537]}, {"size": [32.0, 32]}, {"size": ["32", "32"]},
    {"size": [True, 32]}, {"size": [32, 32, 32]}, {"size": 32}, {"size": [10**400, 32]},
])  # fmt: skip
def test_m23_impossible_preparation(saved: Path, tmp_path: Path, wrong: dict[str, object]) -> None:
    striate.load(changed(saved, tmp_path / "good.safetensors", preparation=GOOD))
    with pytest.raises((ValueError, TypeError)):
        InputNormalisation.from_dict(GOOD | wrong)
    with pytest.raises(ModelFileError) as caught:
        striate.load(changed(saved, tmp_path / "m.safetensors", preparation=GOOD | wrong))
    assert caught.value.code == "bad_manifest"


TEN = [str(i) for i in range(10)]


@pytest.mark.parametrize("classes", [
    "0123456789", dict.fromkeys(TEN), [], [*TEN[:9], 9], [*TEN[:9], None], [*TEN[:9], "0"], [*TEN[:9], "x" * 1001],
    [*range(9), True], [*range(2, 10), True, False], [*range(9), 9.0], [*range(9), 10**400], [*range(9), 2**64],
    [*range(1, 9), -1, 2**63], [*TEN[:9], "0\0"], [[name] for name in TEN],
])  # fmt: skip
def test_m23_impossible_classes(saved: Path, tmp_path: Path, classes: object) -> None:
    with pytest.raises(ModelFileError) as caught:
        striate.load(changed(saved, tmp_path / "m.safetensors", classes=classes))
    assert caught.value.code == "bad_manifest"


@pytest.mark.parametrize("classes", [[*TEN[:9], "x" * 1000], list(range(-3, 7)), [*range(9), 2**63 - 1]])
def test_possible_classes_come_back_exactly(saved: Path, tmp_path: Path, classes: list[object]) -> None:
    assert striate.load(changed(saved, tmp_path / "m.safetensors", classes=classes)).classes_.tolist() == classes


def test_classes_that_were_true_and_false_come_back(tmp_path: Path) -> None:
    model = ConvNet(epochs=1).fit(np.arange(256, dtype=np.uint8).reshape(4, 8, 8), [True, False, True, False])
    assert striate.load(model.save(tmp_path / "m.safetensors")).classes_.tolist() == [False, True]


def test_m23_one_long_name_among_many_takes_no_memory(saved: Path, tmp_path: Path) -> None:
    path = changed(saved, tmp_path / "m.safetensors", classes=["x" * 1000, *map(str, range(500_000))])
    tracemalloc.start()
    with pytest.raises(ModelFileError) as caught:
        striate.load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == "bad_manifest"
    assert peak < 500 << 20  # an array of them would take 2 GB


def test_m24_network_that_takes_all_memory(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [{"conv": {"filters": 65_536, "kernel_size": 1}}, "global_pool", {"dense": {"units": 10}}]  # 17 GB
    network = {"input": [1, 256, 256], "layers": layers}
    path = changed(saved, tmp_path / "m.safetensors", network=network, preparation=GOOD | {"size": [256, 256]})
    monkeypatch.setattr("striate.convnet.recogniser.build", lambda _: pytest.fail("it was built"))
    with pytest.raises(ModelFileError, match="bytes of memory") as caught:
        striate.load(path)
    assert caught.value.code == "bad_manifest"


def test_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError) as caught:
        striate.load(model_file.save(tmp_path / "m.safetensors", "os.system", {}, {}))
    assert caught.value.code == "unknown_kind"


@pytest.mark.parametrize("scale", [1.0, 1e10, 1e30])
def test_probabilities_sum_to_one_however_large_the_scores(scale: float) -> None:
    scores = np.array([[scale, scale, -scale]], np.float32)
    found = LogitCalibration(2.0).probabilities(scores)
    assert found.sum() == pytest.approx(1)
    assert found[0, 0] == found[0, 1]
