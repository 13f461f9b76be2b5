"""Tensors under others' names: the network is found, and says what theirs says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from striate.arch import ZOO, load_network
from striate.convnet.build.net import build
from striate.convnet.pretrained import KNOWN, pretrained
from striate.convnet.pretrained.tensor_names import HALF, IMAGENET, NAMINGS
from striate.errors import MissingError, ModelFileError
from tests.convnet.pretrained import theirs

FORMS = {
    "resnet18": (lambda: theirs.ResNet((2, 2, 2, 2), wide=False), IMAGENET),
    "resnet50": (lambda: theirs.ResNet((3, 4, 6, 3), wide=True), IMAGENET),
    "alexnet_one_tower": (theirs.alexnet, IMAGENET),
    "googlenet_bn": (theirs.GoogLeNet, HALF),
    "efficientnet_lite0": (theirs.Lite0, HALF),
}
SHAPES = {
    "resnet34": lambda: theirs.ResNet((3, 4, 6, 3), wide=False),
    "resnet101": lambda: theirs.ResNet((3, 4, 23, 3), wide=True),
    "resnet152": lambda: theirs.ResNet((3, 8, 36, 3), wide=True),
    "vgg11": lambda: theirs.vgg((1, 1, 2, 2, 2)), "vgg13": lambda: theirs.vgg((2, 2, 2, 2, 2)),
    "vgg16": lambda: theirs.vgg((2, 2, 3, 3, 3)), "vgg19": lambda: theirs.vgg((2, 2, 4, 4, 4)),
}


def drawn(module: nn.Module) -> nn.Module:
    """`module` with every tensor different, and volumes that neither vanish nor explode."""
    torch_generator = torch.Generator().manual_seed(0)
    for name, tensor in module.state_dict().items():
        if tensor.ndim >= 2:
            spread = (2 / tensor[0].numel()) ** 0.5
            tensor.copy_(torch.randn(tensor.shape, generator=torch_generator) * spread)
        elif tensor.ndim == 1:
            drawn_ = torch.rand(tensor.shape, generator=torch_generator)
            tensor.copy_(drawn_ * 0.2 if name.endswith(("bias", "mean")) else 0.8 + 0.4 * drawn_)
    return module.eval()


@pytest.mark.parametrize("name", FORMS)
def test_a_file_with_their_names_is_recognised_and_says_the_same(tmp_path: Path, name: str) -> None:
    make, spread = FORMS[name]
    module = drawn(make())
    save_file({key: tensor.contiguous() for key, tensor in module.state_dict().items()}, tmp_path / "net.safetensors")
    found = pretrained(None, tmp_path / "net.safetensors")
    assert found.network.name == name
    assert (found.mean, found.std) == spread
    net = build(found.network)
    net.load_state_dict(found.tensors)
    side = found.network.input.height
    x = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        wanted, said = module(x), net.eval()(x)
    assert wanted.std() > 1e-3
    assert torch.allclose(said, wanted, rtol=1e-3, atol=1e-3 * float(wanted.abs().max()))


@pytest.mark.parametrize("name", SHAPES)
def test_names_and_shapes_are_theirs(name: str) -> None:
    with torch.device("meta"):
        module = SHAPES[name]()
    wanted = {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()
              if not key.endswith("num_batches_tracked")}
    network = load_network(name)
    maps = [naming.names(network) for key, naming in NAMINGS.items() if key != "striate"]
    (names,) = [one for one in maps if one]
    assert {names[key]: tuple(tensor.shape) for key, tensor in network.tensors.items()} == wanted


@pytest.mark.parametrize("key", NAMINGS)
def test_no_two_tensors_have_one_name(key: str) -> None:
    known = 0
    for name in ZOO:
        names = NAMINGS[key].names(load_network(name))
        assert len(set(names.values())) == len(names)
        known += bool(names)
    assert known


def test_lite_has_a_name_for_every_tensor_in_both_ways() -> None:
    for name in (*KNOWN, "efficientnet_lite4"):
        network = load_network(name)
        for key in ("lukemelas", "timm's EfficientNet-Lite"):
            assert NAMINGS[key].names(network).keys() == network.tensors.keys()


def test_a_file_whose_name_says_its_hash_must_have_it(tmp_path: Path) -> None:
    module = drawn(theirs.ResNet((2, 2, 2, 2), wide=False))
    path = tmp_path / "resnet18.pth"
    torch.save(module.state_dict(), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    right, wrong = tmp_path / f"resnet18-{digest[:8]}.pth", tmp_path / "resnet18-f37072fd.pth"
    path.rename(right)
    assert pretrained(None, right).network.name == "resnet18"
    wrong.write_bytes(right.read_bytes())
    with pytest.raises(ModelFileError) as caught:
        pretrained("resnet18", wrong)
    assert caught.value.code == "weights_changed"


def test_a_tensor_that_is_renamed_is_listed_whoever_named_the_others(tmp_path: Path) -> None:
    state = dict(drawn(theirs.ResNet((2, 2, 2, 2), wide=False)).state_dict())
    state["layer2.0.konv1.weight"] = state.pop("layer2.0.conv1.weight")
    torch.save(state, tmp_path / "net.pth")
    with pytest.raises(ModelFileError) as caught:
        pretrained(None, tmp_path / "net.pth")
    assert caught.value.code == "weights_misfit"
    assert "resnet18" in str(caught.value)
    assert "layer2.0.conv1.weight is missing" in str(caught.value)
    assert "layer2.0.konv1.weight is not in the network" in str(caught.value)


def test_caffe_weights_want_their_network(tmp_path: Path) -> None:
    (tmp_path / "net.caffemodel").write_bytes(b"")
    with pytest.raises(ModelFileError) as caught:
        pretrained(None, tmp_path / "net.caffemodel")
    assert caught.value.code == "weights_alone"


def test_known_weights_bring_their_network() -> None:
    assert pretrained(None, "efficientnet_lite0").network.name == pretrained().network.name == "efficientnet_lite0"
    with pytest.raises(MissingError):
        pretrained("vgg16")
