"""The kernels that oneDNN chooses for the networks of the zoo: none of them is its slow reference one."""

import subprocess
import sys

import pytest

from striate.arch.zoo import ZOO
from striate.convnet.inference import fused_conv

PROGRAM = """
import sys
import numpy as np, torch
from striate import load_network
from striate.convnet.build.net import build
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.inference.compiled_net import CompiledNet
network = load_network(sys.argv[1])
channels, height, width = network.input
preparation = InputNormalisation((height, width), channels, "squash", (0.0,) * channels, (1.0,) * channels)
net = CompiledNet(network, build(network).state_dict(), preparation, sys.argv[2])
for count in (1, 2):
    net.forward(np.zeros((count, height, width, channels), np.uint8))
"""


def kernels(name: str, precision: str) -> list[str]:
    """Operation and implementation of everything that oneDNN computed."""
    said = subprocess.run([sys.executable, "-c", PROGRAM, name, precision], capture_output=True, text=True, check=True,
                          env={"ONEDNN_VERBOSE": "1", "PYTHONPATH": ":".join(sys.path)})
    lines = [line.split(",") for line in said.stdout.splitlines() if ",primitive,exec," in line]
    return sorted({f"{line[5]} {line[6]}" for line in lines})


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", ZOO)
def test_no_network_of_the_zoo_runs_on_reference_kernels(name: str, precision: str) -> None:
    found = kernels(name, precision)
    print(f"{name}, {precision}:", *found, sep="\n  ")
    assert any(one.startswith("convolution ") for one in found)
    assert not [one for one in found if "ref" in one.split()[1]]


def test_the_kernels_of_a_small_network_are_named() -> None:
    assert fused_conv.AVAILABLE
    found = kernels("lenet_caffe", "float32")
    assert {one.split()[0] for one in found} >= {"convolution", "inner_product"}
    assert not [one for one in found if "ref" in one.split()[1]]
