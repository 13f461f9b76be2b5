"""What the hostile tests share."""

from pathlib import Path

import pytest

from tests.data.fixtures import folder_of


@pytest.fixture
def root(tmp_path) -> Path:
    """Two classes of ten pictures."""
    return folder_of(tmp_path / "set", {"cat": 10, "dog": 10})
