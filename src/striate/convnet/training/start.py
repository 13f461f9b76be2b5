"""Start of a training run: identity check of the ranks, resumption from a checkpoint, or the first plan."""

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
    """Set the recipe of `run`, which has its weights and its identity. Collective.

    Returns the checkpoint to resume from, if any, and further reasons for the plan, in words.

    `asked`: the recipe as it was given; `first`: changes the weights of a run that is not resumed, before its first
    step. The time of a run without a budget is measured, and `message` of its context called with it.
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
        run.context.message(step_timing.cost_message(run))
    if not run.by_clock:
        return snapshot, ()
    # By the first plan, which a checkpoint holds, so that a resumed run gives the same reasons.
    run.recipe, reasons = presets.without_moves(run.recipe, asked, run.recipe.plan[0][1] / run.per_epoch)
    return snapshot, reasons


def content_hash(run: TrainingRun) -> str:
    """A hash of the training and validation set: labels, and the digests of pictures that have them."""
    parts = [(run.pictures, run.labels), *([run.validation] if run.validation else [])]
    whole = sha256()
    for pictures, labels in parts:
        whole.update(model_file.canonical([labels.tolist(), getattr(pictures, "digests", None)]).encode())
    return whole.hexdigest()
