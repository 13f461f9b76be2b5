"""Claims, of the occlusion of a 224×224 picture by 625 windows of 32×32 pixels, EfficientNet-Lite0, two threads:

    three panels take 3 s at most;
    Captum's Occlusion, with the same windows and network, takes at least 5 times as long.

    python bench/look_occlusion.py

Ours and Captum's have processes of their own, in turn: three runs of ours behind a warm-up, and one of Captum's, which
takes minutes, behind one pass; it evaluates one window at a time, its default, or 25. `whole passes` is ours without
computing only what a window changes: the folded network on batches of pictures. `differ`: largest difference of the
mean fall of the probability by pixel, from Captum's. `peak_megabytes`: memory of the process, for VGG-16 as well, whose
weights are drawn by chance.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_sample_image

from record import repeat, summary, write
from striate.arch import load_network
from striate.convnet.build.net import build
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.occlusion import occlusion
from striate.convnet.explain.target import Target
from striate.convnet.inference.fold_batch_norm import fold
from striate.convnet.pretrained import pretrained
from striate.convnet.training.malloc import reuse_freed_memory

WAYS = ("striate", "whole passes", "Captum, 1 at a time", "Captum, 25 at a time", "striate, VGG-16")
ROUNDS, SIDE, STRIDE, CLASS = 2, 32, 8, 985  # daisy


def main() -> None:
    """Time every way in turn, and compare their maps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    if given.way:
        np.savez(given.to, **measured(given.way))
        return
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    maps: dict[str, np.ndarray] = {}
    peaks: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as room:
        for _ in range(given.rounds):
            for way in WAYS:
                command = [sys.executable, __file__, "--way", way, "--to", f"{room}/one.npz"]
                subprocess.run(command, check=True)
                with np.load(f"{room}/one.npz") as found:
                    seconds[way] += found["seconds"].tolist()
                    maps[way], peaks[way] = found["map"], int(found["peak"])
                print(json.dumps({way: seconds[way]}), file=sys.stderr)
    rivals = [way for way in WAYS if way.startswith("Captum")]
    times = {way: summary(one) for way, one in seconds.items()}
    results: dict[str, object] = {
        "seconds": times,
        "ratios": {f"{way} / striate": times[way]["median"] / times["striate"]["median"] for way in WAYS[1:4]},
        "differ": {way: float(np.abs(maps[way] - maps["striate"]).max()) for way in rivals},
        "largest": float(np.abs(maps["striate"]).max()),
        "peak_megabytes": {way: round(peak / 1e6) for way, peak in peaks.items()}}
    write("look-occlusion", "625 windows on Lite0 take 3 s at most, and Captum at least 5 times as long", results)


def measured(way: str) -> dict[str, object]:
    """Seconds for all windows, the map (224, 224), and the peak memory of this process, in bytes."""
    torch.set_num_threads(2)
    picture = Image.fromarray(load_sample_image("flower.jpg")).resize((224, 224), Image.Resampling.BILINEAR)
    pixels = np.array(picture)
    model = lite0() if "VGG" not in way else vgg16()
    target = Target(model.scores, CLASS)
    run: Callable[[], np.ndarray]
    if way.startswith("striate"):
        run = lambda: occlusion(model, pixels, target, window=SIDE, stride=STRIDE).array  # noqa: E731
    elif way == "whole passes":
        run = lambda: whole(model, pixels)  # noqa: E731
    else:
        from captum.attr import Occlusion

        batch, at_a_time = model.batch(pixels[None]), int(way.split()[1])
        theirs = Occlusion(lambda x: model.net(x).softmax(1))
        run = lambda: theirs.attribute(  # noqa: E731
            batch, (3, SIDE, SIDE), strides=(3, STRIDE, STRIDE), target=CLASS, baselines=0,
            perturbations_per_eval=at_a_time)[0, 0].numpy()
    maps: list[np.ndarray] = []
    rival = "Captum" in way
    with torch.inference_mode():
        if rival:  # minutes: its warm-up is one pass
            model.net(model.batch(pixels[None]))
        seconds = repeat(lambda: maps.append(run()), 1 if rival else 3, 0 if rival else 1)
    return {"seconds": np.array(seconds), "map": maps[-1],
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def whole(model: ExplainedNet, pixels: np.ndarray) -> np.ndarray:
    """Every window by a pass of its own through the folded network, 32 at a time; the probabilities."""
    net, one, said = fold(model.net), model.batch(pixels[None]), []
    places = [(row, column) for row in range(0, 193, STRIDE) for column in range(0, 193, STRIDE)]
    with reuse_freed_memory():
        for first in range(0, len(places), 32):
            some = places[first : first + 32]
            batch = one.repeat(len(some), 1, 1, 1).contiguous(memory_format=torch.channels_last)
            for i, (row, column) in enumerate(some):
                batch[i, :, row : row + SIDE, column : column + SIDE] = 0
            said.append(net(batch).softmax(1)[:, CLASS].numpy())
    return np.concatenate(said)


def lite0() -> ExplainedNet:
    """EfficientNet-Lite0 with its pretrained weights and its thousand classes."""
    source = pretrained("efficientnet_lite0")
    net = build(source.network)
    net.load_state_dict({name: source.tensors[name] for name in net.state_dict()})
    return explained(net, source.mean, source.std)


def vgg16() -> ExplainedNet:
    """VGG-16 with weights by chance."""
    net = build(load_network("vgg16"))
    for tensor in net.state_dict().values():
        tensor.normal_(0, 0.01)
    return explained(net, (120.0,) * 3, (60.0,) * 3)


def explained(net: torch.nn.Module, mean: tuple[float, ...], std: tuple[float, ...]) -> ExplainedNet:
    """`net` as explanations read it."""
    net.requires_grad_(False).to(memory_format=torch.channels_last).eval()
    names = tuple(f"class {i}" for i in range(net.network.output.size))
    return ExplainedNet(net, InputNormalisation((224, 224), 3, "squash", mean, std), names,
                        lambda pictures: np.zeros((len(pictures), len(names))),
                        lambda scores: torch.from_numpy(scores).double().softmax(1).numpy())


if __name__ == "__main__":
    main()
