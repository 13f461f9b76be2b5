"""Folding, features, and the recogniser on top of them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.base import clone

from striate import Transfer, load, load_network
from striate.cli.main import run
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.inference.features import FeatureExtractor, cut
from striate.convnet.inference.fold_batch_norm import fold
from striate.convnet.transfer import scaled
from striate.errors import ModelFileError
from striate.model.preprocessing import InMemoryDataset
from tests.convnet.pretrained.small import filled, network, pictures, saved


@pytest.mark.parametrize("made", [network(), load_network("efficientnet_lite0"), load_network("resnet18"),
                                  load_network("squeezenet")], ids=lambda made: made.name)
def test_a_folded_network_says_the_same(made) -> None:  # type: ignore[no-untyped-def]
    net = filled(made)
    if made.name != "small":  # deep ones explode with such weights
        for name, tensor in net.state_dict().items():
            tensor.mul_(0.2 if name.endswith("conv.weight") else 1)
    x = torch.randn(2, made.input.channels, made.input.height, made.input.width,
                    generator=torch.Generator().manual_seed(1))
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    with torch.inference_mode():
        expected = net(x)
        found = fold(net)(x)
        again = net(x)
    assert torch.isfinite(expected).all()
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))
    assert torch.equal(again, expected)
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


def test_features_are_those_of_the_network_cut_behind_the_layer() -> None:
    net = filled(network())
    inner = cut(network())
    images = pictures(6)[0]
    preparation = InputNormalisation((32, 32), 3, "squash", (100.0, 90.0, 80.0), (50.0, 60.0, 70.0))
    features = FeatureExtractor(inner, net.state_dict(), preparation)
    with torch.inference_mode():
        expected = net(preparation.batch(images)).numpy()
        weight, bias = (net.state_dict()[f"dense1.{name}"].numpy() for name in ("weight", "bias"))
    found = features(InMemoryDataset(images)) @ weight.T + bias
    assert np.allclose(found, expected, atol=0.03 * np.abs(expected).max())
    mirrored = features(InMemoryDataset(images[:, :, ::-1]), mirrored=True)
    assert np.array_equal(mirrored, features(InMemoryDataset(images)))


def test_scaled_rows_have_length_one_and_the_mean_is_out() -> None:
    drawn = np.random.default_rng(0).random((50, 7), np.float32)
    found = scaled(drawn, drawn.mean(axis=0))
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    centred = drawn - drawn.mean(axis=0)
    assert np.allclose(found * np.linalg.norm(centred, axis=1, keepdims=True), centred, atol=1e-6)


@pytest.mark.parametrize("head", ["linear_svm", "knn"])
def test_learns_and_comes_back_from_its_file(tmp_path: Path, head: str) -> None:
    net, weights = saved(tmp_path)
    images, labels = pictures()
    model = Transfer(net, weights=weights, head=head).fit(images, labels)
    assert model.score(images, labels) == 1
    again = load(model.save(tmp_path / "model.safetensors"))
    assert isinstance(again, Transfer)
    assert np.array_equal(again.predict_proba(images), model.predict_proba(images))
    assert again.save(tmp_path / "again.safetensors").read_bytes() == (tmp_path / "model.safetensors").read_bytes()
    assert clone(model).get_params() == model.get_params()
    indices, scores = model.held_out_
    assert scores.shape == (len(indices), 2)
    assert np.allclose(scores.sum(axis=1), 1)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    net, weights = saved(tmp_path)
    files = [Transfer(net, weights=weights, seed=3).fit(*pictures()).save(tmp_path / f"{i}.safetensors").read_bytes()
             for i in range(2)]
    assert files[0] == files[1]


@pytest.mark.parametrize("change", [
    lambda manifest: manifest.update(head={"forest": {}}), lambda manifest: manifest.update(present=[0, 5]),
    lambda manifest: manifest.update(network={"input": [3, 8, 8], "layers": ["relu"]}),
    lambda manifest: manifest["preparation"].update(size=[30, 32]), lambda manifest: manifest.pop("training"),
    lambda manifest: manifest["training"].update(flip=3)])
def test_a_changed_manifest_is_refused(tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    from striate.core import model_file

    net, weights = saved(tmp_path)
    manifest, arrays = Transfer(net, weights=weights).fit(*pictures()).to_file()
    manifest["classes"] = ["across", "down"]
    model_file.save(tmp_path / "good.safetensors", "transfer", manifest, arrays)
    load(tmp_path / "good.safetensors")
    change(manifest)
    model_file.save(tmp_path / "bad.safetensors", "transfer", manifest, arrays)
    with pytest.raises(ModelFileError) as caught:
        load(tmp_path / "bad.safetensors")
    assert caught.value.code == "bad_manifest"


@pytest.mark.parametrize("model", ["transfer", "knn"])
def test_the_command_trains_and_what_it_wrote_predicts(tmp_path, capsys, monkeypatch, model) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    for i, (picture, label) in enumerate(zip(*pictures(40), strict=True)):
        folder = tmp_path / "pictures" / label
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / f"{i}.png")
    monkeypatch.setattr("sys.argv", ["striate", "train", str(tmp_path / "pictures"), "--model", model, "--size", "64",
                                     "--out", str(tmp_path / "run"), "--json"])
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code in (0, None)
    facts = json.loads(capsys.readouterr().out)
    assert facts["test"]["accuracy"] == 1
    assert facts["cross_validated"]
    assert "EfficientNet" in facts["reasons"][0] or "efficientnet_lite0" in facts["reasons"][0]
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "features once, then a classifier" in page
    assert "0 epochs" not in page
    assert "its words" not in page
    assert "the number of neighbours was selected on this figure" in page
