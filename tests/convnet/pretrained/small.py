"""A small network with all that folding meets, its weights by chance, and pictures that tell two classes apart."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from striate import Add, BatchNorm, Conv, Dense, Dropout, GlobalPool, Input, Network, ReLU, load_network
from striate.convnet.build.net import Net, build

YAML = """
input: [3, 32, 32]
layers:
  - conv: {filters: 8, kernel_size: 3, stride: 2, padding: same, bias: false}
  - batch_norm
  - relu: {limit: 6}
  - global_pool
  - dropout
  - dense: {units: 5}
"""


def network() -> Network:
    """Normalisation behind convolutions with and without bias, in front of a sum, and where it cannot be folded."""
    x = ReLU(6)(BatchNorm()(Conv(8, 3, 2, "same", bias=False)(Input(3, 32, 32))))
    y = BatchNorm()(Conv(8, 3, padding=1)(x))
    x = ReLU()(Add()(x, y))
    x = ReLU()(BatchNorm()(x))
    x = Conv(8, 3, padding=1, groups=8)(x)
    return Network(Dense(5)(Dropout(0.2)(GlobalPool()(Add()(BatchNorm()(x), x)))), name="small")


def filled(made: Network, seed: int = 0) -> Net:
    """Its module with every tensor drawn, variances above 0."""
    torch_generator = torch.Generator().manual_seed(seed)
    net = build(made)
    for name, tensor in net.state_dict().items():
        drawn = torch.randn(tensor.shape, generator=torch_generator) * 0.5
        tensor.copy_(drawn.abs() + 0.1 if name.endswith("running_var") else drawn)
    return net.eval()


def saved(folder: Path, change: object = None) -> tuple[Path, Path]:
    """A network file and a .pth of its weights, `change` made to the dict before."""
    (folder / "net.yaml").write_text(YAML)
    state = dict(filled(load_network(folder / "net.yaml")).state_dict())
    if callable(change):
        change(state)
    torch.save(state, folder / "net.pth")
    return folder / "net.yaml", folder / "net.pth"


def pictures(count: int = 24, side: int = 32) -> tuple[np.ndarray, list[str]]:
    """(N, side, side, 3) uint8: lines across or down, and their classes."""
    grid = np.indices((side, side))
    drawn = np.stack([(grid[i % 2] // 4 + i) % 2 * 180 + i for i in range(count)]).astype(np.uint8)
    return np.repeat(drawn[..., None], 3, axis=3), ["across", "down"] * (count // 2)


def saved_pictures(folder: Path, count: int) -> Path:
    """A folder of class folders with these pictures."""
    for i, (picture, label) in enumerate(zip(*pictures(count), strict=True)):
        (folder / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / label / f"{i}.png")
    return folder
