"""The training loop: one plain loop that yields records, and can be stopped and taken up again at any step.

Order, augmentation and dropout are functions of (seed, epoch, step); the state is in the checkpoint; so a run that was
killed ends in the same bits as one that was not (same machine type, versions and threads).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from striate.errors import Interrupted, RunError
from striate.fitting import Labelled
from striate.nets.augment import Augmenter
from striate.nets.build import Net
from striate.nets.chance import generator, seed_for
from striate.nets.checkpoint import Checkpoints, Snapshot, optimiser_tensors, restore_optimiser
from striate.nets.optimise import make_optimiser, set_rate
from striate.nets.prepare import Preparation
from striate.nets.recipe import Recipe

EVALUATION_BATCH = 512


@dataclass
class Progress:
    """Where a run stands; the plain part of a checkpoint."""

    step: int = 0
    loss_sum: float = 0.0
    seen: int = 0
    epoch_seconds: float = 0.0
    best_epoch: int = 0
    best_accuracy: float = -1.0
    best_loss: float = float("inf")
    history: list[dict[str, float | int | None]] = field(default_factory=list)


@dataclass(frozen=True)
class Step:
    """What the loop yields after each optimiser step; `record` is the new row of the history at an epoch's end."""

    step: int
    steps: int
    epoch: int
    epochs: int
    loss: float
    pictures_per_second: float
    record: dict[str, float | int | None] | None = None


@dataclass
class Run:
    """One training run: what is trained, on what, how, and where its state is kept.

    `best` holds the weights of the best epoch on validation, or the last weights where there is no validation.
    """

    module: Net
    pictures: Labelled
    labels: NDArray[np.int64]
    validation: tuple[Labelled, NDArray[np.int64]] | None
    recipe: Recipe
    preparation: Preparation
    fabric: Fabric
    identity: dict[str, Any] = field(default_factory=dict)
    checkpoints: Checkpoints | None = None
    checkpoint_seconds: float = 20.0
    stop: Callable[[], bool] = bool
    progress: Progress = field(default_factory=Progress)
    best: dict[str, torch.Tensor] = field(default_factory=dict)


