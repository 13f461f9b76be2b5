"""Training context: the services around one training run, such as callbacks, checkpoints and a process group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from striate.convnet.distributed import ProcessGroup

Row = dict[str, float | int | None]  # of the history: one epoch


@dataclass(frozen=True)
class StepRecord:
    """Record of one optimiser step, as the training loop yields it.

    Attributes:
        step, epoch: which have been taken, from 1; steps, epochs: how many are planned by now.
        loss: of the step's batch, in nats.
        pictures_per_second: in this epoch so far.
        record: the new row of the history at an epoch's end.
        waited: seconds that the step waited for its pictures.

    """

    step: int
    steps: int
    epoch: int
    epochs: int
    loss: float
    pictures_per_second: float
    record: Row | None = None
    waited: float = 0.0
    learning_rate: float = 0.0


@dataclass(frozen=True)
class TrainingContext:
    """The services of one training run, for `ConvNet.fit` and `Transfer.fit`; the defaults are those of a plain `fit`.

    Attributes:
        on_step: called after every optimiser step.
        on_progress: called with (stage, done, total) while features are computed.
        message: called with the estimated time, which then is measured first; None does not measure.
        stop: called after every step; when it returns true the run is saved and `Interrupted` is raised.
        checkpoints: a folder; the run is saved there, and goes on from what is there.
        checkpoint_seconds: how often; None is every 20, or less often where that would take over 1 % of the time.
        predictions_after: pictures that will be predicted after training, within the `minutes` given.
        group: the processes that train together, which must all be given the same.
        sharded: divide the weights among them, for steps too large for one device.
        feature_cache: the folder of a feature cache, for the head that fine-tuning begins with; see
            `striate.convnet.inference.feature_cache`.

    """

    on_step: Callable[[StepRecord], object] = lambda _: None
    on_progress: Callable[[str, int, int], object] = lambda *_: None
    message: Callable[[str], object] | None = None
    stop: Callable[[], bool] = bool
    checkpoints: str | Path | None = None
    checkpoint_seconds: float | None = None
    predictions_after: int = 0
    group: ProcessGroup = field(default_factory=ProcessGroup)
    sharded: bool = False
    feature_cache: str | Path | None = None
