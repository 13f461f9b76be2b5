"""From a list of recognisers to one page: what is missing is trained, what is there is reused."""

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
    """The folder of one comparison, and what lies in it for each cell."""

    def __init__(self, asked: ComparisonPlan, folder: RunFolder, data: Data) -> None:
        self.asked, self.folder, self.data = asked, folder, data
        self.content = data_identity(data)
        self.slots = asked.slots()

    def path(self, room: str, name: str) -> Path:
        """Where a file of a room lies."""
        return self.folder.path / room / f"{name}.safetensors"

    def keeps(self, cell: TrainingPlan) -> bool:
        """Whether the recogniser of this cell is kept, to be measured and used."""
        return cell.half is None and cell.seed == 0 and cell.size == self.asked.largest

    def identity(self, cell: TrainingPlan) -> dict[str, Any]:
        """See `cells.identity`."""
        return results.identity(self.asked, cell, len(self.slots[0]), self.content)

    def read(self, cell: TrainingPlan) -> tuple[TrainingRecord | None, str]:
        """The cell if it is finished; see `cells.read`."""
        if self.keeps(cell) and not self.path("models", slug(cell.model)).exists():
            return None, ""
        pictures = len(self.data.test) if cell.half is None else None
        return results.read(self.path("cells", cell.name), cell, self.identity(cell), pictures, len(self.data.classes))

    def job(self, cell: TrainingPlan, do: str = "train") -> dict[str, Any]:
        """What a child is told."""
        room, name = ("cells", cell.name) if do == "train" else ("costs", slug(cell.model))
        kept = self.path("models", slug(cell.model))
        return {"do": do, "asked": asdict(self.asked), "cell": asdict(cell), "name": cell.model, "data": self.content,
                "split": str(self.folder.split), "identity": self.identity(cell), "out": str(self.path(room, name)),
                "work": str(self.folder.path / "unfinished" / cell.name),
                "model": str(kept) if do != "train" or self.keeps(cell) else None}


def run_comparison(asked: ComparisonPlan, folder: RunFolder, progress: Progress) -> Comparison:
    """Compare in `folder` what was `asked`; finished trainings that lie there are reused.

    Writes `compare.html`, `compare.json`, `compare.md`, `predictions.csv`, `split.json`, the `models` at the largest
    size, and what is needed to go on. Nothing is written before everything that can be
    refused has been.
    """
    asked.checked()
    folder.keep_out_of(asked.data)
    started = time.monotonic()
    packs = opened(asked, progress)
    data = packs[0]
    check_sizes(asked, data)
    tell(asked, data, progress)
    with folder.locked():
        work = ComparisonFolder(asked, folder, data)
        begin(work)
        with progress.interruptible() as stop:
            done = trained(work, progress, stop)
            costs = measured(work, progress, stop)
        progress.message("every training is finished; what they say is computed and written")
        spent = sum(one.facts["training"] + one.facts["prediction"] for one in done.values())
        result = replace(comparison_of(asked, data, done, costs), seconds=time.monotonic() - started,
                         computed_seconds=spent, report=str(folder.path / "compare.html"))
        largest = max(packs, key=lambda one: (one.pictures.images.shape[3], one.pictures.images.shape[1]))
        write_comparison(folder.path, result, disagreements(asked, largest, done), table_of(asked, data, done))
        shutil.rmtree(folder.path / "unfinished", ignore_errors=True)
    return result


def opened(asked: ComparisonPlan, progress: Progress) -> list[Data]:
    """The data, once for each way in which the models want them packed; all with the same pictures in each part."""
    packs: list[tuple[dict[str, Any], Data]] = []
    for model in asked.models:
        method, _ = asked.method(model)
        packing = method.pack_arguments
        data = next((one for how, one in packs if how == packing), None)
        if data is None:
            data = load_data(asked.data, **packing, split=Path(asked.split) if asked.split else None,
                             strict=asked.strict, on_progress=progress.on_progress)
            data.require_trainable()
            packs.append((packing, data))
        method.input_size(data)
    contents = {data_identity(data) for _, data in packs}
    if len(contents) > 1:
        raise UsageError("parts_differ", f"{shown(asked.data)} was to be learnt from by {len(asked.models)} models",
                         allowed="every recogniser must meet the same pictures",
                         given="some can be read at one size and not at another",
                         do="Run it with --strict to see which, and remove them")
    return [data for _, data in packs]


