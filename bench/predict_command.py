"""Claims, of `striate predict` with a transfer from EfficientNet-Lite0, as a whole process:

    one picture takes at most 1.8 times a bare `import torch`;
    1,000 JPEGs of Scene-15 at most that and 2.5 s;
    reading overlaps computing: at least 0.9 of the slower of the two rates;
    beside one busy neighbour at least 0.45 of the rate;
    memory over 100,000 names on standard input is flat within 50 MB.

    python bench/predict_command.py speed /work/pictures/scene15
    python bench/predict_command.py overlap /work/pictures/scene15
    python bench/predict_command.py neighbour /work/pictures/scene15
    python bench/predict_command.py memory

A model is fitted first, on ten pictures a class of the training part. Everything is run in turns; rates are those of
1,000 pictures less one, of which the start is the same. `memory` needs no pictures: a small network, 28×28 JPEGs.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from record import repeat, summary, write
from striate import ConvNet, Transfer, load
from striate.core.executor import map_ordered, worker_count
from striate.data import read_picture
from striate.tasks.predict import predict_stream

COUNT, ROUNDS, BESIDE = 1_000, 5, 3
NAMES, WARM = 100_000, 10_000
PREDICT = [sys.executable, "-m", "striate", "predict"]
Seconds = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "overlap", "neighbour", "memory"))
    parser.add_argument("folder", type=Path, nargs="?", help="a folder with train and test, of class folders")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        if given.what == "memory":
            memory(Path(room))
        else:
            {"speed": speed, "overlap": overlap, "neighbour": neighbour}[given.what](
                *fitted(given.folder, Path(room)))


def fitted(folder: Path, room: Path) -> tuple[Path, list[str]]:
    """A transfer model of ten pictures a class, and the names of 1,000 others."""
    classes = sorted((folder / "train").iterdir())
    files = [(path, one.name) for one in classes for path in sorted(one.glob("*.jpg"))[:10]]
    train = np.stack([read_picture(path, (224, 224), "squash", 3) for path, _ in files])
    model = Transfer(seed=0).fit(train, [name for _, name in files]).save(room / "model.safetensors")
    names = [str(path) for path in itertools.islice(sorted((folder / "test").rglob("*.jpg")), 0, None, 2)][:COUNT]
    assert len(names) == COUNT
    return model, names


def speed(model: Path, names: list[str]) -> None:
    """Time the command from its start to its end."""
    commands = {"import torch": [sys.executable, "-c", "import torch"], "one picture": one_picture(model, names),
                "1,000 pictures": many_pictures(model)}
    seconds: Seconds = {name: [] for name in commands}
    for turn in range(ROUNDS + 1):
        for name, command in commands.items():
            took = timed(command, names)
            if turn:
                seconds[name].append(took)
    median = {name: statistics.median(times) for name, times in seconds.items()}
    write("predict-command", "one picture in at most 1.8 times import torch; 1,000 in that and 2.5 s", {
        "seconds": {name: summary(times) for name, times in seconds.items()},
        "start, in times of import torch": median["one picture"] / median["import torch"],
        "1,000 pictures, seconds more than 1.8 x import torch": median["1,000 pictures"] - 1.8 * median["import torch"],
        "pictures/s, the start left out": rate_of(seconds["1,000 pictures"], seconds["one picture"])})


def neighbour(model: Path, names: list[str]) -> None:
    """Time the command alone and beside a process that never rests."""
    seconds: Seconds = {name: [] for name in ("one", "1,000", "one, beside", "1,000, beside")}
    timed(one_picture(model, names))
    for _ in range(BESIDE):
        for beside in ("", ", beside"):
            busy = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if beside else None
            seconds[f"one{beside}"].append(timed(one_picture(model, names)))
            seconds[f"1,000{beside}"].append(timed(many_pictures(model), names))
            if busy:
                busy.kill()
                busy.wait()
    (quiet, slower), (best, slower_best) = (
        [rate_of(seconds[f"1,000{beside}"], seconds[f"one{beside}"], of) for beside in ("", ", beside")]
        for of in (statistics.median, min))
    write("predict-neighbour", "beside one busy neighbour at least 0.45 of the rate", {
        "seconds": {name: summary(times) for name, times in seconds.items()},
        "pictures/s": {"alone": quiet, "beside a busy neighbour": slower}, "of the rate alone": slower / quiet,
        "best runs, pictures/s": {"alone": best, "beside a busy neighbour": slower_best},
        "best runs, of the rate alone": slower_best / best})


def one_picture(model: Path, names: list[str]) -> list[str]:
    return [*PREDICT, str(model), names[0]]


def many_pictures(model: Path) -> list[str]:
    return [*PREDICT, str(model), "-", "--out", str(model.with_name("answers.csv")), "--force"]


def rate_of(many: list[float], one: list[float], of: Callable[[list[float]], float] = statistics.median) -> float:
    """Pictures a second, without the start."""
    return (COUNT - 1) / (of(many) - of(one))


def overlap(path: Path, names: list[str]) -> None:
    """Pictures a second: read by one thread a core, computed from memory, and both at once, in turns."""
    model = load(path)
    pixels = np.stack(list(map_ordered(model.read_picture, names, worker_count(None), chunk=8)))
    ways: dict[str, Callable[[], object]] = {
        "reading alone": lambda: sum(1 for _ in map_ordered(model.read_picture, names, worker_count(None), chunk=8)),
        "computing alone": lambda: model.predict_proba(pixels),
        "both": lambda: sum(1 for _ in predict_stream(model, names))}
    rates: Seconds = {name: [] for name in ways}
    for turn in range(ROUNDS + 1):
        for name, work in ways.items():
            (seconds,) = repeat(work, 1, warm_up=0)
            if turn:
                rates[name].append(len(names) / seconds)
    read, computed, both = (statistics.median(rates[name]) for name in ways)
    write("predict-overlap", "reading overlaps computing: at least 0.9 of the slower of the two rates", {
        "pictures/s": {name: summary(found) for name, found in rates.items()},
        "both, of the slower": both / min(read, computed),
        "both, of what the same cores allow": both * (1 / read + 1 / computed)})


def timed(command: list[str], names: list[str] | None = None) -> float:
    """Seconds of a process, with `names` on its standard input."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, text=True, input="\n".join(names or []))
    return time.perf_counter() - started


