"""The loop of PyTorch's tutorials: PNG files opened by Pillow in a DataLoader, float32. Prints its speed.

    cd bench && python -m rivals.tutorial lenet --folder DIR [--workers 2]

The files are made in DIR if it is empty; they are in the page cache, and workers stay alive from epoch to epoch.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset

from rivals.nets import NETS, learnt
from rivals.work import DECAY, MEAN, MOMENTUM, RATE, SPREAD, WORKS, Timer, Work, made, parser

FILES = 100  # batches of them


class Folder(Dataset):
    """Files `LABEL/NUMBER.png` below a folder: (C, H, W) float32 normalised, and the label."""

    def __init__(self, root: Path) -> None:
        self.paths = sorted(root.glob("*/*.png"))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        path = self.paths[index]
        with Image.open(path) as image:
            pixels = np.asarray(image)
        if pixels.ndim == 2:
            pixels = pixels[:, :, None]
        return (torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32)) - MEAN) / SPREAD, int(path.parent.name)


def write(root: Path, work: Work) -> None:
    """Write the pictures of `work`, as many as make `FILES` batches or as there are."""
    pictures, labels = made(work, min(work.count, FILES * work.batch))
    for number, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        folder = root / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture.squeeze()).save(folder / f"{number:06d}.png", compress_level=1)


def main() -> None:
    arguments = parser()
    arguments.add_argument("--folder", type=Path, required=True)
    arguments.add_argument("--workers", type=int, default=2)
    given = arguments.parse_args()
    work = WORKS[given.net]
    if not given.folder.exists():
        write(given.folder, work)
    torch.manual_seed(0)
    loader = DataLoader(Folder(given.folder), work.batch, shuffle=True, num_workers=given.workers,
                        persistent_workers=given.workers > 0)
    module = NETS[given.net]()
    optimiser = torch.optim.SGD(module.parameters(), RATE, MOMENTUM, weight_decay=DECAY, nesterov=True)
    timer, step = Timer(work.batch, given.seconds), 0
    while True:
        for inputs, targets in loader:
            optimiser.zero_grad()
            loss = cross_entropy(module(inputs), targets)
            loss.backward()
            optimiser.step()
            step += 1
            if timer.tick(step):
                timer.report(work, learnt(module), loss.item())
                return


if __name__ == "__main__":
    main()
