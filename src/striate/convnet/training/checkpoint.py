"""Checkpoints: the state of a training run in our own model-file format, atomic, verified, exact.

A checkpoint holds the weights, the best weights so far, the optimiser's state and a few plain facts (step, sums,
history). No random state is needed: order, augmentation and dropout are pure functions of (seed, epoch, step). The last
two stay on disk; a damaged one is skipped, with a note.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from striate.convnet.distributed.sharded_weights import divided, is_divided
from striate.core import model_file
from striate.core.atomic import PREFIX
from striate.errors import ModelFileError, RunError, shown

KIND = "checkpoint"
KEEP = 2


@dataclass(frozen=True)
class Snapshot:
    """The contents of a checkpoint: `facts` (JSON values) and `tensors` by name."""

    facts: dict[str, Any]
    tensors: dict[str, torch.Tensor]


@dataclass
class Checkpoints:
    """The checkpoints of one run, in `folder`; `notes` collects sentences for the report."""

    folder: Path
    notes: list[str] = field(default_factory=list)

    def save(self, step: int, facts: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
        """Write the checkpoint of `step`; older ones but the last are removed once it is on disk."""
        self.folder.mkdir(parents=True, exist_ok=True)
        arrays = {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}
        model_file.save(self.folder / f"step-{step:012d}.safetensors", KIND, {"facts": facts}, arrays)
        for path in self._paths()[:-KEEP]:
            path.unlink(missing_ok=True)

    def latest(self) -> Snapshot | None:
        """The newest whole checkpoint, or None when there is none; refuses when all are damaged (`no_checkpoint`).

        Damaged ones that are newer are removed.
        """
        for leftover in self.folder.glob(f"{PREFIX}*.tmp"):
            leftover.unlink(missing_ok=True)
        paths = self._paths()
        for path in reversed(paths):
            try:
                file = model_file.load(path)
            except ModelFileError as error:
                self.notes.append(f"{shown(path.name)} is damaged and was passed over: {error.given}")
                continue
            for damaged in paths[paths.index(path) + 1 :]:  # or they would count among those that stay
                damaged.unlink(missing_ok=True)
            return Snapshot(file.manifest["facts"], {k: torch.from_numpy(v) for k, v in file.arrays.items()})
        if paths:
            raise RunError("no_checkpoint", f"{shown(self.folder)} was to be resumed",
                           given=f"it has {len(paths)} checkpoints, all damaged",
                           do="Start again in another folder with --out")
        return None

    def remove(self) -> None:
        """Remove all checkpoints: the run is finished."""
        for path in self._paths():
            path.unlink(missing_ok=True)
        if self.folder.exists() and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("step-*.safetensors"))


def optimiser_tensors(optimiser: torch.optim.Optimizer, module: nn.Module) -> dict[str, torch.Tensor]:
    """The optimiser's state by parameter name, for example `optimiser/conv1.weight/exp_avg`."""
    names: dict[torch.Tensor, str] = {parameter: name for name, parameter in module.named_parameters()}
    return {
        f"optimiser/{names[parameter]}/{key}": torch.as_tensor(value)
        for parameter, state in optimiser.state.items()
        for key, value in state.items()
        if value is not None
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, module: nn.Module, tensors: dict[str, torch.Tensor]) -> None:
    """Restore the state that `optimiser_tensors` returned."""
    parameters = dict(module.named_parameters())
    for key, value in tensors.items():
        if key.startswith("optimiser/"):
            name, slot = key.removeprefix("optimiser/").rsplit("/", 1)
            parameter = parameters[name]
            placed = divided(value.clone().to(parameter.device), parameter)
            if placed.shape == parameter.shape and not is_divided(placed):
                # torch's fused optimisers walk through memory, so both must lie in it alike
                placed = torch.empty_like(parameter, dtype=placed.dtype).copy_(placed)
            optimiser.state[parameter][slot] = placed
