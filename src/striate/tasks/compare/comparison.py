"""Comparison run: missing trainings are run, finished ones reused, costs measured, the page written."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from striate.core import atomic, model_file
from striate.data import Data, load_data
from striate.errors import MissingError, StriateError, UsageError, shown
from striate.report.compare import write_comparison
from striate.report.compare_result import Comparison
from striate.tasks.compare import results
from striate.tasks.compare.disagreements import disagreements, table_of
from striate.tasks.compare.plan import ComparisonPlan, TrainingPlan, cores, slug
from striate.tasks.compare.process_pool import run_alone, run_jobs
from striate.tasks.compare.results import TrainingRecord, data_identity
from striate.tasks.compare.statistics import comparison_of
from striate.tasks.compare.worker import MEASURED, REPEATS
from striate.tasks.methods.method import learnable
from striate.tasks.progress import Progress
from striate.tasks.run_folder import RUNS, RunFolder, run_name


class ComparisonFolder:
    """The folder of one comparison: a file for each training, one for the costs of each model, the models."""

    def __init__(self, plan: ComparisonPlan, folder: RunFolder, data: Data) -> None:
        self.plan, self.folder, self.data = plan, folder, data
        self.content = data_identity(data)
        self.core_groups = plan.core_groups()

    def path(self, subfolder: str, name: str) -> Path:
        """The path of a file in a subfolder."""
        return self.folder.path / subfolder / f"{name}.safetensors"

    def saves_model(self, training: TrainingPlan) -> bool:
        """Whether the recogniser of this training is saved, to be measured and used."""
        return training.half is None and training.seed == 0 and training.size == self.plan.largest

    def identity(self, training: TrainingPlan) -> dict[str, Any]:
        """All that the result of a training depends on; see `results.identity`."""
        return results.identity(self.plan, training, len(self.core_groups[0]), self.content)

    def read(self, training: TrainingPlan) -> tuple[TrainingRecord | None, str]:
        """The record of a finished training; see `results.read`."""
        if self.saves_model(training) and not self.path("models", slug(training.model)).exists():
            return None, ""
        pictures = len(self.data.test) if training.half is None else None
        return results.read(self.path("cells", training.name), training, self.identity(training), pictures,
                            len(self.data.classes))

    def job(self, training: TrainingPlan, do: str = "train") -> dict[str, Any]:
        """The job of a worker process, JSON values."""
        subfolder, name = ("cells", training.name) if do == "train" else ("costs", slug(training.model))
        saved = self.path("models", slug(training.model))
        return {"do": do, "asked": asdict(self.plan), "cell": asdict(training), "name": training.model,
                "data": self.content, "split": str(self.folder.split), "identity": self.identity(training),
                "out": str(self.path(subfolder, name)),
                "work": str(self.folder.path / "unfinished" / training.name),
                "model": str(saved) if do != "train" or self.saves_model(training) else None}


def run_comparison(plan: ComparisonPlan, folder: RunFolder, progress: Progress) -> Comparison:
    """Run the comparison of `plan` in `folder`; finished trainings that are there are reused.

    Writes `compare.html`, `compare.json`, `compare.md`, `predictions.csv`, `split.json`, the `models` at the largest
    size, and what is needed to go on. Nothing is written before everything that can be refused has been.
    """
    plan = plan.checked()
    folder.keep_out_of(plan.data)
    started = time.monotonic()
    packs = open_packs(plan, progress)
    data = packs[0]
    check_sizes(plan, data)
    announce(plan, data, progress)
    with folder.locked():
        work = ComparisonFolder(plan, folder, data)
        prepare_folder(work)
        with progress.interruptible() as stop:
            done = train_missing(work, progress, stop)
            costs = measure_costs(work, progress, stop)
        progress.message("all trainings are finished; computing statistics, writing the page")
        spent = sum(one.facts["training"] + one.facts["prediction"] for one in done.values())
        result = replace(comparison_of(plan, data, done, costs), seconds=time.monotonic() - started,
                         computed_seconds=spent, report=str(folder.path / "compare.html"))
        largest = max(packs, key=lambda one: (one.pictures.images.shape[3], one.pictures.images.shape[1]))
        write_comparison(folder.path, result, disagreements(plan, largest, done), table_of(plan, data, done))
        shutil.rmtree(folder.path / "unfinished", ignore_errors=True)
    return result


def open_packs(plan: ComparisonPlan, progress: Progress) -> list[Data]:
    """The data, once for each packing that the models require; all with the same pictures in each part."""
    packs: list[tuple[dict[str, Any], Data]] = []
    for model in plan.models:
        method, _ = plan.method(model)
        packing = method.pack_arguments
        data = next((one for other, one in packs if other == packing), None)
        if data is None:
            data = load_data(plan.data, **packing, split=Path(plan.split) if plan.split else None,
                             strict=plan.strict, on_progress=progress.on_progress)
            data.require_trainable()
            packs.append((packing, data))
        method.input_size(data)
    contents = {data_identity(data) for _, data in packs}
    if len(contents) > 1:
        raise UsageError("parts_differ", f"{shown(plan.data)} was to be learnt from by {len(plan.models)} models",
                         allowed="every recogniser must meet the same pictures",
                         given="some can be read at one size and not at another",
                         do="Run it with --strict to see which, and remove them")
    return [data for _, data in packs]


def check_sizes(plan: ComparisonPlan, data: Data) -> None:
    """Refuse sizes that no class has (`size_too_large`)."""
    counts = np.bincount(learnable(data).labels, minlength=len(data.classes))
    if plan.sizes and max(plan.sizes) > counts.max():
        raise UsageError("size_too_large", f"{max(plan.sizes):,} pictures per class were to be learnt from",
                         allowed=f"training and validation part have up to {counts.max():,} of a class",
                         given=f"--sizes {','.join(map(str, plan.sizes))} was given",
                         do=f"Use sizes up to {counts.max():,}")


def announce(plan: ComparisonPlan, data: Data, progress: Progress) -> None:
    """Report what is compared on which pictures."""
    progress.message(f"{data.name}: {len(data.classes)} classes, {len(data.test):,} test pictures; {len(plan.models)} "
                     f"recognisers, {len(plan.trainings())} trainings, {len(plan.core_groups())} at a time")
    if data.skipped:
        progress.message(f"skipped {len(data.skipped):,} pictures; the page counts them")
    for note in data.notes:
        progress.message(f"note: {note}")


def prepare_folder(work: ComparisonFolder) -> None:
    """Make the subfolders; refuse a folder that holds a comparison of other pictures (`other_comparison`)."""
    path = work.folder.split
    again = path.with_name(f"{atomic.PREFIX}again.tmp")
    work.data.split.save(again)
    try:
        if path.exists() and path.read_bytes() != again.read_bytes():
            raise UsageError("other_comparison", f"a comparison in {shown(work.folder.path)} was to be gone on with",
                             allowed="the same pictures and the same split are allowed",
                             given="it was begun with others", do="Choose another folder with --out")
        again.replace(path)
    finally:
        again.unlink(missing_ok=True)
    for subfolder in ("cells", "costs", "models"):
        (work.folder.path / subfolder).mkdir(exist_ok=True)


def train_missing(
    work: ComparisonFolder, progress: Progress, stop: Callable[[], bool]
) -> dict[TrainingPlan, TrainingRecord]:
    """The records of all trainings; those that are not finished are run first."""
    every, done, jobs = work.plan.trainings(), dict[TrainingPlan, TrainingRecord](), []
    for training in every:
        found, why = work.read(training)
        if why:
            progress.message(f"note: {why}")
        if found:
            done[training] = found
        else:
            jobs.append((training.title, training, work.job(training)))
    if done:
        progress.message(f"{len(done)} of {len(every)} trainings were finished before")
    labels = work.data.test.labels
    seconds: dict[tuple[str, int | None], float] = {}

    def expected_seconds(training: TrainingPlan) -> float:
        """The time of the same model and size, if it is known; trainings of unknown time come first."""
        return seconds.get((training.model, training.size), float("inf"))

    def finished(training: TrainingPlan) -> None:
        found, why = work.read(training)
        if found is None:
            raise StriateError("cell_lost", f"{training.title} was trained", given=why or "its file is not there",
                               do="See that nothing else writes into the folder, and give the same command again")
        done[training] = found
        seconds[training.model, training.size] = found.facts["training"]
        right = f"{(found.probabilities.argmax(1) == labels).mean():.1%} correct, " if training.half is None else ""
        progress.message(f"{len(done)}/{len(every)} {training.title}: {right}{found.facts['training']:.1f} s")
        progress.on_progress("trainings", len(done), len(every))

    if jobs:
        progress.on_progress("trainings", len(done), len(every))
        run_jobs(jobs, work.core_groups, stop, finished, expected_seconds)
    return {training: done[training] for training in every}


def measure_costs(work: ComparisonFolder, progress: Progress, stop: Callable[[], bool]) -> dict[str, dict[str, float]]:
    """Seconds per picture of each model, alone and 64 at once, and its memory; each measured on an idle machine."""
    one = {model: TrainingPlan(model, work.plan.largest, 0) for model in work.plan.models}
    who = {model: work.identity(training) | {"cores": len(cores())} for model, training in one.items()}

    def read(model: str) -> dict[str, float] | None:
        return read_cost(work.path("costs", slug(model)), who[model])

    jobs = [(f"{model}, timed", work.job(training, "measure") | {"identity": who[model]})
            for model, training in one.items() if read(model) is None]
    if jobs:
        progress.message("measuring prediction times")
        run_alone(jobs, cores(), stop)
    found: dict[str, dict[str, float]] = {}
    for model in work.plan.models:
        values = read(model)
        if values is None:
            raise StriateError("cell_lost", f"{shown(model)} was timed", given="its file is not there",
                               do="See that nothing else writes into the folder, and give the same command again")
        found[model] = values
    return found


def read_cost(path: Path, who: dict[str, Any]) -> dict[str, float] | None:
    """The costs that `striate.tasks.compare.worker.measure` has written, or None where they must be measured."""
    try:
        file = model_file.load(path)
    except (MissingError, StriateError):
        return None
    one, many = file.arrays.get("one"), file.arrays.get("many")
    memory, others = file.manifest.get("memory"), file.manifest.get("others")
    good = all(a is not None and a.dtype == np.float64 and a.ndim == 1 and 0 < len(a) <= REPEATS and (a > 0).all()
               for a in (one, many))
    found = (file.manifest.get("kind"), file.manifest.get("identity"))
    if not good or found != (MEASURED, who) or not isinstance(memory, int) or not isinstance(others, float):
        return None
    assert one is not None
    assert many is not None
    return {"latency": float(np.median(one)), "latency_low": float(np.quantile(one, 0.1)),
            "latency_high": float(np.quantile(one, 0.9)), "throughput": 64 / float(np.median(many)),
            "memory": float(memory), "others": others}


def compare_folder(out: str | Path | None, data: str) -> RunFolder:
    """The folder of a comparison: `out`, or `runs/DATA-compare`, whether it is there or not."""
    path = Path(out) if out is not None else RUNS / run_name(data, "compare")
    if os.path.lexists(path) and not path.is_dir():
        return RunFolder.fresh(path, data, "compare")  # which refuses
    return RunFolder(path)
