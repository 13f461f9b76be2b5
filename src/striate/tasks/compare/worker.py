"""Worker process of a comparison: one training, or one measurement of cost, with fresh threads and memory.

The parent writes one line of JSON and keeps the pipe open; when it closes, the parent is gone or wants an end, and the
training saves its state and stops. A measurement reports that it is ready and waits for a second line, until it is
alone. The result is a file; a refusal is one line of JSON on the standard output.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from striate.arch.survey import Survey
from striate.core import model_file
from striate.core.cache import cache_folder
from striate.data import Data, Dataset, load_data
from striate.errors import DataError, StriateError, shown
from striate.load_model import load
from striate.model.recogniser import Recogniser
from striate.tasks.compare.plan import ComparisonPlan, TrainingPlan
from striate.tasks.compare.results import TrainingRecord, data_identity, write
from striate.tasks.compare.subsets import halves, subset
from striate.tasks.methods import TrainingMethod
from striate.tasks.methods.method import learnable
from striate.tasks.progress import Progress
from striate.tasks.run_folder import RunFolder

MEASURED = "comparison cost"
REPEATS, ENOUGH = 200, 1.0  # of a measurement of speed: at most so many, in about so many seconds
BATCH = 64


def main() -> None:
    """Do the job that comes on the standard input."""
    job = json.loads(sys.stdin.readline())
    stop, alone = threading.Event(), threading.Event()
    threading.Thread(target=watch_parent, args=(stop, alone), daemon=True).start()

    def wait() -> None:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        alone.wait()

    try:
        if job["do"] == "train":
            train(job, stop.is_set)
        else:
            measure(job, stop.is_set, wait)
    except StriateError as error:
        error_fields = {"code": error.code, "asked": error.asked, "allowed": error.allowed, "given": error.given,
                "do": error.do, "exit_code": error.exit_code}
        sys.stdout.write(json.dumps(error_fields) + "\n")
        sys.stdout.flush()
        os._exit(error.exit_code)
    sys.stdout.flush()
    os._exit(0)  # all is written, and the interpreter's shutdown would cost a tenth of a second


def watch_parent(stop: threading.Event, alone: threading.Event) -> None:
    """Set `alone` when the parent says so, and both when it closes the pipe."""
    for _ in sys.stdin:
        alone.set()
    stop.set()
    alone.set()


def train(job: dict[str, Any], stop: Callable[[], bool]) -> None:
    """Run the training of `job` and write its file."""
    plan, training = plan_from(job["asked"]), TrainingPlan(**job["cell"])
    work = RunFolder(Path(job["work"]))
    work.path.mkdir(parents=True, exist_ok=True)
    method, timed = plan.method(training.model, training.seed)
    data = open_unchanged(plan, method, Path(job["split"]), job["data"])
    method.input_size(data)
    split = (subset(data.split, data.pictures, training.size, training.seed) if training.half is None
             else halves(data.split, data.pictures, training.seed, training.half))
    data = replace(data, split=split)
    use_cache_without_stages(work.path / "cache")
    started = time.monotonic()
    model = method.train(data, work, Progress(), stop)
    # What was trained before a stop counts; a network matches how long that was.
    training = max(time.monotonic() - started, model.seconds_)
    started = time.monotonic()
    probabilities = model.predict_proba(data.test).astype(np.float32)
    prediction = time.monotonic() - started
    labels, held = held_out(model, data)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    size = None
    if job["model"]:
        size = model.save(Path(job["model"])).stat().st_size
    network: Survey | None = method.report_fields(model).get("network")
    write(Path(job["out"]), TrainingRecord(training, probabilities, held, labels, {
        "training": training, "features": features(model), "prediction": prediction, "memory": memory, "bytes": size,
        "parameters": network.total("parameters") if network else sum(int(a.size) for a in model.to_file()[1].values()),
        "macs": network.total("macs") if network else None, "how": model.describe_training(),
        "hand_crafted": method.HAND_CRAFTED, "learnt": len(data.train), "chosen": len(data.validation),
        "timed": timed}), job["identity"])
    shutil.rmtree(work.path, ignore_errors=True)


def measure(job: dict[str, Any], stop: Callable[[], bool], wait: Callable[[], None]) -> None:
    """Time the model of `job` on test pictures: one by one, and 64 at once; `wait` returns when nothing else runs."""
    plan = plan_from(job["asked"])
    model = load(job["model"])
    method, _ = plan.method(job["name"])
    data = open_unchanged(plan, method, Path(job["split"]), job["data"])
    some = model.preparation_.apply(Dataset(data.pictures, data.split.test[:BATCH])).take(
        np.arange(min(BATCH, len(data.test))))
    batch = np.concatenate([some] * (-(-BATCH // len(some))))[:BATCH]
    wait()
    others = load_of_others()
    one = timed(lambda i: model.predict_proba(batch[i % BATCH : i % BATCH + 1]), stop)
    many = timed(lambda _: model.predict_proba(batch), stop)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    model_file.save(job["out"], MEASURED, {"identity": job["identity"], "memory": memory, "others": others},
                   {"one": one, "many": many})


def load_of_others(seconds: float = 0.3) -> float:
    """The share of this machine, 0..1, that other processes use while this one waits."""
    return psutil.cpu_percent(seconds) / 100


def timed(work: Callable[[int], object], stop: Callable[[], bool]) -> NDArray[np.float64]:
    """Seconds of each call of `work`, after three that do not count; five calls or more."""
    seconds: list[float] = []
    for i in range(3):
        work(i)
    began = time.perf_counter()
    while len(seconds) < 5 or (len(seconds) < REPEATS and time.perf_counter() - began < ENOUGH and not stop()):
        started = time.perf_counter()
        work(len(seconds))
        seconds.append(time.perf_counter() - started)
    return np.array(seconds)


def plan_from(values: dict[str, Any]) -> ComparisonPlan:
    """The plan of the parent process."""
    return ComparisonPlan(**values | {"models": tuple(values["models"]), "sizes": tuple(values["sizes"])})


def open_unchanged(plan: ComparisonPlan, method: TrainingMethod[Any], split: Path | None, expected: str) -> Data:
    """The data packed for `method`; refuses them if they are not the `expected` ones (`data_changed`)."""
    data = load_data(plan.data, **method.pack_arguments, split=split, strict=plan.strict)
    if data_identity(data) != expected:
        raise DataError("data_changed", f"{shown(plan.data)} was to be learnt from",
                        allowed="every recogniser must meet the same pictures",
                        given="they changed since the comparison was begun, or are read differently at another size",
                        do="Start again in another folder with --out")
    return data


def held_out(model: Recogniser, data: Data) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Labels and probabilities of held-out pictures; there may be none."""
    if model.held_out_ is not None:
        indices, scores = model.held_out_
        return learnable(data).labels[indices], np.asarray(scores, np.float32)
    if len(data.validation):
        return data.validation.labels, model.predict_proba(data.validation).astype(np.float32)
    return np.empty(0, np.int64), np.empty((0, len(data.classes)), np.float32)


def features(model: Recogniser) -> float | None:
    """Seconds of the training that were spent on features, where that is a stage of its own."""
    seconds = [float(row["seconds"]) for row in model.stages_ if row["stage"] != "classifier"]
    return sum(seconds) if model.stages_ else None


def use_cache_without_stages(own: Path) -> None:
    """Use a cache without computed stages, else as the shared one: a cached stage would have no cost to measure."""
    shared = cache_folder().resolve()
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True)
    for folder in shared.iterdir() if shared.is_dir() else ():
        if folder.name not in ("stages", "features"):
            (own / folder.name).symlink_to(folder)
    os.environ["STRIATE_CACHE"] = str(own)
