"""Weights from elsewhere: all of the network's tensors, from files that are not believed."""

import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from striate.errors import ModelFileError
from striate.nets.build import build
from striate.nets.pretrained import KNOWN, pretrained
from tests.transfer.small import saved


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
