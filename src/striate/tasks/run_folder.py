"""The folder of one run: `model.safetensors`, `report.html`, `report.json`, `split.json`, `recipe.yaml`, `log.csv`."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from striate.core import atomic
from striate.errors import MissingError, RunError, UsageError, shown

RUNS = Path("runs")
COLUMNS = ("epoch", "loss", "validation_loss", "validation_accuracy", "learning_rate", "seconds",
           "pictures_per_second")


@dataclass(frozen=True)
class RunFolder:
    """Run folder: the paths of the files of one run."""

    path: Path

    @property
    def model(self) -> Path:
        """The model file."""
        return self.path / "model.safetensors"

    @property
    def recipe(self) -> Path:
        """The settings of the run, and the recipe as it was trained."""
        return self.path / "recipe.yaml"

    @property
    def split(self) -> Path:
        """The split into training, validation and test."""
        return self.path / "split.json"

    @property
    def checkpoints(self) -> Path:
        """The state of an unfinished run."""
        return self.path / "checkpoints"

    @property
    def finished(self) -> bool:
        """Whether the run is finished."""
        return (self.path / "report.json").exists()

    @property
    def taken(self) -> bool:
        """Whether it holds a run, finished or not."""
        return self.recipe.exists() or self.model.exists()

    def remove_log(self) -> None:
        """Remove `log.csv`, if it is there."""
        (self.path / "log.csv").unlink(missing_ok=True)

    def write_log(self, history: list[dict[str, float | int | None]]) -> None:
        """Write `log.csv`, a row per epoch."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)
        atomic.write_text(self.path / "log.csv", text.getvalue())

    def keep_out_of(self, data: str, what: str = "the run") -> None:
        """Refuse to write into the folder that holds the pictures (`out_in_data`)."""
        source = Path(data).resolve()
        if source.is_dir() and self.path.resolve().is_relative_to(source):
            raise UsageError("out_in_data", f"{shown(self.path)} was to hold {what}",
                             allowed="nothing is written into the folder of the pictures",
                             given=f"it lies inside {shown(source)}", do="Choose another folder with --out")

    @contextmanager
    def locked(self, *, resume: bool = False) -> Iterator[None]:
        """Hold the folder; a second process is refused (`run_locked`, or `run_exists` if it was quicker).

        A lock dies with the process that held it.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.path / ".lock", timeout=0)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as error:
            raise RunError("run_locked", f"{shown(self.path)} was to be written",
                           given="another process is training there",
                           do="Wait for it, or choose another folder with --out") from error
        except OSError as error:
            raise atomic.disk_error(self.path, error) from error
        try:
            self.check_finished() if resume else self.check_new()
            for leftover in self.path.glob(f"{atomic.PREFIX}*.tmp"):
                leftover.unlink(missing_ok=True)
            yield
        finally:
            lock.release()

    def check_new(self) -> None:
        """Refuse a folder that holds a run already (`run_exists`)."""
        if self.taken:
            raise UsageError("run_exists", f"{shown(self.path)} was to hold a new run", given="it already holds one",
                             do="Add --resume, or choose another folder with --out")

    def check_finished(self) -> None:
        """Refuse to go on with a run that came to its end (`run_finished`)."""
        if self.finished:
            shutil.rmtree(self.checkpoints, ignore_errors=True)
            raise UsageError("run_finished", f"{shown(self.path)} was to be resumed", given="it is finished",
                             do="Open its report.html, or start a new run without --resume")

    @classmethod
    def fresh(cls, out: str | Path | None, data: str, model: str) -> RunFolder:
        """A folder for a new run: `out`, or the next free `runs/DATA-MODEL`."""
        if out is not None:
            folder = cls(Path(out))
            if folder.path.exists() and not folder.path.is_dir():
                raise UsageError("out_not_a_folder", f"{shown(out)} was to hold the run", given="it is a file",
                                 do="Choose another folder with --out")
            folder.check_new()
            return folder
        name = run_name(data, model)
        for number in count(1):
            folder = cls(RUNS / (name if number == 1 else f"{name}-{number}"))
            if not folder.taken:
                return folder
        raise AssertionError("count() does not end")

    @classmethod
    def unfinished(cls, out: str | Path | None, data: str, model: str) -> RunFolder:
        """The folder to resume: `out`, or the newest `runs/DATA-MODEL…`; refuses when there is none (`no_run`)."""
        if out is not None:
            found = [cls(Path(out))]
        else:
            pattern = re.compile(re.escape(run_name(data, model)) + r"(-\d+)?")
            paths = [path for path in RUNS.glob("*") if pattern.fullmatch(path.name)]
            found = [cls(path) for path in sorted(paths, key=lambda path: (len(path.name), path.name))]
        found = [folder for folder in found if folder.recipe.exists()]
        if not found:
            raise MissingError("no_run", "a run was to be resumed",
                               given=f"there is none in {shown(out or RUNS)} of {shown(run_name(data, model))}",
                               do="Start it without --resume")
        found[-1].check_finished()
        return found[-1]


def run_name(data: str, model: str) -> str:
    """A folder name for a run.

    >>> run_name("/home/ada/my pictures/", "nets/small.yaml")
    'my-pictures-small'
    """
    stem = re.sub(r"\.(ya?ml|json|prototxt)$", "", Path(model).name)
    plain = (re.sub(r"[^\w.]+", "-", Path(part).name).strip("-.") for part in (data, stem))
    return "-".join(part or "data" for part in plain)
