"""Features that speak for a class: sums that add up to what the classifier says, and maps by slow loops."""

from pathlib import Path

import numpy as np
import pytest
import torch

from striate import Conv, Dense, Dropout, Flatten, GlobalPool, Input, Network, Pool, ReLU, Softmax, Transfer
from striate.convnet.explain.class_evidence import ClassEvidence, class_evidence, linear_end
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.target import Target
from striate.errors import UsageError
from tests.convnet.explain.nets import explained, picture
from tests.convnet.pretrained.small import pictures, saved


def maps() -> object:
    return ReLU(name="relu")(Conv(6, 3, name="conv")(Input(3, 9, 11)))


ENDS = {
    "CAM": (Network(Softmax()(Dense(4, name="fc")(Dropout()(GlobalPool()(maps()))))), "relu", "fc"),
    "average pooling as wide as the maps": (
        Network(Dense(4, name="fc")(Pool((7, 9), mode="average")(maps()))), "relu", "fc"),
    "maximum": (Network(Dense(4, name="fc")(GlobalPool("max")(maps()))), "relu", "fc"),
    "flattened": (Network(Dense(4, name="fc")(Flatten()(Pool(2, name="pool")(maps())))), "pool", "fc"),
    "dense behind dense": (Network(Dense(4, name="fc")(ReLU(name="rect")(Dense(5)(maps())))), "rect", "fc"),
    "a convolution gives the scores": (Network(GlobalPool()(Conv(4, 1, name="last")(maps()))), "relu", "last"),
    "one map a class": (Network(GlobalPool()(ReLU(name="rect")(Conv(4, 1)(maps())))), "rect", None),
    "pixels": (Network(Dense(4, name="fc")(Input(3, 9, 11))), "input", "fc"),
}


@pytest.mark.parametrize("name", ENDS)
def test_features_and_positions_add_up_to_the_score(name: str) -> None:
    network, features, weighted = ENDS[name]
    model, pixels = explained(network), picture(explained(network))
    assert linear_end(model) == (features, weighted)
    with torch.no_grad():
        scores = model.net(model.batch(pixels[None]))[0].numpy()
    for unit in range(4):
        found = class_evidence(model, pixels, Target(model.scores, unit))
        assert found.array.shape == tuple(model.volume(features))[1:]
        assert found.total == pytest.approx(scores[unit], rel=1e-6)
        scale = np.abs([one.value for one in found.terms]).sum() + abs(found.bias)
        assert abs(found.array.sum() + found.bias - scores[unit]) <= 1e-6 * scale
        assert abs(found.positive + found.negative + found.bias - scores[unit]) <= 1e-6 * scale
        tensors = model.net.state_dict()
        assert found.bias == (tensors[f"{weighted}.bias"][unit].item() if weighted else 0)


def test_cam_by_loops() -> None:
    model = explained(ENDS["CAM"][0])
    pixels = picture(model, 3)
    with torch.no_grad():
        volume = model.activations(model.batch(pixels[None]), ["relu"])["relu"][0].double().numpy()
    weights = model.net.state_dict()["fc.weight"].double().numpy()
    channels, height, width = volume.shape
    expected = np.zeros((height, width))
    terms = np.zeros(channels)
    for i in range(channels):
        for y in range(height):
            for x in range(width):
                part = weights[2].reshape(-1)[i] * volume[i, y, x] / (height * width)
                expected[y, x] += part
                terms[i] += part
    found = class_evidence(model, pixels, Target("fc", 2))
    assert np.allclose(found.array, expected, rtol=1e-5, atol=1e-9)
    assert [one.name for one in found.terms] == [f"unit {i} of relu" for i in range(channels)]
    assert np.allclose([one.value for one in found.terms], terms, rtol=1e-5, atol=1e-9)
    order = sorted(range(channels), key=lambda i: -terms[i])
    assert found.strongest == tuple([i for i in order[:5] if terms[i] > 0] + [i for i in order[-5:] if terms[i] < 0])
    assert found.maps.sum(axis=(1, 2)) == pytest.approx([terms[i] for i in found.strongest], rel=1e-5)


def test_behind_a_maximum_the_position_that_won_has_it_all() -> None:
    model = explained(ENDS["maximum"][0])
    found = class_evidence(model, picture(model), Target("fc", 1))
    with torch.no_grad():
        volume = model.activations(model.batch(picture(model)[None]), ["relu"])["relu"][0].numpy()
    for unit, own in zip(found.strongest, found.maps, strict=True):
        assert np.flatnonzero(own).tolist() == [volume[unit].argmax()]


@pytest.fixture(scope="module", params=[None, "relu1"], ids=["pooled", "flattened"])
def transfer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Transfer:
    net, weights = saved(tmp_path_factory.mktemp("transfer"))
    images, labels = pictures(25)
    return Transfer(net, weights=weights, layer=request.param, precision="float32").fit(
        images, [*labels[:24:2], *labels[1:24:2], "blank"])


def test_the_parts_of_a_transfer_add_up_to_the_margin_of_its_classifier(transfer: Transfer) -> None:
    model = ExplainedNet.of(transfer)
    _, height, width = transfer.features_.network.output
    for pixels in pictures(4)[0]:
        features = transfer.features(pixels[None])
        margins = transfer.classifier_.decision(features)[0]
        for unit, name in enumerate(transfer.classes_):
            found = class_evidence(model, pixels, model.class_target(unit))
            assert (found.unit, found.units, found.layer) == (name, "margins", "head")
            assert found.total == pytest.approx(margins[unit], abs=1e-5)
            assert found.array.sum() + found.bias == pytest.approx(margins[unit], abs=1e-5)
            products = transfer.classifier_.weights_[unit] * features[0]
            assert [one.value for one in found.terms] == pytest.approx(
                products.reshape(8, height * width).sum(axis=1), abs=1e-5)


def test_the_mean_is_divided_among_the_positions(transfer: Transfer) -> None:
    model, pixels = ExplainedNet.of(transfer), pictures(1)[0][0]
    with torch.no_grad():
        volume = model.activations(model.batch(pixels[None]), ["relu1"])["relu1"][0].double().numpy()
    mean = transfer.mean_.reshape(8, -1, 1)
    pooled = mean.shape[1] == 1
    vector = volume.mean(axis=(1, 2)) if pooled else volume.ravel()
    weights = transfer.classifier_.weights_[0].reshape(mean.shape) / np.linalg.norm(vector - transfer.mean_)
    places = weights * (volume.reshape(8, -1, 1) - mean) / (volume[0].size if pooled else 1)
    found = class_evidence(model, pixels, model.class_target(0))
    assert found.features == "relu1"
    assert np.allclose(found.array.ravel(), places.sum(axis=(0, 2)), rtol=1e-4, atol=1e-6)


def test_what_the_sentence_says() -> None:
    def said(name: str) -> str:
        model = explained(ENDS[name][0])
        found: ClassEvidence = class_evidence(model, picture(model), Target(model.scores, 0))
        return found.evidence

    assert "6 features of relu and each of 7×9 positions adds to the score of class 0, an exact sum" in said("CAM")
    assert "so they have no places" in said("dense behind dense")
    assert said("one map a class").startswith("What each of 7×9 positions adds")


def test_a_transfer_without_scores_has_no_evidence(tmp_path: Path) -> None:
    net, weights = saved(tmp_path)
    model = ExplainedNet.of(Transfer(net, weights=weights, head="knn").fit(*pictures()))
    for unit in (0, 7):
        with pytest.raises(UsageError) as caught:
            class_evidence(model, pictures(1)[0][0], Target(model.scores, unit))
        assert caught.value.code == "no_class_score"
