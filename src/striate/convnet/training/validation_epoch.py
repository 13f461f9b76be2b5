"""Validation at the end of an epoch: scores, the best weights so far, a row of the history."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from striate.convnet.build.net import Net
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.distributed import ProcessGroup, sharded_weights
from striate.convnet.inference import tta
from striate.convnet.inference.precision import Precision
from striate.convnet.training.training_context import Row
from striate.convnet.training.training_run import TrainingRun
from striate.errors import RunError
from striate.model.preprocessing import LabelledPictures

BATCH = 512
FLOAT32 = Precision("float32", "it is the same on every machine")


def logits_of(module: torch.nn.Module, pictures: LabelledPictures, preparation: InputNormalisation,
              precision: Precision = FLOAT32, how: str = "none", group: ProcessGroup | None = None) -> torch.Tensor:
    """Scores (N, K) float32 of all `pictures`, in evaluation mode; `how`: the views of each, see `test_time`."""
    device = next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
    module.eval()
    parts = []
    with torch.inference_mode(), precision.autocast(device):
        shard = (group or ProcessGroup()).shard(len(pictures))
        for first in range(shard.first, shard.first + max(shard.sizes), BATCH):  # on every rank as often
            some = pictures.take(np.arange(first, min(first + BATCH, shard.last)))
            parts.append(tta.scores(module, preparation.batch(some, device), how).float().cpu())
    return (group or ProcessGroup()).all_gather_rows(torch.cat(parts), len(pictures))


def finish_epoch(run: TrainingRun, epoch: int) -> Row:
    """Validate, store the best weights, add a row to the history and return it; epoch 0 is before the first step."""
    progress = run.progress
    accuracy = loss = None
    state = run.average.tensors() if run.average else sharded_weights.whole(run.module.state_dict())
    if run.validation:
        module = run.module if run.average is None else with_tensors(run.module, state)
        logits = logits_of(module, run.validation[0], run.preparation, run.precision, group=run.group)
        truth = torch.from_numpy(run.validation[1])
        loss = cross_entropy(logits, truth).item()
        accuracy = (logits.argmax(1) == truth).double().mean().item()
        if not np.isfinite(loss):
            raise RunError("loss_not_finite", f"validation after epoch {epoch} was run",
                           given=f"the loss became {loss}", do="Start again with a smaller --learning-rate")
    elif not all(bool(value.isfinite().all()) for value in state.values()):
        kept = f"; those of epoch {progress.best_epoch} are kept" if run.best else ""
        raise RunError("loss_not_finite", f"epoch {epoch} came to its end", given=f"its weights are not finite{kept}",
                       do="Start again with a smaller --learning-rate")
    better = (accuracy or 0.0, -(loss or 0.0)) > (progress.best_accuracy, -progress.best_loss)
    if better or not run.validation:
        progress.best_epoch = epoch
        progress.best_accuracy, progress.best_loss = accuracy or 0.0, loss or 0.0
        run.best = {name: value.detach().clone() for name, value in state.items()}
    row: Row = {
        "epoch": epoch,
        "loss": progress.loss_sum / progress.seen if progress.seen else None,
        "validation_loss": loss,
        "validation_accuracy": accuracy,
        "learning_rate": run.recipe.rate_at(progress.step - 1) if progress.step else None,
        "seconds": progress.epoch_seconds,
        "pictures_per_second": progress.seen / max(progress.epoch_seconds, 1e-9) if progress.seen else None,
    }
    progress.history.append(row)
    progress.loss_sum, progress.seen, progress.epoch_seconds = 0.0, 0, 0.0
    return row


def with_tensors(module: Net, tensors: dict[str, torch.Tensor]) -> Net:
    """A second module of the same network with `tensors`, which are not copied."""
    twin = Net(module.network)
    twin.load_state_dict(tensors, assign=True)
    return twin
