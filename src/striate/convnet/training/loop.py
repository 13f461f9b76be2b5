"""Training loop: a generator of step records that can be stopped and resumed at any step.

Order, augmentation and dropout are functions of (seed, epoch, step); the state is in the checkpoint; so a run that was
killed ends in the same bits as one that was not (same machine type, versions, threads and number of processes).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import torch

from striate.convnet.augment import mix
from striate.convnet.distributed import GradientBuckets
from striate.convnet.losses import class_weights, loss_of
from striate.convnet.optimisers import clip, make_optimiser, set_rate
from striate.convnet.training.checkpoint import Snapshot
from striate.convnet.training.dropout_seed import seed_dropout
from striate.convnet.training.ema import ExponentialMovingAverage
from striate.convnet.training.prefetch import Batch, Prefetcher, prepared
from striate.convnet.training.state_dict import restore, save
from striate.convnet.training.time_budget import BudgetClock, replan
from striate.convnet.training.training_context import StepRecord
from striate.convnet.training.training_run import TrainingRun
from striate.convnet.training.validation_epoch import finish_epoch
from striate.errors import Interrupted, RunError, shown

SECONDS, SHARE = 20.0, 0.01  # from one checkpoint to the next, but no larger a part of the time than that


def train(run: TrainingRun, snapshot: Snapshot | None = None) -> Iterator[StepRecord]:
    """Train `run.module`, from `snapshot` if given; yields after every step.

    Raises `Interrupted` when `stop` of its context turns true (the state is saved first) and `RunError`
    (`loss_not_finite`).
    Each of several processes votes (to stop; rank 0 also to save, and to plan anew) together with its part of the
    loss, so that all do the same after the same step.
    """
    optimiser = make_optimiser(run.module, run.recipe)
    run.average = ExponentialMovingAverage(run.module, run.recipe.average) if run.recipe.average else None
    if snapshot:
        restore(run, optimiser, snapshot)
    progress, clock, timer = run.progress, BudgetClock(run), CheckpointTimer(run, optimiser)
    step, slowest = OptimiserStep(run, optimiser), 0.0
    if not snapshot:
        timer.save()
    clock.lap()
    feed = Prefetcher(prepared(run, progress.step))
    try:
        for batch in feed:
            if progress.step >= run.steps:
                break
            votes = run.context.stop(), timer.due(), clock.new_total(timer.save_seconds)
            loss, stops, saves, total = step(batch, *votes)
            progress.step += 1
            progress.loss_sum += loss * len(batch.indices)
            progress.seen += len(batch.indices)
            seconds = clock.lap("step")
            progress.epoch_seconds += seconds
            if seconds > slowest:
                slowest = seconds
                run.group.set_timeout(slowest)
            if total:
                run.recipe = replan(run.recipe, progress.step, int(total))
            steps, epoch = run.steps, -(-progress.step // run.per_epoch)
            ended = progress.step % run.per_epoch == 0 or progress.step == steps
            speed = progress.seen / max(progress.epoch_seconds, 1e-9)
            record = finish_epoch(run, epoch) if ended else None
            clock.lap("validation" if ended else "step")
            yield StepRecord(progress.step, steps, epoch, -(-steps // run.per_epoch), loss, speed, record,
                             feed.waited, run.recipe.rate_at(batch.step))

            stopping = (stops > 0 or (run.group.world_size == 1 and run.context.stop())) and progress.step < steps
            if stopping or saves > 0:
                clock.lap("step")
                timer.save()
                clock.lap()
            if stopping:
                raise Interrupted("interrupted", f"training was stopped after step {progress.step:,} of {steps:,}")
    finally:
        feed.close()
    timer.save()
    clock.lap()


class OptimiserStep:
    """One optimiser step on one batch; returns the loss of the whole batch, and the sums of the votes."""

    def __init__(self, run: TrainingRun, optimiser: torch.optim.Optimizer) -> None:
        self.run, self.optimiser, self.device = run, optimiser, run.device
        self.weights = class_weights(run.labels, run.module.network.output.size, bool(run.recipe.balance))
        self.gradients = GradientBuckets(run.module, run.group.world_size)
        self.fixed_norms = [run.module.module_of(node.name) for node in run.module.nodes
                            if run.pretrained and node.layer.kind == "batch_norm"]
        self.parameters = [one for one in run.module.parameters() if one.requires_grad]
        self.set_mode()

    def set_mode(self) -> None:
        """Set the module to training, but for batch normalisations that keep their pretrained averages."""
        self.run.module.train()
        for unit in self.fixed_norms:
            unit.eval()

    def __call__(self, batch: Batch, *votes: float) -> list[float]:
        """The step on `batch`."""
        run, recipe = self.run, self.run.recipe
        if not run.module.training:  # after a validation
            self.set_mode()
        seed_dropout(recipe.seed, batch.step, self.device)
        set_rate(self.optimiser, recipe.rate_at(batch.step))
        inputs = run.preparation.normalised(batch.pictures.to(self.device, non_blocking=True))
        targets = batch.labels.to(self.device, non_blocking=True)
        inputs, mixed = mix(inputs, targets, recipe, batch.step // run.per_epoch, batch.indices, batch.shard.slice)
        with run.precision.autocast(self.device):
            scores = run.module(inputs, batch.step, batch.shard)
        loss = loss_of(scores, mixed, run.module, recipe, self.weights)
        values: list[float] = self.gradients.backward(batch.shard.portion(loss, scores), *votes).tolist()
        if not math.isfinite(values[0]):
            raise not_finite(run, batch, values[0])
        if recipe.clip:
            clip(self.parameters, recipe.clip)
        self.optimiser.step()
        for parameter in self.parameters:  # torch's zero_grad takes a profile first, 0.05 ms
            parameter.grad = None
        if run.average:
            run.average.update(run.module)
        return values


class CheckpointTimer:
    """Checkpoints of a run by time: every `checkpoint_seconds`, and on `save`."""

    def __init__(self, run: TrainingRun, optimiser: torch.optim.Optimizer) -> None:
        self.run, self.optimiser = run, optimiser
        self.saved, self.save_seconds = time.monotonic(), 0.0

    def due(self) -> bool:
        """Whether a checkpoint is due; only on rank 0."""
        if not self.run.checkpoints or not self.run.group.is_rank_zero:
            return False
        pause = self.run.context.checkpoint_seconds
        return time.monotonic() - self.saved > (max(SECONDS, self.save_seconds / SHARE) if pause is None else pause)

    def save(self) -> None:
        """Write a checkpoint now, if the run has a folder for them."""
        if not self.run.checkpoints:
            return
        started = time.monotonic()
        save(self.run, self.optimiser)
        self.saved = time.monotonic()
        self.save_seconds = self.saved - started


def not_finite(run: TrainingRun, batch: Batch, loss: float) -> RunError:
    """The error of a loss that is NaN or infinite; the weights are still those before the step."""
    keys = getattr(run.pictures, "keys", None)
    names = [shown(keys[i], 60) if keys else f"picture {i}" for i in batch.indices[:3]]
    kept = f"; the weights of epoch {run.progress.best_epoch} are kept" if run.best else ""
    return RunError(
        "loss_not_finite", f"step {batch.step + 1:,} of training was run on {', '.join(names)} and "
        f"{len(batch.indices) - len(names):,} more pictures", given=f"the loss became {loss}{kept}",
        do="Start again with a smaller --learning-rate")
