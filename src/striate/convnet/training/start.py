"""Start of a run: the ranks check that it is the same, and it resumes from a checkpoint or gets its first plan."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from striate.convnet.recipe import presets
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.training import step_timing
from striate.convnet.training.checkpoint import Snapshot
from striate.convnet.training.state_dict import refuse_other
from striate.convnet.training.training_run import TrainingRun
from striate.core import model_file


def start_run(run: TrainingRun, asked: Recipe,
              first: Callable[[TrainingRun], object] | None = None) -> tuple[Snapshot | None, tuple[str, ...]]:
    """Set the recipe of `run`, which has its weights and its identity; returns the checkpoint to go on from, if any,
    and what more was decided, in words. Collective.

    `asked`: the recipe as it was given; `first`: what a run that is not resumed does to its weights before its first
    step. What a run without a budget will cost is measured, and `message` of its context called with it.
    """
    run.group.assert_same(**run.identity)
    snapshot = run.group.on_rank_zero(run.checkpoints.latest) if run.checkpoints else None
    if facts := run.group.broadcast(snapshot.facts if snapshot else None):
        snapshot = Snapshot(facts, run.group.broadcast_tensors(snapshot.tensors if snapshot else None))
    if first and not snapshot:
        first(run)
    if snapshot:
        refuse_other(run, snapshot)
        run.recipe = Recipe.from_dict(snapshot.facts["recipe"])
    elif run.by_clock:
        run.recipe = step_timing.first_plan(run)
    elif run.context.message and not run.context.sharded and not (asked.epochs or asked.steps or asked.minutes):
        run.context.message(step_timing.proposal(run))
    if not run.by_clock:
        return snapshot, ()
    # By the first plan, which a run that goes on has kept, so that it says and does the same.
    run.recipe, reasons = presets.unmoved(run.recipe, asked, run.recipe.plan[0][1] / run.per_epoch)
    return snapshot, reasons


def content_of(run: TrainingRun) -> str:
    """A hash of what a run learns from and is chosen by: labels, and the digests of pictures that carry them."""
    parts = [(run.pictures, run.labels), *([run.validation] if run.validation else [])]
    whole = sha256()
    for pictures, labels in parts:
        whole.update(model_file.canonical([labels.tolist(), getattr(pictures, "digests", None)]).encode())
    return whole.hexdigest()
