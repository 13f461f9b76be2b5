"""Killed with SIGKILL at random moments, a run resumes to the bytes of one that was left alone (F1)."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TRAIN = ("train", "digits", "--epochs", "12", "--seed", "4", "--json", "--checkpoint-seconds", "0.3")


def start(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "striate", *TRAIN, "--out", "run", *more], cwd=folder,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> int:
    error = process.communicate(timeout=200)[1]
    assert process.returncode in (0, -signal.SIGKILL), error.decode()
    return process.returncode


def resume_until_done(folder: Path, draw: random.Random, kills: int, seconds: float) -> int:
    """Start, kill after a random time, start again, …; how often it was killed."""
    done = 0
    while True:
        begun = (folder / "run" / "recipe.yaml").exists()
        process = start(folder, *(["--resume"] if begun else []))
        if done < kills:
            time.sleep(draw.uniform(0.3, 1) * seconds)
            process.kill()
        if finish(process) == 0:
            return done
        done += 1


@pytest.mark.slow
def test_f01_sample_killed_at_five_moments(tmp_path: Path) -> None:
    folders = [tmp_path / "whole", tmp_path / "killed"]
    for folder in folders:
        folder.mkdir()
    started = time.monotonic()
    assert finish(start(folders[0])) == 0
    seconds = time.monotonic() - started
    kills = resume_until_done(folders[1], random.Random(0), 5, seconds * 0.8)
    assert kills >= 3  # a run may end before its time is up; most do not
    first, second = ((folder / "run" / "model.safetensors").read_bytes() for folder in folders)
    assert first == second
    assert not (folders[1] / "run" / "checkpoints").exists()
    assert not list((folders[1] / "run").glob(".striate-*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_f11_sample_asked_to_stop_it_saves_and_says_how_to_go_on(tmp_path: Path, number: int) -> None:
    process = start(tmp_path, "--epochs", "100000")
    deadline = time.monotonic() + 100
    while not list((tmp_path / "run").glob("checkpoints/step-*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.5)
    process.send_signal(number)
    error = process.communicate(timeout=30)[1].decode()
    assert process.returncode == 75, error
    assert "Go on with: striate train digits --out run --resume" in error
    assert list((tmp_path / "run" / "checkpoints").glob("step-*.safetensors"))
