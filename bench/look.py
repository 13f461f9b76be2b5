"""Claims, of one picture, two threads, networks of the course and of transfers:

    the first page of `striate look` (filters, maps, five strongest units, gradient, deconvnet, Grad-CAM, the evidence
    for the class) takes 3 s at most after the model is loaded, writing it included;
    one deconvnet takes 3 forward passes to the same layer at most;
    Captum's gradient, guided backpropagation, deconvolution and Grad-CAM of the same network take as long.

    python bench/look.py

Every network has a process of its own. Weights are drawn by chance, but for EfficientNet-Lite0, which is a transfer of
two classes on its pretrained weights. `first_page` is the whole call; `panels`, what is on it. Captum gets the same
weights with a real `nn.ReLU` for each ReLU, which is what it can see, and the same normalised picture; it and we take
turns. `differ`: largest difference from Captum's map, over the largest value of that; deconvolution with a seed of 1.
Where a method is refused it is not defined there. Captum does not see the ReLU6 of Lite0, so its guided backpropagation
and its deconvolution are gradients there; and it has no rule for contrast normalisation.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_sample_image
from torch import Tensor, nn

import striate
from record import repeat, summary, write
from striate.arch import load_network
from striate.convnet.build.operations import OPERATIONS, UnitContext
from striate.convnet.explain.backward import ForwardPass, seed_of
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.grad_cam import default_layer
from striate.convnet.explain.target import Target
from striate.errors import StriateError

NETWORKS = ("lenet5", "compact", "alexnet", "resnet18", "googlenet", "efficientnet_lite0")
PAGES, TURNS = 5, 9


def main() -> None:
    """Measure every network in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.network:
        given.to.write_text(json.dumps(measured(given.network)), encoding="utf-8")
        return
    results: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as room:
        for network in NETWORKS:
            path = Path(room, "one.json")
            subprocess.run([sys.executable, __file__, "--network", network, "--to", path], check=True)
            results[network] = json.loads(path.read_text(encoding="utf-8"))
            print(json.dumps({network: results[network]}), file=sys.stderr)
    write("look", "the first page takes 3 s at most after loading, one deconvnet 3 forward passes", results)


def measured(name: str) -> dict[str, Any]:
    """The first page, one deconvnet, and Captum's maps beside ours."""
    torch.set_num_threads(2)
    warnings.filterwarnings("ignore", module="captum")
    recogniser = fitted(name)
    height, width = recogniser.preparation_.size
    photograph = Image.fromarray(load_sample_image("flower.jpg"))
    picture = np.asarray(photograph if recogniser.preparation_.channels == 3 else photograph.convert("L"))
    with tempfile.TemporaryDirectory() as room:
        page = Path(room, "look.html")
        seconds = repeat(lambda: striate.look(recogniser, picture, out=page), PAGES)
        found = striate.look(recogniser, picture)
        size = page.stat().st_size
    model, pixels = ExplainedNet.of(recogniser), recogniser.read_picture(picture)
    unit = found.units[0]
    return {
        "input": [height, width, recogniser.preparation_.channels], "first_page": summary(seconds),
        "panels": {one.method: one.refused or len(one.maps) for one in found.panels}, "page_bytes": size,
        "deconvnet": one_deconvnet(model, pixels, Target(unit.layer, unit.unit)), **beside_captum(model, pixels)}


def fitted(name: str) -> Any:
    """A recogniser of the network, after one step on two pictures."""
    random = np.random.default_rng(0)
    if name == "efficientnet_lite0":
        pictures = random.integers(0, 256, (24, 224, 224, 3), np.uint8)
        return striate.Transfer().fit(pictures, ["a", "b"] * 12)
    if name == "compact":
        network, (channels, height, width) = name, (1, 28, 28)
    else:
        network = load_network(name, classes=10)
        channels, height, width = network.input
    pictures = random.integers(0, 256, (20, height, width, channels), np.uint8)
    return striate.ConvNet(network, epochs=1).fit(pictures, np.arange(20) % 10)