def train(run: Run, snapshot: Snapshot | None = None) -> Iterator[Step]:
    """Train `run.module`, from `snapshot` if given; yields after every step.

    Raises `Interrupted` when `run.stop()` turns true (the state is saved first) and `RunError` (`loss_not_finite`).
    """
    recipe, progress = run.recipe, run.progress
    optimiser = make_optimiser(run.module, recipe)
    if snapshot:
        restore(run, optimiser, snapshot)
    module, optimiser_ = run.fabric.setup(run.module, optimiser)
    count, batch = len(run.pictures), recipe.batch_size or 1
    steps, per_epoch = recipe.steps or 0, recipe.per_epoch(count, batch)
    if run.checkpoints and not snapshot:
        save(run, optimiser)
    saved = time.monotonic()

    while progress.step < steps:
        epoch, within = divmod(progress.step, per_epoch)
        order = generator(recipe.seed, "order", epoch).permutation(count)
        augment = Augmenter(recipe, epoch, count)
        module.train()
        for first in range(within * batch, count, batch):
            started = time.monotonic()
            indices = order[first : first + batch]
            pictures = augment(run.pictures.take(indices), indices)
            inputs = run.preparation.normalised(pictures.to(run.fabric.device))
            targets = torch.from_numpy(run.labels[indices]).to(run.fabric.device)
            set_rate(optimiser, recipe.rate_at(progress.step))
            run.module.at_step(progress.step)
            torch.manual_seed(seed_for(recipe.seed, "dropout", progress.step))
            loss = loss_of(module(inputs), targets, run)
            run.fabric.backward(loss)
            optimiser_.step()
            optimiser_.zero_grad()

            value = loss.item()
            if not np.isfinite(value):
                raise not_finite(f"step {progress.step + 1:,} of training", value)
            progress.step += 1
            progress.loss_sum += value * len(indices)
            progress.seen += len(indices)
            progress.epoch_seconds += time.monotonic() - started
            ended = progress.step % per_epoch == 0 or progress.step == steps
            record = finish_epoch(run, epoch + 1) if ended else None
            speed = (progress.seen or len(indices)) / max(progress.epoch_seconds, 1e-9)
            if record:
                speed = float(record["pictures_per_second"] or 0)
            yield Step(progress.step, steps, epoch + 1, -(-steps // per_epoch), value, speed, record)

            stopping = run.stop() and progress.step < steps
            if run.checkpoints and (stopping or time.monotonic() - saved > run.checkpoint_seconds):
                save(run, optimiser)
                saved = time.monotonic()
            if stopping:
                raise Interrupted("interrupted", f"training was stopped after step {progress.step:,} of {steps:,}")
            if ended:
                break
    if run.checkpoints:
        save(run, optimiser)


def loss_of(scores: torch.Tensor | list[torch.Tensor], targets: torch.Tensor, run: Run) -> torch.Tensor:
    """The cross-entropy of the scores, and that of each auxiliary head times its weight."""
    own, *heads = scores if isinstance(scores, list) else [scores]
    smoothing = run.recipe.label_smoothing
    loss = cross_entropy(own, targets, label_smoothing=smoothing)
    for head, weight in zip(heads, run.module.heads.values(), strict=True):
        loss = loss + weight * cross_entropy(head, targets, label_smoothing=smoothing)
    return loss


def not_finite(when: str, loss: float) -> RunError:
    """The refusal to go on with a loss that is NaN or infinite."""
    return RunError("loss_not_finite", f"{when} was run", given=f"the loss became {loss}",
                    do="Start again with a smaller --learning-rate")


def finish_epoch(run: Run, epoch: int) -> dict[str, float | int | None]:
    """Validate, remember the best weights, add a row to the history and return it."""
    progress = run.progress
    accuracy = loss = None
    if run.validation:
        logits = logits_of(run.module, run.validation[0], run.preparation, run.fabric)
        truth = torch.from_numpy(run.validation[1])
        loss = cross_entropy(logits, truth).item()
        accuracy = (logits.argmax(1) == truth).double().mean().item()
        if not np.isfinite(loss):
            raise not_finite(f"validation after epoch {epoch}", loss)
    better = (accuracy or 0.0, -(loss or 0.0)) > (progress.best_accuracy, -progress.best_loss)
    if better or not run.validation:
        progress.best_epoch = epoch
        progress.best_accuracy, progress.best_loss = accuracy or 0.0, loss or 0.0
        run.best = {name: value.detach().clone() for name, value in run.module.state_dict().items()}
    record: dict[str, float | int | None] = {
        "epoch": epoch,
        "loss": progress.loss_sum / progress.seen,
        "validation_loss": loss,
        "validation_accuracy": accuracy,
        "learning_rate": run.recipe.rate_at(progress.step - 1),
        "seconds": progress.epoch_seconds,
        "pictures_per_second": progress.seen / max(progress.epoch_seconds, 1e-9),
    }
    progress.history.append(record)
    progress.loss_sum, progress.seen, progress.epoch_seconds = 0.0, 0, 0.0
    return record


def logits_of(
    module: torch.nn.Module, pictures: Labelled, preparation: Preparation, fabric: Fabric | None = None
) -> torch.Tensor:
    """Scores (N, K) float32 of all `pictures`, in evaluation mode; in Fabric's precision, or plain float32 without."""
    device = next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
    module.eval()
    parts = []
    with torch.inference_mode():
        for first in range(0, len(pictures), EVALUATION_BATCH):
            inputs = preparation.batch(pictures.take(np.arange(first, min(first + EVALUATION_BATCH, len(pictures)))))
            inputs = inputs.to(device)
            if fabric:
                with fabric.autocast():
                    parts.append(module(inputs).float().cpu())
            else:
                parts.append(module(inputs).cpu())
    return torch.cat(parts)


def save(run: Run, optimiser: torch.optim.Optimizer) -> None:
    """Write a checkpoint of the run as it stands."""
    assert run.checkpoints
    tensors = {f"model/{name}": value for name, value in run.module.state_dict().items()}
    tensors |= {f"best/{name}": value for name, value in run.best.items()}
    tensors |= optimiser_tensors(optimiser, run.module)
    progress = asdict(run.progress) | {"best_loss": min(run.progress.best_loss, 1e30)}
    facts = {"identity": run.identity, "recipe": run.recipe.as_dict(), "progress": progress}
    run.checkpoints.save(run.progress.step, facts, tensors)


def restore(run: Run, optimiser: torch.optim.Optimizer, snapshot: Snapshot) -> None:
    """Put the run back to where `snapshot` was taken; refuses one of another run (`other_run`)."""
    different = sorted(k for k, v in run.identity.items() if snapshot.facts["identity"].get(k) != v)
    if different:
        raise RunError("other_run", "a run was to be resumed", allowed="the checkpoint must be of the same run",
                       given=f"it has another {' and another '.join(different)}",
                       do="Give the same data and settings, or another --out")
    run.progress.__dict__.update(snapshot.facts["progress"])
    run.module.load_state_dict({k[6:]: v for k, v in snapshot.tensors.items() if k.startswith("model/")})
    run.best = {k[5:]: v.clone() for k, v in snapshot.tensors.items() if k.startswith("best/")}
    restore_optimiser(optimiser, run.module, snapshot.tensors)
