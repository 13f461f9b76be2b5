"""From minutes to steps: measure the machine on the work itself, on a copy that is thrown away."""

from __future__ import annotations

import copy
import time
from dataclasses import replace

from striate.nets.recipe import Recipe
from striate.nets.train import Progress, Run, finish_epoch, train

WARM_UP = 3  # steps that are not counted: kernels are chosen and memory is taken in them
SECONDS = 3.0  # of measuring


def planned(run: Run) -> Recipe:
    """The recipe of `run` with `steps` such that training and validation take about `recipe.minutes`.

    The plan is kept in the checkpoint; a run that is resumed does not measure again.
    """
    count, batch = len(run.pictures), run.recipe.batch_size or 1
    per_epoch = run.recipe.per_epoch(count, batch)
    trial = replace(
        run, module=copy.deepcopy(run.module), recipe=replace(run.recipe, steps=10**9), checkpoints=None,
        progress=Progress(), best={}, validation=None, stop=bool,
    )
    steps, started = 0, time.monotonic()
    for _ in train(trial):
        steps += 1
        if steps == WARM_UP:
            started = time.monotonic()
        if steps > WARM_UP and time.monotonic() - started > SECONDS:
            break
    step_seconds = (time.monotonic() - started) / max(steps - WARM_UP, 1)

    started = time.monotonic()
    finish_epoch(replace(trial, validation=run.validation, progress=Progress(seen=1)), 1)
    epoch_seconds = (time.monotonic() - started) + step_seconds * per_epoch
    epochs = (run.recipe.minutes or 0) * 60 / epoch_seconds
    return replace(run.recipe, steps=max(1, round(epochs * per_epoch)))
