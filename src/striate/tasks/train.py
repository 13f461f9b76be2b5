"""Training run: from pictures to a trained, measured and reported recogniser."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from striate._version import __version__
from striate.convnet.distributed import ProcessGroup
from striate.convnet.training.checkpoint import Checkpoints
from striate.errors import Interrupted
from striate.report.train import write_report
from striate.report.train_result import TrainingData, TrainResult
from striate.stats import metrics
from striate.tasks.logs import RunLogs
from striate.tasks.methods import method_for
from striate.tasks.open_data import open_data
from striate.tasks.progress import Progress
from striate.tasks.rank_zero import broadcast_file, remove_restart_note, restarted_run, write_restart_note
from striate.tasks.run_folder import RunFolder
from striate.tasks.settings import Settings, settings_for
from striate.tasks.training_data import announce, describe, mistakes, samples


@dataclass
class StageTimes:
    """Seconds of each stage of a run."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, stage: str) -> Any:
        """Add the time of the block to `stage`."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.monotonic() - started


def train(data: str | Path, *, model: str | None = None, minutes: float | None = None, epochs: int | None = None,
          out: str | Path | None = None, resume: bool = False, log: Sequence[str] = ("csv",),
          progress: Progress | None = None, **options: Any) -> TrainResult:
    """Train a recogniser on labelled pictures, in a run folder of its own; the command `striate train`.

    Args:
        data: a folder of class folders, or the name of a known set.
        model: as `striate train --model` takes it; None is `auto`, or `finetune` where `weights` are given.
        minutes: select and train for about this long; None is a time that suits the number of pictures.
        epochs: passes over the training pictures, of a network that is named; None is by their number.
        out: the run folder, None for `runs/DATA-MODEL`; it gets the model, the report, and all to repeat the run.
        resume: go on with a run that was stopped.
        log: `csv` and `tensorboard`.
        progress: callbacks; None is none.
        options: `weights`, `network`, `split`, `files`, `size`, `resize`, `recipe` (a file), `sharded`, `single`,
            `allow_empty_class` and `strict` as on the command line, and the fields of `striate.Recipe`, such as `seed`.

    Raises `StriateError` as the command does; nothing is written before everything that can be refused has been.

        result = striate.train("digits", model="lenet5", epochs=5)
        result.test.accuracy, result.model

    """
    progress = progress or Progress(group=ProcessGroup.join())
    with progress.group.one_error():
        settings = settings_for(data, model=model, minutes=minutes, epochs=epochs, **options)
        result = _in_folder(settings, out, progress, resume, log)
        progress.group.shutdown()
    return result


def _in_folder(settings: Settings, out: str | Path | None, progress: Progress, resume: bool,
               log: Sequence[str]) -> TrainResult:
    """Train in a new or a resumed folder; of several processes, rank 0 chooses it and writes the logs."""
    group, folder = progress.group, RunFolder(Path(out or "."))
    if group.is_rank_zero:
        again = restarted_run(out, settings.data, settings.model)
        resume = resume or again is not None
        if resume:
            folder = again or RunFolder.unfinished(out, settings.data, settings.model)
            settings = settings.load(folder.recipe).resumed(settings)
        else:
            folder = RunFolder.fresh(out, settings.data, settings.model)
    resume, settings = group.broadcast(resume), settings.from_dict(group.broadcast(settings.as_dict()))
    logs = RunLogs(log, folder.path) if group.is_rank_zero else None
    try:
        logged = progress.with_step_callback(logs.step) if logs else progress
        return train_model(settings, folder, logged, resume=resume)
    except Interrupted as error:
        command = ["striate", "train", settings.data, "--out", str(folder.path), "--resume"]
        command += [part for kind in log if list(log) != ["csv"] for part in ("--log", kind)]
        error.do = f"Go on with: {shlex.join(command)}" if group.world_size == 1 else (
            f"Go on with the same torchrun and: --out {shlex.quote(str(folder.path))} --resume")
        raise
    finally:
        if logs:
            logs.close()


def train_model(settings: Settings, folder: RunFolder, progress: Progress, *, resume: bool = False) -> TrainResult:
    """Train in `folder` what `settings` say; with `resume`, go on from its split and its checkpoints.

    Nothing is written before everything that can be refused has been.
    """
    method = method_for(settings)
    settings = method.settings
    folder.keep_out_of(settings.data)
    clock = StageTimes()
    with clock.measure("pictures"):
        with broadcast_file(progress.group, folder.split if resume else None) as split:
            data = progress.group.local_rank_zero_first(
                lambda: open_data(settings, method.pack_arguments, split, progress))
        data.require_trainable()
    size = method.input_size(data)
    if not progress.group.is_rank_zero:
        if method.DISTRIBUTED:
            with progress.interruptible() as stop:
                method.train(data, folder, progress, stop)
        return TrainResult(data=TrainingData(settings.data, data.name, data.classes))
    with folder.locked(resume=resume):
        write_restart_note(folder)
        if not resume:
            data.split.save(folder.split)
            settings.save(folder.recipe)
        announce(data, size, method, progress)
        with clock.measure("training"), progress.interruptible() as stop:
            model = method.train(data, folder, progress, stop)
        for note in model.notes_:
            progress.message(note)
        model.save(folder.model)
        replace(settings, planned=method.recipe(model)).save(folder.recipe)

        with clock.measure("evaluation"):
            data = method.prepared(data)
            validation = method.validate(model, data)
            scores = model.predict_proba(data.test)
            test = metrics.evaluate(data.test.labels, scores, data.classes)
        timings = {**clock.seconds, "total": sum(clock.seconds.values())}
        result = TrainResult(
            striate=__version__,
            title=f"{settings.model} on {data.name}",
            command=settings.command,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            model=str(folder.model),
            report=str(folder.path / "report.html"),
            seconds=timings["total"],
            timings=timings,
            data=describe(settings.data, data, model),
            validation=validation,
            cross_validated=model.LEARNS_FROM_VALIDATION,
            test=test,
            notes=tuple(model.notes_),
            **method.report_fields(model),
        )
        write_report(folder.path, result, samples(data.train), mistakes(data.test, scores))
        remove_restart_note(folder)
        method.finish()
        Checkpoints(folder.checkpoints).remove()
    return result
