"""Claims, of class probabilities from pictures of bytes, in batches of 1 and 64:

    as a network EfficientNet-Lite0 answers at least 0.95 times as fast as under transfer, 1.7 times ONNX Runtime;
    ResNet-18, AlexNet, LeNet, VGG-16, GoogLeNet and compact at least as fast as ONNX Runtime, float32,
    and at least 0.95 times as fast as OpenVINO, bfloat16;
    beside a process that keeps one core busy, at least 0.45 times as fast as alone.

    python bench/predicting.py --openvino /tmp/ovenv/bin/python [NETWORK ...]

Every rival has processes of its own, in turn, on all cores. `from bytes`: the same bytes, the graph normalises them and
ends in a softmax; `from floats`: normalised float32 that lies ready in memory, and no softmax, which is less work than
ours. The ratios are to the faster of the two. Weights are random: none of the kernels is faster for some than for
others. Networks that are not named keep the figures that they have.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from record import RESULTS, summary, write
from rivals.call import answer
from rivals.clock_onnx import ENOUGH, LEAST, MOST
from striate import ConvNet, Network, load_network
from striate.convnet.build.initialise import fill
from striate.convnet.build.net import build
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.inference.features import FeatureExtractor, cut
from striate.convnet.recipe.recipe import Recipe
from striate.model.preprocessing import InMemoryDataset

NETWORKS = ("efficientnet_lite0", "resnet18", "alexnet", "lenet_caffe", "vgg16", "googlenet", "compact")
BATCHES = (1, 64)
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
CLAIM = "networks answer as fast as under transfer, and as fast as ONNX Runtime and OpenVINO"
SLOW = 60  # pictures a second, below which no more than 64 are asked for
BUSY = "while True: pass"


def main() -> None:
    """Time ours and the rivals on every network, in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--openvino", default=sys.executable, help="the Python of an environment with OpenVINO")
    parser.add_argument("--ours", nargs=2, metavar=("NETWORK", "TO"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ours:
        name, to = given.ours
        Path(to).write_text(json.dumps(measured(name)), encoding="utf-8")
        return
    path = RESULTS / "predicting.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["results"] if path.exists() else {}
    for name in given.networks:
        found[name] = compared(name, given.openvino)
        write("predicting", CLAIM, found)


def compared(name: str, openvino: str) -> dict[str, Any]:
    """Pictures a second of everybody, and the ratios."""
    from tests.oracles.onnx_graph import from_bytes, onnx_graph

    model, images = made(name)
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        graph = onnx_graph(model.network_, {key: one.numpy() for key, one in model.module_.state_dict().items()})
        mean, std = model.preparation_.mean, model.preparation_.std
        (room / "floats.onnx").write_bytes(graph)
        (room / "bytes.onnx").write_bytes(from_bytes(graph, mean, std))
        np.save(room / "bytes.npy", images)
        np.save(room / "floats.npy", model.preparation_.batch(images).contiguous().numpy())
        subprocess.run([sys.executable, __file__, "--ours", name, str(room / "ours.json")], check=True)
        rates: dict[str, Any] = json.loads((room / "ours.json").read_text(encoding="utf-8"))
        for engine, python in (("onnxruntime", sys.executable), ("openvino", openvino)):
            for kind in ("bytes", "floats"):
                for batch in BATCHES:
                    said = answer("rivals.clock_onnx", engine, room / f"{kind}.onnx", room / f"{kind}.npy", batch,
                                  python=python)
                    if "failed" in said:
                        raise SystemExit(f"{engine}: {said['failed']}")
                    rates[f"{engine} from {kind}, {batch}"] = summary([batch / one for one in said["seconds"]])
    return {"pictures_per_second": rates, "ratios": ratios(rates)}


def ratios(rates: dict[str, Any]) -> dict[str, float]:
    """Ours over each rival's better way, in each size of batch, and over transfer and the quiet machine."""
    found = {}
    for engine in ("onnxruntime", "openvino"):
        for batch in BATCHES:
            best = max(rates[f"{engine} from {kind}, {batch}"]["median"] for kind in ("bytes", "floats"))
            found[f"{engine}, {batch}"] = rates[f"striate, {batch}"]["median"] / best
    many = rates[f"striate, {BATCHES[-1]}"]["median"]
    if "features" in rates:
        found["features"] = many / rates["features"]["median"]
    return found | {"beside a busy process": rates["beside a busy process"]["median"] / rates["alone"]["median"]}


def made(name: str) -> tuple[ConvNet, np.ndarray]:
    """A fitted recogniser with random weights, and pictures of its size."""
    network: Network = load_network(name)
    channels, height, width = network.input
    model = ConvNet(network, seed=0)
    module = build(network)
    fill(module, 0)
    model.network_, model.recipe_, model.predicts_in_ = network, Recipe(), "auto"
    model.module_ = module.to(memory_format=torch.channels_last).eval()
    model.preparation_ = InputNormalisation((height, width), channels, "squash", MEAN[:channels], STD[:channels])
    model.classes_, model.temperature_ = np.arange(network.output.size), 1.0
    images = np.random.default_rng(0).integers(0, 256, (BATCHES[-1], height, width, channels), np.uint8)
    return model, images


def measured(name: str) -> dict[str, Any]:
    """Our rates."""
    model, images = made(name)
    rates: dict[str, Any] = {}
    for batch in BATCHES:
        rates[f"striate, {batch}"] = rate(lambda some=images[:batch]: model.predict_proba(some), batch)
    if name == NETWORKS[0]:
        extractor = FeatureExtractor(cut(model.network_), model.module_.state_dict(), model.preparation_)
        rates["features"] = rate(lambda: extractor(InMemoryDataset(images)), len(images))
    slow = rates[f"striate, {BATCHES[-1]}"]["median"] < SLOW
    many = np.concatenate([images] * (1 if slow else 4 if images.nbytes > 1 << 20 else 64))
    rates["alone"] = rate(lambda: model.predict_proba(many), len(many))
    with subprocess.Popen([sys.executable, "-c", BUSY]) as busy:
        rates["beside a busy process"] = rate(lambda: model.predict_proba(many), len(many))
        busy.kill()
    return rates


def rate(work: Any, count: int) -> dict[str, float | int]:
    """Pictures a second of `work` on `count` pictures, as long as the rivals are measured."""
    seconds: list[float] = []
    for _ in range(2):
        work()
    while (sum(seconds) < ENOUGH or len(seconds) < LEAST) and len(seconds) < MOST:
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return summary([count / one for one in seconds])


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[1]))
    main()
