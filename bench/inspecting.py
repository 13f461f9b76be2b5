"""Claim: `striate inspect resnet152` takes under 0.6 s as a whole process, and a network of 5,000 layers under 2 s.

    pip install -c constraints.txt -e ".[bench]" && python bench/inspecting.py

The rivals do the same job, layers with their volumes, parameters and MACs of ResNet-152, in a process of their own:
torchinfo, which imports torch and runs the network (our own generated source, so that both count the same layers), and
Keras' summary of its ResNet152 (torch backend; no MACs). In turns, after one warm-up each.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from record import summary, write
from striate.arch import Conv, Input, Network, ReLU, load_network
from striate.arch.formats.torch.source_writer import class_name, write_torch
from striate.arch.formats.yaml import write_yaml

TIMES = 5
TORCHINFO = """
import torchinfo
from resnet152 import {name}
torchinfo.summary({name}(), (1, 3, 224, 224), depth=1, col_names=["output_size", "num_params", "mult_adds"])
"""
KERAS = "import keras\nkeras.applications.ResNet152(weights=None).summary()\n"


def deep() -> Network:
    x = Input(3, 32, 32)
    for _ in range(2_500):
        x = ReLU()(Conv(16, 3, padding=1)(x))
    return Network(x)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        network = load_network("resnet152")
        Path(folder, "resnet152.py").write_text(write_torch(network))
        Path(folder, "rival.py").write_text(TORCHINFO.format(name=class_name("resnet152")))
        Path(folder, "rival_keras.py").write_text(KERAS)
        Path(folder, "deep.yaml").write_text(write_yaml(deep()))
        striate = [sys.executable, "-m", "striate", "inspect"]
        commands = {
            "striate inspect resnet152": [*striate, "resnet152"],
            "striate inspect resnet152 --json": [*striate, "resnet152", "--json"],
            "striate inspect resnet152 --svg": [*striate, "resnet152", "--svg", f"{folder}/net.svg", "--force"],
            "striate inspect --list": [*striate, "--list"],
            "striate inspect, 5,000 layers of YAML": [*striate, f"{folder}/deep.yaml"],
            "torchinfo, resnet152": [sys.executable, f"{folder}/rival.py"],
            "keras summary, ResNet152": [sys.executable, f"{folder}/rival_keras.py"],
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for turn in range(TIMES + 1):
            for name, command in commands.items():
                started = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True, cwd=folder,
                               env=os.environ | {"KERAS_BACKEND": "torch"})
                if turn:
                    seconds[name].append(time.perf_counter() - started)
    write("inspecting", "striate inspect resnet152 under 0.6 s, 5,000 layers under 2 s, whole processes",
          {name: summary(times) for name, times in seconds.items()})


if __name__ == "__main__":
    main()
