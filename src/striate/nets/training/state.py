"""The state of a run, to a checkpoint and back."""

from __future__ import annotations

from dataclasses import asdict

import torch

from striate.errors import RunError
from striate.nets.ranks import sharded
from striate.nets.training.checkpoint import Snapshot, optimiser_tensors, restore_optimiser
from striate.nets.training.run import Run


def save(run: Run, optimiser: torch.optim.Optimizer) -> None:
    """Write a checkpoint of the run as it stands; rank 0 does, the others wait."""
    checkpoints = run.checkpoints
    assert checkpoints
    tensors = {f"model/{name}": value for name, value in run.module.state_dict().items()}
    tensors |= {f"best/{name}": value for name, value in run.best.items()}
    if run.average:
        tensors |= {f"average/{name}": value for name, value in run.average.state().items()}
    tensors = sharded.whole(tensors | optimiser_tensors(optimiser, run.module))
    progress = asdict(run.progress) | {"best_loss": min(run.progress.best_loss, 1e30)}
    facts = {"identity": run.identity, "recipe": run.recipe.as_dict(), "progress": progress}
    run.ranks.on_main(lambda: checkpoints.save(run.progress.step, facts, tensors))


def restore(run: Run, optimiser: torch.optim.Optimizer, snapshot: Snapshot) -> None:
    """Put the run back to where `snapshot` was taken; refuses one of another run (`other_run`)."""
    different = sorted(k for k, v in run.identity.items() if snapshot.facts["identity"].get(k) != v)
    if different:
        raise RunError("other_run", "a run was to be resumed", allowed="the checkpoint must be of the same run",
                       given=f"it has another {' and another '.join(different)}",
                       do="Give the same data and settings, or another --out")
    run.progress.__dict__.update(snapshot.facts["progress"])

    def part(name: str) -> dict[str, torch.Tensor]:
        return {k.removeprefix(name): v for k, v in snapshot.tensors.items() if k.startswith(name)}

    own = {name: value.shape for name, value in run.module.state_dict().items()}
    if own != {name: value.shape for name, value in part("model/").items()}:
        raise RunError("other_run", "a run was to be resumed", allowed="the checkpoint must be of the same run",
                       given="it has weights of other names or shapes", do="Start again in another folder with --out")
    sharded.load(run.module, part("model/"))
    run.best = {name: value.clone() for name, value in part("best/").items()}
    if run.average:
        run.average.load(part("average/"))
    restore_optimiser(optimiser, run.module, snapshot.tensors)
