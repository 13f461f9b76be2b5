"""A network learns on from weights that it was given: the head first, then all but the lowest layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from striate import ConvNet, load, load_network
from striate.convnet import finetuning
from striate.convnet.build.net import build
from striate.convnet.finetuning import FROZEN, LOWEST, adapt_head, head_of
from striate.convnet.inference.features import cut
from striate.convnet.training.training_context import TrainingContext
from striate.errors import Interrupted
from tests.convnet.pretrained.small import filled, pictures

NETWORK = """
input: [3, 32, 32]
layers:
  - conv: {filters: 6, kernel_size: 3, stride: 2, padding: same, bias: false}
  - batch_norm
  - relu
  - conv: {filters: 8, kernel_size: 3, padding: 1}
  - relu
  - conv: {filters: 8, kernel_size: 3, padding: 1}
  - relu
  - conv: {filters: 8, kernel_size: 3, padding: 1}
  - relu
  - global_pool
  - dropout
  - dense: {units: 5}
"""


@pytest.fixture
def given(tmp_path: Path) -> tuple[Path, Path]:
    """A network file and weights of it."""
    (tmp_path / "net.yaml").write_text(NETWORK)
    torch.save(dict(filled(load_network(tmp_path / "net.yaml")).state_dict()), tmp_path / "net.pth")
    return tmp_path / "net.yaml", tmp_path / "net.pth"


def noisy(count: int = 48, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Pictures whose classes overlap."""
    drawn = np.random.default_rng(0).integers(0, 120, (count, 32, 32, 3)).astype(np.uint8)
    labels = np.arange(count) % classes
    drawn[:, :, :, 0] += (labels * 20)[:, None, None].astype(np.uint8)
    return drawn, labels


@pytest.mark.parametrize("name", ["efficientnet_lite0", "resnet18", "vgg11", "alexnet", "googlenet"])
def test_steps_fall_from_the_head_down_and_the_lowest_layers_stay(name: str) -> None:
    before = load_network(name)
    network = adapt_head(before, 7)
    assert network.output.size == 7
    assert not network.auxiliary
    rates = [tensor.lr_mult for key, tensor in network.tensors.items() if key.endswith(".weight")]
    first = [before.tensors[key].lr_mult for key in network.tensors if key.endswith(".weight")]
    shares = [rate / old for rate, old in zip(rates, first, strict=True)]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert shares[0] == 0
    learning = [share for share in shares if share]
    assert min(learning) >= LOWEST ** (1 - FROZEN) * 0.999
    assert len(learning) / len(shares) == pytest.approx(1 - FROZEN, abs=0.1)


