"""What pretrained weights and what is built on them say no to."""

import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch

from striate import ConvNet, Dense, GlobalPool, Input, Network, Transfer, load_network
from striate.convnet.finetuning import adapt_head
from striate.convnet.inference.features import cut
from striate.convnet.pretrained import KNOWN, hub, pretrained, weight_file
from striate.convnet.pretrained.pretrained_weights import in_rgb
from striate.convnet.training.training_context import TrainingContext
from striate.tasks import Progress, RunFolder, Settings, train_model
from tests.convnet.pretrained.small import pictures, saved


def renamed(state: dict[str, torch.Tensor]) -> None:
    state["elsewhere"] = state.pop("dense1.bias")


def reshaped(state: dict[str, torch.Tensor]) -> None:
    state["conv1.weight"] = state["conv1.weight"][:4]


def infinite(state: dict[str, torch.Tensor]) -> None:
    state["dense1.bias"][0] = torch.inf


def truncated(folder: Path) -> object:
    net, weights = saved(folder)
    weights.write_bytes(weights.read_bytes()[:-500])
    return pretrained(str(net), weights)


def text(folder: Path) -> object:
    net, weights = saved(folder)
    weights.write_text("these are no weights")
    return pretrained(str(net), weights)


def changed(folder: Path) -> object:
    with patch.object(type(KNOWN["efficientnet_lite0"]), "path", lambda self: saved(folder)[1]):
        return pretrained("efficientnet_lite0")


def absent(name: str) -> object:
    with patch("importlib.util.find_spec", lambda name: None):
        return pretrained(name)


def large(folder: Path) -> object:
    net, weights = saved(folder)
    with patch.object(weight_file, "MAX_BYTES", 100):
        return pretrained(str(net), weights)


def caffe(folder: Path) -> object:
    (folder / "net.caffemodel").write_bytes(b"")
    return pretrained(None, folder / "net.caffemodel")


def misnamed(folder: Path) -> object:
    net, weights = saved(folder)
    return pretrained(net, weights.rename(folder / "net-0000000f.pth"))


def without_hub(folder: Path) -> object:
    with patch.dict(sys.modules, {"huggingface_hub": None}):
        return hub.fetch("hf:timm/resnet18.a1_in1k")


def bgr(_: Path) -> object:
    return in_rgb(Network(Dense(2)(GlobalPool()(Input(3, 8, 8)))), {})


def own_transfer(folder: Path) -> object:
    net, weights = saved(folder)
    return pretrained(None, Transfer(net, weights=weights).fit(*pictures()).save(folder / "model.safetensors"))


def same_class(folder: Path) -> object:
    net, weights = saved(folder)
    return Transfer(net, weights=weights).fit(pictures()[0], ["a"] * 24)


def stopped(folder: Path) -> object:
    net, weights = saved(folder)
    return Transfer(net, weights=weights).fit(*pictures(), context=TrainingContext(stop=lambda: True))


def trained(folder: Path, **settings: object) -> object:
    np.savez(folder / "set.npz", images=pictures()[0], labels=np.arange(24) % 2)
    return train_model(Settings(str(folder / "set.npz"), **settings), RunFolder(folder / "run"), Progress())  # type: ignore[arg-type]


REFUSALS: dict[str, Callable[[Path], object]] = {
    "not installed": lambda folder: absent("efficientnet_lite0"),
    "larger ones not installed": lambda folder: absent("efficientnet_lite2"),
    "unknown weights": lambda folder: pretrained("vgg16"),
    "file missing": lambda folder: pretrained("efficientnet_lite0", folder / "missing.pth"),
    "another file": changed,
    "too large": large,
    "truncated": truncated,
    "text": text,
    "one tensor renamed": lambda folder: pretrained(*map(str, saved(folder, renamed))),
    "one tensor of another shape": lambda folder: pretrained(*map(str, saved(folder, reshaped))),
    "a number that is not finite": lambda folder: pretrained(*map(str, saved(folder, infinite))),
    "unknown layer": lambda folder: cut(load_network("lenet5"), "conv9"),
    "unknown head": lambda folder: Transfer(head="forest").fit(*pictures()),
    "one class": same_class,
    "stopped": stopped,
    "weights of visual words": lambda folder: trained(folder, model="bow", weights="efficientnet_lite0"),
    "weights of a network": lambda folder: trained(folder, model="compact", weights="net.pth"),
    "weights of Caffe alone": caffe,
    "weights whose name has another hash": misnamed,
    "no library for the hub": without_hub,
    "a name of the hub": lambda folder: hub.fetch("hf:../passwd"),
    "a network that cannot be given another head": lambda folder: adapt_head(load_network("squeezenet"), 3),
    "a network in full": lambda folder: ConvNet(load_network("lenet5"), weights="x.pth").fit(*pictures()),
    "Caffe's weights behind a pooling": bgr,
    "our own file of another kind": own_transfer,
    "whose weights of a named network": lambda folder: trained(
        folder, model="compact", weights=str(saved(folder)[1]), network="lenet5"),
    "whose weights of a network": lambda folder: trained(folder, model="compact", network="lenet5"),
    "finetune without the weights' file": lambda folder: trained(folder, model="finetune", weights="gone.pth"),
    "a precision of auto": lambda folder: trained(folder, model="auto", recipe={"precision": "float8"}),
    "epochs": lambda folder: trained(folder, model="transfer", recipe={"epochs": 3}),
    "sharded": lambda folder: trained(folder, model="knn", sharded=True),
}
