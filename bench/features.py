"""Claims, of the features of EfficientNet-Lite0 at 224×224, batches of 32:

    at least 10 times the pictures a second of plain PyTorch, float32, eager;
    at least as many as ONNX Runtime, float32, on the same graph;
    they differ by at most 1 % from those of plain PyTorch.

    python bench/features.py /work/pictures/scene15/train

Every rival has processes of its own, for idle threads of one would take the other's cores: three each, in turn, on all
cores, with a warm-up. The rivals find normalised batches in memory, `striate` begins with bytes and has its default
settings (bfloat16 where the processor multiplies it natively). `differ`:
length of the difference over the length, mean of the pictures.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from record import repeat, summary, write
from striate.convnet.build.net import build
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.inference.features import FeatureExtractor, cut
from striate.convnet.pretrained import pretrained
from striate.convnet.training import malloc
from striate.model.preprocessing import InMemoryDataset

WAYS = ("plain PyTorch", "ONNX Runtime", "striate", "striate, float32")
BATCH = 32
ROUNDS, REPEATS, PICTURES = 3, 2, 256


def main() -> None:
    """Time every rival in turn, and compare their features."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a folder of class folders of pictures")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        np.savez(given.to, **measured(given.folder, given.way))
        return
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    said: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as room:
        for _ in range(ROUNDS):
            for way in WAYS:
                command = [sys.executable, __file__, str(given.folder), "--way", way, "--to", f"{room}/one.npz"]
                subprocess.run(command, check=True)
                with np.load(f"{room}/one.npz") as found:
                    seconds[way] += found["seconds"].tolist()
                    said[way] = found["features"]
    speeds = {way: summary([PICTURES / one for one in times]) for way, times in seconds.items()}
    lengths = np.linalg.norm(said[WAYS[0]], axis=1)
    results: dict[str, object] = {
        "pictures_per_second": speeds,
        "ratios": {f"{ours} / {way}": speeds[ours]["median"] / speeds[way]["median"]
                   for ours in WAYS[2:] for way in WAYS[:2]},
        "differ": {way: float(np.mean(np.linalg.norm(one - said[WAYS[0]], axis=1) / lengths))
                   for way, one in said.items()}}
    write("features", "features of Lite0 come faster than from plain PyTorch and ONNX Runtime, and are the same",
          results)


def measured(folder: Path, way: str) -> dict[str, np.ndarray]:
    """Seconds for all pictures, some times over, and their features."""
    paths = sorted(folder.glob("*/*"))
    paths = [paths[i] for i in np.linspace(0, len(paths) - 1, PICTURES).astype(int)]
    images = np.stack([np.asarray(Image.open(path).convert("RGB").resize((224, 224))) for path in paths])
    source = pretrained("efficientnet_lite0")
    network = cut(source.network)
    preparation = InputNormalisation((224, 224), 3, "squash", source.mean, source.std)
    batches = [preparation.batch(part) for part in np.split(images, PICTURES // BATCH)]
    ours = FeatureExtractor(network, source.tensors, preparation, "float32" if "float32" in way else "auto")
    kept = malloc.reuse_freed_memory() if way in WAYS[2:] else nullcontext()
    run: Callable[[], np.ndarray]
    if way == "plain PyTorch":
        plain = build(network)
        plain.load_state_dict({name: source.tensors[name] for name in plain.state_dict()})
        plain.eval()
        rows = [batch.contiguous() for batch in batches]
        run = lambda: np.concatenate([plain(row) for row in rows])  # noqa: E731
    elif way == "ONNX Runtime":
        run = onnx_runtime(network, {name: source.tensors[name].numpy() for name in network.tensors}, batches)
    else:
        run = lambda: ours(InMemoryDataset(images))  # noqa: E731
    with torch.inference_mode(), kept:
        seconds = repeat(run, REPEATS)
        return {"seconds": np.array(seconds), "features": run().reshape(PICTURES, -1)}


def onnx_runtime(network: object, tensors: dict[str, np.ndarray], batches: list[torch.Tensor],
                 ) -> Callable[[], np.ndarray]:
    """The rival, on a graph written from the network's description."""
    import onnxruntime

    sys.path.append(str(Path(__file__).parents[1]))
    from tests.oracles.onnx_graph import onnx_graph

    session = onnxruntime.InferenceSession(onnx_graph(network, tensors), providers=["CPUExecutionProvider"])
    rows = [batch.contiguous().numpy() for batch in batches]
    return lambda: np.concatenate([session.run(None, {"input": row})[0] for row in rows])


if __name__ == "__main__":
    main()
