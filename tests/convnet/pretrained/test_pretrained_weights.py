"""Weights from elsewhere: all of the network's tensors, from files that are not believed."""

import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from striate import ConvNet, Volume, load_network
from striate.convnet.build.net import build
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.pretrained import KNOWN, pretrained
from striate.errors import ModelFileError
from tests.convnet.pretrained.small import filled, pictures, saved


def test_lite0_has_the_weights_of_its_package() -> None:
    found = pretrained("efficientnet_lite0")
    theirs = torch.load(KNOWN["efficientnet_lite0"].path(), weights_only=True)
    assert torch.equal(found.tensors["blocks_15/project/bn.running_mean"], theirs["_blocks.15._bn2.running_mean"])
    assert torch.equal(found.tensors["head/dense.weight"], theirs["_fc.weight"])
    build(found.network).load_state_dict(found.tensors)
    assert (found.mean, found.std) == ((127.0,) * 3, (128.0,) * 3)


def test_the_same_tensors_from_every_form(tmp_path: Path) -> None:
    net, weights = saved(tmp_path)
    state = torch.load(weights, weights_only=True)
    save_file(state, tmp_path / "net.safetensors")
    torch.save({"state_dict": state | {"bn.num_batches_tracked": torch.tensor(3)}}, tmp_path / "more.pth")
    for file in ("net.pth", "net.safetensors", "more.pth"):
        found = pretrained(str(net), tmp_path / file).tensors
        assert found.keys() == state.keys()
        assert all(torch.equal(found[name], state[name]) for name in state)


class Payload:
    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.canary}",)


@pytest.mark.parametrize("form", ["pickle", "torch", "zip"])
def test_a_pickle_with_a_payload_is_refused_and_not_run(tmp_path: Path, form: str) -> None:
    net, weights = saved(tmp_path)
    canary = tmp_path / "canary"
    payload = {"conv1.weight": Payload(canary)}
    if form == "pickle":
        weights.write_bytes(pickle.dumps(payload))
    elif form == "torch":
        torch.save(payload, weights)
    else:
        with zipfile.ZipFile(weights, "w") as file:
            file.writestr("archive/data.pkl", pickle.dumps(payload))
    with pytest.raises(ModelFileError) as caught:
        pretrained(str(net), weights)
    assert caught.value.code == "weights_unreadable"
    assert not canary.exists()


@pytest.mark.parametrize("value", [{}, [1, 2], {"a": 1}, {3: torch.zeros(1)}, torch.zeros(3)])
def test_what_is_no_flat_mapping_of_tensors_is_refused(tmp_path: Path, value: object) -> None:
    net, weights = saved(tmp_path)
    torch.save(value, weights)
    with pytest.raises(ModelFileError) as caught:
        pretrained(str(net), weights)
    assert caught.value.code == "weights_unreadable"


def test_caffe_weights_read_rgb_as_they_read_bgr(tmp_path: Path) -> None:
    from striate.arch.formats.caffe import write_caffemodel
    from striate.arch.formats.yaml import write_yaml

    network = load_network("lenet_caffe", Volume(3, 28, 28), 4)
    state = filled(network).state_dict()
    (tmp_path / "net.yaml").write_text(write_yaml(network))
    (tmp_path / "net.caffemodel").write_bytes(
        write_caffemodel(network, {name: tensor.numpy() for name, tensor in state.items()}))
    found = pretrained(tmp_path / "net.yaml", tmp_path / "net.caffemodel")
    theirs, ours = build(network), build(found.network)
    theirs.load_state_dict(state)
    ours.load_state_dict(found.tensors)
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 3)).astype(np.uint8)
    bgr = images[..., ::-1].astype(np.float32) - np.array([104, 117, 123], np.float32)
    preparation = InputNormalisation((28, 28), 3, "squash", found.mean, found.std)
    with torch.inference_mode():
        wanted = theirs.eval()(torch.from_numpy(np.ascontiguousarray(bgr)).permute(0, 3, 1, 2))
        assert torch.allclose(ours.eval()(preparation.batch(images)), wanted, rtol=1e-4,
                              atol=1e-4 * float(wanted.abs().max()))


def test_a_model_of_ours_is_learnt_on_from_with_its_own_preparation(tmp_path: Path) -> None:
    images, labels = pictures(24)
    first = ConvNet("compact", epochs=1, size=(32, 32)).fit(images, labels)
    path = first.save(tmp_path / "model.safetensors")
    found = pretrained(None, path)
    assert (found.mean, found.std) == (first.preparation_.mean, first.preparation_.std)
    assert all(torch.equal(found.tensors[name], value) for name, value in first.module_.state_dict().items())
    second = ConvNet("compact", weights=path, epochs=1).fit(images, ["a", "b", "c"] * 8)
    assert second.preparation_ == first.preparation_
    assert second.predict_proba(images).shape == (24, 3)
    third = ConvNet("compact", weights=second.save(tmp_path / "second.safetensors"), epochs=1).fit(images, labels)
    rates = [tensor.lr_mult for tensor in third.network_.tensors.values()]
    assert rates == [tensor.lr_mult for tensor in second.network_.tensors.values()]  # not graded twice
