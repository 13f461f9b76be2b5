"""What training shows where no terminal is: plain lines, few of them, and none when asked to be quiet."""

import sys

import pytest

from striate.cli.plain_progress import PlainProgress
from striate.cli.screen import Screen
from striate.convnet.training.training_context import StepRecord
from tests.cli.conftest import Program

ROW: dict[str, float | int | None] = {"validation_accuracy": 0.9714}


def lines_of(seconds: float, steps: int, epochs: int) -> list[str]:
    """What is said of a run whose steps take `seconds` each."""
    said: list[str] = []
    clock = [0.0]
    lines = PlainProgress(said.append, lambda: clock[0])
    for step in range(1, steps + 1):
        clock[0] += seconds
        epoch = -(-step * epochs // steps)
        ended = step * epochs % steps == 0
        lines.step(StepRecord(step, steps, epoch, epochs, 0.5, 100.0, ROW if ended else None), "loss 0.500")
    return said


def test_a_line_an_epoch() -> None:
    assert lines_of(seconds=1, steps=20, epochs=4) == [
        "epoch 1/4 · step 5/20 · loss 0.500 · 15 s left",
        "epoch 2/4 · step 10/20 · loss 0.500 · 10 s left",
        "epoch 3/4 · step 15/20 · loss 0.500 · 5 s left",
        "epoch 4/4 · step 20/20 · loss 0.500",
    ]


def test_a_line_every_half_minute_of_a_long_epoch() -> None:
    said = lines_of(seconds=1, steps=100, epochs=1)
    assert [line.split(" · ")[1] for line in said] == ["step 31/100", "step 61/100", "step 91/100", "step 100/100"]


def test_a_second_run_begins_a_new_clock() -> None:
    said: list[str] = []
    clock = [0.0]
    lines = PlainProgress(said.append, lambda: clock[0])
    for seconds in (100, 1):  # the second is faster: its time left follows from itself
        for step in (1, 2):
            clock[0] += seconds
            lines.step(StepRecord(step, 10, 1, 1, 0.5, 1.0, ROW if step == 2 else None), "d")
    assert [line.rpartition(" · ")[2] for line in said] == ["13 min 20 s left", "8 s left"]


def test_a_short_stage_says_nothing_and_a_long_one_says_that_it_ended() -> None:
    said: list[str] = []
    clock = [0.0]
    lines = PlainProgress(said.append, lambda: clock[0])
    for total, seconds in ((10, 1), (10, 8)):
        for done in range(total + 1):
            clock[0] += seconds
            lines.stage(f"packing {seconds}", done, total)
    assert said == ["packing 8 4/10 · 48 s left", "packing 8 8/10 · 16 s left", "packing 8 10/10"]


@pytest.mark.parametrize("quiet", [False, True])
def test_a_screen_without_a_terminal(quiet: bool, capfd: pytest.CaptureFixture[str]) -> None:
    screen = Screen(quiet=quiet)
    screen.step(StepRecord(1, 4, 1, 2, 0.5, 12_345.6))
    screen.step(StepRecord(2, 4, 1, 2, 0.25, 12_345.6, ROW))
    screen.close()
    said = capfd.readouterr().err
    assert said == ("" if quiet else
                    "epoch 1/2 · step 2/4 · loss 0.250 · validation 97.1% · 12,346 pictures/s · 0 s left\n")


def test_no_escape_codes_whatever_the_environment_says(capfd: pytest.CaptureFixture[str],
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")  # a terminal that cannot go back
    screen = Screen()
    screen.step(StepRecord(2, 4, 1, 2, 0.25, 10.0, ROW))
    screen.close()
    assert "\x1b" not in capfd.readouterr().err


def test_a_run_tells_of_each_epoch_in_plain_lines(striate: Program) -> None:
    done = striate("train", "digits", "--epochs", "2", "--model", "lenet5", "--log", "tensorboard")
    assert done.returncode == 0, done.stderr
    assert [line.split(" · ")[0] for line in done.stderr.splitlines() if line.startswith("epoch")] == [
        "epoch 1/2", "epoch 2/2"]
    assert "\x1b" not in done.stderr
    assert "\r" not in done.stderr


def test_named_parts_are_told_where_a_terminal_is(monkeypatch: pytest.MonkeyPatch,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    for terminal in (False, True):
        monkeypatch.setattr(sys.stderr, "isatty", lambda shown=terminal: shown, raising=False)
        monkeypatch.setenv("TERM", "xterm")
        screen = Screen()
        screen.part("Occlusion", 0, 2)
        screen.part("Gradient", 1, 2)
        screen.close()
        assert ("Gradient" in capsys.readouterr().err) is terminal


def test_a_stage_of_unknown_length_counts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    clock = [0.0]
    lines = PlainProgress(said.append, lambda: clock[0])
    for done in range(0, 5_000, 1_000):
        clock[0] += 20
        lines.stage("predicting", done, 0)
    assert said == ["predicting 2,000", "predicting 4,000"]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen()
    for done in (1_000, 2_000):
        screen.stage("predicting", done, 0)
    assert screen.bars
    assert screen.bars.tasks[0].description == "predicting 2,000"
    assert screen.bars.tasks[0].total is None
    screen.close()
    assert "predicting 2,000" in capsys.readouterr().err