def one_deconvnet(model: ExplainedNet, pixels: np.ndarray, target: Target) -> dict[str, Any]:
    """Seconds of a deconvnet and of a forward pass to the same layer, in turns."""
    batch = model.batch(pixels[None])

    def ours() -> Tensor:
        forward = ForwardPass.of(model, batch, [target.layer], "deconvnet")
        return forward.back(target.layer, seed_of(forward.volumes[target.layer], target, None))

    def forward() -> object:
        with torch.no_grad():
            return model.activations(batch, [target.layer])

    try:
        ours()
    except StriateError as error:
        return {"refused": str(error)}
    times = in_turns({"deconvnet": ours, "forward": forward})
    return {"layer": target.layer, **times,
            "forward_passes": times["deconvnet"]["median"] / times["forward"]["median"]}


def beside_captum(model: ExplainedNet, pixels: np.ndarray) -> dict[str, Any]:
    """Seconds of our maps of one class and of Captum's, in turns, and by how much they differ."""
    from captum.attr import Deconvolution, GuidedBackprop, LayerGradCam, Saliency

    from striate.convnet.explain.grad_cam import grad_cam

    batch, target = model.batch(pixels[None]), model.class_target(0)
    rival = WithReLUs(model).eval()
    layer = default_layer(model, target)

    def back(rule: str) -> Callable[[], Tensor]:
        def run() -> Tensor:
            forward = ForwardPass.of(model, batch, [target.layer], rule)
            return forward.back(target.layer, seed_of(forward.volumes[target.layer], target))

        return run

    def theirs(attribution: Any, **settings: Any) -> Callable[[], Tensor]:
        def run() -> Tensor:
            found: Tensor = attribution.attribute(batch.clone().requires_grad_(), target=0, **settings).detach()
            return found

        return run

    pairs: dict[str, tuple[Callable[[], Tensor], Callable[[], Tensor]]] = {
        "gradient": (back("gradient"), theirs(Saliency(rival), abs=False)),
        "guided": (back("guided"), theirs(GuidedBackprop(rival))),
        "deconvnet": (back("deconvnet"), theirs(Deconvolution(rival))),
        "grad_cam": (lambda: torch.from_numpy(grad_cam(model, pixels, target).array)[None, None],
                     theirs(LayerGradCam(rival, rival.seams[layer]), relu_attributions=True))}
    found: dict[str, Any] = {}
    for name, (ours, captum) in pairs.items():
        try:
            own = ours()
        except StriateError as error:
            found[name] = {"refused": str(error)}
            continue
        other = captum()
        largest = float(other.abs().max())
        found[name] = {**in_turns({"ours": ours, "captum": captum}),
                       "differ": float((own - other).abs().max()) / largest if largest else None}
        found[name]["captum / ours"] = found[name]["captum"]["median"] / found[name]["ours"]["median"]
    return {"one_class": found, "grad_cam_layer": layer}


class WithReLUs(nn.Module):
    """The network in functions, but for a real `nn.ReLU` at each ReLU and an identity behind every layer, for hooks."""

    def __init__(self, model: ExplainedNet) -> None:
        super().__init__()
        self.model = model
        self.rectifiers = nn.ModuleDict({
            name.replace(".", "/"): nn.ReLU() if node.layer.limit is None else nn.ReLU6()
            for name, node in model.nodes.items() if node.layer.kind == "relu"})
        self.seams = {name: nn.Identity() for name in model.nodes}
        self.registered = nn.ModuleList(self.seams.values())

    def forward(self, x: Tensor) -> Tensor:
        """Scores (n, K) of a normalised batch."""
        volumes = {"input": x}
        for name, node in self.model.nodes.items():
            inputs = [volumes[one] for one in node.inputs]
            if node.layer.kind == "relu":
                volume = self.rectifiers[name.replace(".", "/")](*inputs)
            else:
                tensors = self.model.net._modules[name].tensors
                volume = OPERATIONS[node.layer.kind](node.layer, UnitContext(tensors), *inputs)
            volumes[name] = self.seams[name](volume)
        scores = volumes[self.model.net.output]
        return (self.model.head(scores) if self.model.head else scores).flatten(1)


def in_turns(ways: dict[str, Callable[[], object]]) -> dict[str, Any]:
    """Seconds of each way, a warm-up and then turns."""
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(TURNS + 1):
        for way, run in ways.items():
            started = time.perf_counter()
            run()
            if turn:
                seconds[way].append(time.perf_counter() - started)
    return {way: summary(times) for way, times in seconds.items()}


if __name__ == "__main__":
    main()