def check_sizes(asked: ComparisonPlan, data: Data) -> None:
    """Refuse sizes that no class has (`size_too_large`)."""
    counts = np.bincount(learnable(data).labels, minlength=len(data.classes))
    if asked.sizes and max(asked.sizes) > counts.max():
        raise UsageError("size_too_large", f"{max(asked.sizes):,} pictures per class were to be learnt from",
                         allowed=f"training and validation part have up to {counts.max():,} of a class",
                         given=f"--sizes {','.join(map(str, asked.sizes))} was given",
                         do=f"Use sizes up to {counts.max():,}")


def tell(asked: ComparisonPlan, data: Data, progress: Progress) -> None:
    """Say what is compared on what."""
    many = len(asked.cells())
    progress.message(f"{data.name}: {len(data.classes)} classes, {len(data.test):,} pictures to test on; "
              f"{len(asked.models)} recognisers, {many} trainings, {len(asked.slots())} at a time")
    if data.skipped:
        progress.message(f"skipped {len(data.skipped):,} pictures; the page counts them")
    for note in data.notes:
        progress.message(f"note: {note}")


def begin(work: ComparisonFolder) -> None:
    """Make the rooms of the folder; refuse one that holds a comparison of other pictures (`other_comparison`)."""
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
    for room in ("cells", "costs", "models"):
        (work.folder.path / room).mkdir(exist_ok=True)


def trained(work: ComparisonFolder, progress: Progress, stop: Callable[[], bool]) -> dict[TrainingPlan, TrainingRecord]:
    """All cells, those that are not finished trained first."""
    every, done, jobs = work.asked.cells(), dict[TrainingPlan, TrainingRecord](), []
    for cell in every:
        found, why = work.read(cell)
        if why:
            progress.message(f"note: {why}")
        if found:
            done[cell] = found
        else:
            jobs.append((cell.told, cell, work.job(cell)))
    if done:
        progress.message(f"{len(done)} of {len(every)} trainings were finished before")
    labels = work.data.test.labels
    seconds: dict[tuple[str, int | None], float] = {}

    def urgent(cell: TrainingPlan) -> float:
        """How long it will take as far as is known: those of which nothing is known come first."""
        return seconds.get((cell.model, cell.size), float("inf"))

    def finished(cell: TrainingPlan) -> None:
        found, why = work.read(cell)
        if found is None:
            raise StriateError("cell_lost", f"{cell.told} was trained", given=why or "its file is not there",
                               do="See that nothing else writes into the folder, and give the same command again")
        done[cell] = found
        seconds[cell.model, cell.size] = found.facts["training"]
        right = f"{(found.probabilities.argmax(1) == labels).mean():.1%} right, " if cell.half is None else ""
        progress.message(f"{len(done)}/{len(every)} {cell.told}: {right}{found.facts['training']:.1f} s")
        progress.on_progress("trainings", len(done), len(every))

    if jobs:
        progress.on_progress("trainings", len(done), len(every))
        run_jobs(jobs, work.slots, stop, finished, urgent)
    return {cell: done[cell] for cell in every}


def measured(work: ComparisonFolder, progress: Progress, stop: Callable[[], bool]) -> dict[str, dict[str, float]]:
    """Seconds a picture of each model, alone and 64 at once, and its memory; each measured with nothing beside it."""
    one = {model: TrainingPlan(model, work.asked.largest, 0) for model in work.asked.models}
    who = {model: work.identity(cell) | {"cores": len(cores())} for model, cell in one.items()}

    def read(model: str) -> dict[str, float] | None:
        return read_cost(work.path("costs", slug(model)), who[model])

    jobs = [(f"{model}, timed", work.job(cell, "measure") | {"identity": who[model]})
            for model, cell in one.items() if read(model) is None]
    if jobs:
        progress.message("how long each takes to answer is measured")
        run_alone(jobs, cores(), stop)
    found: dict[str, dict[str, float]] = {}
    for model in work.asked.models:
        values = read(model)
        if values is None:
            raise StriateError("cell_lost", f"{shown(model)} was timed", given="its file is not there",
                               do="See that nothing else writes into the folder, and give the same command again")
        found[model] = values
    return found


def read_cost(path: Path, who: dict[str, Any]) -> dict[str, float] | None:
    """What `striate.tasks.compare.worker.measure` has written, or None where it is to be measured anew."""
    try:
        file = model_file.load(path)
    except (MissingError, StriateError):
        return None
    one, many = file.arrays.get("one"), file.arrays.get("many")
    memory, others = file.manifest.get("memory"), file.manifest.get("others")
    good = all(a is not None and a.dtype == np.float64 and a.ndim == 1 and 0 < len(a) <= REPEATS and (a > 0).all()
               for a in (one, many))
    told = (file.manifest.get("kind"), file.manifest.get("identity"))
    if not good or told != (MEASURED, who) or not isinstance(memory, int) or not isinstance(others, float):
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
