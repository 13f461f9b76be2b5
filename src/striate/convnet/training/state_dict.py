"""State of a training run as tensors and values: saved to a checkpoint, restored from it."""

from __future__ import annotations

import math
from dataclasses import asdict

import torch

from striate.arch import Network
from striate.convnet.distributed import sharded_weights
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.training.checkpoint import Snapshot, optimiser_tensors, restore_optimiser
from striate.convnet.training.training_run import TrainingRun
from striate.core.model_file import MAX_BYTES, MAX_HEADER
from striate.errors import ModelFileError, RunError


def save(run: TrainingRun, optimiser: torch.optim.Optimizer) -> None:
    """Write a checkpoint of the run, on rank 0 while the others wait."""
    checkpoints = run.checkpoints
    assert checkpoints
    tensors = {f"model/{name}": value for name, value in run.module.state_dict().items()}
    tensors |= {f"best/{name}": value for name, value in run.best.items()}
    if run.average:
        tensors |= {f"average/{name}": value for name, value in run.average.state().items()}
    tensors = sharded_weights.whole(tensors | optimiser_tensors(optimiser, run.module))
    progress = asdict(run.progress) | {"best_loss": min(run.progress.best_loss, 1e30)}
    facts = {"identity": run.identity, "recipe": run.recipe.as_dict(), "progress": progress}
    run.group.on_rank_zero(lambda: checkpoints.save(run.progress.step, facts, tensors))


def refuse_too_large(network: Network, recipe: Recipe) -> None:
    """Refuse a run whose last checkpoint would be too large (`checkpoint_too_large`), before the first step.

    Weights, their best and their average are in it, and one number for each weight of the optimiser's, two of AdamW's.
    """
    sizes = {name: 4 * math.prod(tensor.shape) for name, tensor in network.tensors.items()}
    learnt = sum(size for name, size in sizes.items() if network.tensors[name].role != "buffer")
    needed = sum(sizes.values()) * (3 if recipe.average else 2) + learnt * (2 if recipe.optimiser == "adamw" else 1)
    if needed > MAX_BYTES - MAX_HEADER:
        raise ModelFileError("checkpoint_too_large", f"{network.parameters:,} parameters were to be trained",
                             allowed=f"a checkpoint has at most {MAX_BYTES - MAX_HEADER:,} bytes of arrays",
                             given=f"with the optimiser's numbers it would have {needed:,}",
                             do="Train a smaller network, or this one with --optimiser sgd and --average 0")


def refuse_other(run: TrainingRun, snapshot: Snapshot) -> None:
    """Refuse a `snapshot` of another run (`other_run`)."""
    different = sorted(k for k, v in run.identity.items() if snapshot.facts["identity"].get(k) != v)
    if different:
        raise RunError("other_run", "a run was to be resumed", allowed="the checkpoint must be of the same run",
                       given=f"it has another {' and another '.join(different)}",
                       do="Give the same data and settings, or another --out")


def restore(run: TrainingRun, optimiser: torch.optim.Optimizer, snapshot: Snapshot) -> None:
    """Restore the state of `snapshot`; refuses weights of another network (`other_run`)."""
    run.progress.__dict__.update(snapshot.facts["progress"])

    def part(name: str) -> dict[str, torch.Tensor]:
        return {k.removeprefix(name): v for k, v in snapshot.tensors.items() if k.startswith(name)}

    own = {name: value.shape for name, value in run.module.state_dict().items()}
    if own != {name: value.shape for name, value in part("model/").items()}:
        raise RunError("other_run", "a run was to be resumed", allowed="the checkpoint must be of the same run",
                       given="it has weights of other names or shapes", do="Start again in another folder with --out")
    sharded_weights.load(run.module, part("model/"))
    run.best = {name: value.clone() for name, value in part("best/").items()}
    if run.average:
        run.average.load(part("average/"))
    restore_optimiser(optimiser, run.module, snapshot.tensors)
