"""The program as its users start it: arguments, two streams and an exit code."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from striate.cli.main import run


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Program = Callable[..., Done]


@pytest.fixture
def striate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Program:
    """Run `striate ARGUMENTS` in an empty folder, in this process: what it imports is imported once."""
    monkeypatch.chdir(tmp_path)

    def program(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["striate", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            run()
        captured = capfd.readouterr()
        return Done(int(end.value.code or 0), captured.out, captured.err)

    return program


@pytest.fixture
def process(tmp_path: Path, own_cache: None) -> Program:
    """The same in a process of its own."""

    def program(*arguments: str | Path) -> Done:
        command = [sys.executable, "-W", "error", "-m", "striate", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, stdin=subprocess.DEVNULL)
        return Done(done.returncode, done.stdout, done.stderr)

    return program


def answer(done: Done) -> Any:
    """The one JSON value on stdout."""
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of real pictures: 3 classes × 24 scanned digits as PNG, and one file that is no picture."""
    root = tmp_path_factory.mktemp("pictures")
    scans = load_digits()
    for name in (0, 1, 7):
        (root / f"digit {name}").mkdir()
        for i in np.flatnonzero(scans.target == name)[:24]:
            pixels = (scans.images[i] * 255 / 16).astype(np.uint8).repeat(4, 0).repeat(4, 1)
            Image.fromarray(pixels).save(root / f"digit {name}" / f"{i}.png")
    (root / "digit 7" / "broken.png").write_bytes(b"")
    return root
