"""Time budget: the schedule is re-planned to the time left, from the measured speed, as the run goes.

The budget covers training, validation after each epoch, and the predictions that follow. The plan is written into the
recipe as it grows, so a run by the clock can be resumed, and repeated to the bit without one.
"""

from __future__ import annotations

import time
from dataclasses import replace

from striate.convnet.inference.tta import VIEWS
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.training.training_run import TrainingRun

LEAST = 20  # steps in a first plan, however few seem to fit: it is soon made again, with most of the schedule left
EARLY = 0.05  # of the first plan: how much of it is done at most before it is made again
EVERY, CHANGE = 0.02, 0.002  # of the budget: how often the plan is made again; of the steps: what is worth a change
RECENT = 0.25  # how much the newest stretch counts against what was known of the speed
FORWARD = 0.35  # of a step: how long it takes to predict its pictures, until a validation has been measured


class BudgetClock:
    """Clock of a run with a time budget, and the plan that follows from it."""

    def __init__(self, run: TrainingRun) -> None:
        self.run, self.progress = run, run.progress
        self.last = time.monotonic()
        self.training, self.since = 0.0, run.progress.step  # seconds since the plan was last made, and at which step
        self.step_seconds: float | None = None
        self.validation_seconds: float | None = None
        self.planned = run.progress.elapsed

    def lap(self, spent: str = "") -> float:
        """Seconds since the last lap, added to what has elapsed; `spent` on a `step`, a `validation` or else."""
        now = time.monotonic()
        seconds, self.last = now - self.last, now
        self.progress.elapsed += seconds
        if spent == "validation":
            self.validation_seconds = seconds
        elif spent == "step":
            self.training += seconds
        return seconds

    def new_total(self, saving: float = 0.0) -> int:
        """The new total of steps, if it is time to plan anew, else 0; only on rank 0.

        Computed before a step and applied after it. `saving`: seconds that the last checkpoint will take.
        """
        run, progress = self.run, self.run.progress
        budget = (run.recipe.minutes or 0) * 60
        done = progress.step - self.since
        # A first plan may be far off, and what it has spent of the schedule is gone.
        early = self.step_seconds is None and done >= max(1.0, EARLY * run.steps)
        due = done and (early or progress.elapsed - self.planned >= EVERY * budget)
        if not run.by_clock or not run.group.is_rank_zero or not due:
            return 0
        newest, known = self.training / max(done, 1), self.step_seconds
        self.step_seconds = newest if known is None else (1 - RECENT) * known + RECENT * newest
        self.training, self.since, self.planned = 0.0, progress.step, progress.elapsed
        left = steps_left(run, budget - progress.elapsed - saving, self.step_seconds, self.validation_seconds)
        # The step that is now taken cannot be spared, nor one that follows the new plan; but time that is up adds none.
        total = progress.step + max(left, 2)
        if left < 2 and total > run.steps:
            return 0
        return total if abs(total - run.steps) > CHANGE * run.steps else 0


def replan(recipe: Recipe, step: int, total: int) -> Recipe:
    """`recipe` with the rest of its schedule after `step` re-planned over the steps up to `total`."""
    plan = (*(point for point in recipe.plan or ((0, recipe.steps or 0),) if point[0] < step), (step, total))
    return replace(recipe, steps=total, plan=plan)


def steps_left(run: TrainingRun, seconds: float, step_seconds: float, validation_seconds: float | None) -> int:
    """The steps that fit into `seconds`, with a validation after each epoch and the predictions at the end."""
    per_picture = FORWARD * step_seconds / (run.recipe.batch_size or 1)
    shown = len(run.validation[0]) if run.validation else 0
    validating = per_picture * shown if validation_seconds is None else validation_seconds
    if shown and validation_seconds is not None:
        per_picture = validation_seconds / shown
    # The validation is shared among the ranks, the predictions are made by one.
    views = len(VIEWS[run.recipe.test_time or "none"])
    predicting = per_picture * run.group.world_size * run.context.predictions_after * views
    # The last validation is paid for first; of the others, each step pays its share.
    left = seconds - predicting - validating
    return max(1, round(left / (step_seconds + validating / run.per_epoch)))
