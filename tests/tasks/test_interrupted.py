"""Killed with SIGKILL at random moments, a run resumes to the bytes of one that was left alone (F1)."""

import signal
import time
from pathlib import Path
from random import Random

import pytest

from tests.forked import Forked

TRAIN = ("train", "digits", "--model", "compact", "--epochs", "30", "--seed", "4", "--json",
         "--checkpoint-seconds", "0.3")


def start(folder: Path, *more: str) -> Forked:
    return Forked("striate", [*TRAIN, "--out", "run", *more], cwd=folder)


def finish(process: Forked) -> int:
    error = process.communicate(timeout=200)[1]
    code = process.returncode
    assert code in (0, -signal.SIGKILL), error
    return code


def newest(folder: Path) -> str:
    return max((path.name for path in (folder / "run" / "checkpoints").glob("step-*")), default="")


def kill_after_progress(process: Forked, folder: Path, seconds: float) -> None:
    """Wait until this process has saved something, and a random while longer."""
    before, deadline = newest(folder), time.monotonic() + 100
    while newest(folder) == before and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(seconds)
    process.kill()


@pytest.mark.slow
def test_f01_sample_killed_at_five_moments(tmp_path: Path) -> None:
    whole, killed, random = tmp_path / "whole", tmp_path / "killed", Random(0)
    whole.mkdir()
    killed.mkdir()
    assert finish(start(whole)) == 0
    for _ in range(5):
        process = start(killed, *(["--resume"] if (killed / "run" / "recipe.yaml").exists() else []))
        kill_after_progress(process, killed, random.uniform(0, 1.5))
        assert finish(process) == -signal.SIGKILL
    assert finish(start(killed, "--resume")) == 0
    first, second = ((folder / "run" / "model.safetensors").read_bytes() for folder in (whole, killed))
    assert first == second
    assert not (killed / "run" / "checkpoints").exists()
    assert not list((killed / "run").glob(".striate-*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_f11_sample_asked_to_stop_it_saves_and_says_how_to_go_on(tmp_path: Path, number: int) -> None:
    process = start(tmp_path, "--epochs", "100000")
    deadline = time.monotonic() + 100
    while not list((tmp_path / "run").glob("checkpoints/step-*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.5)
    process.send_signal(number)
    error = process.communicate(timeout=30)[1]
    assert process.returncode == 75, error
    assert "Go on with: striate train digits --out run --resume" in error
    assert list((tmp_path / "run" / "checkpoints").glob("step-*.safetensors"))
