"""From pictures to a trained, measured and reported recogniser: the main job, in one straight line."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from striate._version import __version__
from striate.convnet.distributed import ProcessGroup
from striate.convnet.training.checkpoint import Checkpoints
from striate.data import Data, Dataset, load_data
from striate.data.sources.file_list import digest_of_list
from striate.errors import Interrupted, RunError, shown
from striate.model.recogniser import Recogniser
from striate.quality import quick_findings
from striate.report.embedded_images import Misclassified, SamplePicture
from striate.report.train import write_report
from striate.report.train_result import SplitOrigin, TrainingData, TrainResult
from striate.stats import metrics
from striate.tasks.logs import RunLogs
from striate.tasks.methods import TrainingMethod, method_for
from striate.tasks.progress import Progress
from striate.tasks.rank_zero import broadcast_file, remove_restart_note, restarted_run, write_restart_note
from striate.tasks.run_folder import RunFolder
from striate.tasks.settings import Settings, settings_for

MISTAKES = 24  # shown in the report
SAMPLES = 3  # of each class
SAMPLE_CLASSES = 300  # classes up to this many are shown


@dataclass
class StageTimes:
    """Seconds by stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, stage: str) -> Any:
        """Add the time of the block to `stage`."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.monotonic() - started


def train(
    data: str | Path, *, model: str | None = None, minutes: float | None = None, epochs: int | None = None,
    out: str | Path | None = None, resume: bool = False, log: Sequence[str] = ("csv",),
    progress: Progress | None = None, **options: Any,
) -> TrainResult:
    """Train a recogniser on labelled pictures, in a run folder of its own; the command `striate train`.

    Args:
        data: a folder of class folders, or the name of a known set.
        model: as `striate train --model` takes it; None is `compact`, or `finetune` where `weights` are given.
        minutes: train for about this long.
        epochs: passes over the training pictures; without minutes and epochs, by the number of pictures.
        out: the run folder, None for `runs/DATA-MODEL`; it gets the model, the report, and all to repeat the run.
        resume: go on with a run that was stopped.
        log: `csv` and `tensorboard`.
        progress: callbacks; None tells nobody.
        options: `weights`, `network`, `split`, `files`, `size`, `resize`, `recipe` (a file), `sharded`,
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


def _in_folder(
    settings: Settings, out: str | Path | None, progress: Progress, resume: bool, log: Sequence[str]
) -> TrainResult:
    """Train in a new folder, or in one to be resumed; of several processes, rank 0 says which, and keeps the logs."""
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
        again_with = ["striate", "train", settings.data, "--out", str(folder.path), "--resume"]
        again_with += [part for kind in log if list(log) != ["csv"] for part in ("--log", kind)]
        error.do = f"Go on with: {shlex.join(again_with)}" if group.world_size == 1 else (
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
            data = progress.group.local_rank_zero_first(lambda: open_data(settings, method, split, progress))
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
        tell(data, size, method, progress)
        with clock.measure("training"), progress.interruptible() as stop:
            model = method.train(data, folder, progress, stop)
        for note in model.notes_:
            progress.message(note)
        model.save(folder.model)
        replace(settings, planned=method.recipe(model)).save(folder.recipe)

        with clock.measure("evaluation"):
            validation = method.validated(model, data)
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
        Checkpoints(folder.checkpoints).remove()
    return result


def open_data(settings: Settings, method: TrainingMethod[Any], begun: Path | None, progress: Progress) -> Data:
    """The data of `settings`, packed as `method` wants them; divided as in the split file `begun` if there is one."""
    split = begun if begun and begun.exists() else Path(settings.split) if settings.split else None
    files = Path(settings.files) if settings.files else None
    if files and digest_of_list(files) != settings.files_sum:
        raise RunError("list_changed", f"the run was to be resumed with the pictures that {shown(files)} names",
                       given="the list was changed since", do="Start a new run with --out")
    data = load_data(
        settings.data, **method.pack_arguments, resize=settings.resize, seed=settings.recipe.get("seed", 0),
        split=split, strict=settings.strict, allow_empty_class=settings.allow_empty_class, files=files,
        on_progress=progress.on_progress,
    )
    found = quick_findings(data)
    if found or data.skipped:
        found.append(f"striate check {shlex.quote(settings.data)} says more, and shows the pictures")
    return replace(data, notes=(*data.notes, *found))


def tell(data: Data, size: tuple[int, int], method: TrainingMethod[Any], progress: Progress) -> None:
    """Say what was found, what `size` it is brought to, and what was passed over."""
    height, width, channels = data.pictures.images.shape[1:]
    progress.message(
        f"{data.name}: {len(data.classes)} classes, {method.describe_split(data)}, {len(data.test):,} to test on; "
        f"{height}×{width} {'grey' if channels == 1 else 'colour'}"
        + (f", brought to {size[0]}×{size[1]}" if size != (height, width) else "")
    )
    for skipped in data.skipped[:5]:
        progress.message(f"skipped: {skipped.reason}")
    if len(data.skipped) > 5:
        progress.message(f"skipped {len(data.skipped) - 5:,} more; the report lists them")
    for note in data.notes:
        progress.message(f"note: {note}")


def describe(source: str, data: Data, model: Recogniser) -> TrainingData:
    """The pictures of a run, as its report has them."""
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    return TrainingData(
        source=source,
        name=data.name,
        classes=data.classes,
        counts={n: np.bincount(p.labels, minlength=len(data.classes)).tolist() for n, p in parts.items()},
        size=(*model.preparation_.size, model.preparation_.channels),
        resize=model.preparation_.resize,
        skipped=data.skipped,
        notes=data.notes,
        split=SplitOrigin(data.split.kind, data.split.seed),
        leaked=data.leaked(data.test),
        fingerprint=data.pictures.fingerprint,
    )


def samples(part: Dataset) -> list[SamplePicture]:
    """The first pictures of each class."""
    labels, keys = part.labels, part.keys
    present = np.unique(labels)[:SAMPLE_CLASSES]
    chosen = np.concatenate([np.flatnonzero(labels == label)[:SAMPLES] for label in present])
    return [SamplePicture(int(labels[i]), pixels, keys[i]) for i, pixels in zip(chosen, part.take(chosen), strict=True)]


def mistakes(part: Dataset, scores: np.ndarray) -> list[Misclassified]:
    """The wrong answers given with most confidence, the worst first."""
    labels, keys, predicted = part.labels, part.keys, scores.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    worst = wrong[np.argsort(-scores[wrong, predicted[wrong]], kind="stable")][:MISTAKES]
    return [
        Misclassified(keys[i], pixels, int(labels[i]), int(predicted[i]), float(scores[i, predicted[i]]))
        for i, pixels in zip(worst, part.take(worst), strict=True)
    ]