def memory(room: Path) -> None:
    """Follow the memory of the command over 100,000 names."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (COUNT, 28, 28), np.uint8)
    model = ConvNet("lenet5", epochs=1, seed=0).fit(pictures, np.arange(COUNT) % 10).save(room / "model.safetensors")
    names = [str(room / f"{i:04}.jpg") for i in range(COUNT)]
    for name, picture in zip(names, pictures, strict=True):
        Image.fromarray(picture).save(name)
    started = time.perf_counter()
    program = subprocess.Popen([*PREDICT, str(model), "-", "--jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert program.stdin is not None
    assert program.stdout is not None
    listed = "\n".join(names * (NAMES // COUNT)).encode()
    writer = threading.Thread(target=lambda: (program.stdin.write(listed), program.stdin.close()))  # type: ignore[union-attr]
    writer.start()
    process, megabytes = psutil.Process(program.pid), {}
    for row, _ in enumerate(program.stdout, 1):
        if row % WARM == 0 and row < NAMES:
            megabytes[row] = process.memory_info().rss / 1e6
    program.wait()
    write("predict-memory", "memory over 100,000 names on standard input is flat within 50 MB", {
        "resident MB by row": megabytes, "growth, MB": max(megabytes.values()) - megabytes[WARM],
        "seconds": time.perf_counter() - started, "pictures": NAMES, "exit code": program.returncode})


if __name__ == "__main__":
    main()
