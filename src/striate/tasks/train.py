"""From pictures to a trained, measured and reported recogniser: the main job, in one straight line."""

from __future__ import annotations

import shlex
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from striate._version import __version__
from striate.convnet.training.checkpoint import Checkpoints
from striate.data import Data, Dataset, load_data
from striate.data.sources.file_list import digest_of_list
from striate.errors import RunError, shown
from striate.model.recogniser import Recogniser
from striate.quality import quick_findings
from striate.report.embedded_images import Misclassified, SamplePicture
from striate.report.train import write_report
from striate.stats import metrics
from striate.tasks.methods import TrainingMethod, method_for
from striate.tasks.progress import Progress
from striate.tasks.rank_zero import broadcast_file, remove_restart_note, write_restart_note
from striate.tasks.run_folder import RunFolder
from striate.tasks.settings import Settings

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


def train_model(settings: Settings, folder: RunFolder, progress: Progress, *, resume: bool = False) -> dict[str, Any]:
    """Train in `folder` what `settings` say; with `resume`, go on from its split and its checkpoints.

    Nothing is written before everything that can be refused has been. Returns the facts of the report, JSON values;
    see `striate.report.train`.
    """
    method = method_for(settings)
    settings = method.settings
    folder.keep_out_of(settings.data)
    clock = StageTimes()
    with clock.measure("pictures"):
        with broadcast_file(progress.group, folder.split if resume else None) as begun:
            data = progress.group.local_rank_zero_first(lambda: open_data(settings, method, begun, progress))
        data.require_trainable()
    size = method.input_size(data)
    if not progress.group.is_rank_zero:
        if method.DISTRIBUTED:
            with progress.interruptible() as stop:
                method.train(data, folder, progress, stop)
        return {}
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
        facts: dict[str, Any] = {
            "striate": __version__,
            "title": f"{settings.model} on {data.name}",
            "command": settings.command,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "model": str(folder.model),
            "report": str(folder.path / "report.html"),
            "seconds": timings["total"],
            "timings": timings,
            "data": {"source": settings.data, **data_facts(data, model)},
            "validation": validation.as_dict(),
            "cross_validated": model.LEARNS_FROM_VALIDATION,
            "test": test.as_dict(),
            "notes": list(model.notes_),
            **method.report_fields(model),
        }
        write_report(folder.path, facts, samples(data.train), mistakes(data.test, scores))
        remove_restart_note(folder)
        Checkpoints(folder.checkpoints).remove()
    return facts


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


def data_facts(data: Data, model: Recogniser) -> dict[str, Any]:
    """The data part of the report."""
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    return {
        "name": data.name,
        "classes": list(data.classes),
        "counts": {n: np.bincount(p.labels, minlength=len(data.classes)).tolist() for n, p in parts.items()},
        "size": [*model.preparation_.size, model.preparation_.channels],
        "fit": model.preparation_.resize,
        "skipped": [asdict(one) for one in data.skipped],
        "notes": list(data.notes),
        "split": {"kind": data.split.kind, "seed": data.split.seed},
        "leaked": data.leaked(data.test),
        "fingerprint": data.pictures.fingerprint,
    }


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
