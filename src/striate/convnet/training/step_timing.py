"""Timing of a training step, measured on a copy before the first: for a first plan or for a proposal."""

from __future__ import annotations

import copy
import time
from dataclasses import replace

from striate.convnet.recipe.recipe import Recipe
from striate.convnet.training import time_budget
from striate.convnet.training.loop import train
from striate.convnet.training.training_context import TrainingContext
from striate.convnet.training.training_run import TrainingRun, TrainingState
from striate.core.humanize import duration_in_words

WARM_UP = 3  # steps that are not counted: kernels are chosen and memory is taken in them
SECONDS = 0.5  # of measuring before the first plan
FIRST = 0.01  # of the budget: where a first step takes more, only one more is measured


def first_plan(run: TrainingRun) -> Recipe:
    """The recipe of `run` with `steps` for its minutes, after a short trial on a copy that is thrown away."""
    started = time.monotonic()
    step_seconds = measure_step(run)
    run.progress.elapsed += time.monotonic() - started
    budget = (run.recipe.minutes or 0) * 60
    fit = time_budget.steps_left(run, budget - run.progress.elapsed, step_seconds, None)
    total = run.group.broadcast(max(time_budget.LEAST, fit))
    return replace(run.recipe, steps=total, plan=((0, total),))


def measure_step(run: TrainingRun) -> float:
    """Seconds per step on rank 0, from a few steps on a copy."""
    trial = replace(
        run, module=copy.deepcopy(run.module), recipe=replace(run.recipe, steps=10**9, plan=()), by_clock=False,
        context=TrainingContext(group=run.group), checkpoints=None, progress=TrainingState(), best={}, validation=None,
    )
    steps, warm_up, enough, started = 0, WARM_UP, WARM_UP + 1, time.monotonic()
    for _ in train(trial):
        steps += 1
        if steps == 1 and run.by_clock:
            share = run.group.broadcast((time.monotonic() - started) / (60 * (run.recipe.minutes or 0)))
            if share > FIRST:  # it chooses kernels and takes memory, so the second has to do, if there is time for one
                warm_up, enough = (1, 2) if share < 0.5 else (0, 1)
        if steps == warm_up:
            started = time.monotonic()
        elif steps == WARM_UP + 1:  # all ranks take as many steps as rank 0 wants
            enough += run.group.broadcast(int(SECONDS / max(time.monotonic() - started, 1e-9)))
        if steps == enough:
            break
    return run.group.broadcast((time.monotonic() - started) / (steps - warm_up))


def cost_message(run: TrainingRun) -> str:
    """Epochs, speed and time of a run without `minutes`, in one sentence."""
    seconds = measure_step(run) * run.steps
    speed = len(run.pictures) * run.steps / run.per_epoch / max(seconds, 1e-9)
    epochs = -(-run.steps // run.per_epoch)
    return (f"{epochs:,} epochs at {speed:,.0f} pictures/s on this machine: about {duration_in_words(seconds)}; "
            "--minutes sets another budget")
