"""What the command line itself says no to."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from striate.cli.main import application


def asked(*arguments: str) -> object:
    """Run the program with `arguments`; what it refuses is raised."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["striate", *arguments])
        return application()(list(arguments), standalone_mode=False)


REFUSALS: dict[str, Callable[[Path], object]] = {
    "tried and resumed": lambda _: asked("train", "digits", "--try", "--resume"),
}
