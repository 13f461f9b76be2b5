"""The pretrained network's scores, beside those of ONNX Runtime on a graph that torch has no part in."""

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_image

from striate.convnet.build.net import build
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.inference.features import FeatureExtractor, cut
from striate.convnet.pretrained import pretrained
from tests.oracles.onnx_graph import onnx_graph


@pytest.fixture(scope="module")
def source():  # type: ignore[no-untyped-def]
    return pretrained("efficientnet_lite0")


@pytest.fixture(scope="module")
def images():  # type: ignore[no-untyped-def]
    """Two photographs, squashed to 224×224."""
    return np.stack([np.asarray(Image.fromarray(load_sample_image(name)).resize((224, 224)))
                     for name in ("china.jpg", "flower.jpg")])


def test_lite0_scores_as_onnx_runtime_does(source, images) -> None:  # type: ignore[no-untyped-def]
    net = build(source.network)
    net.load_state_dict(source.tensors)
    preparation = InputNormalisation((224, 224), 3, "squash", source.mean, source.std)
    batch = preparation.batch(images)
    with torch.inference_mode():
        ours = net.eval()(batch).numpy()
    theirs = _run(source.network, source.tensors, batch)
    assert np.abs(ours - theirs).max() < 1e-3
    assert ours.max() > 4  # the scores are those of a network that recognises something
    assert ours.argmax(1)[1] == 985  # the daisy of ImageNet's thousand


def test_features_are_those_of_onnx_runtime(source, images) -> None:  # type: ignore[no-untyped-def]
    from striate.model.preprocessing import InMemoryDataset

    inner = cut(source.network)
    preparation = InputNormalisation((224, 224), 3, "squash", source.mean, source.std)
    ours = FeatureExtractor(inner, source.tensors, preparation, "float32")(InMemoryDataset(images))
    kept = {name: source.tensors[name] for name in inner.tensors}
    theirs = _run(inner, kept, preparation.batch(images)).reshape(2, -1)
    assert np.linalg.norm(ours - theirs) < 1e-4 * np.linalg.norm(theirs)


def _run(network, tensors, batch) -> np.ndarray:  # type: ignore[no-untyped-def]
    graph = onnx_graph(network, {name: tensor.numpy() for name, tensor in tensors.items()})
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"input": batch.contiguous().numpy()})[0])