def test_begins_with_the_head_that_scikit_learn_finds(given, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    net, weights = given
    images, labels = noisy()
    monkeypatch.setattr(finetuning, "STRENGTHS", (1.0,))
    model = ConvNet(net, weights=weights, epochs=1, learning_rate=1e-9, flip=False, crop=0, average=0,
                    precision="float32").fit(
        images, labels, validation=(images, labels))
    assert [row["epoch"] for row in model.history_] == [0, 1]
    source = torch.load(weights, weights_only=True)
    plain = build(cut(load_network(net)))
    plain.load_state_dict({key: source[key] for key in plain.state_dict()})
    with torch.inference_mode():
        features = plain.eval()(model.preparation_.batch(images)).numpy()
    features -= features.mean(axis=0)
    features /= np.sqrt((features ** 2).mean())
    head = LogisticRegression(C=1.0, max_iter=300).fit(features, labels)
    assert model.history_[0]["validation_accuracy"] == head.score(features, labels)
    logs = -np.log(head.predict_proba(features)[np.arange(len(labels)), labels])
    assert model.history_[0]["validation_loss"] == pytest.approx(logs.mean(), rel=1e-3)
    assert model.history_[0]["loss"] is None
    assert "solved on 8 features" in " ".join(model.reasons_)
    assert model.source_.endswith("net.pth")


def test_the_lowest_layers_keep_their_weights_and_the_others_move(given) -> None:  # type: ignore[no-untyped-def]
    net, weights = given
    model = ConvNet(net, weights=weights, epochs=3, learning_rate=0.01, average=0).fit(*noisy())
    source = torch.load(weights, weights_only=True)
    found = model.module_.state_dict()
    assert torch.equal(found["conv1.weight"], source["conv1.weight"])
    assert torch.equal(found["batch_norm1.weight"], source["batch_norm1.weight"])
    for name in ("conv3.weight", "conv4.weight"):
        assert not torch.equal(found[name], source[name])
    moved = [float((found[f"conv{i}.weight"] - source[f"conv{i}.weight"]).norm()) for i in (3, 4)]
    assert moved[0] < moved[1]
    assert found["dense1.weight"].shape == (3, 8)


def test_batch_normalisation_keeps_to_the_averages_that_it_came_with(given) -> None:  # type: ignore[no-untyped-def]
    net, weights = given
    model = ConvNet(net, weights=weights, epochs=2, batch_size=8).fit(*noisy())
    source = torch.load(weights, weights_only=True)
    for name in ("batch_norm1.running_mean", "batch_norm1.running_var"):
        assert torch.equal(model.module_.state_dict()[name], source[name])
    scratch = ConvNet("compact", epochs=1, batch_size=8, size=(32, 32)).fit(*noisy())
    means = [value for name, value in scratch.module_.state_dict().items() if name.endswith("running_mean")]
    assert any(bool((one != 0).any()) for one in means)


def test_stopped_and_resumed_it_ends_in_the_same_bits(given, tmp_path) -> None:  # type: ignore[no-untyped-def]
    net, weights = given
    images, labels = noisy()
    settings = {"weights": weights, "epochs": 3, "seed": 5}
    whole = ConvNet(net, **settings).fit(images, labels, validation=(images[:9], labels[:9]))
    steps: list[int] = []
    with pytest.raises(Interrupted):
        ConvNet(net, **settings).fit(images, labels, validation=(images[:9], labels[:9]), context=TrainingContext(
            lambda step: steps.append(step.step), checkpoints=tmp_path / "kept", stop=lambda: len(steps) >= 4))
    again = ConvNet(net, **settings).fit(images, labels, validation=(images[:9], labels[:9]),
                                         context=TrainingContext(checkpoints=tmp_path / "kept"))
    assert whole.save(tmp_path / "a.safetensors").read_bytes() == again.save(tmp_path / "b.safetensors").read_bytes()
    assert again.reasons_ == whole.reasons_
    assert [row["epoch"] for row in again.history_] == [0, 1, 2, 3]


def test_stopped_while_pictures_are_described(given) -> None:  # type: ignore[no-untyped-def]
    net, weights = given
    with pytest.raises(Interrupted):
        ConvNet(net, weights=weights, epochs=1).fit(*noisy(), context=TrainingContext(stop=lambda: True))


def test_classes_without_pictures_and_two_classes(given) -> None:  # type: ignore[no-untyped-def]
    net, weights = given
    for head, classes in ((LogisticRegression().fit([[0.0], [1.0]], [0, 2]), 4),
                          (LogisticRegression().fit([[0.0], [1.0], [2.0]], [0, 1, 3]), 5)):
        weight, bias = finetuning._all_classes(head, classes)
        scores = np.array([[0.0], [1.0], [2.0]]) @ weight.T + bias
        shares = np.exp(scores[:, head.classes_])
        assert np.allclose(shares / shares.sum(axis=1, keepdims=True), head.predict_proba([[0.0], [1.0], [2.0]]))
        others = np.setdiff1d(np.arange(classes), head.classes_)
        assert (scores[:, others].max(axis=1) < scores[:, head.classes_].min(axis=1) + 1).all()
    model = ConvNet(net, weights=weights, epochs=1).fit(*noisy(classes=2))
    assert model.predict_proba(noisy()[0]).shape == (48, 2)


def test_comes_back_from_its_file_with_what_it_began_from(given, tmp_path) -> None:  # type: ignore[no-untyped-def]
    net, weights = given
    images, labels = noisy()
    model = ConvNet(net, weights=weights, epochs=1).fit(images, labels)
    again = load(model.save(tmp_path / "model.safetensors"))
    assert np.array_equal(again.predict_proba(images), model.predict_proba(images))
    assert again.source_ == model.source_
    assert head_of(again.network_) == "dense1"


def test_other_sizes_than_the_networks_own() -> None:
    images, labels = pictures(16)
    model = ConvNet("efficientnet_lite0", weights="efficientnet_lite0", size=(64, 64), steps=2, batch_size=8).fit(
        images, np.array(labels))
    assert model.preparation_.size == (64, 64)
    assert model.preparation_.mean == (127.0,) * 3
